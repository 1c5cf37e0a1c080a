import { assertEquals } from "@std/assert";
import { explainPlan } from "../../src/planner/explain.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import type { Selection } from "../../src/task/plan.ts";
import type { TaskDescriptor } from "../../src/task/descriptor.ts";
import { descriptor, descriptorsOf } from "./descriptors.ts";

const tasks = descriptorsOf({ extract: [], clean: [], rates: [], load: [], report: ["load"], other: [] }, {
  extract: { stream: true, output: { type: "number" } },
  load: {
    inputs: [
      { param: "rows", task: "extract", collect: true },
      { param: "rates", task: "rates", collect: false, schema: { type: "object" } },
    ],
    after: ["clean"],
    output: { type: "object", properties: { id: { type: "integer" } } },
  },
  report: { inputs: [{ param: "load", task: "load", collect: false, schema: { type: "object" } }] },
  other: {
    inputs: [{
      param: "load",
      task: "load",
      collect: false,
      schema: { type: "object", properties: { note: { type: "string" } } },
    }],
  },
});

const explain = (selection: Selection) => explainPlan(planTasks(tasks, selection), tasks);

Deno.test("explainPlan lists edges with their types and whether these fit, in the order of execution", () => {
  assertEquals(explain({}).edges, [
    { from: "extract", to: "load", param: "rows", collect: true, type: "number[]", fit: "unchecked" },
    { from: "rates", to: "load", param: "rates", collect: false, type: "object", fit: "unchecked" },
    { from: "clean", to: "load" },
    {
      from: "load",
      to: "other",
      param: "load",
      collect: false,
      type: "{ id?: number }",
      fit: "unknown",
      path: "note",
      reason: "nothing is said about it",
    },
    { from: "load", to: "report", param: "load", collect: false, type: "{ id?: number }", fit: "compatible" },
  ]);
});

Deno.test("explainPlan tells external tasks from those that are left out", () => {
  const { external, skipped, edges } = explain({ names: ["load"] });
  assertEquals([external, skipped], [["clean", "extract", "rates"], ["other", "report"]]);
  assertEquals(edges.map((edge) => edge.from), ["extract", "rates", "clean"]);
  assertEquals(explain({}).skipped, []);
});

Deno.test("explainPlan adds to the plan and changes nothing of it", () => {
  const plan = planTasks(tasks, { names: ["load"] });
  const { edges: _, skipped: __, ...rest } = explainPlan(plan, tasks);
  assertEquals(rest, plan);
});

Deno.test("explainPlan says what arrives of a task that streams or may fail", () => {
  const typeOf = (source: Partial<TaskDescriptor>, collect = false): string | undefined => {
    const known = new Map([
      ["a", descriptor("a", [], source)],
      ["b", descriptor("b", [], { inputs: [{ param: "a", task: "a", collect }] })],
    ]);
    return explainPlan(planTasks(known), known).edges[0]!.type;
  };
  const union = { anyOf: [{ type: "string" }, { type: "null" }] };
  assertEquals(typeOf({}), undefined);
  assertEquals(typeOf({ output: union }), "string | null");
  assertEquals(typeOf({ output: union, stream: true }), "AsyncIterable<string | null>");
  assertEquals(typeOf({ output: union, stream: true }, true), "(string | null)[]");
  assertEquals(typeOf({ output: { type: "string" }, failSafe: true }), "string | TaskFailure");
});
