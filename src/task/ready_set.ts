/**
 * Which tasks of a plan can start, as others end.
 *
 * @module
 */
import { sourcesOf } from "./descriptor.ts";
import type { Plan } from "./plan.ts";

/** The tasks of a plan that wait for nothing more. It only ever goes forward: build a new one to start again. */
export interface ReadySet {
  /** The tasks that wait for nothing and have not ended; a view that follows every change. */
  readonly ready: ReadonlySet<string>;
  /** How many tasks have not ended. */
  readonly open: number;
  /** Whether a task has ended. */
  hasEnded(name: string): boolean;
  /** The tasks that depend on a task, each once. */
  downstreamOf(name: string): readonly string[];
  /**
   * Tells that a task has ended, however it did; gives the tasks that have become ready by that. Costs the
   * number of tasks that depend on it; telling it again changes nothing and gives none.
   *
   * @throws {RangeError} If the plan has no such task.
   */
  end(name: string): readonly string[];
}

/** A task, and what is left to wait for. */
interface Node {
  readonly name: string;
  readonly downstream: Node[];
  waitsFor: number;
  ended: boolean;
}

/**
 * The ready set of a plan of which nothing has run. External tasks are there already; nobody waits for them.
 *
 * @param plan A plan, of whose tasks each one stands in `executionOrder` behind what it depends on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPlanner, createReadySet, createTaskRegistry, defineTask } from "@millrace/millrace";
 *
 * const registry = createTaskRegistry();
 * registry.register(defineTask({ name: "a", run: () => 1 }));
 * registry.register(defineTask({ name: "b", run: () => 2 }));
 * registry.register(defineTask({ name: "c", after: ["a", "b"], run: () => 3 }));
 * const tasks = createReadySet(createPlanner(registry).plan());
 * assertEquals([...tasks.ready], ["a", "b"]);
 * assertEquals(tasks.end("a"), []);
 * assertEquals(tasks.end("b"), ["c"]);
 * ```
 */
export function createReadySet({ executionOrder, tasks }: Pick<Plan, "executionOrder" | "tasks">): ReadySet {
  const nodes = new Map<string, Node>();
  const ready = new Set<string>();
  for (const name of executionOrder) {
    const node: Node = { name, downstream: [], waitsFor: 0, ended: false };
    for (const source of sourcesOf(tasks[name]!)) {
      const upstream = nodes.get(source);
      if (upstream === undefined) continue;
      upstream.downstream.push(node);
      node.waitsFor++;
    }
    nodes.set(name, node);
    if (node.waitsFor === 0) ready.add(name);
  }
  let open = nodes.size;
  const find = (name: string): Node => {
    const node = nodes.get(name);
    if (node !== undefined) return node;
    throw new RangeError(`Cannot look up a task as the plan must have it: current value is "${name}"`);
  };
  return {
    ready,
    get open() {
      return open;
    },
    hasEnded: (name) => find(name).ended,
    downstreamOf: (name) => find(name).downstream.map((node) => node.name),
    end(name) {
      const node = find(name);
      if (node.ended) return [];
      node.ended = true;
      open--;
      ready.delete(name);
      const released: string[] = [];
      for (const next of node.downstream) {
        if (--next.waitsFor > 0 || next.ended) continue;
        ready.add(next.name);
        released.push(next.name);
      }
      return released;
    },
  };
}
