import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { GRACE_MS } from "../../src/executor/attempt.ts";
import { ExecutorPool } from "../../src/executor/pool.ts";
import type { AttemptKey, AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import { createVirtualClock } from "../../src/testing/mod.ts";

/** An attempt that an executor has in hand. */
interface Given {
  readonly executor: string;
  readonly task: string;
  readonly signal: AbortSignal;
  end(outcome?: Partial<AttemptOutcome>): void;
  lose(reason: string): void;
}

/** A pool whose executors do what the test tells them. */
function createRig() {
  const clock = createVirtualClock();
  const given: Given[] = [];
  const outcomes: { readonly attempt: AttemptKey; readonly outcome: AttemptOutcome }[] = [];
  const retired: { readonly executor: string; readonly reason: string; readonly stuck: boolean }[] = [];
  const pool = new ExecutorPool({
    clock,
    execute: (executor, { task }, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<AttemptOutcome>();
      given.push({
        executor,
        task,
        signal,
        end: (outcome) => resolve({ ok: true, durationMs: 1, ...outcome } as AttemptOutcome),
        lose: (reason) => reject(new Error(reason)),
      });
      return promise;
    },
    outcome: (attempt, outcome) => void outcomes.push({ attempt, outcome }),
    retire: (executor, reason, stuck) => void retired.push({ executor, reason, stuck }),
  });
  return {
    clock,
    pool,
    given,
    outcomes,
    retired,
    /** Lets promises settle. */
    settle: () => clock.advance(0),
    submit: (task: string, more: Partial<ExecutableTask> = {}) => pool.submit(attemptOf(task, more)),
    /** Which executor has which task, in the order in which they were given. */
    hands: () => given.map(({ executor, task }) => `${executor}:${task}`),
    /** How the attempts have ended, in order. */
    ends: () =>
      outcomes.map(({ attempt, outcome }) => `${attempt.task} ${outcome.ok ? "ok" : outcome.error.code}`),
  };
}

function attemptOf(task: string, more: Partial<ExecutableTask> = {}): ExecutableTask {
  return {
    runId: "r1",
    pipeline: "p",
    task,
    attempt: 1,
    params: {},
    metadata: {},
    hops: 0,
    traceparent: "",
    inputs: {},
    isolation: "worker",
    ...more,
  };
}

const keyOf = (task: string): AttemptKey => ({ runId: "r1", task, attempt: 1 });

Deno.test("ExecutorPool gives attempts out in the order in which they came", async () => {
  const { pool, submit, hands, given, settle, ends } = createRig();
  for (const task of ["a", "b", "c"]) submit(task);
  assertEquals(hands(), []);
  assertEquals(pool.status, { total: 0, busy: 0, queued: 3, lost: 0 });
  pool.join("e1", "worker", 1);
  assertEquals(hands(), ["e1:a"]);
  given[0]!.end();
  await settle();
  given[1]!.end();
  await settle();
  assertEquals(hands(), ["e1:a", "e1:b", "e1:c"]);
  assertEquals(ends(), ["a ok", "b ok"]);
  assertEquals(pool.status, { total: 1, busy: 1, queued: 0, lost: 0 });
});

Deno.test("ExecutorPool gives an attempt to the executor that has the fewest", async () => {
  const { pool, submit, hands, given, settle } = createRig();
  pool.join("e1", "worker", 2);
  pool.join("e2", "worker", 2);
  for (const task of ["a", "b", "c", "d", "e"]) submit(task);
  assertEquals(hands(), ["e1:a", "e2:b", "e1:c", "e2:d"]);
  given[1]!.end();
  await settle();
  assertEquals(hands().at(-1), "e2:e");
});

Deno.test("ExecutorPool keeps isolations apart, and fills the slots of the inline executor", () => {
  const { pool, submit, hands } = createRig();
  pool.join("main", "inline", 2);
  submit("a");
  for (const task of ["x", "y", "z"]) submit(task, { isolation: "inline" });
  assertEquals(hands(), ["main:x", "main:y"]);
  assertEquals(
    pool.status,
    { total: 0, busy: 0, queued: 2, lost: 0 },
    "only workers are counted as executors",
  );
  pool.join("e1", "worker", 1);
  assertEquals(hands(), ["main:x", "main:y", "e1:a"]);
});

Deno.test("ExecutorPool ends an attempt that is cancelled while it waits, and never gives it out", async () => {
  const { pool, submit, hands, given, ends, settle } = createRig();
  pool.join("e1", "worker", 1);
  for (const task of ["a", "b", "c"]) submit(task);
  pool.cancel(keyOf("b"));
  assertEquals(ends(), ["b task/cancelled"]);
  given[0]!.end();
  await settle();
  assertEquals(hands(), ["e1:a", "e1:c"]);
});

Deno.test("ExecutorPool passes a cancel on to the executor, which is free again once it has answered", async () => {
  const { pool, submit, hands, given, ends, retired, settle, clock } = createRig();
  pool.join("e1", "worker", 1);
  submit("a");
  submit("b");
  pool.cancel(keyOf("a"));
  assert(given[0]!.signal.aborted);
  await settle();
  assertEquals(hands(), ["e1:a"], "it may still be cleaning up");
  given[0]!.end({ ok: false, error: { code: "task/cancelled", message: "", details: {} }, retryable: false });
  await settle();
  assertEquals([hands(), ends(), retired], [["e1:a", "e1:b"], ["a task/cancelled"], []]);
  assertEquals(clock.pending, 0);
});

Deno.test("ExecutorPool gives up an executor that does not answer a cancel", async () => {
  const { pool, submit, ends, retired, clock } = createRig();
  pool.join("e1", "worker", 1);
  submit("a");
  pool.cancel(keyOf("a"));
  await clock.advance(2 * GRACE_MS - 1);
  assertEquals(ends(), []);
  await clock.advance(1);
  assertEquals(ends(), ["a task/cancelled"]);
  assertEquals(retired.map(({ executor, stuck }) => ({ executor, stuck })), [{
    executor: "e1",
    stuck: true,
  }]);
});

Deno.test("ExecutorPool does not care about a cancel of what it does not have", () => {
  const { pool, submit, ends } = createRig();
  submit("a");
  pool.cancel(keyOf("b"));
  pool.cancel({ ...keyOf("a"), attempt: 2 });
  assertEquals([ends(), pool.status.queued], [[], 1]);
});

Deno.test("ExecutorPool fails what ran on an executor that is lost, so that it may be tried again", async () => {
  const { pool, submit, given, outcomes, hands, settle, clock } = createRig();
  pool.join("e1", "worker", 1);
  pool.join("e2", "worker", 1);
  submit("a", { timeoutMs: 1_000 });
  await clock.advance(70);
  given[0]!.lose("code in it called close()");
  await settle();
  const { outcome } = outcomes[0]!;
  assert(!outcome.ok);
  assertEquals([outcome.error.code, outcome.retryable, outcome.durationMs], ["executor/lost", true, 70]);
  assertStringIncludes(
    outcome.error.message,
    'task "a" as its executor was lost during attempt 1: code in it',
  );
  assertEquals(outcome.error.details, { task: "a", attempt: 1, reason: "code in it called close()" });
  pool.leave("e1");
  submit("a", { attempt: 2 });
  assertEquals([hands(), clock.pending], [["e1:a", "e2:a"], 0]);
});

Deno.test("ExecutorPool asks for another executor in the place of one that lives and cannot answer", async () => {
  const { pool, submit, given, retired, settle } = createRig();
  pool.join("e1", "worker", 1);
  submit("a");
  given[0]!.lose("its answer could not be cloned");
  await settle();
  assertEquals(retired, [{ executor: "e1", reason: "its answer could not be cloned", stuck: false }]);
  assertEquals(pool.status.total, 0);
});

Deno.test("ExecutorPool gives an executor up that answers neither within the time limit nor in the grace", async () => {
  const { pool, submit, outcomes, retired, clock, hands } = createRig();
  pool.join("e1", "worker", 1);
  submit("a", { timeoutMs: 500 });
  submit("b");
  await clock.advance(500 + 2 * GRACE_MS - 1);
  assertEquals([outcomes.length, retired.length], [0, 0]);
  await clock.advance(1);
  const { outcome } = outcomes[0]!;
  assert(!outcome.ok);
  assertEquals([outcome.error.code, outcome.retryable], ["task/timed-out", true]);
  assertEquals(outcome.durationMs, 500 + 2 * GRACE_MS);
  assertEquals(retired, [{
    executor: "e1",
    reason: 'attempt 1 of task "a" does not stop',
    stuck: true,
  }]);
  assertEquals(pool.status, { total: 0, busy: 0, queued: 1, lost: 1 });
  pool.join("e2", "worker", 1);
  assertEquals(hands(), ["e1:a", "e2:b"]);
});

Deno.test("ExecutorPool ignores the late answer of an executor that was given up", async () => {
  const { pool, submit, given, ends, retired, settle, clock } = createRig();
  pool.join("e1", "worker", 1);
  submit("a", { timeoutMs: 10 });
  submit("b");
  await clock.advance(10 + 2 * GRACE_MS);
  given[0]!.end();
  await settle();
  given[0]!.lose("terminated");
  await settle();
  assertEquals([ends(), retired.length, given.length], [["a task/timed-out"], 1, 1]);
});

Deno.test("ExecutorPool replaces an executor that a task left dirty, but takes its outcome", async () => {
  const { pool, submit, given, ends, retired, hands, settle } = createRig();
  pool.join("e1", "worker", 1);
  submit("a");
  submit("b");
  given[0]!.end({ dirty: true });
  await settle();
  assertEquals(ends(), ["a ok"]);
  assertEquals(retired, [{
    executor: "e1",
    reason: 'attempt 1 of task "a" left work behind',
    stuck: false,
  }]);
  assertEquals([hands(), pool.status.lost], [["e1:a"], 0]);
});

Deno.test("ExecutorPool never retires the inline executor: it is the main thread", async () => {
  const { pool, submit, given, hands, retired, settle, clock } = createRig();
  pool.join("main", "inline", 1);
  submit("a", { isolation: "inline" });
  submit("b", { isolation: "inline", timeoutMs: 10 });
  submit("c", { isolation: "inline" });
  given[0]!.end({ dirty: true });
  await settle();
  await clock.advance(10 + 2 * GRACE_MS);
  assertEquals([hands(), retired], [["main:a", "main:b", "main:c"], []]);
  assertEquals(pool.status.lost, 0);
});

type Step =
  | { readonly kind: "submit" | "cancel"; readonly task: number }
  | { readonly kind: "end" | "dirty" | "lose"; readonly which: number }
  | { readonly kind: "advance"; readonly byMs: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("submit" as const), task: fc.nat(9) }) },
  fc.record({ kind: fc.constant("cancel" as const), task: fc.nat(9) }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("end" as const), which: fc.nat(9) }) },
  fc.record({ kind: fc.constantFrom("dirty" as const, "lose" as const), which: fc.nat(9) }),
  fc.record({ kind: fc.constant("advance" as const), byMs: fc.nat(3_000) }),
);

