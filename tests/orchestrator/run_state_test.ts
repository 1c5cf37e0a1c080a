import { assert, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import type { Fact } from "../../src/orchestrator/facts.ts";
import {
  acceptedRun,
  applyFact,
  copyOf,
  endOf,
  isFinalRun,
  isFinalTask,
  replay,
  viewRun,
} from "../../src/orchestrator/run_state.ts";
import { fact, planned, planOf, plays, recordOf, stateAfter, threw, timedOut } from "./plans.ts";

const chain = planned(planOf({ a: [], b: ["a"] }));

function statusOf(task: string, ...facts: readonly Fact[]) {
  return stateAfter(chain, ...facts).tasks.get(task)!;
}

Deno.test("acceptedRun() is a pending run without tasks that has the request's parameters", () => {
  const state = acceptedRun(recordOf("r1", "p", { pipeline: "p", params: { day: 1 } }));
  assertEquals([state.status, state.params, state.tasks.size, state.plan], [
    "pending",
    { day: 1 },
    0,
    undefined,
  ]);
});

Deno.test("applyFact() planned gives every task, and replaces the parameters by the checked ones", () => {
  const state = stateAfter(planned(planOf({ a: [], b: ["a"] }), { params: { day: 2 } }));
  assertEquals([...state.tasks.keys()], ["a", "b"]);
  assertEquals(state.params, { day: 2 });
  assertEquals(state.status, "pending");
});

Deno.test("applyFact() takes a plan once: told again, nothing that happened since is forgotten", () => {
  const state = stateAfter(chain, fact("started", "a"), fact("succeeded", "a"));
  assertFalse(applyFact(state, chain));
  assertEquals(state.tasks.get("a")!.status, "succeeded");
});

Deno.test("applyFact() the first start makes a run running, from then on", () => {
  const state = stateAfter(chain, fact("started", "a", 1, { atMs: 7 }), fact("succeeded", "a"));
  applyFact(state, fact("started", "b", 1, { atMs: 9 }));
  assertEquals([state.status, state.startedMs], ["running", 7]);
});

Deno.test("applyFact() a run that was cancelled before anything ran was never started", () => {
  const state = stateAfter(chain, { type: "cancelled", task: "a", atMs: 5 });
  assertEquals([state.status, state.startedMs], ["pending", undefined]);
  assertEquals(state.tasks.get("a")!.status, "cancelled");
});

Deno.test("applyFact() a success counts for the running attempt only", () => {
  assertEquals(statusOf("a", fact("succeeded", "a")).status, "pending");
  assertEquals(statusOf("a", fact("started", "a"), fact("succeeded", "a", 2)).status, "running");
  const retried = [fact("started", "a"), fact("failed", "a", 1, { retryAtMs: 9 }), fact("started", "a", 2)];
  assertEquals(statusOf("a", ...retried, fact("succeeded", "a", 1)).status, "running");
  assertEquals(statusOf("a", ...retried, fact("succeeded", "a", 2)).succeeded, { attempt: 2 });
});

Deno.test("applyFact() a failure that is told twice counts once", () => {
  const failed = fact("failed", "a", 1, { retryAtMs: 9 });
  const state = stateAfter(chain, fact("started", "a"), failed);
  assertFalse(applyFact(state, failed));
  assertFalse(applyFact(state, fact("failed", "a", 1)));
  assertEquals([state.tasks.get("a")!.status, state.tasks.get("a")!.failures], ["retrying", 1]);
});

Deno.test("applyFact() a failure without another try is final: failed, or timed out", () => {
  assertEquals(statusOf("a", fact("started", "a"), fact("failed", "a")).status, "failed");
  const slow: Fact = { type: "failed", task: "a", attempt: 1, error: timedOut("a"), atMs: 4 };
  const task = statusOf("a", fact("started", "a"), slow);
  assertEquals([task.status, task.endedMs], ["timed_out", 4]);
});

Deno.test("applyFact() a task is started once at a time, and never again by an attempt that was", () => {
  const state = stateAfter(chain, fact("started", "a"));
  assertFalse(applyFact(state, fact("started", "a", 1)));
  assertFalse(applyFact(state, fact("started", "a", 2)));
  applyFact(state, fact("interrupted", "a", 1));
  assertFalse(applyFact(state, fact("started", "a", 1)));
  assert(applyFact(state, fact("started", "a", 2)));
});

Deno.test("applyFact() an interruption is no failure, and only of the running attempt", () => {
  const task = statusOf("a", fact("started", "a"), fact("interrupted", "a"));
  assertEquals([task.status, task.attempts, task.failures], ["ready", 1, 0]);
  assertEquals(statusOf("a", fact("started", "a"), fact("interrupted", "a", 2)).status, "running");
});

Deno.test("applyFact() a success after failures has no error", () => {
  const task = statusOf(
    "a",
    fact("started", "a"),
    fact("failed", "a", 1, { retryAtMs: 9 }),
    fact("started", "a", 2),
    fact("succeeded", "a", 2, { chunks: 2 }),
  );
  assertEquals([task.error, task.retryAtMs, task.failures], [undefined, undefined, 1]);
  assertEquals(task.succeeded, { attempt: 2, chunks: 2 });
});

Deno.test("applyFact() facts about tasks that the plan does not have change nothing", () => {
  const state = stateAfter(chain);
  assertFalse(applyFact(state, fact("started", "nobody")));
  assertFalse(applyFact(stateAfter(), fact("started", "a")));
});

Deno.test("applyFact() a final task and a final run stay as they are, whatever comes", () => {
  const anything: Fact[] = [
    chain,
    ...(["started", "succeeded", "failed", "interrupted", "suspended"] as const).flatMap((type) =>
      [1, 2, 3].map((attempt) => fact(type, "a", attempt))
    ),
    { type: "skipped", task: "a", because: "b", atMs: 9 },
    { type: "cancelled", task: "a", atMs: 9 },
  ];
  const ends: Fact[][] = [
    [fact("started", "a"), fact("succeeded", "a")],
    [fact("started", "a"), fact("failed", "a")],
    [{ type: "skipped", task: "a", because: "b", atMs: 4 }],
    [{ type: "cancelled", task: "a", atMs: 4 }],
  ];
  for (const end of ends) {
    for (const late of anything) assertFalse(applyFact(stateAfter(chain, ...end), late));
  }
  const over = stateAfter(chain, { type: "ended", status: "cancelled", atMs: 5 });
  for (const late of anything) assertFalse(applyFact(over, late));
  assertFalse(applyFact(over, { type: "ended", status: "succeeded", atMs: 6 }));
});

const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({
    type: fc.constantFrom(
      "started" as const,
      "interrupted" as const,
      "streaming" as const,
      "suspended" as const,
    ),
    task: fc.constantFrom("t0", "t1", "t9"),
    attempt: fc.nat(4),
    atMs: fc.nat(),
  }),
  fc.record({ task: fc.constantFrom("t0", "t1"), attempt: fc.nat(4), again: fc.boolean() }).map((
    { task, attempt, again },
  ) => fact("failed", task, attempt, again ? { retryAtMs: 5 } : {})),
  fc.record({ task: fc.constantFrom("t0", "t1"), attempt: fc.nat(4) }).map(({ task, attempt }) =>
    fact("succeeded", task, attempt)
  ),
  fc.record({ attempt: fc.nat(4), source: fc.nat(4) }).map(({ attempt, source }) =>
    fact("started", "t1", attempt, { live: { t0: source } })
  ),
  fc.nat(4).map((attempt): Fact => ({ type: "recalled", task: "t1", attempt, because: "t0", atMs: 3 })),
  fc.constantFrom<Fact>(
    { type: "ended", status: "failed", atMs: 8 },
    { type: "ended", status: "succeeded", atMs: 9 },
  ),
  fc.constantFrom<Fact>({ type: "cancelled", task: "t0", atMs: 3 }, {
    type: "skipped",
    task: "t1",
    because: "t0",
    atMs: 3,
  }),
);

