/**
 * Reads the events `run.<pipeline>.<state>` and `task.<pipeline>.<task>.<state>`. They may come over the
 * network from another version: what is not understood is left out, nothing throws.
 *
 * @module
 */
import type { MillraceEvent } from "../event/event.ts";
import type { RunStatus, TaskStatus } from "../task/run.ts";

/** A run reached a state. */
export interface RunEvent {
  /** What it is about. */
  readonly kind: "run";
  /** The run. */
  readonly runId: string;
  /** Its pipeline, or `adhoc`. */
  readonly pipeline: string;
  /** The state. */
  readonly status: RunStatus;
  /** When it started, in ms since 1970. */
  readonly startedMs?: number;
  /** When it ended. */
  readonly endedMs?: number;
  /** Why it failed. */
  readonly error?: string;
}

/** Something happened to a task. */
export interface TaskEvent {
  /** What it is about. */
  readonly kind: "task";
  /** The run. */
  readonly runId: string;
  /** Its pipeline, or `adhoc`. */
  readonly pipeline: string;
  /** The task. */
  readonly task: string;
  /** The state that it reached, or what it reported. */
  readonly state: TaskStatus | "chunk" | "progress";
  /** Which attempt, from 1. */
  readonly attempt?: number;
  /** How long the attempt took, in ms. */
  readonly durationMs?: number;
  /** Why the attempt failed. */
  readonly error?: string;
  /** When the next attempt starts, in ms since 1970. */
  readonly nextTryMs?: number;
  /** Units of work done. */
  readonly done?: number;
  /** Units of work in all. */
  readonly total?: number;
}

/** The last segment of a topic → the state it tells of. */
const RUN_STATES: Readonly<Record<string, RunStatus>> = {
  started: "running",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
};
const TASK_STATES: Readonly<Record<string, TaskEvent["state"]>> = {
  started: "running",
  succeeded: "succeeded",
  failed: "failed",
  timed_out: "timed_out",
  retrying: "retrying",
  skipped: "skipped",
  cancelled: "cancelled",
  chunk: "chunk",
  progress: "progress",
};

/** What an event says about a run or a task, or `undefined` if it is about something else. */
export function readProgressEvent(event: MillraceEvent): RunEvent | TaskEvent | undefined {
  const segments = event.topic.split(".");
  const [stage, pipeline = "", last = ""] = [segments[0], segments[1], segments.at(-1)];
  const data = (typeof event.data === "object" && event.data !== null ? event.data : {}) as Readonly<
    Record<string, unknown>
  >;
  if (typeof data.runId !== "string") return undefined;
  const error = errorOf(data.error);
  const common = { runId: data.runId, pipeline, ...(error === undefined ? {} : { error }) };
  if (stage === "run" && segments.length === 3 && Object.hasOwn(RUN_STATES, last)) {
    return { kind: "run", ...common, status: RUN_STATES[last]!, ...numbers(data, ["startedMs", "endedMs"]) };
  }
  if (stage === "task" && segments.length === 4 && Object.hasOwn(TASK_STATES, last)) {
    const facts = numbers(data, ["attempt", "durationMs", "nextTryMs", "done", "total"]);
    return { kind: "task", ...common, task: segments[2]!, state: TASK_STATES[last]!, ...facts };
  }
  return undefined;
}

function numbers<Key extends string>(
  data: Readonly<Record<string, unknown>>,
  keys: readonly Key[],
): { readonly [K in Key]?: number } {
  return Object.fromEntries(
    keys.filter((key) => Number.isFinite(data[key])).map((key) => [key, data[key]]),
  ) as { readonly [K in Key]?: number };
}

function errorOf(error: unknown): string | undefined {
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null || !("message" in error)) return undefined;
  return String(error.message);
}
