/**
 * The state of a run: a fold over its facts. Final states are final; a fact that comes too late or twice (a
 * stale attempt, a second failure) changes nothing, so that facts may be told again.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import { traceparentOf } from "../event/traceparent.ts";
import type { Plan } from "../task/plan.ts";
import { resultIdsOf, type ResultSource } from "../task/result_id.ts";
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
  /** How often the process has ended during an attempt, though nobody meant it to. */
  readonly interruptions: number;
  /** Whether the process is about to end during the attempt that runs, in order. */
  readonly suspended?: true;
  /** The attempt that succeeded; with a run, if it was one of that run: repeated, or remembered. */
  readonly succeeded?: Omit<ResultSource, "runId"> & { readonly runId?: string; readonly cached?: true };
  /** Whether the running attempt has stored a chunk. */
  readonly streaming?: true;
  /** The attempts whose chunks the running attempt reads while they run, by task. */
  readonly live?: Readonly<Record<string, number>>;
  readonly error?: WireError;
  readonly startedMs?: number;
  readonly endedMs?: number;
  readonly retryAtMs?: number;
}

/** A run as its facts tell it; only {@linkcode applyFact} changes it. */
export interface RunState {
  readonly run: RunRecord;
  readonly accepted: AcceptedRequest;
  status: RunStatus;
  plan?: Plan;
  params: Readonly<Record<string, unknown>>;
  external: Readonly<Record<string, ExternalResult>>;
  readonly tasks: Map<string, TaskState>;
  /** The W3C trace context of the run's own span. */
  readonly traceparent: string;
  /** How long it may take from its plan on, in ms, and when that is over. */
  timeoutMs?: number;
  deadlineMs?: number;
  /** When its first attempt was started. */
  startedMs?: number;
  endedMs?: number;
  error?: WireError;
}

const FINAL_TASK: ReadonlySet<TaskStatus> = new Set([
  "succeeded",
  "failed",
  "timed_out",
  "skipped",
  "cancelled",
]);
const PENDING: TaskState = { status: "pending", attempts: 0, failures: 0, interruptions: 0 };

/** Whether a task's state is final. */
export function isFinalTask(status: TaskStatus): boolean {
  return FINAL_TASK.has(status);
}

/** Whether a run's state is final. */
export function isFinalRun(status: RunStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

/** Whether this is the attempt of a task that runs now. */
export function isRunning(
  state: RunState | undefined,
  { task: name, attempt }: { readonly task: string; readonly attempt: number },
): boolean {
  const task = state?.tasks.get(name);
  return task?.status === "running" && task.attempts === attempt;
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
    traceparent: traceparentOf(accepted.traceparent, run.id),
  };
}

/** The same state, to go its own way from here. */
export function copyOf(state: RunState): RunState {
  return { ...state, tasks: new Map(state.tasks) };
}

/**
 * Takes one fact more, in place: a plan may have thousands of tasks, and each fact is about one.
 *
 * @returns Whether it changed anything.
 */
export function applyFact(state: RunState, fact: Fact): boolean {
  if (isFinalRun(state.status)) return false;
  switch (fact.type) {
    case "planned":
      if (state.plan !== undefined) return false;
      state.plan = fact.plan;
      state.params = fact.params;
      state.external = fact.external;
      if (fact.timeoutMs !== undefined) {
        state.timeoutMs = fact.timeoutMs;
        state.deadlineMs = fact.atMs + fact.timeoutMs;
      }
      for (const task of fact.plan.executionOrder) state.tasks.set(task, PENDING);
      for (const [task, succeeded] of Object.entries(fact.reused ?? {})) {
        state.tasks.set(task, { ...PENDING, status: "succeeded", succeeded, endedMs: fact.atMs });
      }
      return true;
    case "ended":
      state.status = fact.status;
      state.endedMs = fact.atMs;
      if (fact.error !== undefined) state.error = fact.error;
      return true;
    default: {
      const task = state.tasks.get(fact.task);
      if (task === undefined) return false;
      if (fact.type === "succeeded" && !isSettled(state, task)) return false;
      const next = taskAfter(task, fact);
      if (next === task) return false;
      state.tasks.set(fact.task, next);
      if (fact.type === "started") {
        state.status = "running";
        state.startedMs ??= fact.atMs;
      }
      return true;
    }
  }
}

