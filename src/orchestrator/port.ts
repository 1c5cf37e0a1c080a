/**
 * The port of the run journal: what was accepted and what became of it.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import type { AttemptKey } from "../executor/port.ts";
import type { ResultSource } from "../task/result_id.ts";
import type { RunStatus, RunSummary } from "../task/run.ts";

/** The file of a data folder in which the journal is. */
export const JOURNAL_FILE = "millrace.db";

/** A run as accepted. `request` and each fact are opaque to the journal: JSON-serialisable data. */
export interface RunRecord extends RunSummary {
  /** The run request, as accepted. */
  readonly request: unknown;
}

/** One thing to write; the writes of one commit happen together or not at all. */
export type JournalWrite =
  /** An accepted event; `routed` once no event trigger still has to see it. */
  | { readonly kind: "event"; readonly event: EncodedEvent; readonly routed: boolean }
  /** All event triggers have seen this event. */
  | { readonly kind: "routed"; readonly eventId: string }
  /** A new run; a known id is left as it is. */
  | { readonly kind: "run"; readonly run: RunRecord }
  /** Facts about a run, appended in order; or the JSON text of an array of them, from whoever has sent them far. */
  | { readonly kind: "facts"; readonly runId: string; readonly facts: readonly unknown[] | string }
  /** A run's state changed (an index for lists; the truth is in the facts). */
  | { readonly kind: "status"; readonly runId: string; readonly status: RunStatus; readonly endedMs?: number }
  /** A task succeeded (an index for `latestResult`). */
  | {
    readonly kind: "result";
    readonly runId: string;
    readonly task: string;
    readonly resultIds: readonly string[];
    readonly timeMs: number;
    /** The run that made it, if that was another one. */
    readonly source?: string;
  }
  /** A result may stand for later ones of the same key; the latest one does. */
  | { readonly kind: "memo"; readonly memo: Memo }
  /** An attempt is about to start and counts against a rate limit, also once its run is forgotten. */
  | { readonly kind: "start" } & Omit<Start, "begunMs">
  /**
   * Such an attempt has begun; or, without a time, it never will, and does not count. Starts that count no more at
   * that time are forgotten.
   */
  | { readonly kind: "begun"; readonly atMs?: number } & AttemptKey
  /** A run reads results of other runs: these are kept for as long as it is. */
  | { readonly kind: "reads"; readonly runId: string; readonly sources: readonly TaskOfRun[] }
  /** A trigger fired: adds one to its count; the times only ever grow. */
  | {
    readonly kind: "trigger";
    readonly name: string;
    readonly firedMs: number;
    readonly scheduledMs?: number;
  };

/** An attempt that counts against a rate limit. */
export interface Start extends AttemptKey {
  /** What is limited. */
  readonly key: string;
  /** For how long it counts once it has begun, in ms. */
  readonly perMs: number;
  /** When it began, in ms since 1970; absent as long as that is not known. */
  readonly begunMs?: number;
}

/** A task of a run: what results are kept for. */
export interface TaskOfRun {
  /** The run. */
  readonly runId: string;
  /** The task. */
  readonly task: string;
}

/** A result that may stand for later ones. */
export interface Memo extends ResultSource {
  /** The task. */
  readonly task: string;
  /** The hash of code, inputs and parameters. */
  readonly key: string;
  /** The same for the same content. */
  readonly digest: string;
  /** When it was made, in ms since 1970. */
  readonly timeMs: number;
}

/** What is to be recalled. */
export interface Recall {
  /** The run that takes it. */
  readonly runId: string;
  /** The task. */
  readonly task: string;
  /** The hash of code, inputs and parameters. */
  readonly key: string;
  /** Not what was made before, in ms since 1970. */
  readonly sinceMs: number;
}

/** What a commit did. */
export interface Committed {
  /** True if an `event` of the batch was already journalled: then nothing of the batch was written. */
  readonly duplicate: boolean;
}

/** What is known of a trigger across restarts. */
export interface TriggerState {
  /** Its name. */
  readonly name: string;
  /** How often it fired. */
  readonly count: number;
  /** When it last fired, in ms since 1970. */
  readonly lastFiredMs: number;
  /** The scheduled time of the latest cron fire. */
  readonly lastScheduledMs?: number;
}

