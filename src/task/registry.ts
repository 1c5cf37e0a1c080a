/**
 * The task registry: tasks by name and by tag.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { nearest } from "../base/names.ts";
import { isTask, type Task } from "./task.ts";
import { shown } from "./option_checks.ts";

/** Tasks by name and by tag. */
export interface TaskRegistry {
  /** Adds a task; the very same task twice is fine. Throws `task/duplicate` for another task of that name. */
  register(task: Task): void;
  /** The task of that name; throws `task/unknown` with the nearest name. */
  get(name: string): Task;
  /** Whether there is a task of that name. */
  has(name: string): boolean;
  /** The tasks with that tag, in the order of registration; costs what it gives. */
  byTag(tag: string): Task[];
  /** All tasks, in the order of registration. */
  list(): Task[];
  /** Removes a task; says whether it was there. */
  unregister(name: string): boolean;
  /** Removes all tasks. */
  clear(): void;
}

/**
 * An empty task registry.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createTaskRegistry, defineTask } from "@millrace/millrace";
 *
 * const registry = createTaskRegistry();
 * registry.register(defineTask({ name: "extract", tags: ["etl"], run: () => 1 }));
 * assertEquals(registry.byTag("etl").map((task) => task.name), ["extract"]);
 * ```
 */
export function createTaskRegistry(): TaskRegistry {
  const byName = new Map<string, Task>();
  const byTag = new Map<string, Set<Task>>();
  return {
    register(task) {
      if (!isTask(task)) {
        throw new TypeError(
          `Cannot register a task as defineTask() must have made it: current value is ${shown(task)}`,
        );
      }
      const known = byName.get(task.name);
      if (known === task) return;
      if (known !== undefined) throw duplicateTask(task.name);
      byName.set(task.name, task);
      for (const tag of task.tags) {
        const tagged = byTag.get(tag);
        if (tagged === undefined) byTag.set(tag, new Set([task]));
        else tagged.add(task);
      }
    },
    get(name) {
      const task = byName.get(name);
      if (task === undefined) throw unknownTask(name, byName.keys());
      return task;
    },
    has: (name) => byName.has(name),
    byTag: (tag) => [...byTag.get(tag) ?? []],
    list: () => [...byName.values()],
    unregister(name) {
      const task = byName.get(name);
      if (task === undefined) return false;
      byName.delete(name);
      for (const tag of task.tags) {
        const tagged = byTag.get(tag);
        tagged?.delete(task);
        if (tagged?.size === 0) byTag.delete(tag);
      }
      return true;
    },
    clear() {
      byName.clear();
      byTag.clear();
    },
  };
}

/** The error for a second task of the same name. */
export function duplicateTask(name: string): MillraceError<"task/duplicate"> {
  return new MillraceError(
    "task/duplicate",
    `Cannot register a task as its name must be unique: "${name}" is another task already`,
    { details: { task: name } },
  );
}

/** The error for a name that no task has. */
function unknownTask(name: string, known: Iterable<string>): MillraceError<"task/unknown"> {
  const suggestion = nearest(name, known);
  return new MillraceError(
    "task/unknown",
    `Cannot get a task as none is registered under this name: "${name}"` +
      (suggestion === undefined ? "" : `, did you mean "${suggestion}"?`),
    { details: { task: name, ...(suggestion === undefined ? {} : { suggestion }) } },
  );
}
