import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { backoffMs, factOf, inputsOf } from "../../src/orchestrator/attempts.ts";
import { isFailure } from "../../src/task/task.ts";
import { fact, planned, planOf, stateAfter, threw } from "./plans.ts";
import { failure, success } from "./world.ts";

const backoff = { baseMs: 100, factor: 2, maxMs: 1_000, jitter: false };
const now = { atMs: 50, random: 0.5 };

Deno.test("backoffMs() grows by the factor up to the longest wait", () => {
  assertEquals([1, 2, 3, 4, 5, 99].map((failures) => backoffMs(backoff, failures, 0.3)), [
    100,
    200,
    400,
    800,
    1_000,
    1_000,
  ]);
});

Deno.test("backoffMs() with jitter is anything between nothing and the computed wait", () => {
  const jitter = { ...backoff, jitter: true };
  assertEquals([0, 0.5, 1].map((random) => backoffMs(jitter, 2, random)), [0, 100, 200]);
});

Deno.test("backoffMs() is a whole number within bounds, however extreme the policy", () => {
  const number = fc.double({ min: 0, max: 1e9, noNaN: true });
  const policy = fc.record({ baseMs: number, factor: number, maxMs: number, jitter: fc.boolean() });
  fc.assert(
    fc.property(policy, fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (
      policy,
      failures,
      random,
    ) => {
      const waitMs = backoffMs(policy, failures, random);
      assert(Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= Math.round(policy.maxMs), `${waitMs}`);
    }),
  );
});

Deno.test("factOf() a success is told with its chunks", () => {
  const key = { runId: "r1", task: "a", attempt: 2 };
  const base = { type: "succeeded" as const, task: "a", attempt: 2, durationMs: 1, atMs: 50 };
  assertEquals(factOf(stateAfter(), key, success(), now), base);
  assertEquals(factOf(stateAfter(), key, success(3), now), { ...base, chunks: 3 });
});

Deno.test("factOf() a failure says when to try again while tries are left and it may help", () => {
  const plan = planned(planOf({ a: [] }, { a: { maxRetries: 1, backoff } }));
  const key = { runId: "r1", task: "a", attempt: 1 };
  const first = stateAfter(plan, fact("started", "a"));
  assertEquals((factOf(first, key, failure(), now) as { retryAtMs?: number }).retryAtMs, 150);
  assert(!("retryAtMs" in factOf(first, key, failure(false), now)));
  const second = stateAfter(
    plan,
    fact("started", "a"),
    fact("failed", "a", 1, { retryAtMs: 9 }),
    fact("started", "a", 2),
  );
  assert(!("retryAtMs" in factOf(second, key, failure(), now)));
});

Deno.test("factOf() an interruption uses up no try", () => {
  const plan = planned(planOf({ a: [] }, { a: { maxRetries: 1, backoff } }));
  const state = stateAfter(plan, fact("started", "a"), fact("interrupted", "a"), fact("started", "a", 2));
  const told = factOf(state, { runId: "r1", task: "a", attempt: 2 }, failure(), now);
  assertEquals((told as { retryAtMs?: number }).retryAtMs, 150);
});

Deno.test("factOf() a failure of a task that nobody knows is told, and not tried again", () => {
  assert(!("retryAtMs" in factOf(stateAfter(), { runId: "r1", task: "x", attempt: 1 }, failure(), now)));
});

Deno.test("inputsOf() says where the results of the attempt that succeeded are", () => {
  const state = stateAfter(
    planned(planOf({ a: [], b: [], c: ["a", "b"] })),
    fact("started", "a"),
    fact("interrupted", "a"),
    fact("started", "a", 2),
    fact("succeeded", "a", 2),
    fact("started", "b"),
    fact("succeeded", "b", 1, { chunks: 2 }),
  );
  assertEquals(inputsOf(state, "c"), {
    a: { runId: "r1", task: "a", resultIds: ["a2"] },
    b: { runId: "r1", task: "b", resultIds: ["a1-000000", "a1-000001"] },
  });
});

Deno.test("inputsOf() gives the failure of a fail-safe task in place of its result", () => {
  const state = stateAfter(
    planned(
      planOf({ x: [], a: ["x"], b: [], c: ["a", "b"] }, { a: { failSafe: true }, b: { failSafe: true } }),
    ),
    { type: "skipped", task: "a", because: "x", atMs: 1 },
    fact("started", "b"),
    fact("failed", "b"),
  );
  const { a, b } = inputsOf(state, "c");
  assert(isFailure(a) && isFailure(b));
  assertEquals([a.task, a.status, a.error.code], ["a", "skipped", "task/cancelled"]);
  assertEquals([b.task, b.status, b.error], ["b", "failed", threw("b")]);
});

Deno.test("inputsOf() gives the earlier result of a task that the plan leaves out, whatever its name", () => {
  for (const name of ["a", "constructor"]) {
    const plan = planOf({ [name]: [], b: [name] }, {}, { names: ["b"] });
    const external = { [name]: { runId: "r0", resultIds: ["a3"] } };
    const state = stateAfter(planned(plan, { external }));
    assertEquals(inputsOf(state, "b"), { [name]: { runId: "r0", task: name, resultIds: ["a3"] } });
  }
  const inside = stateAfter(
    planned(planOf({ constructor: [], b: ["constructor"] })),
    fact("started", "constructor"),
    fact("succeeded", "constructor"),
  );
  assertEquals(inputsOf(inside, "b"), {
    constructor: { runId: "r1", task: "constructor", resultIds: ["a1"] } as never,
  });
});
