/**
 * What an executor has just saved, as it was saved: what runs there next need not read it again.
 *
 * @module
 */
import type { RecentResults, ResultKey, StoredResult } from "../store/port.ts";

/** The largest payload that is held, in bytes: to read a larger one costs little beside decoding it. */
const MAX_ONE = 64 * 1024;
/** How much is held in all, in bytes. */
const MAX_ALL = 1024 * 1024;
/** What an entry costs besides its payload, in bytes, roughly. */
const ENTRY = 256;

/** The small results that were saved, or found, last. */
export class HeldResults implements RecentResults {
  /** The one that was not asked for longest first. */
  readonly #held = new Map<string, StoredResult>();
  #bytes = 0;

  /** How much is held, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies a result that is about to be saved, if it is small; the answer holds it. */
  note({ runId, task, resultId }: ResultKey, { head, payload }: StoredResult): () => void {
    if (payload.length > MAX_ONE) return () => {};
    const copy = { head, payload: payload.slice() };
    return () => this.#hold(`${runId}/${task}/${resultId}`, copy);
  }

  /** A copy of what is held. */
  find({ runId, task, resultId }: ResultKey): StoredResult | undefined {
    const name = `${runId}/${task}/${resultId}`;
    const stored = this.#held.get(name);
    if (stored === undefined) return undefined;
    this.#held.delete(name);
    this.#held.set(name, stored);
    return { head: stored.head, payload: stored.payload.slice() };
  }

  #hold(name: string, stored: StoredResult): void {
    this.#drop(name);
    this.#held.set(name, stored);
    this.#bytes += stored.payload.length + ENTRY;
    while (this.#bytes > MAX_ALL) this.#drop(this.#held.keys().next().value!);
  }

  #drop(name: string): void {
    const stored = this.#held.get(name);
    if (stored === undefined) return;
    this.#held.delete(name);
    this.#bytes -= stored.payload.length + ENTRY;
  }
}
