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
import { planTasks } from "./plan_tasks.ts";

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
export function createPlanner(registry: TaskSource): Planner {
  return {
    plan(selection = {}) {
      assertSelection(selection);
      const descriptors = new Map<string, TaskDescriptor>();
      for (const task of registry.list()) descriptors.set(task.name, describeTask(task));
      return planTasks(descriptors, selection);
    },
  };
}

const LISTS = ["names", "tags", "roots"] as const;

function assertSelection(selection: Selection): void {
  assertKeys("a selection", selection, [...LISTS, "select", "includeUpstream"]);
  for (const key of LISTS) {
    const list: unknown = selection[key];
    if (list === undefined || Array.isArray(list)) continue;
    throw new TypeError(`Cannot plan as "${key}" must be an array: current value is ${JSON.stringify(list)}`);
  }
}