/** A run and its facts in the order in which they were written. */
export interface JournalledRun {
  /** The run. */
  readonly run: RunRecord;
  /** Its facts. */
  readonly facts: readonly unknown[];
}

/** What to list; newest first. */
export interface RunFilter {
  /** Only this pipeline. */
  readonly pipeline?: string;
  /** Only this state. */
  readonly status?: RunStatus;
  /** At most so many. @default {50} */
  readonly limit?: number;
  /** Only runs with an id smaller than this one: the next page. */
  readonly before?: string;
}

/** Which ended runs to forget: those that fit all that is said. */
export interface PruneFilter {
  /** Only this pipeline. */
  readonly pipeline?: string;
  /** Not these pipelines. */
  readonly except?: readonly string[];
  /** Only runs that ended before, in ms since 1970. */
  readonly endedBeforeMs?: number;
  /** Not the newest so many of each pipeline. */
  readonly keep?: number;
  /** At most so many. @default {500} */
  readonly limit?: number;
  /** Whether only to say which they are. @default {false} */
  readonly dryRun?: boolean;
}

/** A forgotten run on its way out. */
export interface Released {
  /** The run. */
  readonly runId: string;
  /** Whether more of it has to be deleted before its results may be. */
  readonly more: boolean;
  /** The tasks whose results stay: a kept run reads them, or there is none later of that task. */
  readonly kept: readonly string[];
}

/**
 * Forgets what is over. A run goes in steps, each of them durable and none of them long: `prune` makes it
 * invisible, `release` deletes its facts bit by bit and says which results may be deleted, and `released` says that
 * they are. A process that ends in between goes on with the next `release`. Results that others read outlive
 * their run; once nobody does any more, `release` gives it again.
 */
export interface JournalPruning {
  /**
   * Forgets ended runs, oldest first, and gives their ids; what an unfinished run reads or repeats stays.
   *
   * @throws {RangeError} If `limit` is no positive integer, or `keep` no integer from 0.
   */
  prune(filter: PruneFilter): Promise<readonly string[]>;
  /** Deletes the next bit of a forgotten run that is none of these; `undefined` if there is nothing to delete. */
  release(except?: readonly string[]): Promise<Released | undefined>;
  /** The results of a forgotten run are deleted, but for those of these tasks. */
  released(runId: string, kept: readonly string[]): Promise<void>;
  /** Deletes routed events from before that no run is left of, at most so many; gives their number. */
  pruneEvents(beforeMs: number, limit: number): Promise<number>;
  /** Gives a little of the space that is not used any more back to the disk; says whether there may be more. */
  reclaim(): Promise<boolean>;
}

/**
 * The journal of all runs. A commit that was answered survives the end of the process (and, with
 * `fsync: "always"`, of the machine). One writer: commits that arrive in the same turn share a transaction.
 */
export interface RunJournal extends JournalPruning, AsyncDisposable {
  /** Writes a batch, all or nothing. Answered once it is durable. */
  commit(writes: readonly JournalWrite[]): Promise<Committed>;
  /** The runs that have no final state yet, in the order in which they were accepted. */
  unfinished(): Promise<readonly JournalledRun[]>;
  /** One run, or `undefined`. */
  run(runId: string): Promise<JournalledRun | undefined>;
  /** Runs, newest first. */
  runs(filter: RunFilter): Promise<readonly RunRecord[]>;
  /** The accepted events that event triggers have still to see, oldest first. */
  unrouted(): Promise<readonly EncodedEvent[]>;
  /** All triggers that ever fired. */
  triggers(): Promise<readonly TriggerState[]>;
  /** The latest succeeded result of a task over all runs, or `undefined`. */
  latestResult(
    task: string,
  ): Promise<{ readonly runId: string; readonly resultIds: readonly string[] } | undefined>;
  /** The attempts that count against rate limits. */
  starts(): Promise<readonly Start[]>;
  /** What is remembered of a task under a key, or `undefined`. */
  memo(task: string, key: string): Promise<Memo | undefined>;
}
