import { assert, assertEquals } from "@std/assert";
import { AttemptLog } from "../../src/executor/attempt_log.ts";
import {
  END_OF_ATTEMPT,
  type OutputBatch,
  type OutputLine,
  outputOf,
  OutputRelay,
  SandboxOutput,
} from "../../src/executor/sandbox_output.ts";
import type { LogLine } from "../../src/task/log_entry.ts";

function createLog() {
  const kept: LogLine[] = [];
  const append = (json: string): void => void kept.push(JSON.parse(json));
  return { kept, log: new AttemptLog({ now: () => 9, append, show: () => {}, failed: () => {} }) };
}

/** What a process writes, as lines. */
function batch(stdout: string, stderr: string, more: Partial<OutputBatch> = {}): OutputBatch {
  const lines = (stream: "stdout" | "stderr", text: string): OutputLine[] =>
    text === "" ? [] : text.replace(/\n$/, "").split("\n").map((text) => ({ stream, text }));
  return {
    lines: [...lines("stdout", stdout), ...lines("stderr", stderr)],
    dropped: 0,
    ended: false,
    ...more,
  };
}

const line: LogLine = { timeMs: 1, level: "debug", source: "log", text: "a\nb", attrs: { n: 1 } };

Deno.test("SandboxOutput sorts lines into the log of the attempt: its own, and those of the sandbox", async () => {
  const stray: OutputLine[] = [];
  const output = new SandboxOutput((it) => stray.push(it));
  output.take(batch("early\n", ""));
  const { log, kept } = createLog();
  output.begin(log);
  output.take(batch("raw\n\n", outputOf(JSON.stringify(line)) + '\x1e{broken\n\x1e{"level":"loud"}\nhalf'));
  assertEquals(kept, [
    { timeMs: 9, level: "info", source: "stdout", text: "raw" },
    line,
    { timeMs: 9, level: "warn", source: "stderr", text: "\x1e{broken" },
    { timeMs: 9, level: "warn", source: "stderr", text: '\x1e{"level":"loud"}' },
    { timeMs: 9, level: "warn", source: "stderr", text: "half" },
  ]);
  let isQuiet = false;
  void output.quiet.then(() => isQuiet = true);
  output.take(batch(END_OF_ATTEMPT, "", { dropped: 5 }));
  await Promise.resolve();
  assert(!isQuiet, "the other stream is still open");
  output.take(batch("", END_OF_ATTEMPT));
  await output.quiet;
  output.end();
  output.take(batch("late\n", ""));
  assertEquals(stray.map(({ text }) => text), ["early", "late"]);
  log.close();
  assertEquals(kept.at(-1)!.droppedBytes, 5);
});

Deno.test("SandboxOutput is quiet once its process has ended", async () => {
  const output = new SandboxOutput(() => {});
  output.begin(createLog().log);
  output.take(batch("", "", { ended: true }));
  await output.quiet;
  output.begin(createLog().log);
  await output.quiet;
});

Deno.test("OutputRelay passes lines on together, one batch at a time, and the word of the end last", async () => {
  const relay = new OutputRelay();
  const sent: string[] = [];
  const push = (...texts: string[]) => texts.forEach((text) => relay.push({ stream: "stdout", text }));
  push("early");
  let free = Promise.withResolvers<void>();
  relay.attach(({ lines, dropped, ended }) => {
    sent.push(`${lines.map(({ text }) => text).join()} ${dropped} ${ended}`);
    return free.promise;
  });
  push("a", "b");
  await Promise.resolve();
  assertEquals(sent, ["early 0 false"]);
  const first = free;
  free = Promise.withResolvers();
  first.resolve();
  while (sent.length < 2) await Promise.resolve();
  push("c");
  relay.end();
  free.resolve();
  while (sent.length < 3) await Promise.resolve();
  assertEquals(sent, ["early 0 false", "a,b 0 false", "c 0 true"]);
});

Deno.test("OutputRelay counts what comes faster than it goes", () => {
  const relay = new OutputRelay();
  for (let n = 0; n < 10; n++) relay.push({ stream: "stdout", text: "x".repeat(500_000) });
  let batch: OutputBatch | undefined;
  relay.attach((it) => {
    batch = it;
    return Promise.resolve();
  });
  assertEquals([batch!.lines.length, batch!.dropped], [8, 1_000_000]);
});
