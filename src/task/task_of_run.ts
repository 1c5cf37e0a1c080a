/**
 * Whether a run has a task.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { nearest } from "../base/names.ts";
import type { RunView } from "./run.ts";

/** Throws `task/unknown` if the run has no such task; one that is not planned yet may get it. */
export function assertTaskOfRun({ id, levels, tasks }: RunView, task: string): void {
  if (levels === undefined || Object.hasOwn(tasks, task)) return;
  const suggestion = nearest(task, Object.keys(tasks));
  const hint = suggestion === undefined ? "" : `; did you mean "${suggestion}"?`;
  throw new MillraceError(
    "task/unknown",
    `Cannot find task "${task}" as run "${id}" has none of that name${hint}`,
    {
      details: { task, ...(suggestion === undefined ? {} : { suggestion }) },
    },
  );
}