Deno.test("ExecutorPool ends every attempt exactly once, whatever happens in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, count) => {
        const rig = createRig();
        let joined = 0;
        let replaced = 0;
        /** What the supervisor does. */
        const supervise = async (): Promise<void> => {
          await rig.settle();
          for (; replaced < rig.retired.length; replaced++) rig.pool.join(`e${++joined}`, "worker", 1);
        };
        for (let n = 0; n < count; n++) rig.pool.join(`e${++joined}`, "worker", 1);
        const submitted = new Set<string>();
        for (const step of steps) {
          if (step.kind === "submit" && !submitted.has(`t${step.task}`)) {
            submitted.add(`t${step.task}`);
            rig.submit(`t${step.task}`, { timeoutMs: 1_000 });
          }
          if (step.kind === "cancel") rig.pool.cancel(keyOf(`t${step.task}`));
          if (step.kind === "end") rig.given[step.which]?.end();
          if (step.kind === "dirty") rig.given[step.which]?.end({ dirty: true });
          if (step.kind === "lose") rig.given[step.which]?.lose("lost");
          if (step.kind === "advance") await rig.clock.advance(step.byMs);
          await supervise();
          assert(rig.pool.status.busy <= count);
        }
        for (let n = 0; n <= submitted.size; n++) {
          await rig.clock.advance(1_000 + 2 * GRACE_MS);
          await supervise();
        }
        assertEquals(rig.outcomes.map(({ attempt }) => attempt.task).sort(), [...submitted].sort());
        assertEquals(new Set(rig.given.map(({ task }) => task)).size, rig.given.length, "given out once");
        assertEquals({ ...rig.pool.status, lost: 0 }, { total: count, busy: 0, queued: 0, lost: 0 });
        assertEquals(rig.clock.pending, 0);
      },
    ),
    { numRuns: 60 },
  );
});
