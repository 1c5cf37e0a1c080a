import { assert, assertEquals, assertMatch } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { GRACE_MS } from "../../src/executor/attempt.ts";
import type { AttemptOutcome } from "../../src/executor/port.ts";
import { defineTask } from "../../src/task/define_task.ts";
import type { TaskContext } from "../../src/task/task.ts";
import { createTrial } from "./attempt_harness.ts";

/** What matters of an outcome that is a failure. */
function summary(outcome: AttemptOutcome): unknown {
  assert(!outcome.ok, "the attempt must fail");
  return { code: outcome.error.code, retryable: outcome.retryable, dirty: outcome.dirty ?? false };
}

/** Resolves never; rejects with the signal's reason. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

const TIMED_OUT = { code: "task/timed-out", retryable: true, dirty: false };
const CANCELLED = { code: "task/cancelled", retryable: false, dirty: false };

Deno.test("runAttempt ends a task that honours its signal at its time limit, and leaves no alarm behind", async () => {
  const trial = await createTrial();
  const reasons: unknown[] = [];
  const task = defineTask({
    name: "polite",
    timeoutMs: 300,
    run: (_inputs, { signal }) => untilAborted(signal).finally(() => reasons.push(signal.reason.code)),
  });
  const outcome = trial.run(task);
  await trial.clock.advance(299);
  assertEquals(reasons, []);
  await trial.clock.advance(1);
  const end = await outcome;
  assertEquals(summary(end), TIMED_OUT);
  assertEquals(end.durationMs, 300);
  assertEquals(reasons, ["task/timed-out"]);
  assertEquals(trial.clock.pending, 0);
});

Deno.test("runAttempt gives up a task that ignores its signal after the grace, and says so", async () => {
  const trial = await createTrial();
  const task = defineTask({ name: "deaf", timeoutMs: 300, run: () => new Promise<void>(() => {}) });
  const outcome = trial.run(task);
  await trial.clock.advance(300 + GRACE_MS);
  const end = await outcome;
  assertEquals(summary(end), { ...TIMED_OUT, dirty: true });
  assertEquals(end.durationMs, 300 + GRACE_MS);
  assertEquals(trial.clock.pending, 0);
});

Deno.test("runAttempt stores nothing of a task that gives its value after its time", async () => {
  const trial = await createTrial();
  const { promise, resolve } = Promise.withResolvers<number>();
  const outcome = trial.run(defineTask({ name: "late", timeoutMs: 300, run: () => promise }));
  await trial.clock.advance(300);
  resolve(1);
  assertEquals(summary(await outcome), TIMED_OUT);
  assertEquals(await trial.io.list({ runId: "r1" }), []);
});

Deno.test("runAttempt interrupts a synchronous loop; what the task set going besides hears of it", async () => {
  const trial = await createTrial();
  let heard: unknown;
  let cleaned = false;
  const task = defineTask({
    name: "loop",
    timeoutMs: 30,
    run: (_inputs, { signal }) => {
      signal.addEventListener("abort", () => heard = signal.reason.code);
      try {
        for (;;);
      } finally {
        cleaned = true;
      }
    },
  });
  assertEquals(summary(await trial.run(task)), { ...TIMED_OUT, dirty: true });
  assertEquals([heard, cleaned], ["task/timed-out", false]);
  assertEquals(trial.clock.pending, 0);
});

Deno.test("runAttempt interrupts the loop of a generator between two chunks, sync or async", async () => {
  function* loop(): Generator<number> {
    yield 1;
    yield 2;
    for (;;);
  }
  async function* asyncLoop(): AsyncGenerator<number> {
    yield* loop();
  }
  const runs: (() => Iterable<number> | AsyncIterable<number>)[] = [loop, asyncLoop];
  for (const run of runs) {
    const trial = await createTrial();
    const outcome = await trial.run(defineTask({ name: "loop", timeoutMs: 30, stream: true, run }));
    assertEquals(summary(outcome), { ...TIMED_OUT, dirty: true }, run.name);
    assertEquals(trial.notices.length, 2);
    const ids = (await trial.io.list({ runId: "r1" })).map(({ resultId }) => resultId);
    assertEquals(ids, ["a1-000000", "a1-000001"]);
    assertEquals(trial.clock.pending, 0);
  }
});

Deno.test("runAttempt lets a generator that is timed out at a chunk run its finally", async () => {
  const trial = await createTrial();
  const log: string[] = [];
  const task = defineTask({
    name: "endless",
    timeoutMs: 100,
    stream: true,
    async *run(_inputs, { signal }) {
      try {
        for (let n = 0;; n++) {
          yield n;
          await untilAborted(signal).catch(() => log.push("woke"));
        }
      } finally {
        log.push("closed");
      }
    },
  });
  const outcome = trial.run(task);
  await trial.clock.advance(100);
  assertEquals(summary(await outcome), TIMED_OUT);
  assertEquals(log, ["woke", "closed"]);
});

Deno.test("runAttempt ends as cancelled once it is called off, whatever the task throws then", async () => {
  const runs: ((inputs: unknown, ctx: TaskContext) => Promise<unknown>)[] = [
    (_inputs, { signal }) => untilAborted(signal),
    (_inputs, { signal }) => untilAborted(signal).catch(() => Promise.reject(new Error("while cleaning up"))),
    (_inputs, { signal }) => untilAborted(signal).catch(() => "a value after all"),
  ];
  for (const run of runs) {
    const trial = await createTrial();
    const outcome = trial.run(defineTask({ name: "off", run }));
    await trial.clock.advance(10);
    trial.controller.abort();
    assertEquals(summary(await outcome), CANCELLED);
    assertEquals(await trial.io.list({ runId: "r1" }), []);
    assertEquals(trial.clock.pending, 0);
  }
});

Deno.test("runAttempt that is called off before it begins does not run the task", async () => {
  const trial = await createTrial();
  let ran = false;
  trial.controller.abort();
  const outcome = await trial.run(defineTask({ name: "never", run: () => void (ran = true) }));
  assertEquals(summary(outcome), CANCELLED);
  assert(!ran);
});

Deno.test("runAttempt whose inputs take longer than its time does not run the task", async () => {
  const loaded = Promise.withResolvers<unknown>();
  const trial = await createTrial({ load: () => loaded.promise });
  let ran = false;
  const source = defineTask({ name: "source", run: () => 1 });
  const task = defineTask({ name: "waits", timeoutMs: 50, inputs: { source }, run: () => void (ran = true) });
  const outcome = trial.run(task, { inputs: { source: { runId: "r0", task: "source", resultIds: ["a1"] } } });
  await trial.clock.advance(50);
  loaded.resolve(1);
  assertEquals(summary(await outcome), TIMED_OUT);
  assert(!ran);
});

Deno.test("runAttempt takes its listeners and alarms away, however it ends", async () => {
  const ends: (() => unknown)[] = [() => 1, () => Promise.reject(new Error("no")), () => {
    throw new Error("no");
  }];
  for (const run of ends) {
    const trial = await createTrial();
    const listening = new Set<unknown>();
    const { signal } = trial.controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((type: string, listener: () => void) => {
      listening.add(listener);
      add(type, listener);
    }) as typeof signal.addEventListener;
    signal.removeEventListener = ((type: string, listener: () => void) => {
      listening.delete(listener);
      remove(type, listener);
    }) as typeof signal.removeEventListener;
    await trial.run(defineTask({ name: "any", timeoutMs: 1_000, run }));
    assertEquals([listening.size, trial.clock.pending], [0, 0]);
  }
});

Deno.test("runAttempt leaves no rejection unhandled when the work fails long after it was given up", async () => {
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", note);
  try {
    const trial = await createTrial();
    const { promise, reject } = Promise.withResolvers<never>();
    const outcome = trial.run(defineTask({ name: "late", timeoutMs: 10, run: () => promise }));
    await trial.clock.advance(10 + GRACE_MS);
    await outcome;
    reject(new Error("too late"));
    await trial.clock.advance(0);
    assertEquals(unhandled, []);
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
  }
});

Deno.test("runAttempt without a time limit knows no alarm", async () => {
  const trial = await createTrial();
  const { promise, resolve } = Promise.withResolvers<string>();
  const outcome = trial.run(defineTask({ name: "free", run: () => promise }));
  await trial.clock.advance(0);
  assertEquals(trial.clock.pending, 0);
  await trial.clock.advance(1e9);
  resolve("done");
  assertEquals(await outcome, { ok: true, durationMs: 1e9 });
  assertMatch(JSON.stringify(await trial.io.list({ runId: "r1" })), /"a1"/);
});

Deno.test("runAttempt stops reading a stream of bytes once its time is over, and stores nothing of it", async () => {
  const trial = await createTrial();
  const reading = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<unknown>();
  const task = defineTask({
    name: "export",
    timeoutMs: 300,
    run: () =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        pull: () => {
          reading.resolve();
          return new Promise(() => {});
        },
        cancel: (reason) => cancelled.resolve(reason),
      }),
  });
  const outcome = trial.run(task);
  await reading.promise;
  await trial.clock.advance(300);
  assertEquals(summary(await outcome), TIMED_OUT);
  assert(MillraceError.is(await cancelled.promise, "task/timed-out"));
  assertEquals(await trial.io.list({ runId: "r1" }), []);
});
