/**
 * The task registry: tasks by name, by tag and by pattern.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { nearest } from "../base/names.ts";
import { wildcard } from "../base/wildcard.ts";
import { describeTask } from "./describe.ts";
import type { TaskDescriptor } from "./descriptor.ts";
import { isTask, type Task } from "./task.ts";
import { shown } from "./option_checks.ts";

/** Tasks by name, by tag and by pattern. What it gives is in the order of registration. */
export interface TaskRegistry {
  /** All tasks as plain data, by name; a view that follows every change. */
  readonly descriptors: ReadonlyMap<string, TaskDescriptor>;
  /** Adds a task; the very same task twice is fine. Throws `task/duplicate` for another task of that name. */
  register(task: Task): void;
  /** The task of that name; throws `task/unknown` with the nearest name. */
  get(name: string): Task;
  /** Whether there is a task of that name. */
  has(name: string): boolean;
  /** The tasks with that tag; costs what it gives. */
  byTag(tag: string): Task[];
  /**
   * The tasks with any of these tags, or with all of them; none without tags.
   *
   * Costs what it gives with `any` (and sorts it), and with `all` the number of tasks that have the rarest tag.
   */
  byTags(tags: readonly string[], mode: "any" | "all"): Task[];
  /** The tasks whose name fits, where `*` stands for any characters: `extract_*`. Looks at every name. */
  byPattern(pattern: string): Task[];
  /** All tasks. */
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
 * assertEquals(registry.byPattern("ex*").map((task) => task.name), ["extract"]);
 * assertEquals(registry.descriptors.get("extract")?.tags, ["etl"]);
 * ```
 */
export function createTaskRegistry(): TaskRegistry {
  const byName = new Map<string, Task>();
  const byTag = new Map<string, Set<Task>>();
  const descriptors = new Map<string, TaskDescriptor>();
  const ranks = new Map<Task, number>();
  let registered = 0;
  const inOrder = (tasks: Iterable<Task>): Task[] => [...tasks].sort((a, b) => ranks.get(a)! - ranks.get(b)!);
  return {
    descriptors,
    register(task) {
      if (!isTask(task)) {
        throw new TypeError(
          `Cannot register a task as defineTask() must have made it: current value is ${shown(task)}`,
        );
      }
      const known = byName.get(task.name);
      if (known === task) return;
      if (known !== undefined) throw duplicateTask(task.name);
      descriptors.set(task.name, describeTask(task));
      byName.set(task.name, task);
      ranks.set(task, registered++);
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
    byTags(tags, mode) {
      const groups = [...new Set(tags)].map((tag) => byTag.get(tag) ?? new Set<Task>());
      if (mode === "any") return inOrder(new Set(groups.flatMap((group) => [...group])));
      const [rarest, ...others] = groups.sort((a, b) => a.size - b.size);
      return [...rarest ?? []].filter((task) => others.every((group) => group.has(task)));
    },
    byPattern(pattern) {
      const fits = wildcard(pattern);
      return [...byName.values()].filter((task) => fits(task.name));
    },
    list: () => [...byName.values()],
    unregister(name) {
      const task = byName.get(name);
      if (task === undefined) return false;
      byName.delete(name);
      descriptors.delete(name);
      ranks.delete(task);
      for (const tag of task.tags) {
        const tagged = byTag.get(tag);
        tagged?.delete(task);
        if (tagged?.size === 0) byTag.delete(tag);
      }
      return true;
    },
    clear() {
      byName.clear();
      descriptors.clear();
      ranks.clear();
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
