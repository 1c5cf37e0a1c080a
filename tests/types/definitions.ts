// What the type tests are about.
export * from "../../src/task/mod.ts";
export type { MillraceEvent } from "../../src/event/event.ts";
