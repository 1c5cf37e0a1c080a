/**
 * The edges among selected tasks, as a graph, and what is wrong with them.
 *
 * @module
 */
import type { PlanProblem } from "../base/error_codes.ts";
import type { InputDescriptor, TaskDescriptor } from "../task/descriptor.ts";
import { type Descriptors, suggestion } from "./descriptors.ts";
import type { Graph } from "./graph.ts";
import type { PreparedTask } from "../task/prepared_task.ts";

/** Selected tasks, linked. */
export interface LinkedTasks {
  /** The edges among them; a task is called by its place in the list. */
  readonly graph: Graph;
  /** The tasks outside the selection that they need, sorted. */
  readonly external: readonly string[];
}

/**
 * Links tasks.
 *
 * @param descriptors All tasks there are.
 * @param tasks The selected ones.
 * @param prepared The same, prepared.
 * @param problems Gets what is wrong with their edges.
 */
export function linkTasks(
  descriptors: Descriptors,
  tasks: readonly TaskDescriptor[],
  prepared: readonly PreparedTask[],
  problems: PlanProblem[],
): LinkedTasks {
  const size = tasks.length;
  const indexes = new Map<string, number>();
  for (let node = 0; node < size; node++) indexes.set(tasks[node]!.name, node);

  const external = new Set<string>();
  const starts = new Uint32Array(size + 1);
  const upstream: number[] = [];
  for (let node = 0; node < size; node++) {
    const { sources, demands } = prepared[node]!;
    for (let index = 0; index < sources.length; index++) {
      const source = indexes.get(sources[index]!);
      if (source !== undefined && source !== node) upstream.push(source);
      else checkStray(descriptors, tasks[node]!.name, sources[index]!, external, problems);
    }
    for (const demand of demands) checkDemand(descriptors, tasks[node]!.name, demand, problems);
    starts[node + 1] = upstream.length;
  }
  return { graph: { size, starts, upstream: new Uint32Array(upstream) }, external: [...external].sort() };
}

/** A source that is not among the selected tasks is either outside the selection, which is fine, or nowhere. */
function checkStray(
  descriptors: Descriptors,
  name: string,
  source: string,
  external: Set<string>,
  problems: PlanProblem[],
): void {
  if (source === name) {
    problems.push({ kind: "self-reference", tasks: [name], message: `task "${name}" depends on itself` });
  } else if (descriptors.has(source)) external.add(source);
  else {
    const hint = suggestion(descriptors, source, problems.length);
    const message = `task "${name}" depends on "${source}", which is not registered${hint}`;
    problems.push({ kind: "missing-dependency", tasks: [name, source], message });
  }
}

/** All chunks can only be had of a task that streams. */
function checkDemand(
  descriptors: Descriptors,
  name: string,
  { param, task: source, collect }: InputDescriptor,
  problems: PlanProblem[],
): void {
  if (!collect || descriptors.get(source)?.stream !== false) return;
  const message =
    `task "${name}" collects "${source}" as its input "${param}", but "${source}" does not stream`;
  problems.push({ kind: "type-mismatch", tasks: [source, name], message });
}
