import { assertEquals } from "@std/assert";
import { diffPlans, type PlanDiff, renderPlanDiff } from "../../src/planner/diff_plans.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import type { Plan } from "../../src/task/plan.ts";
import type { TaskDescriptor } from "../../src/task/descriptor.ts";
import { descriptorsOf } from "./descriptors.ts";

function planOf(
  edges: Readonly<Record<string, readonly string[]>>,
  more: Readonly<Record<string, Partial<TaskDescriptor>>> = {},
): Plan {
  return planTasks(descriptorsOf(edges, more));
}

const none: PlanDiff = {
  same: true,
  added: [],
  removed: [],
  addedEdges: [],
  removedEdges: [],
  changes: [],
};
const before = planOf({ a: [], b: ["a"], c: ["a"] });

Deno.test("diffPlans of a plan with itself, even after a journey as JSON, is empty", () => {
  assertEquals(diffPlans(before, JSON.parse(JSON.stringify(before))), none);
  assertEquals(renderPlanDiff(none), "no difference");
});

Deno.test("diffPlans tells tasks and edges that came and went", () => {
  const diff = diffPlans(before, planOf({ a: [], b: [], d: ["b"] }, { b: { after: ["a"] } }));
  assertEquals(diff, {
    ...none,
    same: false,
    added: ["d"],
    removed: ["c"],
    addedEdges: [{ from: "a", to: "b" }],
    removedEdges: [{ from: "a", to: "b", param: "a" }],
  });
  assertEquals(renderPlanDiff(diff).split("\n"), ["+ d", "- c", "+ a → b (after)", "- a → b as a"]);
});

Deno.test("diffPlans tells policies and schemas that have changed, with both values", () => {
  const after = planOf({ a: [], b: ["a"], c: [] }, {
    a: { output: { type: "string" } },
    b: { maxRetries: 3, timeoutMs: 5 },
    c: { inputs: [{ param: "a", task: "a", collect: false, schema: { type: "string" } }] },
  });
  const { changes, ...rest } = diffPlans(before, after);
  const { changes: _, ...unchanged } = none;
  assertEquals(rest, { ...unchanged, same: false });
  assertEquals(changes, [
    { task: "a", what: "output", after: { type: "string" } },
    { task: "b", what: "maxRetries", before: 0, after: 3 },
    { task: "b", what: "timeoutMs", after: 5 },
    {
      task: "c",
      what: "inputs.a of a",
      before: { collect: false },
      after: { collect: false, schema: { type: "string" } },
    },
  ]);
  assertEquals(
    renderPlanDiff({ ...none, changes: changes.slice(1, 3) }),
    "~ b: maxRetries 0 → 3\n~ b: timeoutMs nothing → 5",
  );
});

Deno.test("diffPlans shows tags too, which the id leaves out", () => {
  const diff = diffPlans(before, planOf({ a: [], b: ["a"], c: ["a"] }, { a: { tags: ["x"] } }));
  assertEquals(diff, { ...none, changes: [{ task: "a", what: "tags", before: [], after: ["x"] }] });
});

Deno.test("diffPlans backwards is the same with its sides changed", () => {
  const after = planOf({ a: [], b: [], d: ["b"] }, { b: { maxRetries: 1 } });
  const [there, back] = [diffPlans(before, after), diffPlans(after, before)];
  assertEquals([back.added, back.removed], [there.removed, there.added]);
  assertEquals([back.addedEdges, back.removedEdges], [there.removedEdges, there.addedEdges]);
  assertEquals(
    back.changes.map(({ before, after }) => [after, before]),
    there.changes.map(({ before, after }) => [
      before,
      after,
    ]),
  );
});
