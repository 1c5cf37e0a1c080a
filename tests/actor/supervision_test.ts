import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concerned, policyOf, RestartBudget, type Supervision } from "../../src/actor/supervision.ts";

/** Without chance. */
const half = () => 0.5;

Deno.test("policyOf settles what is left open: one-for-one, 3 restarts in 30 s, 100 ms to 10 s, restart", () => {
  const { decide, ...policy } = policyOf();
  assertEquals(policy, {
    strategy: "one-for-one",
    limit: { restarts: 3, withinMs: 30_000 },
    backoff: { minMs: 100, maxMs: 10_000, jitter: 0.2 },
  });
  assertEquals(decide({ actor: "a", verb: undefined, error: new Error("x") }), "restart");
});

Deno.test("policyOf refuses what makes no sense, and names it", () => {
  const limit = { restarts: 3, withinMs: 30_000 };
  const backoff = { minMs: 100, maxMs: 10_000, jitter: 0.2 };
  const senseless: Supervision[] = [
    ...[-1, 1.5, Number.NaN, Infinity].map((restarts) => ({ limit: { ...limit, restarts } })),
    ...[0, -1, Number.NaN].map((withinMs) => ({ limit: { ...limit, withinMs } })),
    ...[-1, Number.NaN, 10_001].map((minMs) => ({ backoff: { ...backoff, minMs } })),
    ...[-0.1, 1.1, Number.NaN].map((jitter) => ({ backoff: { ...backoff, jitter } })),
  ];
  for (const supervision of senseless) {
    assertThrows(
      () => policyOf(supervision),
      RangeError,
      "Cannot supervise as restarts must be an integer >= 0",
    );
  }
});

Deno.test("RestartBudget doubles the wait for restarts in a row, up to the longest", () => {
  const policy = policyOf({
    limit: { restarts: 100, withinMs: 1e9 },
    backoff: { minMs: 100, maxMs: 1_000, jitter: 0 },
  });
  const budget = new RestartBudget(policy, half);
  assertEquals([1, 2, 3, 4, 5, 6].map((nowMs) => budget.take(nowMs)), [100, 200, 400, 800, 1_000, 1_000]);
});

Deno.test("RestartBudget starts over after a life longer than half of shortest and longest wait", () => {
  const policy = policyOf({
    limit: { restarts: 100, withinMs: 1e9 },
    backoff: { minMs: 100, maxMs: 1_000, jitter: 0 },
  });
  const budget = new RestartBudget(policy, half);
  // Alive again at 100, 849, 1,798 and 2,448: the wait is no part of the life.
  assertEquals([0, 649, 1_398, 2_348, 2_449].map((nowMs) => budget.take(nowMs)), [100, 200, 400, 100, 200]);
});

Deno.test("RestartBudget with a limit of 0 allows nothing", () => {
  const budget = new RestartBudget(policyOf({ limit: { restarts: 0, withinMs: 1 } }), half);
  assertEquals(budget.take(0), undefined);
});

Deno.test("RestartBudget strays from the wait by its jitter at most, and as chance has it", () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(unit, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(10_000), (chance, jitter, minMs) => {
      const policy = policyOf({ backoff: { minMs, maxMs: 2 * minMs, jitter } });
      const delayMs = new RestartBudget(policy, () => chance).take(0)!;
      assertAlmostEquals(delayMs, minMs * (1 - jitter + 2 * jitter * chance), 1e-6);
      assert(delayMs >= minMs * (1 - jitter) - 1e-6 && delayMs <= minMs * (1 + jitter) + 1e-6);
    }),
  );
});

Deno.test("RestartBudget grants a restart if and only if fewer than the limit were granted in the window", () => {
  const times = fc.array(fc.nat(50), { maxLength: 60 });
  fc.assert(fc.property(fc.nat(5), fc.integer({ min: 1, max: 100 }), times, (restarts, withinMs, steps) => {
    const budget = new RestartBudget(policyOf({ limit: { restarts, withinMs } }), half);
    const granted: number[] = [];
    let nowMs = 0;
    for (const step of steps) {
      nowMs += step;
      const recent = granted.filter((atMs) => nowMs - atMs < withinMs).length;
      const delayMs = budget.take(nowMs);
      assertEquals(delayMs !== undefined, recent < restarts);
      if (delayMs !== undefined) granted.push(nowMs);
    }
  }));
});

Deno.test("concerned: the failed one; all; or the failed one and those after it, in order", () => {
  const children = ["a", "b", "c", "d"];
  assertEquals(concerned("one-for-one", children, "b"), ["b"]);
  assertEquals(concerned("one-for-all", children, "b"), children);
  assertEquals(concerned("rest-for-one", children, "b"), ["b", "c", "d"]);
});