/**
 * Whether all attempts that a running attempt reads have succeeded. Until then its own success would be one
 * over chunks that may come to nothing.
 */
export function isSettled(state: RunState, { live = {} }: TaskState): boolean {
  return Object.entries(live).every(([source, attempt]) =>
    state.tasks.get(source)?.succeeded?.attempt === attempt
  );
}

/** All facts of a run, from its acceptance on. */
export function replay(run: RunRecord, facts: readonly unknown[]): RunState {
  const state = acceptedRun(run);
  for (const fact of facts as readonly Fact[]) applyFact(state, fact);
  return state;
}

/** The task after the fact, or the very same if the fact is about an attempt that is over. */
function taskAfter(task: TaskState, fact: Exclude<Fact, { type: "planned" | "ended" }>): TaskState {
  if (isFinalTask(task.status)) return task;
  const current = "attempt" in fact && task.status === "running" && fact.attempt === task.attempts;
  switch (fact.type) {
    case "started":
      if (task.status === "running" || fact.attempt <= task.attempts) return task;
      return {
        ...without(task, "retryAtMs"),
        status: "running",
        attempts: fact.attempt,
        startedMs: fact.atMs,
        ...(fact.live === undefined ? {} : { live: fact.live }),
      };
    case "streaming":
      return current && !task.streaming ? { ...task, streaming: true } : task;
    case "succeeded":
      if (!current) return task;
      return {
        ...without(task, "error", "live", "streaming"),
        status: "succeeded",
        succeeded: fact.cached === undefined
          ? { attempt: fact.attempt, ...(fact.chunks === undefined ? {} : { chunks: fact.chunks }) }
          : { ...fact.cached, cached: true },
        endedMs: fact.atMs,
      };
    case "failed": {
      if (!current) return task;
      const over = without(task, "live", "streaming");
      const failed = { ...over, failures: task.failures + 1, error: fact.error };
      if (fact.retryAtMs !== undefined) return { ...failed, status: "retrying", retryAtMs: fact.retryAtMs };
      return {
        ...failed,
        status: fact.error.code === "task/timed-out" ? "timed_out" : "failed",
        endedMs: fact.atMs,
      };
    }
    case "interrupted":
      if (!current) return task;
      return {
        ...without(task, "suspended", "live", "streaming"),
        status: "ready",
        interruptions: task.interruptions + (task.suspended ? 0 : 1),
      };
    case "recalled":
      return current ? { ...without(task, "suspended", "live", "streaming"), status: "pending" } : task;
    case "suspended":
      return current && !task.suspended ? { ...task, suspended: true } : task;
    case "skipped":
      return { ...task, status: "skipped", endedMs: fact.atMs };
    case "cancelled":
      return {
        ...without(task, "retryAtMs", "live", "streaming"),
        status: "cancelled",
        endedMs: fact.atMs,
      };
  }
}

/** One task as people see it. */
export function viewTask(task: TaskState): TaskView {
  const { runId, attempt, chunks, cached } = task.succeeded ?? {};
  return {
    status: task.status,
    attempts: task.attempts,
    resultIds: attempt === undefined ? [] : resultIdsOf(attempt, chunks),
    ...(runId === undefined ? {} : { [cached ? "cached" : "from"]: { runId } }),
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
    ...(run.parentRunId === undefined ? {} : { parentRunId: run.parentRunId }),
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

function without<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const rest = { ...value };
  for (const key of keys) delete rest[key];
  return rest;
}
