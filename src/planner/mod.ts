/**
 * The planner: turns a selection of tasks into a checked, content-hashed DAG.
 *
 * What holds:
 *
 * - The same tasks give the same plan, and the same `dagId`, in whatever order they were defined.
 * - A task stands in the level after the last one that feeds it; within a level, tasks are sorted by name.
 * - What is wrong is reported all at once: unknown names, missing dependencies, cycles by their path …
 * - A selector means the same in code, on the command line and over HTTP.
 * - A selected task may need one that is not selected: it is `external`, and a run loads its latest result.
 * - No recursion: a chain of a hundred thousand tasks is planned like any other.
 *
 * @example Everything that a report needs
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPlanner, createTaskRegistry, defineTask } from "@millrace/millrace";
 *
 * const orders = defineTask({ name: "orders", run: () => [12, 30] });
 * const rates = defineTask({ name: "rates", run: () => ({ EUR: 1.1 }) });
 * const report = defineTask({ name: "report", inputs: { orders, rates }, run: ({ orders }) => orders.length });
 * const registry = createTaskRegistry();
 * for (const task of [report, rates, orders]) registry.register(task);
 *
 * const planner = createPlanner(registry);
 * assertEquals(planner.plan({ roots: ["report"] }).parallelLevels, [["orders", "rates"], ["report"]]);
 * assertEquals(planner.plan({ names: ["report"] }).external, ["orders", "rates"]);
 * assertEquals(planner.plan({ select: "+report and not rates" }).executionOrder, ["orders", "report"]);
 * ```
 *
 * @module
 */
export { criticalPath } from "./critical_path.ts";
export { diffPlans, type EdgeChange, type PlanDiff, renderPlanDiff, type TaskChange } from "./diff_plans.ts";
export { explainPlan } from "./explain.ts";
export { type EdgeFit, fitEdge, verdictOn } from "./edge_fit.ts";
export { type PlanOptions, planTasks } from "./plan_tasks.ts";
export { createPlanner, type Planner, type PlannerOptions, type TaskSource } from "./planner.ts";
export { renderPlan } from "./render_plan.ts";
export { type AnyJsonSchema, fitSchemas, type SchemaFit } from "./schema_fit.ts";
export type { Descriptors } from "./descriptors.ts";
