/** Tasks that do nothing, for the benchmark of tasks: a selection by tag is a fan-out of so many. */
import { defineTask, type Task } from "@millrace/millrace";

/** The whole fan-out. */
export const FULL = { tag: "full", count: 2_000 } as const;
/** A part of it, for a smoke run. */
export const QUICK = { tag: "quick", count: 64 } as const;

/** The tasks, all independent of each other. */
export const tasks: readonly Task[] = Array.from({ length: FULL.count }, (_, n) =>
  defineTask({
    name: `noop_${n}`,
    tags: n < QUICK.count ? [FULL.tag, QUICK.tag] : [FULL.tag],
    run: () => n,
  }));
