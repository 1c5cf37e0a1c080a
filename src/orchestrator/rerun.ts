/**
 * Re-runs: what a run that repeats another one asks for, and which results it takes over from there.
 *
 * @module
 */
import canonicalize from "canonicalize";
import { MillraceError } from "../base/errors.ts";
import { sourcesOf, type TaskDescriptor } from "../task/descriptor.ts";
import type { Plan } from "../task/plan.ts";
import { prepareTask } from "../task/prepared_task.ts";
import type { ResultSource } from "../task/result_id.ts";
import type { Rerun, RerunFrom, RunRequest } from "../task/run.ts";
import { selectionOf } from "../task/run_request.ts";
import { isFinalRun, type RunState } from "./run_state.ts";

type Params = Readonly<Record<string, unknown>>;

/** How many tasks a message names; all are in its details. */
const MAX_NAMED = 10;

/**
 * What a re-run asks for, in full: what its parent ran, with these parameters laid over the parent's own.
 *
 * @throws {MillraceError} `run/not-repeatable` if the parent has not ended.
 */
export function resolveRerun(request: RunRequest, parent: RunState): RunRequest {
  if (!isFinalRun(parent.status)) {
    throw notRepeatable(parent.run.id, [], `it must have ended: it is ${parent.status}`);
  }
  const before = parent.accepted.request;
  const { metadata = before.metadata, timeoutMs = before.timeoutMs } = request;
  return {
    ...selectionOf(before),
    params: { ...before.params, ...request.params },
    ...(metadata === undefined ? {} : { metadata }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    rerun: request.rerun!,
  };
}

/**
 * The results that a re-run takes over, by task; every other task of its plan runs again.
 *
 * @param params What the pipeline's schema made of the parameters.
 * @throws {MillraceError} `run/not-repeatable`, naming the tasks: if a task that would be taken over is defined
 * otherwise than it was, if a named one is not in the plan, or if nothing would run.
 */
export function reusedResults(
  parent: RunState,
  from: RerunFrom,
  plan: Plan,
  params: Params,
): Readonly<Record<string, ResultSource>> {
  const runId = parent.run.id;
  const named = new Set(typeof from === "object" ? from.tasks : []);
  const unknown = [...named].filter((task) => !Object.hasOwn(plan.tasks, task));
  if (unknown.length > 0) throw notRepeatable(runId, unknown, `its plan must have ${listed(unknown)}`);
  const changed = changedKeys(parent.params, params);
  const again = new Set<string>();
  const reused: Record<string, ResultSource> = {};
  const redefined: string[] = [];
  for (const task of plan.executionOrder) {
    const descriptor = plan.tasks[task]!;
    const succeeded = parent.tasks.get(task)?.succeeded;
    if (
      from === "start" || named.has(task) || succeeded === undefined || reads(descriptor, changed) ||
      sourcesOf(descriptor).some((source) => again.has(source))
    ) {
      again.add(task);
      continue;
    }
    if (prepareTask(descriptor).hash !== prepareTask(parent.plan!.tasks[task]!).hash) redefined.push(task);
    const { cached: _, ...source } = succeeded;
    reused[task] = { runId, ...source };
  }
  if (redefined.length > 0) {
    const rule = `what it takes over must be defined as it was then: name ${listed(redefined)} to run again`;
    throw notRepeatable(runId, redefined, rule);
  }
  if (again.size === 0) {
    throw notRepeatable(runId, [], "something must run again: all its tasks have succeeded, so name some");
  }
  return reused;
}

/** Whether a re-run was asked to run this very task again: then no earlier result may stand for it. */
export function isAskedFor(rerun: Rerun | undefined, task: string): boolean {
  return rerun?.from === "start" || (typeof rerun?.from === "object" && rerun.from.tasks.includes(task));
}

/** The failure to repeat a run. */
export function notRepeatable(
  runId: string,
  tasks: readonly string[],
  reason: string,
): MillraceError<"run/not-repeatable"> {
  return new MillraceError("run/not-repeatable", `Cannot repeat run "${runId}" as ${reason}`, {
    details: { runId, tasks, reason },
  });
}

/** The names of tasks as a message shows them. */
export function listed(tasks: readonly string[]): string {
  const shown = tasks.slice(0, MAX_NAMED).map((task) => `"${task}"`).join(", ");
  return tasks.length > MAX_NAMED ? `${shown} and ${tasks.length - MAX_NAMED} more` : shown;
}

/** The parameters that are not the same. */
function changedKeys(before: Params, after: Params): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => textOf(before, key) !== textOf(after, key));
}

function textOf(params: Params, key: string): string | undefined {
  return Object.hasOwn(params, key) ? canonicalize(params[key]) : undefined;
}

/** Whether a task may read one of these parameters; one that does not say which it takes may read any. */
function reads({ params, contextFree }: TaskDescriptor, keys: readonly string[]): boolean {
  if (keys.length === 0 || contextFree === true) return false;
  const { properties, additionalProperties = false } = (params ?? {}) as {
    readonly properties?: object;
    readonly additionalProperties?: unknown;
  };
  if (properties === undefined || additionalProperties !== false) return true;
  return keys.some((key) => Object.hasOwn(properties, key));
}
