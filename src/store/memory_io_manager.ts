/**
 * Results in memory, for tests and platforms that keep nothing.
 *
 * @module
 */
import type { IOManager, ResultKey } from "./port.ts";
import { fromResultFile, toResultFile } from "./result_file.ts";
import { assertKey, assertKeyPart, compareKeys, resultNotFound } from "./result_key.ts";

interface Stored {
  readonly key: ResultKey;
  /** The form that a file would have: values are copied, and what no file can keep is refused here too. */
  readonly file: Uint8Array<ArrayBuffer>;
}

/** Keeps results in memory, with the semantics of files: what is loaded is a copy of what was saved. */
export class MemoryIOManager implements IOManager {
  /** Run id → "task/resultId" → result. */
  readonly #runs = new Map<string, Map<string, Stored>>();

  /** Saves a value, replacing what the key held. */
  save(key: ResultKey, value: unknown): Promise<void> {
    return attempt(() => {
      assertKey(key);
      const { runId, task, resultId } = key;
      const file = toResultFile(value);
      let run = this.#runs.get(runId);
      if (run === undefined) this.#runs.set(runId, run = new Map());
      run.set(nameOf(key), { key: { runId, task, resultId }, file });
    });
  }

  /** Loads a value; throws `store/not-found`. */
  load(key: ResultKey): Promise<unknown> {
    return attempt(() => {
      const stored = this.#find(key);
      if (stored === undefined) throw resultNotFound(key);
      return fromResultFile(stored.file, `${key.runId}/${nameOf(key)}`);
    });
  }

  /** Whether the result is there. */
  exists(key: ResultKey): Promise<boolean> {
    return attempt(() => this.#find(key) !== undefined);
  }

  /** The results of a run, or of one of its tasks, sorted by task and result id. */
  list(filter: { readonly runId: string; readonly task?: string }): Promise<readonly ResultKey[]> {
    return attempt(() => {
      assertKeyPart("runId", filter.runId);
      if (filter.task !== undefined) assertKeyPart("task", filter.task);
      const keys = [...this.#runs.get(filter.runId)?.values() ?? []].map((stored) => ({ ...stored.key }));
      return keys.filter((key) => filter.task === undefined || key.task === filter.task).sort(compareKeys);
    });
  }

  /** The runs that have results, sorted. */
  listRuns(): Promise<readonly string[]> {
    return attempt(() => [...this.#runs.keys()].sort());
  }

  /** Deletes one result; says whether it was there. */
  delete(key: ResultKey): Promise<boolean> {
    return attempt(() => {
      assertKey(key);
      const run = this.#runs.get(key.runId);
      const deleted = run?.delete(nameOf(key)) ?? false;
      if (run?.size === 0) this.#runs.delete(key.runId);
      return deleted;
    });
  }

  /** Deletes all results of a run; gives their number. */
  clearRun(runId: string): Promise<number> {
    return attempt(() => {
      assertKeyPart("runId", runId);
      const count = this.#runs.get(runId)?.size ?? 0;
      this.#runs.delete(runId);
      return count;
    });
  }

  /** Nothing to release; the results stay until the object goes. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #find(key: ResultKey): Stored | undefined {
    assertKey(key);
    return this.#runs.get(key.runId)?.get(nameOf(key));
  }
}

/** Opens an empty store of results in memory. */
export function openMemoryIOManager(): Promise<MemoryIOManager> {
  return Promise.resolve(new MemoryIOManager());
}

function nameOf(key: ResultKey): string {
  return `${key.task}/${key.resultId}`;
}

/** Runs at once, but fails as a promise does. */
function attempt<T>(fn: () => T): Promise<T> {
  return new Promise((resolve) => resolve(fn()));
}
