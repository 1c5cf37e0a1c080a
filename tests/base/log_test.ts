import { assertEquals } from "@std/assert";
import { createLogger, type LogRecord } from "../../src/base/log.ts";

Deno.test("createLogger writes records with the time, the level and all attributes", () => {
  const records: LogRecord[] = [];
  const log = createLogger((record) => records.push(record), () => 42, { host: "h" });
  log.debug("One");
  log.info("Two", { a: 1 });
  log.warn("Three", { host: "other" });
  log.error("Four");
  assertEquals(records, [
    { timeMs: 42, level: "debug", message: "One", attrs: { host: "h" } },
    { timeMs: 42, level: "info", message: "Two", attrs: { host: "h", a: 1 } },
    { timeMs: 42, level: "warn", message: "Three", attrs: { host: "other" } },
    { timeMs: 42, level: "error", message: "Four", attrs: { host: "h" } },
  ]);
});

Deno.test("Logger.with adds attributes for itself only", () => {
  const records: LogRecord[] = [];
  const log = createLogger((record) => records.push(record), () => 0);
  const inner = log.with({ run: "r" }).with({ task: "t" });
  inner.info("inner", { n: 1 });
  log.info("outer");
  assertEquals(records.map(({ attrs }) => attrs), [{ run: "r", task: "t", n: 1 }, {}]);
});

Deno.test("createLogger never breaks the work, whatever its sink or its clock does", () => {
  const broken = (): never => {
    throw new Error("the disk is full");
  };
  createLogger(broken, () => 0).error("lost");
  createLogger(() => {}, broken).with({ a: 1 }).info("lost too");
});
