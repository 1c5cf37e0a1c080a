/**
 * From tasks and a selection to a checked plan.
 *
 * @module
 */
import type { PlanProblem } from "../base/error_codes.ts";
import { MillraceError } from "../base/errors.ts";
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { Plan, Selection } from "../task/plan.ts";
import { dagIdOf } from "./dag_id.ts";
import { checkTypes } from "./edge_fit.ts";
import { createGraph, findCycles, type Graph, levelsOf } from "./graph.ts";
import { type Descriptors, selectTasks, suggestion, upstreamOf } from "./selection.ts";

/** How many cycles are reported at once. */
const MAX_CYCLES = 10;
/** How many problems the message of the error spells out; all are in its details. */
const MAX_SPELLED = 10;
/** How many tasks of a long cycle the message spells out at either end. */
const CYCLE_ENDS = 5;

/** How a selection is planned. */
export interface PlanOptions {
  /** Whether every task and every edge that carries data must have a schema. @default {false} */
  readonly strict?: boolean;
}

/**
 * Plans a selection.
 *
 * The order of the map does not matter: ties are broken by name, so that the same tasks always give the same
 * plan. Takes O(n log n + edges) for n selected tasks.
 *
 * @param descriptors All tasks there are, by name.
 * @param selection What to plan; an empty object means all tasks.
 * @param options How strict to be.
 * @throws {MillraceError} `plan/invalid`, once, with everything that is wrong.
 */
export function planTasks(
  descriptors: Descriptors,
  selection: Selection = {},
  { strict = false }: PlanOptions = {},
): Plan {
  const problems: PlanProblem[] = [];
  const selected = selectTasks(descriptors, selection, problems);
  const tasks = [...selected].sort().map((name) => descriptors.get(name)!);
  const external = checkEdges(descriptors, selected, tasks, problems);
  checkTypes(descriptors, tasks, strict, problems);
  const graph = graphOf(tasks);
  const levels = levelsOf(graph);
  if (levels.includes(-1)) {
    for (const cycle of findCycles(graph, MAX_CYCLES)) problems.push(cycleProblem(cycle, tasks));
  }
  if (problems.length > 0) throw invalid(problems);

  const parallelLevels = groupByLevel(tasks, levels);
  return {
    dagId: dagIdOf(tasks),
    executionOrder: parallelLevels.flat(),
    parallelLevels,
    external,
    tasks: Object.fromEntries(tasks.map((task) => [task.name, task])),
  };
}

/** Checks every edge into the selected tasks; gives the tasks outside the selection that they need, sorted. */
function checkEdges(
  descriptors: Descriptors,
  selected: ReadonlySet<string>,
  tasks: readonly TaskDescriptor[],
  problems: PlanProblem[],
): string[] {
  const external = new Set<string>();
  for (const task of tasks) {
    const { name } = task;
    for (const source of new Set(upstreamOf(task))) {
      if (source === name) {
        problems.push({ kind: "self-reference", tasks: [name], message: `task "${name}" depends on itself` });
      } else if (!descriptors.has(source)) {
        const hint = suggestion(descriptors, source, problems.length);
        const message = `task "${name}" depends on "${source}", which is not registered${hint}`;
        problems.push({ kind: "missing-dependency", tasks: [name, source], message });
      } else if (!selected.has(source)) external.add(source);
    }
    for (const { param, task: source, collect } of task.inputs) {
      if (!collect || descriptors.get(source)?.stream !== false) continue;
      const message =
        `task "${name}" collects "${source}" as its input "${param}", but "${source}" does not stream`;
      problems.push({ kind: "type-mismatch", tasks: [source, name], message });
    }
  }
  return [...external].sort();
}

/** The edges among the tasks, which are in the order of their names; what is wrong was reported before. */
function graphOf(tasks: readonly TaskDescriptor[]): Graph {
  const indexes = new Map(tasks.map((task, index) => [task.name, index]));
  return createGraph(tasks.length, (node) => {
    const sources: number[] = [];
    for (const name of upstreamOf(tasks[node]!)) {
      const source = indexes.get(name);
      if (source !== undefined && source !== node) sources.push(source);
    }
    return sources;
  });
}

function groupByLevel(tasks: readonly TaskDescriptor[], levels: Int32Array): string[][] {
  const groups: string[][] = [];
  for (const [index, { name }] of tasks.entries()) (groups[levels[index]!] ??= []).push(name);
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
