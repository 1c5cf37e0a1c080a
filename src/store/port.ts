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

/** What is known of a stored result without loading it. */
export interface ResultInfo {
  /** How it is written: as JSON, by devalue, as bytes, or as bytes that load as a stream. */
  readonly codec: "json" | "devalue" | "bytes" | "stream";
  /** Length of what is stored of the value, in bytes. */
  readonly bytes: number;
  /** SHA-256 of these bytes, hexadecimal: equal values of one codec have equal ones. */
  readonly sha256: string;
  /** When it was saved, in ms since 1970, by the clock of where it is kept. */
  readonly createdMs: number;
}

/**
 * Keeps results. A result that {@linkcode IOManager.save} has reported as saved is complete and survives the
 * end of the process; one that it has not reported is either complete or absent, never half there; of several
 * saves of one key the last one to complete stays. Nothing is ever executed on load.
 */
export interface IOManager extends AsyncDisposable {
  /**
   * Saves a value, replacing what the key held. A `ReadableStream` of `Uint8Array` is saved as it comes, never
   * held in memory; if it fails, so does the save, with the same error, and the key keeps what it held.
   * The value must not change before the save has ended.
   *
   * Throws `store/unencodable` for a value no codec can keep, `store/unavailable` if it cannot be written.
   */
  save(key: ResultKey, value: unknown): Promise<void>;
  /**
   * Saves a value under a key that nothing was ever saved under, nor will be again: what an attempt of a task
   * gives. Otherwise as {@linkcode IOManager.save}, and much cheaper for a small value on files, which then
   * shares a file with others. Once it is saved it may be held in `recent` too; a `ReadableStream` never is.
   */
  saveNew(key: ResultKey, value: unknown, recent?: RecentResults): Promise<void>;
  /**
   * Loads a value; what was saved as a `ReadableStream` is one again, checked as it is read: it fails at its
   * end if it does not match its checksum. What `recent` holds is not read again: it is checked and decoded the
   * same. Throws `store/not-found`, `store/corrupt` or `store/unavailable`.
   */
  load(key: ResultKey, recent?: RecentResults): Promise<unknown>;
  /** What is known of a result without loading it; `undefined` if it is not there. Throws `store/corrupt`. */
  stat(key: ResultKey): Promise<ResultInfo | undefined>;
  /** Whether a complete, checksum-valid result is there; reads all of it. */
  exists(key: ResultKey): Promise<boolean>;
  /** The results of a run, or of one of its tasks, sorted by task and result id. */
  list(filter: { readonly runId: string; readonly task?: string }): Promise<readonly ResultKey[]>;
  /** The runs that have results, sorted. */
  listRuns(): Promise<readonly string[]>;
  /** Deletes one result; says whether it was there. */
  delete(key: ResultKey): Promise<boolean>;
  /** Deletes all results of a run; gives their number. */
  clearRun(runId: string): Promise<number>;
  /** Lets go of what is held open. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What is said of a result where it is kept. */
export type ResultHead = Omit<ResultInfo, "createdMs">;

/** A result as it is kept: its head, and the bytes that the codec made of the value. */
export interface StoredResult {
  /** What is said of the payload. */
  readonly head: ResultHead;
  /** The payload. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Results that somebody has just saved and may soon load, as they were saved: never the only ones. */
export interface RecentResults {
  /** Copies a result that is about to be saved; it is found once the answer is called. */
  note(key: ResultKey, stored: StoredResult): () => void;
  /** A copy of a result that is held. */
  find(key: ResultKey): StoredResult | undefined;
}

/** A result as it is found. */
export interface FoundResult {
  /** What is said of the payload. */
  readonly head: ResultHead;
  /**
   * The payload, nobody else's: all of it, or block by block. Nothing is held open before the first block is
   * asked for, nor after the loop has ended. Blocks fail with `store/replaced` if the key has got another
   * result meanwhile.
   */
  readonly payload: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** A stream on its way into a store. */
export interface ResultBlocks {
  /** Its bytes, in blocks of the size that the backend has asked for, but for the last; each nobody else's. */
  readonly blocks: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** What is to be said of them; known only after the last block. */
  head(): ResultHead;
}

/**
 * What keeps results somewhere: heads and payloads under keys, all of which are fit. `BackendIOManager` makes an
 * {@linkcode IOManager} of it, which encodes, checks and sorts.
 */
export interface ResultBackend extends AsyncDisposable {
  /** How large the blocks of a stream are to be. */
  readonly blockBytes: number;
  /** Keeps a result in place of what the key held: whole, or not at all. */
  write(key: ResultKey, stored: StoredResult): Promise<void>;
  /** The same for a key that never held anything and will not be written again, if that can be had for less. */
  writeNew?(key: ResultKey, stored: StoredResult): Promise<void>;
  /** The same of a stream: the key changes after the last block. Fails as the blocks do, and leaves nothing. */
  writeBlocks(key: ResultKey, stream: ResultBlocks): Promise<void>;
  /** Finds a result. */
  find(key: ResultKey): Promise<FoundResult | undefined>;
  /** Finds what is known of a result. */
  stat(key: ResultKey): Promise<ResultInfo | undefined>;
  /** The results of a run or of one of its tasks, in any order. */
  keys(runId: string, task: string | undefined): Promise<ResultKey[]>;
  /** The runs that have results, each once, in any order. */
  runIds(): Promise<string[]>;
  /** Deletes a result; says whether it was there. */
  delete(key: ResultKey): Promise<boolean>;
  /** Deletes the results of a run; gives their number. */
  clearRun(runId: string): Promise<number>;
  /** Where a result is, for people: a path or an address. */
  placeOf(key: ResultKey): string;
}
