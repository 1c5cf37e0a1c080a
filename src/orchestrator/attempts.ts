/**
 * What an attempt is given, and what its outcome means: the fact, and the wait before the next try.
 *
 * @module
 */
import { MillraceError, toWire } from "../base/errors.ts";
import type { AttemptKey, AttemptOutcome, InputSource } from "../executor/port.ts";
import type { Backoff } from "../task/descriptor.ts";
import { resultIdsOf } from "../task/result_id.ts";
import type { TaskFailure } from "../task/task.ts";
import type { Fact } from "./facts.ts";
import type { RunState, TaskState } from "./run_state.ts";

/**
 * How long to wait before the next try, in ms: exponential, capped, with full jitter.
 *
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param failures How many attempts have failed, from 1.
 * @param random A number from 0 to 1.
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  // The power grows beyond all numbers, and 0 * Infinity is none.
  const growth = Math.min(Number.MAX_VALUE, backoff.factor ** (failures - 1));
  const ceiling = Math.min(backoff.maxMs, backoff.baseMs * growth);
  return Math.round(backoff.jitter ? ceiling * random : ceiling);
}

/**
 * The fact that an outcome is.
 *
 * @param state The run, as it is journalled.
 * @param random A number from 0 to 1, for the wait before the next try.
 */
export function factOf(
  state: RunState,
  { task, attempt }: AttemptKey,
  outcome: AttemptOutcome,
  { atMs, random }: { readonly atMs: number; readonly random: number },
): Fact {
  if (outcome.ok) {
    const { durationMs, chunks, cached, memo } = outcome;
    return {
      type: "succeeded",
      task,
      attempt,
      durationMs,
      atMs,
      ...(chunks === undefined ? {} : { chunks }),
      ...(cached === undefined ? {} : { cached }),
      ...(memo === undefined ? {} : { memo }),
    };
  }
  const waitMs = outcome.retryable ? waitOf(state, task, random) : undefined;
  const more = waitMs === undefined ? {} : { retryAtMs: atMs + waitMs };
  return { type: "failed", task, attempt, error: outcome.error, atMs, ...more };
}

/** How long a task waits that fails now; `undefined` if its tries are used up. */
function waitOf(state: RunState, name: string, random: number): number | undefined {
  const task = state.tasks.get(name);
  if (task === undefined) return undefined;
  const { maxRetries, backoff } = state.plan!.tasks[name]!;
  const failures = task.failures + 1;
  return failures > maxRetries ? undefined : backoffMs(backoff, failures, random);
}

/** Where the inputs of a ready task are. */
export function inputsOf(state: RunState, name: string): Record<string, InputSource> {
  return Object.fromEntries(state.plan!.tasks[name]!.inputs.map(({ param, task }): [string, InputSource] => {
    // A task may be called "constructor", which every object has.
    if (Object.hasOwn(state.external, task)) return [param, { task, ...state.external[task]! }];
    const upstream = state.tasks.get(task)!;
    const live = state.tasks.get(name)!.live ?? {};
    if (upstream.succeeded !== undefined) {
      const { runId = state.run.id, attempt, chunks } = upstream.succeeded;
      return [param, { runId, task, resultIds: resultIdsOf(attempt, chunks) }];
    }
    if (Object.hasOwn(live, task)) return [param, { runId: state.run.id, task, attempt: live[task]! }];
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
