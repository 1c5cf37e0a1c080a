/**
 * From tasks and a selection to a checked plan.
 *
 * @module
 */
import type { PlanProblem } from "../base/error_codes.ts";
import { MillraceError } from "../base/errors.ts";
import type { InputDescriptor, TaskDescriptor } from "../task/descriptor.ts";
import type { Plan, Selection } from "../task/plan.ts";
import { dagIdOf } from "./dag_id.ts";
import { type Descriptors, suggestion } from "./descriptors.ts";
import { createGraph, findCycles, type Graph, levelsOf } from "./graph.ts";
import { selectTasks } from "./selection.ts";

/** How many cycles are reported at once. */
const MAX_CYCLES = 10;
/** How many problems the message of the error spells out; all are in its details. */
const MAX_SPELLED = 10;
/** How many tasks of a long cycle the message spells out at either end. */
const CYCLE_ENDS = 5;

/**
 * Plans a selection.
 *
 * The order of the map does not matter: ties are broken by name, so that the same tasks always give the same
 * plan. Takes O(n log n + edges) for n selected tasks.
 *
 * @param descriptors All tasks there are, by name.
 * @param selection What to plan; an empty object means all tasks.
 * @throws {MillraceError} `plan/invalid`, once, with everything that is wrong.
 */
export function planTasks(descriptors: Descriptors, selection: Selection = {}): Plan {
  const problems: PlanProblem[] = [];
  const names = [...selectTasks(descriptors, selection, problems)].sort();
  const tasks = names.map((name) => descriptors.get(name)!);
  const { graph, external } = linkTasks(descriptors, tasks, problems);
  const levels = levelsOf(graph);
  if (levels.includes(-1)) {
    for (const cycle of findCycles(graph, MAX_CYCLES)) problems.push(cycleProblem(cycle, tasks));
  }
  if (problems.length > 0) throw invalid(problems);

  const parallelLevels = groupByLevel(names, levels);
  const planned: Record<string, TaskDescriptor> = {};
  for (const task of tasks) planned[task.name] = task;
  return {
    dagId: dagIdOf(tasks),
    executionOrder: parallelLevels.flat(),
    parallelLevels,
    external,
    tasks: planned,
  };
}

/** The edges among the tasks, which are in the order of their names, and what they need from outside, sorted. */
function linkTasks(
  descriptors: Descriptors,
  tasks: readonly TaskDescriptor[],
  problems: PlanProblem[],
): { readonly graph: Graph; readonly external: readonly string[] } {
  const external = new Set<string>();
  const indexes = new Map<string, number>();
  for (let index = 0; index < tasks.length; index++) indexes.set(tasks[index]!.name, index);
  const graph = createGraph(tasks.length, (node, add) => {
    const task = tasks[node]!;
    let outside: Set<string> | undefined;
    const link = (source: string): void => {
      const index = indexes.get(source);
      if (index !== undefined && index !== node) add(index);
      else (outside ??= new Set()).add(source);
    };
    for (const { task: source } of task.inputs) link(source);
    for (const source of task.after) link(source);
    for (const source of outside ?? []) {
      const problem = outsideProblem(descriptors, task.name, source, problems.length);
      if (problem === undefined) external.add(source);
      else problems.push(problem);
    }
    for (const input of task.inputs) {
      const problem = input.collect ? collectProblem(descriptors, task, input) : undefined;
      if (problem !== undefined) problems.push(problem);
    }
  });
  return { graph, external: [...external].sort() };
}

/** What is wrong with an edge from a task that is not among the others: nothing, if it is only not selected. */
function outsideProblem(
  descriptors: Descriptors,
  name: string,
  source: string,
  problemsBefore: number,
): PlanProblem | undefined {
  if (source === name) {
    return { kind: "self-reference", tasks: [name], message: `task "${name}" depends on itself` };
  }
  if (descriptors.has(source)) return undefined;
  const hint = suggestion(descriptors, source, problemsBefore);
  const message = `task "${name}" depends on "${source}", which is not registered${hint}`;
  return { kind: "missing-dependency", tasks: [name, source], message };
}

/** What is wrong with an edge that wants all chunks. */
function collectProblem(
  descriptors: Descriptors,
  { name }: TaskDescriptor,
  { param, task: source }: InputDescriptor,
): PlanProblem | undefined {
  if (descriptors.get(source)?.stream !== false) return undefined;
  const message =
    `task "${name}" collects "${source}" as its input "${param}", but "${source}" does not stream`;
  return { kind: "type-mismatch", tasks: [source, name], message };
}

function groupByLevel(names: readonly string[], levels: Int32Array): string[][] {
  const groups: string[][] = [];
  for (let index = 0; index < names.length; index++) (groups[levels[index]!] ??= []).push(names[index]!);
  return groups;
}

function cycleProblem(cycle: readonly number[], tasks: readonly TaskDescriptor[]): PlanProblem {
  const names = [...cycle, cycle[0]!].map((index) => tasks[index]!.name);
  const spelled = names.length <= 2 * CYCLE_ENDS
    ? names
    : [...names.slice(0, CYCLE_ENDS), `… ${names.length - 2 * CYCLE_ENDS} more`, ...names.slice(-CYCLE_ENDS)];
  return {
    kind: "cycle",
    tasks: names,
    message: `tasks depend on each other in a cycle: ${spelled.join(" → ")}`,
  };
}

function invalid(problems: readonly PlanProblem[]): MillraceError {
  const spelled = problems.slice(0, MAX_SPELLED).map((problem) => problem.message);
  if (problems.length > MAX_SPELLED) spelled.push(`${problems.length - MAX_SPELLED} more`);
  const count = problems.length === 1 ? "" : `there are ${problems.length} problems: `;
  return new MillraceError("plan/invalid", `Cannot plan as ${count}${spelled.join("; ")}`, {
    details: { problems },
  });
}
