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
import type { Descriptors } from "./descriptors.ts";
import { checkComplete, checkTypes } from "./edge_fit.ts";
import { findCycles, levelsOf } from "./graph.ts";
import { linkTasks } from "./link_tasks.ts";
import { pathText } from "./path_text.ts";
import { prepareTask } from "../task/prepared_task.ts";
import { selectTasks } from "./selection.ts";

/** How many cycles are reported at once. */
const MAX_CYCLES = 10;
/** How many problems the message of the error spells out; all are in its details. */
const MAX_SPELLED = 10;

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
  const names = selectTasks(descriptors, selection, problems).sort();
  const tasks = names.map((name) => descriptors.get(name)!);
  const prepared = tasks.map(prepareTask);
  const { graph, external } = linkTasks(descriptors, tasks, prepared, problems);
  if (strict) checkComplete(tasks, problems);
  checkTypes(descriptors, tasks, prepared, problems);
  const levels = levelsOf(graph);
  if (levels.includes(-1)) {
    for (const cycle of findCycles(graph, MAX_CYCLES)) problems.push(cycleProblem(cycle, tasks));
  }
  if (problems.length > 0) throw invalid(problems);

  const parallelLevels = groupByLevel(names, levels);
  const planned: Record<string, TaskDescriptor> = {};
  for (let index = 0; index < names.length; index++) planned[names[index]!] = tasks[index]!;
  return {
    dagId: dagIdOf(prepared.map((task) => task.hash)),
    executionOrder: parallelLevels.flat(),
    parallelLevels,
    external,
    tasks: planned,
  };
}

function groupByLevel(names: readonly string[], levels: Int32Array): string[][] {
  const groups: string[][] = [];
  for (let index = 0; index < names.length; index++) (groups[levels[index]!] ??= []).push(names[index]!);
  return groups;
}

function cycleProblem(cycle: readonly number[], tasks: readonly TaskDescriptor[]): PlanProblem {
  const names = [...cycle, cycle[0]!].map((index) => tasks[index]!.name);
  return {
    kind: "cycle",
    tasks: names,
    message: `tasks depend on each other in a cycle: ${pathText(names)}`,
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
