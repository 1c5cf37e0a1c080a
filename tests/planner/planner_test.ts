import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { MillraceError } from "../../src/base/errors.ts";
import { createPlanner } from "../../src/planner/planner.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { collect } from "../../src/task/edge.ts";
import { createTaskRegistry } from "../../src/task/registry.ts";

const orders = defineTask({
  name: "orders",
  stream: true,
  output: z.object({ amount: z.number() }),
  *run() {
    yield { amount: 1 };
  },
});
const total = defineTask({
  name: "total",
  inputs: { orders: collect(orders) },
  run: ({ orders }) => orders.length,
});
const report = defineTask({ name: "report", tags: ["daily"], after: ["total"], run: () => "done" });

Deno.test("Planner.plan plans what is registered now", () => {
  const registry = createTaskRegistry();
  const planner = createPlanner(registry);
  for (const task of [report, total, orders]) registry.register(task);
  assertEquals(planner.plan().parallelLevels, [["orders"], ["total"], ["report"]]);
  assertEquals(planner.plan({ tags: ["daily"] }).external, ["total"]);
  assertEquals(planner.plan({ tags: ["daily"], includeUpstream: true }).dagId, planner.plan().dagId);
  registry.unregister("orders");
  const error = assertThrows(() => planner.plan(), MillraceError);
  assert(MillraceError.is(error, "plan/invalid"));
  assertEquals(error.details.problems.map((problem) => problem.kind), ["missing-dependency"]);
});

Deno.test("Planner.plan gives plain data", () => {
  const registry = createTaskRegistry();
  for (const task of [report, total, orders]) registry.register(task);
  const plan = createPlanner(registry).plan();
  assertEquals(structuredClone(plan), plan);
  assertEquals(JSON.parse(JSON.stringify(plan)), plan);
});

Deno.test("Planner.explain gives the plan with its edges", () => {
  const registry = createTaskRegistry();
  for (const task of [report, total, orders]) registry.register(task);
  const { edges, skipped, ...plan } = createPlanner(registry).explain({ select: "total" });
  assertEquals(plan, createPlanner(registry).plan({ names: ["total"] }));
  assertEquals(edges, [
    {
      from: "orders",
      to: "total",
      param: "orders",
      collect: true,
      type: "{ amount: number }[]",
      fit: "unchecked",
    },
  ]);
  assertEquals(skipped, ["report"]);
});

Deno.test("Planner.plan refuses a selection that it would misread", () => {
  const planner = createPlanner(createTaskRegistry());
  assertThrows(() => planner.plan({ name: ["a"] } as object), TypeError, 'did you mean "names"?');
  assertThrows(() => planner.plan({ names: "a" as unknown as string[] }), TypeError, "must be an array");
  assertThrows(() => planner.plan({ select: ["a"] as never }), TypeError, '"select" must be a string');
});
