/**
 * The events that tell the world about a run: one for each fact that matters to others.
 *
 * @module
 */
import { deriveId } from "../base/ids.ts";
import type { EncodedEvent } from "../event/event.ts";
import { resultIdOf } from "../task/result_id.ts";
import type { Fact } from "./facts.ts";
import type { RunState } from "./run_state.ts";

/**
 * The event of a fact, or `undefined` if nobody needs to know. Its id is derived from the fact, so that the
 * same fact gives the same event however often it is told.
 *
 * @param state The run's state after the fact.
 */
export function eventOfFact(state: RunState, fact: Fact): EncodedEvent | undefined {
  switch (fact.type) {
    case "planned":
      return runEvent(state, "started", fact.atMs);
    case "ended":
      return runEvent(state, fact.status, fact.atMs);
    case "started":
      return taskEvent(state, fact.task, "started", fact.atMs, { attempt: fact.attempt });
    case "succeeded":
      return taskEvent(state, fact.task, "succeeded", fact.atMs, {
        attempt: fact.attempt,
        resultId: resultIdOf(fact.cached?.attempt ?? fact.attempt),
        durationMs: fact.durationMs,
        ...(fact.cached === undefined ? {} : { cached: { runId: fact.cached.runId } }),
        ...(fact.chunks === undefined ? {} : { chunks: fact.chunks }),
      });
    case "failed": {
      const kind = fact.retryAtMs !== undefined
        ? "retrying"
        : fact.error.code === "task/timed-out"
        ? "timed_out"
        : "failed";
      return taskEvent(state, fact.task, kind, fact.atMs, {
        attempt: fact.attempt,
        error: fact.error,
        ...(fact.retryAtMs === undefined ? {} : { nextTryMs: fact.retryAtMs }),
      });
    }
    case "recalled":
      return taskEvent(state, fact.task, "retrying", fact.atMs, {
        attempt: fact.attempt,
        because: fact.because,
      });
    case "skipped":
      return taskEvent(state, fact.task, "skipped", fact.atMs, {
        attempt: attemptsOf(state, fact.task),
        because: fact.because,
      });
    case "cancelled":
      return taskEvent(state, fact.task, "cancelled", fact.atMs, { attempt: attemptsOf(state, fact.task) });
    case "interrupted":
    case "streaming":
    case "suspended":
      return undefined;
  }
}

/** An event about a running attempt that no fact stands for: a chunk, or progress. */
export function noticeEvent(
  state: RunState,
  task: string,
  kind: "chunk" | "progress",
  timeMs: number,
  data: Readonly<Record<string, unknown>>,
  id: string,
): EncodedEvent {
  return event(state, `task.${state.run.pipeline}.${task}.${kind}`, timeMs, {
    runId: state.run.id,
    task,
    ...data,
  }, id);
}

function runEvent(state: RunState, kind: string, timeMs: number): EncodedEvent {
  const { run, accepted, plan, params, endedMs, error } = state;
  return event(state, `run.${run.pipeline}.${kind}`, timeMs, {
    runId: run.id,
    parentRunId: run.parentRunId,
    pipeline: run.pipeline,
    dagId: plan?.dagId,
    status: kind === "started" ? "running" : kind,
    params,
    metadata: accepted.request.metadata ?? {},
    startedMs: state.startedMs ?? timeMs,
    endedMs,
    error,
  });
}

function taskEvent(state: RunState, task: string, kind: string, timeMs: number, data: object): EncodedEvent {
  return event(state, `task.${state.run.pipeline}.${task}.${kind}`, timeMs, {
    runId: state.run.id,
    task,
    ...data,
  });
}

function event(state: RunState, topic: string, timeMs: number, data: object, id?: string): EncodedEvent {
  const { run, accepted } = state;
  const attempt = "attempt" in data ? String(data.attempt) : "";
  return {
    id: id ?? deriveId(timeMs, run.id, topic, attempt),
    topic,
    timeMs,
    source: `run/${run.id}`,
    data: JSON.stringify(data),
    hops: accepted.hops + 1,
    traceparent: state.traceparent,
  };
}

function attemptsOf(state: RunState, task: string): number {
  return state.tasks.get(task)?.attempts ?? 0;
}
