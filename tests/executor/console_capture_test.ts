// deno-lint-ignore-file no-console -- this is what is captured
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AttemptLog } from "../../src/executor/attempt_log.ts";
import { withConsole } from "../../src/executor/console_capture.ts";
import type { LogLine } from "../../src/task/log_entry.ts";

function createLog() {
  const lines: string[] = [];
  const append = (json: string): void => {
    const { source, level, text }: LogLine = JSON.parse(json);
    lines.push(`${source} ${level}: ${text}`);
  };
  return { lines, log: new AttemptLog({ now: () => 0, append, show: () => {}, failed: () => {} }) };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("withConsole sends what each of several attempts prints to its own log, over awaits and timers", async () => {
  const [a, b] = [createLog(), createLog()];
  await Promise.all([a, b].map(({ log }, index) =>
    withConsole(log, async () => {
      console.group(`group ${index}`);
      await turn();
      console.warn("careful %d", index);
      await new Promise<void>((resolve) =>
        setTimeout(() => {
          console.assert(index === 9, "not nine");
          console.count();
          resolve();
        }, 0)
      );
    })
  ));
  for (const [index, { lines }] of [a, b].entries()) {
    assertEquals(lines, [
      `stdout info: group ${index}`,
      `stderr warn:   careful ${index}`,
      "stderr error:   Assertion failed: not nine",
      "stdout info:   default: 1",
    ]);
  }
});

Deno.test("withConsole gives the console back, also after a failure, and takes nothing of an attempt that is over", async () => {
  const before = console.log;
  const { lines, log } = createLog();
  await assertRejects(() => withConsole(log, () => Promise.reject(new Error("no"))), Error, "no");
  assert(console.log === before);
  const printed: unknown[] = [];
  console.log = (...args) => void printed.push(args);
  try {
    let later = Promise.resolve();
    await withConsole(log, () => {
      later = turn().then(() => console.log("late"));
      return Promise.resolve();
    });
    log.close();
    const other = createLog();
    await withConsole(other.log, () => later);
    assertEquals([lines, other.lines, printed], [[], [], [["late"]]]);
  } finally {
    console.log = before;
  }
});
