/**
 * What travels between orchestrator, pool and executors.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { Isolation } from "../task/descriptor.ts";
import type { ResultSource } from "../task/result_id.ts";
import type { TaskFailure, TaskPermissions } from "../task/task.ts";

/** Where an input's value is, or will be, or why there is none. */
export type InputSource =
  | { readonly runId: string; readonly task: string; readonly resultIds: readonly string[] }
  /** The chunks of an attempt that still runs. */
  | AttemptKey
  | TaskFailure;

/** One try of one task in one run. */
export interface ExecutableTask {
  /** The run. */
  readonly runId: string;
  /** The pipeline's name, or `adhoc`. */
  readonly pipeline: string;
  /** The task. */
  readonly task: string;
  /** Which try, from 1; it fences results. */
  readonly attempt: number;
  /** The run's parameters. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The run's metadata. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** How many events led to this run. */
  readonly hops: number;
  /** The W3C trace context of the attempt's own span. */
  readonly traceparent: string;
  /** Its inputs, by the names that `run` knows them by. */
  readonly inputs: Readonly<Record<string, InputSource>>;
  /** How long it may take, in ms. */
  readonly timeoutMs?: number;
  /** Among those that wait for an executor the higher goes first. @default {0} */
  readonly priority?: number;
  /** Where it runs. */
  readonly isolation: Isolation;
  /** What its code is known by, if an earlier result may stand for it. */
  readonly memoCode?: string;
  /** Whether it is to run in any case, and what it gives is to be remembered. */
  readonly memoAnew?: true;
  /** The rights it runs with, and no others. */
  readonly permissions?: TaskPermissions;
  /** How much memory it may take, in MiB. */
  readonly memoryMb?: number;
  /** Whether it is to say when its function is called. */
  readonly tellsStart?: true;
}

/** Which attempt something is about. */
export interface AttemptKey {
  /** The run. */
  readonly runId: string;
  /** The task. */
  readonly task: string;
  /** The attempt. */
  readonly attempt: number;
}

/** What every outcome tells. */
interface OutcomeBase {
  /** How long the attempt took, in ms. */
  readonly durationMs: number;
  /** Whether it left something behind (work that goes on, a skipped `finally`): its executor is replaced. */
  readonly dirty?: true;
}

/** What a result is remembered by. */
export interface MemoNote {
  /** The hash of code, inputs and parameters. */
  readonly key: string;
  /** The same for the same content. */
  readonly digest: string;
}

/** How an attempt ended. Success is reported only after the result is stored. */
export type AttemptOutcome =
  | OutcomeBase & {
    readonly ok: true;
    readonly chunks?: number;
    /** The earlier result that stood for it: nothing was run, nothing is stored. */
    readonly cached?: ResultSource;
    /** What the result is to be remembered by. */
    readonly memo?: MemoNote;
  }
  | OutcomeBase & { readonly ok: false; readonly error: WireError; readonly retryable: boolean };

/** How far an attempt of a streaming task is. */
export interface StreamState {
  /** How many chunks it has stored. */
  readonly chunks: number;
  /** Whether these are all. */
  readonly done: boolean;
}

/** What a running attempt says on its way. */
export type AttemptNotice =
  /** Its function is called, at this time in ms since 1970. */
  | { readonly kind: "begun"; readonly atMs: number }
  | { readonly kind: "chunk"; readonly chunk: number }
  | { readonly kind: "progress"; readonly done: number; readonly total?: number; readonly note?: string };
