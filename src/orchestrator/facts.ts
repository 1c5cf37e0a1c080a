/**
 * Facts: what the journal holds about a run. They are appended, never changed; the state of a run is what
 * the reducer makes of them.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { MemoNote } from "../executor/port.ts";
import type { Plan } from "../task/plan.ts";
import type { ResultSource } from "../task/result_id.ts";
import type { RunRequest } from "../task/run.ts";

/** A result of an earlier run that this run reads, because its plan leaves the task out. */
export interface ExternalResult {
  /** The run that made it. */
  readonly runId: string;
  /** Its results. */
  readonly resultIds: readonly string[];
}

/** One fact. */
export type Fact =
  & {
    /** When, in ms since 1970. */
    readonly atMs: number;
  }
  & (
    /** The plan was made; parameters are as the pipeline's schema gave them. */
    | {
      readonly type: "planned";
      readonly plan: Plan;
      readonly params: Readonly<Record<string, unknown>>;
      readonly external: Readonly<Record<string, ExternalResult>>;
      /** Tasks that need not run again, as this run repeats another one: they are finished from the start. */
      readonly reused?: Readonly<Record<string, ResultSource>>;
      /** How long the run may take from here on, in ms. */
      readonly timeoutMs?: number;
    }
    /** An attempt was handed to an executor. */
    | {
      readonly type: "started";
      readonly task: string;
      readonly attempt: number;
      /** The attempts whose chunks it reads while they run, by task. */
      readonly live?: Readonly<Record<string, number>>;
    }
    /** An attempt of a streaming task has stored its first chunk: who reads its chunks may start. */
    | { readonly type: "streaming"; readonly task: string; readonly attempt: number }
    /** An attempt's result is stored. From here on the task is finished. */
    | {
      readonly type: "succeeded";
      readonly task: string;
      readonly attempt: number;
      readonly chunks?: number;
      readonly durationMs: number;
      /** Whether it was found in the store after a crash. */
      readonly adopted?: true;
      /** The earlier result that stands for it, as inputs, parameters and code are the same. */
      readonly cached?: ResultSource;
      /** What it is remembered by, to stand for later ones. */
      readonly memo?: MemoNote;
    }
    /** An attempt failed; with `retryAtMs` another one follows. */
    | {
      readonly type: "failed";
      readonly task: string;
      readonly attempt: number;
      readonly error: WireError;
      readonly retryAtMs?: number;
    }
    /** The process ended during an attempt: it does not count as a failure. */
    | { readonly type: "interrupted"; readonly task: string; readonly attempt: number }
    /**
     * An attempt was called off, as the attempt of another task whose chunks it read came to nothing: it starts
     * again, and that does not count as a failure.
     */
    | {
      readonly type: "recalled";
      readonly task: string;
      readonly attempt: number;
      readonly because: string;
    }
    /** The process is about to end in order while an attempt runs: that is no fault of the task. */
    | { readonly type: "suspended"; readonly task: string; readonly attempt: number }
    /** A task will not run, as one that it needs gave nothing. */
    | { readonly type: "skipped"; readonly task: string; readonly because: string }
    /** A task will not run, or was stopped, as the run was cancelled. */
    | { readonly type: "cancelled"; readonly task: string }
    /** The run has its final state. */
    | {
      readonly type: "ended";
      readonly status: "succeeded" | "failed" | "cancelled";
      readonly error?: WireError;
    }
  );

/** What the journal keeps as a run's request: the request, and what is known of its cause. */
export interface AcceptedRequest {
  /** What was asked for. */
  readonly request: RunRequest;
  /** How many events led to this run. */
  readonly hops: number;
  /** The W3C trace context of the event that started it. */
  readonly traceparent?: string;
}
