/**
 * What follows from a run's state: which tasks can start, which never will, and whether the run is over.
 *
 * @module
 */
import { MillraceError, toWire, type WireError } from "../base/errors.ts";
import type { Backoff } from "../task/descriptor.ts";
import { resultIdsOf } from "../task/result_id.ts";
import type { TaskFailure } from "../task/task.ts";
import { isFinalRun, isFinalTask, isSatisfied, type RunState, type TaskState } from "./run_state.ts";

/** What to do next. */
export interface NextSteps {
  /** Tasks whose needs are met and that are not started. */
  readonly ready: readonly string[];
  /** Tasks that will never run, with the task that is to blame. */
  readonly skipped: readonly { readonly task: string; readonly because: string }[];
  /** The run's end, once every task has a final state. */
  readonly end?: { readonly status: "succeeded" | "failed" | "cancelled"; readonly error?: WireError };
}

/** Decides what follows from a planned run's state. Skips follow from skips, all at once. */
export function nextSteps(state: RunState): NextSteps {
  const { plan } = state;
  if (plan === undefined || isFinalRun(state.status)) return { ready: [], skipped: [] };
  const ready: string[] = [];
  const skipped = new Map<string, string>();
  let open = false;
  // In topological order, so that what is skipped here is known to its consumers.
  for (const name of plan.executionOrder) {
    const task = state.tasks.get(name)!;
    if (isFinalTask(task.status)) continue;
    if (task.status !== "pending" && task.status !== "ready") {
      open = true;
      continue;
    }
    const descriptor = plan.tasks[name]!;
    let waiting = false;
    let blame: string | undefined;
    for (const upstream of new Set([...descriptor.inputs.map((input) => input.task), ...descriptor.after])) {
      const needed = state.tasks.get(upstream);
      if (needed === undefined) continue; // external: loaded from an earlier run
      const policy = plan.tasks[upstream]!;
      const gone = skipped.has(upstream) || (isFinalTask(needed.status) && needed.status !== "succeeded");
      if (isSatisfied(needed, policy) || (gone && policy.failSafe)) continue;
      if (gone) blame ??= upstream;
      else waiting = true;
    }
    if (blame !== undefined) skipped.set(name, blame);
    else if (waiting) open = true;
    else ready.push(name);
  }
  const skips = [...skipped].map(([task, because]) => ({ task, because }));
  if (open || ready.length > 0 || skips.length > 0) return { ready, skipped: skips };
  return { ready, skipped: skips, end: endState(state) };
}

function endState(state: RunState): NonNullable<NextSteps["end"]> {
  const bad: string[] = [];
  let cancelled = false;
  for (const [name, task] of state.tasks) {
    if (task.status === "cancelled") cancelled = true;
    else if (task.status !== "succeeded" && !state.plan!.tasks[name]!.failSafe) bad.push(name);
  }
  if (cancelled) return { status: "cancelled" };
  if (bad.length === 0) return { status: "succeeded" };
  const failed = bad.filter((name) => state.tasks.get(name)!.status !== "skipped");
  const first = state.tasks.get(failed[0] ?? bad[0]!)!.error;
  const error = new MillraceError(
    "run/failed",
    `Cannot finish the run as its tasks must succeed: ${
      failed.map((name) => `"${name}" ${verbOf(state.tasks.get(name)!)}`).join(", ")
    }`,
    { details: { runId: state.run.id, failed } },
  );
  const wire = toWire(error);
  return { status: "failed", error: first === undefined ? wire : { ...wire, cause: first } };
}

function verbOf(task: TaskState): string {
  const times = task.attempts > 1 ? ` after ${task.attempts} attempts` : "";
  return `${task.status === "timed_out" ? "timed out" : "failed"}${times}`;
}

/**
 * How long to wait before the next try, in ms: exponential, capped, with full jitter.
 *
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param failures How many attempts have failed, from 1.
 * @param random A number from 0 to 1.
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  const ceiling = Math.min(backoff.maxMs, backoff.baseMs * backoff.factor ** (failures - 1));
  return Math.round(backoff.jitter ? ceiling * random : ceiling);
}

/** Where the inputs of a ready task are. */
export function inputsOf(
  state: RunState,
  name: string,
): Record<string, TaskFailure | { runId: string; task: string; resultIds: readonly string[] }> {
  return Object.fromEntries(state.plan!.tasks[name]!.inputs.map(({ param, task }) => {
    const external = state.external[task];
    if (external !== undefined) return [param, { task, ...external }];
    const upstream = state.tasks.get(task)!;
    if (upstream.succeeded !== undefined) {
      const { attempt, chunks } = upstream.succeeded;
      return [param, { runId: state.run.id, task, resultIds: resultIdsOf(attempt, chunks) }];
    }
    return [param, failureOf(task, upstream)];
  }));
}

function failureOf(task: string, { status, error }: TaskState): TaskFailure {
  const reason = error ?? toWire(
    new MillraceError("task/cancelled", `Cannot give a value of task "${task}" as it was ${status}`, {
      details: { task, attempt: 0 },
    }),
  );
  return { "~millrace": "failure", task, status: status as TaskFailure["status"], error: reason };
}
