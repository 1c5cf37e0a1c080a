/**
 * The port of the result store: where every result of every run is kept.
 *
 * @module
 */

/** What names one result. */
export interface ResultKey {
  /** The run. */
  readonly runId: string;
  /** The task. */
  readonly task: string;
  /** The result: the attempt, and for a streaming task the chunk. */
  readonly resultId: string;
}

/**
 * Keeps results. A result that {@linkcode IOManager.save} has reported as saved is complete and survives the
 * end of the process; one that it has not reported is either complete or absent, never half there.
 * Nothing is ever executed on load.
 */
export interface IOManager extends AsyncDisposable {
  /** Saves a value, replacing what the key held; throws `store/unencodable` for a value no codec can keep. */
  save(key: ResultKey, value: unknown): Promise<void>;
  /** Loads a value; throws `store/not-found` or, if it does not match its checksum, `store/corrupt`. */
  load(key: ResultKey): Promise<unknown>;
  /** Whether a complete, checksum-valid result is there. */
  exists(key: ResultKey): Promise<boolean>;
  /** The results of a run, or of one of its tasks, sorted by task and result id. */
  list(filter: { readonly runId: string; readonly task?: string }): Promise<readonly ResultKey[]>;
  /** The runs that have results, sorted. */
  listRuns(): Promise<readonly string[]>;
  /** Deletes one result; says whether it was there. */
  delete(key: ResultKey): Promise<boolean>;
  /** Deletes all results of a run; gives their number. */
  clearRun(runId: string): Promise<number>;
}
