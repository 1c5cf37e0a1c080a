/**
 * The tasks that decide how long a run takes.
 *
 * @module
 */
import { sourcesOf } from "../task/descriptor.ts";
import type { CriticalPath, Plan } from "../task/plan.ts";

/**
 * The longest way through a plan by the time that its tasks took: with enough executors, no run is shorter, and
 * only a task of it is worth making faster. Of ways of the same length, the one that comes first in the order of
 * execution. Takes O(tasks + edges).
 *
 * @param plan The plan.
 * @param durationsMs How long each task takes, in ms, for example `durationsOf(run.tasks)`; what is absent takes no
 *   time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPlanner, createTaskRegistry, criticalPath, defineTask } from "@millrace/millrace";
 *
 * const registry = createTaskRegistry();
 * registry.register(defineTask({ name: "quick", run: () => 1 }));
 * registry.register(defineTask({ name: "slow", run: () => 1 }));
 * registry.register(defineTask({ name: "last", after: ["quick", "slow"], run: () => 1 }));
 * const path = criticalPath(createPlanner(registry).plan(), { quick: 5, slow: 90, last: 10 });
 * assertEquals(path, { tasks: ["slow", "last"], durationMs: 100 });
 * ```
 */
export function criticalPath(plan: Plan, durationsMs: Readonly<Record<string, number>>): CriticalPath {
  const ends = new Map<string, { readonly atMs: number; readonly after: string | undefined }>();
  let last: string | undefined;
  for (const name of plan.executionOrder) {
    let [startMs, after]: [number, string | undefined] = [0, undefined];
    for (const source of sourcesOf(plan.tasks[name]!)) {
      const end = ends.get(source);
      if (end !== undefined && (after === undefined || end.atMs > startMs)) {
        [startMs, after] = [end.atMs, source];
      }
    }
    const tookMs = Object.hasOwn(durationsMs, name) ? durationsMs[name]! : 0;
    ends.set(name, { atMs: startMs + tookMs, after });
    if (last === undefined || ends.get(name)!.atMs > ends.get(last)!.atMs) last = name;
  }
  const tasks: string[] = [];
  for (let name = last; name !== undefined; name = ends.get(name)!.after) tasks.push(name);
  return { tasks: tasks.reverse(), durationMs: last === undefined ? 0 : ends.get(last)!.atMs };
}
