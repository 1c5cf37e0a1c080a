/**
 * The state of a run: a pure reducer over its facts. Final states are final; a fact that comes too late (a
 * stale attempt, a second success) changes nothing.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { Plan } from "../task/plan.ts";
import { resultIdsOf } from "../task/result_id.ts";
import type { RunEnd, RunStatus, RunView, TaskStatus, TaskView } from "../task/run.ts";
import type { AcceptedRequest, ExternalResult, Fact } from "./facts.ts";
import type { RunRecord } from "./port.ts";

/** One task of a run. */
export interface TaskState {
  readonly status: TaskStatus;
  /** Attempts started. */
  readonly attempts: number;
  /** Attempts that failed; interrupted ones do not count. */
  readonly failures: number;
  /** The attempt that succeeded. */
  readonly succeeded?: { readonly attempt: number; readonly chunks?: number };
  readonly error?: WireError;
  readonly startedMs?: number;
  readonly endedMs?: number;
  readonly retryAtMs?: number;
}

/** A run as its facts tell it. */
export interface RunState {
  readonly run: RunRecord;
  readonly status: RunStatus;
  readonly accepted: AcceptedRequest;
  readonly plan?: Plan;
  readonly params: Readonly<Record<string, unknown>>;
  readonly external: Readonly<Record<string, ExternalResult>>;
  readonly tasks: ReadonlyMap<string, TaskState>;
  readonly startedMs?: number;
  readonly endedMs?: number;
  readonly error?: WireError;
}

const FINAL_TASK: ReadonlySet<TaskStatus> = new Set([
  "succeeded",
  "failed",
  "timed_out",
  "skipped",
  "cancelled",
]);
const PENDING: TaskState = { status: "pending", attempts: 0, failures: 0 };

/** Whether a task's state is final. */
export function isFinalTask(status: TaskStatus): boolean {
  return FINAL_TASK.has(status);
}

/** Whether a run's state is final. */
export function isFinalRun(status: RunStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

/** A run that was accepted and has no facts yet. */
export function acceptedRun(run: RunRecord): RunState {
  const accepted = run.request as AcceptedRequest;
  return {
    run,
    status: "pending",
    accepted,
    params: accepted.request.params ?? {},
    external: {},
    tasks: new Map(),
  };
}

/** The state after one fact more. */
export function applyFact(state: RunState, fact: Fact): RunState {
  if (isFinalRun(state.status)) return state;
  switch (fact.type) {
    case "planned":
      return {
        ...state,
        plan: fact.plan,
        params: fact.params,
        external: fact.external,
        tasks: new Map(fact.plan.executionOrder.map((task) => [task, PENDING])),
      };
    case "ended":
      return {
        ...state,
        status: fact.status,
        endedMs: fact.atMs,
        ...(fact.error === undefined ? {} : { error: fact.error }),
      };
    default: {
      const task = state.tasks.get(fact.task);
      const next = task === undefined ? undefined : applyToTask(task, fact);
      if (next === undefined || next === task) return state;
      const tasks = new Map(state.tasks).set(fact.task, next);
      return { ...state, status: "running", startedMs: state.startedMs ?? fact.atMs, tasks };
    }
  }
}

/** All facts of a run, from its acceptance on. */
export function replay(run: RunRecord, facts: readonly unknown[]): RunState {
  return (facts as readonly Fact[]).reduce(applyFact, acceptedRun(run));
}

function applyToTask(task: TaskState, fact: Exclude<Fact, { type: "planned" | "ended" }>): TaskState {
  if (isFinalTask(task.status)) return task;
  switch (fact.type) {
    case "started":
      if (fact.attempt <= task.attempts) return task;
      return {
        ...without(task, "retryAtMs"),
        status: "running",
        attempts: fact.attempt,
        startedMs: fact.atMs,
      };
    case "succeeded":
      if (fact.attempt < task.attempts) return task;
      return {
        ...without(task, "error"),
        status: "succeeded",
        attempts: fact.attempt,
        succeeded: { attempt: fact.attempt, ...(fact.chunks === undefined ? {} : { chunks: fact.chunks }) },
        endedMs: fact.atMs,
      };
    case "failed": {
      if (fact.attempt < task.attempts) return task;
      const failed = { ...task, attempts: fact.attempt, failures: task.failures + 1, error: fact.error };
      if (fact.retryAtMs !== undefined) return { ...failed, status: "retrying", retryAtMs: fact.retryAtMs };
      return {
        ...failed,
        status: fact.error.code === "task/timed-out" ? "timed_out" : "failed",
        endedMs: fact.atMs,
      };
    }
    case "interrupted":
      if (fact.attempt < task.attempts) return task;
      return { ...task, attempts: fact.attempt, status: "ready" };
    case "skipped":
      return { ...task, status: "skipped", endedMs: fact.atMs };
    case "cancelled":
      return { ...task, status: "cancelled", endedMs: fact.atMs };
  }
}

/** Whether a task's consumers may run: it gave a result, or has failed and is fail-safe. */
export function isSatisfied(task: TaskState, descriptor: TaskDescriptor): boolean {
  return task.status === "succeeded" || (descriptor.failSafe && isFinalTask(task.status));
}

/** One task as people see it. */
export function viewTask(task: TaskState): TaskView {
  return {
    status: task.status,
    attempts: task.attempts,
    resultIds: task.succeeded === undefined ? [] : resultIdsOf(task.succeeded.attempt, task.succeeded.chunks),
    ...(task.startedMs === undefined ? {} : { startedMs: task.startedMs }),
    ...(task.endedMs === undefined ? {} : { endedMs: task.endedMs }),
    ...(task.error === undefined ? {} : { error: task.error }),
  };
}

/** A run as people see it. */
export function viewRun(state: RunState): RunView {
  const { run, accepted, plan } = state;
  return {
    id: run.id,
    pipeline: run.pipeline,
    status: state.status,
    eventId: run.eventId,
    acceptedMs: run.acceptedMs,
    request: { ...accepted.request, params: state.params },
    tasks: viewTasks(state),
    ...(plan === undefined ? {} : { dagId: plan.dagId, levels: plan.parallelLevels }),
    ...(state.startedMs === undefined ? {} : { startedMs: state.startedMs }),
    ...(state.endedMs === undefined ? {} : { endedMs: state.endedMs }),
    ...(state.error === undefined ? {} : { error: state.error }),
  };
}

/** How a run ended; undefined if it has not. */
export function endOf(state: RunState): RunEnd | undefined {
  if (state.status !== "succeeded" && state.status !== "failed" && state.status !== "cancelled") {
    return undefined;
  }
  return {
    runId: state.run.id,
    status: state.status,
    tasks: viewTasks(state),
    ...(state.error === undefined ? {} : { error: state.error }),
  };
}

function viewTasks(state: RunState): Record<string, TaskView> {
  return Object.fromEntries([...state.tasks].map(([name, task]) => [name, viewTask(task)]));
}

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}
