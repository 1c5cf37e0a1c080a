/**
 * A run as people and programs see it: plain data, derived from the journal.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { Selection } from "./plan.ts";

/** The state of a run; the last three are final. */
export type RunStatus = "pending" | "running" | "succeeded" | "failed" | "cancelled";

/** The state of a task in a run; the last five are final. */
export type TaskStatus =
  | "pending"
  | "ready"
  | "running"
  | "retrying"
  | "succeeded"
  | "failed"
  | "timed_out"
  | "skipped"
  | "cancelled";

/** What starts a run: a pipeline or a selection of tasks, with parameters. The `data` of `run.request`. */
export interface RunRequest extends Selection {
  /** A pipeline by name; excludes the selection fields. */
  readonly pipeline?: string;
  /**
   * An ended run to repeat; excludes `pipeline` and the selection fields, as it runs what that one ran. `params`
   * are laid over its parameters, `metadata` takes the place of its metadata.
   */
  readonly rerun?: Rerun;
  /** Parameters, checked against the pipeline's `params` schema. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Anything the caller wants to find again on the run. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** How long the run may take from its start on, in ms, in place of what its pipeline allows. */
  readonly timeoutMs?: number;
}

/**
 * An ended run to repeat.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineTask, openPlatform } from "@millrace/millrace";
 *
 * const dataDir = await Deno.makeTempDir();
 * await using app = await openPlatform({ dataDir, executors: 0 });
 * let broken = true;
 * const rows = defineTask({ name: "rows", isolation: "inline", run: () => [1, 2] });
 * app.registry.register(rows);
 * app.registry.register(defineTask({
 *   name: "count",
 *   isolation: "inline",
 *   inputs: { rows },
 *   run({ rows }) {
 *     if (broken) throw new Error("not today");
 *     return rows.length;
 *   },
 * }));
 * const failed = await app.run({ names: ["rows", "count"] });
 * assertEquals((await failed.finished).status, "failed");
 * broken = false;
 * const again = await app.rerun(failed.id);
 * const { status, tasks } = await again.finished;
 * assertEquals([status, tasks.rows?.from, tasks.count?.attempts], ["succeeded", { runId: failed.id }, 1]);
 * ```
 */
export interface Rerun {
  /** The run. */
  readonly runId: string;
  /** What of it to do again. */
  readonly from: RerunFrom;
}

/**
 * Where a re-run begins: with what did not succeed, with all, or with these tasks. What comes after a task that
 * runs again runs again too, and so does what takes a parameter that was changed; all other results are those
 * of the run before.
 */
export type RerunFrom = "failure" | "start" | { readonly tasks: readonly string[] };

/** One task of a run. */
export interface TaskView {
  /** Where it stands. */
  readonly status: TaskStatus;
  /** How many attempts were started. */
  readonly attempts: number;
  /** The results it has, in order; under these ids an I/O manager keeps them. */
  readonly resultIds: readonly string[];
  /** It did not run again: its results are those of this earlier run, which keeps them. */
  readonly from?: { readonly runId: string };
  /** It did not run: the result of this earlier run stood for it, as inputs, parameters and code are the same. */
  readonly cached?: { readonly runId: string };
  /** When the latest attempt started, in ms since 1970. */
  readonly startedMs?: number;
  /** When it reached a final state. */
  readonly endedMs?: number;
  /** Why the latest attempt failed. */
  readonly error?: WireError;
  /** What it waits for, as long as it could not start. */
  readonly waitsFor?: TaskWait;
}

/**
 * What a task waits for: tasks that it needs (the first of them by name, and how many more), the time of its next
 * try in ms since 1970, its turn with others of its concurrency key, or with those of its rate limit, and until
 * when at the least, if that is known.
 */
export type TaskWait =
  | { readonly tasks: readonly string[]; readonly more: number }
  | { readonly untilMs: number }
  | { readonly concurrencyKey: string }
  | { readonly rateLimit: string; readonly untilMs?: number };

/**
 * How long the tasks of a run took, in ms: the latest attempt of each one that has ended.
 *
 * @param tasks The `tasks` of a run's view or end.
 */
export function durationsOf(tasks: Readonly<Record<string, TaskView>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(tasks).flatMap(([name, { startedMs, endedMs }]) =>
      startedMs === undefined || endedMs === undefined ? [] : [[name, endedMs - startedMs]]
    ),
  );
}

/** One run without its tasks: what a list shows. */
export interface RunSummary {
  /** A UUIDv7. */
  readonly id: string;
  /** The pipeline's name, or `adhoc` for a selection. */
  readonly pipeline: string;
  /** Where it stands. */
  readonly status: RunStatus;
  /** The event that started it. */
  readonly eventId: string;
  /** The run that it repeats. */
  readonly parentRunId?: string;
  /** When it was accepted, in ms since 1970: from then on it is not lost. */
  readonly acceptedMs: number;
  /** When it ended. */
  readonly endedMs?: number;
}

/** One run with everything about it. */
export interface RunView extends RunSummary {
  /** What was asked for. */
  readonly request: RunRequest;
  /** The plan's content hash, once planned. */
  readonly dagId?: string;
  /** The plan's levels, once planned. */
  readonly levels?: readonly (readonly string[])[];
  /** How many runs of its pipeline go before it, as long as it waits for its turn. */
  readonly runsBefore?: number;
  /** When its first attempt was started. */
  readonly startedMs?: number;
  /** Its tasks by name, once planned. */
  readonly tasks: Readonly<Record<string, TaskView>>;
  /** Why it failed. */
  readonly error?: WireError;
}

/** How a run ended. */
export interface RunEnd {
  /** The run. */
  readonly runId: string;
  /** Its final state. */
  readonly status: "succeeded" | "failed" | "cancelled";
  /** Its tasks by name. */
  readonly tasks: Readonly<Record<string, TaskView>>;
  /** Why it failed. */
  readonly error?: WireError;
}

/** Which ended runs to delete: those that fit all that is said, but for what unfinished runs need. */
export interface PruneRequest {
  /** Only runs of this pipeline. */
  readonly pipeline?: string;
  /** Only runs that ended longer ago than this, in ms. */
  readonly olderThanMs?: number;
  /** Not the newest so many of each pipeline. */
  readonly keep?: number;
  /** At most so many. Unlimited by default. */
  readonly limit?: number;
  /** Whether only to count them. @default {false} */
  readonly dryRun?: boolean;
}

/** What was deleted. */
export interface PruneReport {
  /** How many runs. */
  readonly runs: number;
  /** How many results; what another run reads, and the latest result of a task, outlive their run. */
  readonly results: number;
  /** Whether there may be more, beyond the limit. */
  readonly more: boolean;
}
