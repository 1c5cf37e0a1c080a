/**
 * The planner over a registry of tasks.
 *
 * @module
 */
import { assertKeys } from "../base/names.ts";
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { ExplainedPlan, Plan, Selection } from "../task/plan.ts";
import { type TaskSchemas, withSchemas } from "../task/task_schemas.ts";
import type { Descriptors } from "./descriptors.ts";
import { explainPlan } from "./explain.ts";
import { type PlanOptions, planTasks } from "./plan_tasks.ts";

/** Where the planner finds tasks: `createTaskRegistry()` is one. */
export interface TaskSource {
  /** All tasks there are now, by name. */
  readonly descriptors: Descriptors;
}

/** Turns selections of tasks into checked plans. */
export interface Planner {
  /**
   * Plans a selection of the tasks that are registered now.
   *
   * @param selection What to plan. @default {all tasks}
   * @throws {MillraceError} `plan/invalid`, once, with everything that is wrong; `selector/invalid`.
   * @throws {TypeError} If the selection has an unknown key, or a value of the wrong kind.
   */
  plan(selection?: Selection): Plan;
  /** The same with edges, their types, and what is left out; `renderPlan()` writes it. Throws like `plan()`. */
  explain(selection?: Selection): ExplainedPlan;
}

/** What a planner goes by, beside the tasks. */
export interface PlannerOptions extends PlanOptions {
  /** Schemas of tasks whose definitions have none: the `schemas` of a module that `millrace schema` wrote. */
  readonly schemas?: TaskSchemas;
}

/**
 * A planner over a registry, which it asks anew for each plan.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPlanner, createTaskRegistry, defineTask } from "@millrace/millrace";
 *
 * const extract = defineTask({ name: "extract", run: () => [1, 2, 3] });
 * const load = defineTask({ name: "load", inputs: { rows: extract }, run: ({ rows }) => rows.length });
 * const registry = createTaskRegistry();
 * registry.register(load);
 * registry.register(extract);
 * const planner = createPlanner(registry);
 * assertEquals(planner.plan().executionOrder, ["extract", "load"]);
 * assertEquals(planner.plan({ select: "extract+ and not extract" }).external, ["extract"]);
 * ```
 */
export function createPlanner(registry: TaskSource, options: PlannerOptions = {}): Planner {
  assertKeys("a planner", options, ["strict", "schemas"]);
  const { strict = false, schemas } = options;
  const tasks = schemas === undefined ? () => registry.descriptors : withAll(schemas, registry);
  const plan = (selection: Selection = {}): Plan => {
    assertSelection(selection);
    return planTasks(tasks(), selection, { strict });
  };
  return { plan, explain: (selection) => explainPlan(plan(selection), tasks()) };
}

/** The tasks of a registry with their schemas; each is made once, as preparing it to be planned is dear. */
function withAll(schemas: TaskSchemas, registry: TaskSource): () => Descriptors {
  const made = new WeakMap<TaskDescriptor, TaskDescriptor>();
  const complete = (task: TaskDescriptor): TaskDescriptor => {
    const known = made.get(task) ?? withSchemas(task, schemas);
    made.set(task, known);
    return known;
  };
  return () => new Map(registry.descriptors.values().map((task) => [task.name, complete(task)]));
}

const LISTS = ["names", "tags", "roots"] as const;

function assertSelection(selection: Selection): void {
  assertKeys("a selection", selection, [...LISTS, "select", "includeUpstream"]);
  for (const key of LISTS) {
    const list: unknown = selection[key];
    if (list === undefined || Array.isArray(list)) continue;
    throw wrong(key, "an array", list);
  }
  const select: unknown = selection.select;
  if (select !== undefined && typeof select !== "string") throw wrong("select", "a string", select);
}

function wrong(key: string, rule: string, value: unknown): TypeError {
  return new TypeError(`Cannot plan as "${key}" must be ${rule}: current value is ${JSON.stringify(value)}`);
}
