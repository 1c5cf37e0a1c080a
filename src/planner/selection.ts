/**
 * Which tasks a selection means.
 *
 * @module
 */
import type { PlanProblem } from "../base/error_codes.ts";
import { nearest } from "../base/names.ts";
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { Selection } from "../task/plan.ts";

/** All tasks there are, by name. */
export type Descriptors = ReadonlyMap<string, TaskDescriptor>;

/**
 * The names of the selected tasks: the union of what is named, or all if nothing is.
 *
 * @param descriptors All tasks there are.
 * @param selection What is wanted.
 * @param problems Gets what is wrong with the selection.
 */
export function selectTasks(
  descriptors: Descriptors,
  selection: Selection,
  problems: PlanProblem[],
): Set<string> {
  const { names, tags, roots, includeUpstream = false } = selection;
  if (names === undefined && tags === undefined && roots === undefined) {
    if (descriptors.size === 0) problems.push(emptySelection("no task is registered"));
    return new Set(descriptors.keys());
  }
  for (const name of new Set([...names ?? [], ...roots ?? []])) {
    if (!descriptors.has(name)) problems.push(unknownTask(descriptors, name, problems.length));
  }
  const selected = new Set(names?.filter((name) => descriptors.has(name)));
  const wanted = new Set(tags);
  for (const { name, tags } of wanted.size === 0 ? [] : descriptors.values()) {
    if (tags.some((tag) => wanted.has(tag))) selected.add(name);
  }
  const upstream = withUpstream(descriptors, includeUpstream ? [...selected, ...roots ?? []] : roots ?? []);
  for (const name of upstream) selected.add(name);
  if (selected.size === 0 && problems.length === 0) {
    problems.push(emptySelection(
      wanted.size === 0
        ? "the selection names no task"
        : `no task has a tag of ${[...wanted].map(quote).join(", ")}`,
    ));
  }
  return selected;
}

/** The names that a task depends on; one that it depends on twice may come twice. */
export function upstreamOf(descriptor: TaskDescriptor): string[] {
  return [...descriptor.inputs.map((input) => input.task), ...descriptor.after];
}

/** `, did you mean "x"?` if a name like it is known. The search is long, so only the first problems get one. */
export function suggestion(descriptors: Descriptors, name: string, problemsBefore: number): string {
  if (problemsBefore >= 5) return "";
  const near = nearest(name, descriptors.keys());
  return near === undefined ? "" : `, did you mean "${near}"?`;
}

/** The tasks of `names` that exist, and everything that they depend on. */
function withUpstream(descriptors: Descriptors, names: readonly string[]): Set<string> {
  const found = new Set(names.filter((name) => descriptors.has(name)));
  // A Set gives also what is added while it is walked through.
  for (const name of found) {
    for (const source of upstreamOf(descriptors.get(name)!)) if (descriptors.has(source)) found.add(source);
  }
  return found;
}

function unknownTask(descriptors: Descriptors, name: string, problemsBefore: number): PlanProblem {
  const hint = suggestion(descriptors, name, problemsBefore);
  return { kind: "unknown-task", tasks: [name], message: `no task is called ${quote(name)}${hint}` };
}

function emptySelection(message: string): PlanProblem {
  return { kind: "empty-selection", tasks: [], message };
}

function quote(text: string): string {
  return JSON.stringify(text);
}
