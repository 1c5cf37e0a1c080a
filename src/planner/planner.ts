/**
 * The planner over a registry of tasks.
 *
 * @module
 */
import { assertKeys } from "../base/names.ts";
import { describeTask } from "../task/describe.ts";
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { Plan, Selection } from "../task/plan.ts";
import type { Task } from "../task/task.ts";
import { type TaskSchemas, withSchemas } from "../task/task_schemas.ts";
import { type PlanOptions, planTasks } from "./plan_tasks.ts";

/** Where the planner finds tasks: `createTaskRegistry()` is one. */
export interface TaskSource {
  /** All tasks there are now. */
  list(): Iterable<Task>;
}

/** Turns selections of tasks into checked plans. */
export interface Planner {
  /**
   * Plans a selection of the tasks that are registered now.
   *
   * @param selection What to plan. @default {all tasks}
   * @throws {MillraceError} `plan/invalid`, once, with everything that is wrong.
   * @throws {TypeError} If the selection has an unknown key, or something else than an array.
   */
  plan(selection?: Selection): Plan;
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
 * assertEquals(createPlanner(registry).plan().executionOrder, ["extract", "load"]);
 * ```
 */
export function createPlanner(registry: TaskSource, options: PlannerOptions = {}): Planner {
  assertKeys("a planner", options, ["strict", "schemas"]);
  const { strict = false, schemas = {} } = options;
  // Tasks never change, and turning their schemas into JSON Schema is the dearest part of a small plan.
  const described = new WeakMap<Task, TaskDescriptor>();
  const describe = (task: Task): TaskDescriptor => {
    const known = described.get(task) ?? withSchemas(describeTask(task), schemas);
    described.set(task, known);
    return known;
  };
  return {
    plan(selection = {}) {
      assertSelection(selection);
      const descriptors = new Map<string, TaskDescriptor>();
      for (const task of registry.list()) descriptors.set(task.name, describe(task));
      return planTasks(descriptors, selection, { strict });
    },
  };
}

const LISTS = ["names", "tags", "roots"] as const;

function assertSelection(selection: Selection): void {
  assertKeys("a selection", selection, [...LISTS, "includeUpstream"]);
  for (const key of LISTS) {
    const list: unknown = selection[key];
    if (list === undefined || Array.isArray(list)) continue;
    throw new TypeError(`Cannot plan as "${key}" must be an array: current value is ${JSON.stringify(list)}`);
  }
}
