/**
 * What is different between two plans.
 *
 * @module
 */
import canonicalize from "canonicalize";
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { Plan } from "../task/plan.ts";
import { prepareTask } from "../task/prepared_task.ts";

/** One edge that one plan has and the other has not. */
export interface EdgeChange {
  /** The task that comes first. */
  readonly from: string;
  /** The task that needs it. */
  readonly to: string;
  /** The input that takes the value; absent for an edge that only orders. */
  readonly param?: string;
}

/** One thing about a task that is not as it was. */
export interface TaskChange {
  /** The task. */
  readonly task: string;
  /** What has changed: a member of its descriptor, such as `maxRetries` or `output`. */
  readonly what: string;
  /** As it was; absent if it was not said. */
  readonly before?: unknown;
  /** As it is; absent if it is not said. */
  readonly after?: unknown;
}

/** What is different between two plans; every list is sorted. */
export interface PlanDiff {
  /** Whether both have the same `dagId`: then nothing that matters has changed. */
  readonly same: boolean;
  /** Tasks that only the second plan has. */
  readonly added: readonly string[];
  /** Tasks that only the first plan has. */
  readonly removed: readonly string[];
  /** Edges into tasks of both plans that only the second has. */
  readonly addedEdges: readonly EdgeChange[];
  /** Edges into tasks of both plans that only the first has. */
  readonly removedEdges: readonly EdgeChange[];
  /** Policies, schemas and tags of tasks of both plans that have changed. */
  readonly changes: readonly TaskChange[];
}

/**
 * Compares two plans: tasks, edges, and everything that descriptors say.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPlanner, createTaskRegistry, defineTask, diffPlans } from "@millrace/millrace";
 *
 * const planOf = (maxRetries: number) => {
 *   const registry = createTaskRegistry();
 *   registry.register(defineTask({ name: "load", maxRetries, run: () => 1 }));
 *   return createPlanner(registry).plan();
 * };
 * const { changes } = diffPlans(planOf(0), planOf(3));
 * assertEquals(changes, [{ task: "load", what: "maxRetries", before: 0, after: 3 }]);
 * ```
 */
export function diffPlans(before: Plan, after: Plan): PlanDiff {
  const [old, now] = [Object.keys(before.tasks).sort(), Object.keys(after.tasks).sort()];
  const has = (plan: Plan, name: string): boolean => Object.hasOwn(plan.tasks, name);
  const addedEdges: EdgeChange[] = [];
  const removedEdges: EdgeChange[] = [];
  const changes: TaskChange[] = [];
  for (const name of now) {
    if (!has(before, name)) continue;
    const [was, is] = [before.tasks[name]!, after.tasks[name]!];
    if (isUntouched(was, is)) continue;
    const [oldEdges, newEdges] = [edgesInto(was), edgesInto(is)];
    for (const [key, edge] of newEdges) if (!oldEdges.has(key)) addedEdges.push(edge);
    for (const [key, edge] of oldEdges) if (!newEdges.has(key)) removedEdges.push(edge);
    changes.push(...changesOf(was, is));
  }
  return {
    same: before.dagId === after.dagId,
    added: now.filter((name) => !has(before, name)),
    removed: old.filter((name) => !has(after, name)),
    addedEdges,
    removedEdges,
    changes,
  };
}

/** Writes a difference for people, a line for each thing, with `+`, `-` or `~` before it. No final line end. */
export function renderPlanDiff(diff: PlanDiff): string {
  const lines = [
    ...diff.added.map((name) => `+ ${name}`),
    ...diff.removed.map((name) => `- ${name}`),
    ...diff.addedEdges.map((edge) => `+ ${edgeText(edge)}`),
    ...diff.removedEdges.map((edge) => `- ${edgeText(edge)}`),
    ...diff.changes.map(({ task, what, before, after }) =>
      `~ ${task}: ${what} ${shown(before)} → ${shown(after)}`
    ),
  ];
  return lines.length === 0 ? "no difference" : lines.join("\n");
}

/** A quick look: by the hash that each has anyway, and by the tags that the hash leaves out. */
function isUntouched(was: TaskDescriptor, is: TaskDescriptor): boolean {
  return prepareTask(was).hash === prepareTask(is).hash && canonicalize(was.tags) === canonicalize(is.tags);
}

function edgesInto({ name, inputs, after }: TaskDescriptor): Map<string, EdgeChange> {
  const edges: EdgeChange[] = [
    ...inputs.map(({ task, param }) => ({ from: task, to: name, param })),
    ...after.map((from) => ({ from, to: name })),
  ];
  const keyed = edges.map((edge) => [`${edge.from} ${edge.param ?? ""}`, edge] as const);
  return new Map(keyed.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}

/** Everything but the edges themselves: members of the descriptor, and what an input that stayed says. */
function changesOf(was: TaskDescriptor, is: TaskDescriptor): TaskChange[] {
  const [old, now] = [membersOf(was), membersOf(is)];
  const changed = [...new Set([...old.keys(), ...now.keys()])].sort().filter((key) =>
    canonicalize(old.get(key)) !== canonicalize(now.get(key)) &&
    (!key.startsWith("inputs.") || (old.has(key) && now.has(key)))
  );
  return changed.map((what) => ({
    task: is.name,
    what,
    ...(old.get(what) === undefined ? {} : { before: old.get(what) }),
    ...(now.get(what) === undefined ? {} : { after: now.get(what) }),
  }));
}

function membersOf({ inputs, after: _, ...rest }: TaskDescriptor): ReadonlyMap<string, unknown> {
  const ofInputs = inputs.map(({ param, task, ...says }) => [`inputs.${param} of ${task}`, says] as const);
  return new Map<string, unknown>([...Object.entries(rest), ...ofInputs]);
}

function edgeText({ from, to, param }: EdgeChange): string {
  return `${from} → ${to}${param === undefined ? " (after)" : ` as ${param}`}`;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