Deno.test("replay() what changes nothing need not be journalled, and what is journalled twice counts once", () => {
  fc.assert(fc.property(plays(2), fc.array(anyFact, { maxLength: 20 }), ({ plan }, facts) => {
    const told = [planned(plan), ...facts];
    const state = replay(recordOf(), told);
    const kept: Fact[] = [];
    const again = acceptedRun(recordOf());
    for (const one of told) if (applyFact(again, one)) kept.push(one);
    assertEquals(again, state);
    assertEquals(replay(recordOf(), kept), state, "what changes nothing need not be journalled");
    assertEquals(
      replay(recordOf(), kept.flatMap((one) => [one, one])),
      state,
      "a batch that is journalled twice counts once",
    );
  }));
});

Deno.test("applyFact() whatever the order of facts: what is final stays, and no attempt comes back", () => {
  fc.assert(fc.property(plays(2), fc.array(anyFact, { maxLength: 40 }), ({ plan }, facts) => {
    const state = stateAfter(planned(plan));
    for (const one of facts) {
      const before = copyOf(state);
      const changed = applyFact(state, one);
      if (!changed) assertEquals(state, before, "a fact that changes nothing changes nothing");
      if (isFinalRun(before.status)) assertFalse(changed);
      for (const [name, task] of before.tasks) {
        const next = state.tasks.get(name)!;
        if (isFinalTask(task.status)) assertEquals(next, task);
        assert(next.attempts >= task.attempts && next.failures >= task.failures);
        if (next.attempts > task.attempts) assertEquals([next.status, one.type], ["running", "started"]);
        // A success is that of the attempt that ran, over nothing but what has succeeded itself.
        if (next.status !== "succeeded" || task.status === "succeeded") continue;
        assertEquals([task.status, next.succeeded!.attempt], ["running", task.attempts]);
        for (const [source, attempt] of Object.entries(task.live ?? {})) {
          assertEquals(before.tasks.get(source)?.succeeded?.attempt, attempt);
        }
      }
    }
  }));
});

