import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { GRACE_MS } from "../../src/executor/attempt.ts";
import { type Ended, ExecutorPool } from "../../src/executor/pool.ts";
import { claim, type Claims, createClaims } from "../../src/executor/claims.ts";
import { originOf } from "../../src/executor/places.ts";
import { keyOfKind } from "../../src/executor/kind.ts";
import type { Job } from "../../src/executor/job.ts";
import { MillraceError } from "../../src/base/errors.ts";
import type { AttemptKey, AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import { createVirtualClock } from "../../src/testing/mod.ts";

/** An attempt that an executor has in hand. */
interface Given {
  readonly executor: string;
  readonly task: string;
  /** Whether it was called off. */
  cancelled: boolean;
  end(outcome?: Partial<AttemptOutcome>): void;
}

/** A pool whose executors do what the test tells them. */
function createRig() {
  const clock = createVirtualClock();
  const given: Given[] = [];
  const byNumber = new Map<string, Given>();
  const jobs = new Map<string, Job<ExecutableTask>>();
  const outcomes: { readonly attempt: AttemptKey; readonly outcome: AttemptOutcome }[] = [];
  const asked: string[] = [];
  const retired: { readonly executor: string; readonly reason: string; readonly stuck: boolean }[] = [];
  const pool = new ExecutorPool<ExecutableTask>({
    clock,
    soon: (fn) => fn(),
    give: (executor, first, tasks) => {
      for (const [index, { task }] of tasks.entries()) {
        const number = first + index;
        const it: Given = {
          executor,
          task,
          cancelled: false,
          end: (outcome) =>
            pool.ended(executor, [[number, { ok: true, durationMs: 1, ...outcome } as AttemptOutcome]]),
        };
        given.push(it);
        byNumber.set(`${executor}/${number}`, it);
      }
    },
    cancel: (executor, number) => void (byNumber.get(`${executor}/${number}`)!.cancelled = true),
    outcome: (attempt, outcome) => void outcomes.push({ attempt, outcome }),
    retire: (executor, reason, stuck) => void retired.push({ executor, reason, stuck }),
    wanted: (kind, waiting) => void asked.push(`${waiting} for ${keyOfKind(kind)}`),
    works: (executor, size) => void asked.push(`${executor} has ${size}`),
  });
  return {
    clock,
    pool,
    given,
    outcomes,
    retired,
    /** What was told to who starts executors. */
    asked,
    /** Lets promises settle. */
    settle: () => clock.advance(0),
    submit: (task: string, more: Partial<ExecutableTask> = {}) => {
      const attempt = attemptOf(task, more);
      jobs.set(`${task}/${attempt.attempt}`, pool.submit(attempt, originOf(attempt)));
    },
    cancel: (task: string, attempt = 1) => {
      const job = jobs.get(`${task}/${attempt}`);
      if (job !== undefined) pool.cancel(job);
    },
    join: (name: string, kind = "worker", slots = 1, claims?: Claims) =>
      pool.join({ name, kind, slots, claims }),
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

Deno.test("ExecutorPool gives attempts out in the order in which they came", async () => {
  const { pool, submit, join, hands, given, ends, settle } = createRig();
  for (const task of ["a", "b", "c"]) submit(task);
  assertEquals(hands(), []);
  assertEquals(pool.status, { total: 0, busy: 0, queued: 3, lost: 0 });
  join("e1");
  assertEquals(hands(), ["e1:a"]);
  given[0]!.end();
  await settle();
  given[1]!.end();
  await settle();
  assertEquals(hands(), ["e1:a", "e1:b", "e1:c"]);
  assertEquals(ends(), ["a ok", "b ok"]);
  assertEquals(pool.status, { total: 1, busy: 1, queued: 0, lost: 0 });
});

Deno.test("ExecutorPool gives the higher priority out first, and lets runs take turns", async () => {
  const { submit, join, hands, given, settle } = createRig();
  for (const n of [1, 2, 3]) submit(`a${n}`);
  submit("b1", { runId: "r2" });
  submit("urgent", { priority: 1 });
  submit("later", { priority: -1, runId: "r2" });
  join("e1");
  for (let index = 0; index < 6; index++) {
    given[index]!.end();
    await settle();
  }
  assertEquals(hands().map((hand) => hand.slice(3)), ["urgent", "a1", "b1", "a2", "a3", "later"]);
});

Deno.test("ExecutorPool gives an attempt to the executor that has the fewest", async () => {
  const { submit, join, hands, given, settle } = createRig();
  join("e1", "worker", 2);
  join("e2", "worker", 2);
  for (const task of ["a", "b", "c", "d", "e"]) submit(task);
  assertEquals(hands(), ["e1:a", "e2:b", "e1:c", "e2:d"]);
  given[1]!.end();
  await settle();
  assertEquals(hands().at(-1), "e2:e");
});

/** What an attempt takes that takes one result. */
function taking(task: string): Partial<ExecutableTask> {
  return { inputs: { it: { runId: "r1", task, resultIds: ["a1"] } } };
}

Deno.test("ExecutorPool gives an attempt to the executor where its only input has come from", async () => {
  const { submit, join, hands, given, settle } = createRig();
  for (const name of ["e1", "e2", "e3"]) join(name);
  for (const task of ["a", "b", "c"]) submit(task);
  for (const index of [0, 1, 2]) given[index]!.end();
  await settle();
  submit("after_c", taking("c"));
  submit("after_b", taking("b"));
  submit("after_nothing");
  assertEquals(hands().slice(3), ["e3:after_c", "e2:after_b", "e1:after_nothing"]);
  for (const index of [3, 4, 5]) given[index]!.end();
  await settle();
  submit("further", taking("after_c"));
  assertEquals(hands().at(-1), "e3:further");
});

Deno.test("ExecutorPool never lets an attempt wait for that executor while another one has less to do", async () => {
  const { submit, join, hands, given, settle } = createRig();
  join("e1", "worker", 9);
  join("e2", "worker", 9);
  submit("a");
  given[0]!.end();
  await settle();
  for (const task of ["x", "y", "z"]) submit(task, taking("a"));
  assertEquals(hands().slice(1), ["e1:x", "e2:y", "e1:z"]);
  submit("far", taking("a"));
  assertEquals(hands().at(-1), "e2:far");
});

Deno.test("ExecutorPool goes elsewhere when that executor is gone, or is of another kind", async () => {
  const { pool, submit, join, hands, given, settle } = createRig();
  join("e1");
  join("e2");
  join("main", "inline", 16);
  submit("a");
  given[0]!.end();
  await settle();
  submit("inside", { ...taking("a"), isolation: "inline" });
  pool.leave("e1", "it died");
  submit("outside", taking("a"));
  assertEquals(hands(), ["e1:a", "main:inside", "e2:outside"]);
});

Deno.test("ExecutorPool keeps the order of priorities and runs, wherever inputs have come from", async () => {
  const { submit, join, hands, given, settle } = createRig();
  join("e1");
  submit("a");
  given[0]!.end();
  await settle();
  submit("long");
  submit("first", { runId: "r2" });
  submit("own", taking("a"));
  submit("urgent", { priority: 1 });
  for (const index of [1, 2, 3]) {
    given[index]!.end();
    await settle();
  }
  assertEquals(hands().slice(2), ["e1:urgent", "e1:first", "e1:own"]);
});

Deno.test("ExecutorPool keeps isolations apart, and fills the slots of the inline executor", () => {
  const { pool, submit, join, hands } = createRig();
  join("main", "inline", 2);
  submit("a");
  for (const task of ["x", "y", "z"]) submit(task, { isolation: "inline" });
  assertEquals(hands(), ["main:x", "main:y"]);
  assertEquals(
    pool.status,
    { total: 0, busy: 0, queued: 2, lost: 0 },
    "only workers are counted as executors",
  );
  join("e1");
  assertEquals(hands(), ["main:x", "main:y", "e1:a"]);
});

Deno.test("ExecutorPool ends an attempt that is cancelled while it waits, and never gives it out", async () => {
  const { submit, cancel, join, hands, given, ends, settle } = createRig();
  join("e1");
  for (const task of ["a", "b", "c"]) submit(task);
  cancel("b");
  assertEquals(ends(), ["b task/cancelled"]);
  given[0]!.end();
  await settle();
  assertEquals(hands(), ["e1:a", "e1:c"]);
});

Deno.test("ExecutorPool passes a cancel on to the executor, which is free again once it has answered", async () => {
  const { submit, cancel, join, hands, given, ends, retired, settle, clock } = createRig();
  join("e1");
  submit("a");
  submit("b");
  cancel("a");
  assert(given[0]!.cancelled);
  await settle();
  assertEquals(hands(), ["e1:a"], "it may still be cleaning up");
  given[0]!.end({ ok: false, error: { code: "task/cancelled", message: "", details: {} }, retryable: false });
  await settle();
  assertEquals([hands(), ends(), retired], [["e1:a", "e1:b"], ["a task/cancelled"], []]);
  assertEquals(clock.pending, 0);
});

Deno.test("ExecutorPool gives up an executor that does not answer a cancel", async () => {
  const { submit, cancel, join, ends, retired, clock } = createRig();
  join("e1");
  submit("a");
  cancel("a");
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
  const { pool, submit, cancel, ends } = createRig();
  submit("a");
  cancel("b");
  assertEquals([ends(), pool.status.queued], [[], 1]);
});

Deno.test("ExecutorPool fails what ran on an executor that is lost, so that it may be tried again", async () => {
  const { pool, submit, join, hands, outcomes, clock } = createRig();
  join("e1");
  join("e2");
  submit("a", { timeoutMs: 1_000 });
  await clock.advance(70);
  pool.leave("e1", "code in it called close()");
  const { outcome } = outcomes[0]!;
  assert(!outcome.ok);
  assertEquals([outcome.error.code, outcome.retryable, outcome.durationMs], ["executor/lost", true, 70]);
  assertStringIncludes(
    outcome.error.message,
    'task "a" as its executor was lost during attempt 1: code in it',
  );
  assertEquals(outcome.error.details, { task: "a", attempt: 1, reason: "code in it called close()" });
  submit("a", { attempt: 2 });
  assertEquals([hands(), clock.pending], [["e1:a", "e2:a"], 0]);
});

Deno.test("ExecutorPool gives an executor up that answers neither within the time limit nor in the grace", async () => {
  const { pool, submit, join, hands, outcomes, retired, clock } = createRig();
  join("e1");
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
  join("e2");
  assertEquals(hands(), ["e1:a", "e2:b"]);
});

Deno.test("ExecutorPool ignores the late answer of an executor that was given up", async () => {
  const { pool, submit, join, given, ends, retired, settle, clock } = createRig();
  join("e1");
  submit("a", { timeoutMs: 10 });
  submit("b");
  await clock.advance(10 + 2 * GRACE_MS);
  given[0]!.end();
  await settle();
  pool.leave("e1", "terminated");
  assertEquals([ends(), retired.length, given.length], [["a task/timed-out"], 1, 1]);
});

Deno.test("ExecutorPool replaces an executor that a task left dirty, but takes its outcome", async () => {
  const { pool, submit, join, hands, given, ends, retired, settle } = createRig();
  join("e1");
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
  const { pool, submit, join, hands, given, retired, settle, clock } = createRig();
  join("main", "inline", 1);
  submit("a", { isolation: "inline" });
  submit("b", { isolation: "inline", timeoutMs: 10 });
  submit("c", { isolation: "inline" });
  given[0]!.end({ dirty: true });
  await settle();
  await clock.advance(10 + 2 * GRACE_MS);
  assertEquals([hands(), retired], [["main:a", "main:b", "main:c"], []]);
  assertEquals(pool.status.lost, 0);
});

/** An executor with claims: it begins what it is given in order, when the test says so. */
function claiming(rig: ReturnType<typeof createRig>, name: string) {
  const claims = createClaims();
  rig.join(name, "worker", 1, claims);
  const own = (): Given[] => rig.given.filter(({ executor }) => executor === name);
  let next = 0;
  return {
    /** What it was given. */
    tasks: () => own().map(({ task }) => task),
    /** Begins the next one; says whether it was still there. */
    begin: (): boolean => claim(claims, next++),
    /** Begins and ends the next `count`, and says so at once. */
    finish: (count: number): void => {
      const ended: Ended[] = [];
      for (let n = 0; n < count; n++) {
        if (claim(claims, next)) ended.push([next, { ok: true, durationMs: 0 }]);
        next++;
      }
      rig.pool.ended(name, ended);
    },
  };
}

Deno.test("ExecutorPool gives more ahead of time to an executor that is quick, at most a window", () => {
  const rig = createRig();
  const executor = claiming(rig, "e1");
  for (let n = 0; n < 2_000; n++) rig.submit(`t${n}`);
  const ahead = Array.from({ length: 6 }, () => {
    const open = executor.tasks().length - rig.ends().length;
    executor.finish(open);
    return open;
  });
  assertEquals(ahead, [1, 4, 16, 64, 256, 256]);
  assertEquals(rig.ends().length, 1 + 4 + 16 + 64 + 256 + 256);
});

Deno.test("ExecutorPool gives an executor one at a time whose work takes long", async () => {
  const rig = createRig();
  const executor = claiming(rig, "e1");
  for (let n = 0; n < 100; n++) rig.submit(`t${n}`);
  executor.finish(1);
  assertEquals(executor.tasks().length, 5);
  for (let n = 0; n < 4; n++) {
    executor.begin();
    await rig.clock.advance(4);
    rig.given[1 + n]!.end();
  }
  assertEquals(executor.tasks().length, 6, "the four, and one more");
});

Deno.test("ExecutorPool deals few jobs out to all executors, however much one would take", () => {
  const rig = createRig();
  const [first, second] = [claiming(rig, "e1"), claiming(rig, "e2")];
  for (let n = 0; n < 42; n++) rig.submit(`t${n}`);
  first.finish(1);
  second.finish(1);
  const open = [first, second].map((executor) => executor.tasks().length - 1);
  assertEquals(open, [4, 4]);
});

Deno.test("ExecutorPool gives to others what waits behind a long one, and never what is begun", async () => {
  const rig = createRig();
  const first = claiming(rig, "e1");
  rig.submit("quick");
  first.finish(1);
  for (const task of ["long", "x", "y", "z"]) rig.submit(task);
  assertEquals(first.tasks(), ["quick", "long", "x", "y"]);
  first.begin();
  const second = claiming(rig, "e2");
  assertEquals(second.tasks(), ["z"]);
  second.finish(1);
  await rig.clock.advance(4);
  assertEquals(second.tasks(), ["z"]);
  await rig.clock.advance(6);
  assertEquals(second.tasks(), ["z", "x", "y"]);
  assertEquals(first.begin(), false, "it was taken back");
  second.finish(2);
  rig.given.find(({ task }) => task === "long")!.end();
  assertEquals(rig.ends(), ["quick ok", "z ok", "x ok", "y ok", "long ok"]);
});

Deno.test("ExecutorPool fails what a lost executor had begun, and gives to others what it had not", () => {
  const rig = createRig();
  const first = claiming(rig, "e1");
  rig.submit("quick");
  first.finish(1);
  for (const task of ["a", "b", "c", "d"]) rig.submit(task);
  first.finish(1);
  first.begin();
  first.begin();
  rig.pool.leave("e1", "gone");
  assertEquals(rig.ends(), ["quick ok", "a ok", "b executor/lost", "c executor/lost"]);
  const second = claiming(rig, "e2");
  second.finish(1);
  assertEquals(rig.ends().at(-1), "d ok");
});

Deno.test("ExecutorPool ends what was called off before it was begun, instead of giving it to another executor", () => {
  const rig = createRig();
  const first = claiming(rig, "e1");
  rig.submit("a");
  rig.cancel("a");
  rig.pool.leave("e1", "gone");
  const second = claiming(rig, "e2");
  assertEquals(second.tasks(), []);
  assertEquals(first.tasks(), ["a"]);
  assertEquals(rig.ends(), ["a task/cancelled"]);
});

Deno.test("ExecutorPool gives what an executor never began its whole time once another one has it", async () => {
  const rig = createRig();
  claiming(rig, "e1");
  rig.submit("a", { timeoutMs: 10 });
  // The executor hears nothing: not the task's fault, and not its time.
  await rig.clock.advance(10 + 2 * GRACE_MS);
  assertEquals([rig.retired.length, rig.ends()], [1, []]);
  const second = claiming(rig, "e2");
  await rig.clock.advance(5);
  assertEquals(rig.retired.length, 1);
  second.finish(1);
  assertEquals(rig.ends(), ["a ok"]);
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
        const joinLike = (executor: string): void =>
          executor.startsWith("p") ? rig.join(`p${++joined}`, "process") : rig.join(`e${++joined}`);
        /** What the supervisor does; there is a process for what has cost threads. */
        const supervise = async (): Promise<void> => {
          await rig.settle();
          for (; replaced < rig.retired.length; replaced++) joinLike(rig.retired[replaced]!.executor);
        };
        const gone = new Set<string>();
        /** An executor is lost by itself; another one takes its place. */
        const lose = (executor: string | undefined): void => {
          if (executor === undefined || gone.has(executor)) return;
          if (rig.retired.some((one) => one.executor === executor)) return;
          gone.add(executor);
          rig.pool.leave(executor, "lost");
          joinLike(executor);
        };
        for (let n = 0; n < count; n++) joinLike("e");
        joinLike("p");
        const submitted = new Set<string>();
        for (const step of steps) {
          if (step.kind === "submit" && !submitted.has(`t${step.task}`)) {
            submitted.add(`t${step.task}`);
            rig.submit(`t${step.task}`, { timeoutMs: 1_000 });
          }
          if (step.kind === "cancel") rig.cancel(`t${step.task}`);
          if (step.kind === "end") rig.given[step.which]?.end();
          if (step.kind === "dirty") rig.given[step.which]?.end({ dirty: true });
          if (step.kind === "lose") lose(rig.given[step.which]?.executor);
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

Deno.test("ExecutorPool asks for executors of the kind that work waits for, and tells when one has nothing to do", async () => {
  const { submit, join, hands, given, asked, settle } = createRig();
  const kind = keyOfKind({ isolation: "process", permissions: {} });
  join("e1");
  submit("a", { permissions: {} });
  submit("b", { isolation: "process", permissions: { net: false } });
  submit("c");
  assertEquals(hands(), ["e1:c"], "no thread takes what asks for rights of its own");
  assertEquals(asked, ["e1 has 0", `1 for ${kind}`, `2 for ${kind}`, "e1 has 1", "0 for worker"]);
  asked.length = 0;
  join("p1", kind);
  await settle();
  assertEquals(asked, ["p1 has 1", `1 for ${kind}`]);
  given.at(-1)!.end();
  given.at(-1)!.end();
  await settle();
  assertEquals(hands(), ["e1:c", "p1:a", "p1:b"]);
  assertEquals(asked.at(-1), "p1 has 0");
});

Deno.test("ExecutorPool fails what waits for an executor that cannot be started, and nothing else", () => {
  const { pool, submit, ends } = createRig();
  submit("a", { permissions: {} });
  submit("b", { permissions: {} });
  submit("c");
  pool.refuse(
    { isolation: "process", permissions: {} },
    ({ task }) =>
      new MillraceError("executor/start-failed", "no", {
        details: { task, isolation: "process", reason: "no" },
      }),
  );
  assertEquals(ends(), ["a executor/start-failed", "b executor/start-failed"]);
  assertEquals(pool.status.queued, 1);
});

Deno.test("ExecutorPool sends a task that has cost a thread to processes, and everything once a second one is lost", async () => {
  const { pool, clock, submit, join, asked } = createRig();
  const hang = async (task: string, executor: string): Promise<void> => {
    join(executor);
    submit(task, { timeoutMs: 10 });
    await clock.advance(10 + 2 * GRACE_MS);
    asked.length = 0;
  };
  await hang("bad", "e1");
  submit("bad", { attempt: 2 });
  assertEquals(asked, ["1 for process"]);
  await hang("worse", "e2");
  assertEquals(pool.status.lost, 2);
  submit("good");
  assertEquals(asked, ["2 for process"]);
});
