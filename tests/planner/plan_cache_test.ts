import { assert, assertEquals } from "@std/assert";
import { PlanCache } from "../../src/planner/plan_cache.ts";
import type { Plan } from "../../src/task/plan.ts";

function counting() {
  let made = 0;
  const make = (): Plan => {
    made++;
    return {
      dagId: `d${made}`,
      executionOrder: [],
      parallelLevels: [],
      tasks: {},
      external: [],
    } as unknown as Plan;
  };
  return { make, made: () => made };
}

Deno.test("PlanCache makes a plan once for each key, frozen, until it is cleared", () => {
  const cache = new PlanCache();
  const { make, made } = counting();
  const first = cache.get("a", make);
  assert(cache.get("a", make) === first && Object.isFrozen(first.executionOrder));
  assertEquals(made(), 1);
  cache.get("b", make);
  cache.clear();
  assert(cache.get("a", make) !== first);
  assertEquals(made(), 3);
});

Deno.test("PlanCache keeps the plans that were used last, and no more than 64", () => {
  const cache = new PlanCache();
  const { make, made } = counting();
  const kept = cache.get("kept", make);
  for (let n = 0; n < 100; n++) {
    cache.get(`k${n}`, make);
    assert(cache.get("kept", make) === kept);
  }
  cache.get("k99", make);
  assertEquals(made(), 101);
  cache.get("k0", make);
  assertEquals(made(), 102);
});

Deno.test("PlanCache keeps nothing of a plan that cannot be made", () => {
  const cache = new PlanCache();
  const { make, made } = counting();
  try {
    cache.get("a", () => {
      throw new Error("no");
    });
  } catch {
    // as it must
  }
  cache.get("a", make);
  assertEquals(made(), 1);
});