Deno.test("copyOf() goes its own way", () => {
  const state = stateAfter(chain);
  const copy = copyOf(state);
  applyFact(copy, fact("started", "a"));
  assertEquals([state.status, state.tasks.get("a")!.status], ["pending", "pending"]);
  assertEquals([copy.status, copy.tasks.get("a")!.status], ["running", "running"]);
});

Deno.test("viewRun() shows results by their ids: one, or one for each chunk", () => {
  const state = stateAfter(
    chain,
    fact("started", "a"),
    fact("succeeded", "a", 1, { chunks: 2 }),
    fact("started", "b"),
    fact("succeeded", "b"),
  );
  const view = viewRun(state);
  assertEquals(view.tasks.a!.resultIds, ["a1-000000", "a1-000001"]);
  assertEquals(view.tasks.b!.resultIds, ["a1"]);
  assertEquals(view.levels, [["a"], ["b"]]);
  assertEquals(view.dagId, state.plan!.dagId);
});

Deno.test("viewRun() of a run that is not planned yet shows what was asked for", () => {
  const view = viewRun(acceptedRun(recordOf("r1", "p", { pipeline: "p", params: { day: 1 } })));
  assertEquals(view.request, { pipeline: "p", params: { day: 1 } });
  assertEquals([view.status, view.tasks], ["pending", {}]);
});

Deno.test("endOf() is there once the run has ended", () => {
  const state = stateAfter(chain, fact("started", "a"));
  assertEquals(endOf(state), undefined);
  applyFact(state, { type: "ended", status: "failed", error: threw("a"), atMs: 8 });
  const end = endOf(state)!;
  assertEquals([end.runId, end.status, end.error], ["r1", "failed", threw("a")]);
  assertEquals(end.tasks.a!.status, "running");
});
