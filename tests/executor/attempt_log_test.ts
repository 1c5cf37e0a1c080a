import { assert, assertEquals } from "@std/assert";
import { AttemptLog, MAX_LOG_BYTES, MAX_TEXT } from "../../src/executor/attempt_log.ts";
import type { LogLine } from "../../src/task/log_entry.ts";

function createRig(append?: (json: string) => void) {
  const kept: LogLine[] = [];
  const shown: LogLine[] = [];
  const failures: unknown[] = [];
  const log = new AttemptLog({
    now: () => 7,
    append: append ?? ((json) => void kept.push(JSON.parse(json))),
    show: (line) => void shown.push(line),
    failed: (error) => void failures.push(error),
  });
  return { log, kept, shown, failures };
}

Deno.test("AttemptLog keeps and shows what is printed and recorded, at once", () => {
  const { log, kept, shown } = createRig();
  log.print("stdout", "info", "");
  log.record({
    timeMs: 3,
    level: "warn",
    message: "m",
    attrs: { runId: "r", task: "t", attempt: 1, rows: 2n },
  });
  log.record({ timeMs: 4, level: "debug", message: "n", attrs: { runId: "r", task: "t", attempt: 1 } });
  assertEquals(kept, [
    { timeMs: 7, level: "info", source: "stdout", text: "" },
    { timeMs: 3, level: "warn", source: "log", text: "m", attrs: { rows: "2" } },
    { timeMs: 4, level: "debug", source: "log", text: "n" },
  ]);
  assertEquals(shown.length, 3);
});

Deno.test("AttemptLog keeps a long text in parts, and attributes that are no JSON as a word about them", () => {
  const { log, kept } = createRig();
  log.print("stderr", "error", "a".repeat(MAX_TEXT) + "b");
  assertEquals(kept.map(({ text }) => text.length), [MAX_TEXT, 1]);
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  log.record({ timeMs: 1, level: "info", message: "cycle", attrs: cycle });
  log.record({ timeMs: 1, level: "info", message: "long", attrs: { long: "x".repeat(100_000) } });
  assertEquals(kept.slice(2).map(({ attrs }) => Object.keys(attrs!)), [["unwritable"], ["unwritable"]]);
});

Deno.test("AttemptLog keeps so much and no more, and says in the end how much is missing", () => {
  const { log, kept, shown } = createRig();
  const line = { timeMs: 7, level: "info", source: "stdout", text: "x".repeat(1_000) } as const;
  const size = JSON.stringify(line).length;
  const fitting = Math.floor(MAX_LOG_BYTES / size);
  for (let n = 0; n < fitting + 3; n++) log.print("stdout", "info", line.text);
  log.take({ ...line, droppedBytes: 50 });
  assertEquals(kept.length, fitting);
  log.close();
  assertEquals(kept.length, fitting + 1);
  assertEquals(kept.at(-1)!.droppedBytes, 3 * size + 50);
  assertEquals(shown.length, kept.length);
  log.print("stdout", "info", "late");
  log.close();
  assertEquals(kept.length, fitting + 1);
  assert(log.closed);
});

Deno.test("AttemptLog tells once that lines cannot be kept, and goes on showing them", () => {
  const { log, shown, failures } = createRig(() => {
    throw new Error("disk full");
  });
  for (let n = 0; n < 3; n++) log.print("stdout", "info", "text");
  log.close();
  assertEquals([shown.length, failures.length], [3, 1]);
});
