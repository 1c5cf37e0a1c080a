/**
 * Which tasks a selection means.
 *
 * @module
 */
import type { PlanProblem } from "../base/error_codes.ts";
import type { Selection } from "../task/plan.ts";
import { parseSelector } from "../task/selector.ts";
import { type Descriptors, suggestion } from "./descriptors.ts";
import { prepareTask } from "../task/prepared_task.ts";
import { selectBy } from "./select_by.ts";

/**
 * The names of the selected tasks: the union of what is named, or all if nothing is.
 *
 * @param descriptors All tasks there are.
 * @param selection What is wanted.
 * @param problems Gets what is wrong with the selection.
 * @throws {MillraceError} `selector/invalid`
 */
export function selectTasks(
  descriptors: Descriptors,
  selection: Selection,
  problems: PlanProblem[],
): string[] {
  const { names, tags, roots, select, includeUpstream = false } = selection;
  if ((names ?? tags ?? roots ?? select) === undefined) {
    if (descriptors.size === 0) problems.push(emptySelection("no task is registered"));
    return [...descriptors.keys()];
  }
  const by = select === undefined ? undefined : selectBy(descriptors, parseSelector(select));
  for (const name of new Set([...names ?? [], ...roots ?? [], ...by?.unknown ?? []])) {
    if (!descriptors.has(name)) problems.push(unknownTask(descriptors, name, problems.length));
  }
  const selected = new Set(names?.filter((name) => descriptors.has(name)));
  for (const name of by?.selected ?? []) selected.add(name);
  const wanted = new Set(tags);
  for (const { name, tags } of wanted.size === 0 ? [] : descriptors.values()) {
    if (tags.some((tag) => wanted.has(tag))) selected.add(name);
  }
  const upstream = withUpstream(descriptors, includeUpstream ? [...selected, ...roots ?? []] : roots ?? []);
  for (const name of upstream) selected.add(name);
  if (selected.size === 0 && problems.length === 0) {
    problems.push(emptySelection(whyEmpty(select, wanted)));
  }
  return [...selected];
}

/** The tasks of `names` that exist, and everything that they depend on. */
function withUpstream(descriptors: Descriptors, names: readonly string[]): Set<string> {
  const found = new Set(names.filter((name) => descriptors.has(name)));
  // A Set gives also what is added while it is walked through.
  for (const name of found) {
    for (const source of prepareTask(descriptors.get(name)!).sources) {
      if (descriptors.has(source)) found.add(source);
    }
  }
  return found;
}

function whyEmpty(select: string | undefined, tags: ReadonlySet<string>): string {
  if (select !== undefined) return `no task is selected by ${quote(select)}`;
  if (tags.size > 0) return `no task has a tag of ${[...tags].map(quote).join(", ")}`;
  return "the selection names no task";
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
