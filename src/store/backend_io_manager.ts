/**
 * What all I/O managers have in common: keys are checked, values encoded, checksums verified. A backend keeps
 * heads and payloads.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { checkedBytes, measureBytes } from "./byte_stream.ts";
import type {
  FoundResult,
  IOManager,
  RecentResults,
  ResultBackend,
  ResultHead,
  ResultInfo,
  ResultKey,
} from "./port.ts";
import { assertWhole, fromStored, toStored } from "./result_file.ts";
import { resultNotFound } from "./result_errors.ts";
import { assertKey, assertKeyPart, compareKeys } from "./result_key.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** How often a load starts over because the result was replaced under it. */
const MAX_TRIES = 10;

/**
 * An I/O manager over a backend.
 */
export class BackendIOManager implements IOManager {
  readonly #backend: ResultBackend;

  /** Takes a backend, and lets go of it when it is disposed of. */
  constructor(backend: ResultBackend) {
    this.#backend = backend;
  }

  /** Lets go of what is held open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]();
  }

  /**
   * Saves a value, replacing what the key held; a `ReadableStream` of bytes as it comes.
   *
   * @throws {MillraceError} `store/invalid-key`, `store/unencodable`, `store/unavailable`.
   */
  async save(key: ResultKey, value: unknown): Promise<void> {
    assertKey(key);
    if (value instanceof ReadableStream) {
      return await this.#backend.writeBlocks(key, measureBytes(value, this.#backend.blockBytes));
    }
    return await this.#backend.write(key, toStored(value));
  }

  /**
   * Saves a value under a key that nothing was ever saved under, nor will be again; then `recent` may hold it.
   *
   * @throws {MillraceError} `store/invalid-key`, `store/unencodable`, `store/unavailable`.
   */
  async saveNew(key: ResultKey, value: unknown, recent?: RecentResults): Promise<void> {
    if (value instanceof ReadableStream) return await this.save(key, value);
    assertKey(key);
    const stored = toStored(value);
    const hold = recent?.note(key, stored);
    await (this.#backend.writeNew?.(key, stored) ?? this.#backend.write(key, stored));
    hold?.();
  }

  /**
   * Loads a value; what `recent` holds is not read again.
   *
   * @throws {MillraceError} `store/invalid-key`, `store/not-found`, `store/corrupt`, `store/unavailable`.
   */
  async load(key: ResultKey, recent?: RecentResults): Promise<unknown> {
    assertKey(key);
    const path = this.#backend.placeOf(key);
    const held = recent?.find(key);
    if (held !== undefined) return fromStored(held, path);
    return await this.#read(key, async ({ head, payload }) => {
      if (head.codec === "stream") {
        return ReadableStream.from(checkedBytes(head, isWhole(payload) ? [payload] : payload, path));
      }
      return fromStored({ head, payload: await wholeOf(head, payload) }, path);
    }, () => {
      throw resultNotFound(key);
    });
  }

  /**
   * What is known of a result without loading it.
   *
   * @throws {MillraceError} `store/invalid-key`, `store/corrupt`, `store/unavailable`.
   */
  async stat(key: ResultKey): Promise<ResultInfo | undefined> {
    assertKey(key);
    return await this.#backend.stat(key);
  }

  /** Whether a complete, checksum-valid result is there; reads all of it. */
  async exists(key: ResultKey): Promise<boolean> {
    assertKey(key);
    const path = this.#backend.placeOf(key);
    try {
      return await this.#read(key, async ({ head, payload }) => {
        if (isWhole(payload)) assertWhole({ head, payload }, path);
        else for await (const _ of checkedBytes(head, payload, path));
        return true;
      }, () => false);
    } catch (error) {
      if (MillraceError.is(error, "store/corrupt")) return false;
      throw error;
    }
  }

  /** The results of a run, or of one of its tasks, sorted by task and result id. */
  async list(filter: { readonly runId: string; readonly task?: string }): Promise<readonly ResultKey[]> {
    assertKeyPart("runId", filter.runId);
    if (filter.task !== undefined) assertKeyPart("task", filter.task);
    return (await this.#backend.keys(filter.runId, filter.task)).sort(compareKeys);
  }

  /** The runs that have results, sorted. */
  async listRuns(): Promise<readonly string[]> {
    return (await this.#backend.runIds()).sort();
  }

  /** Deletes one result; says whether it was there. */
  async delete(key: ResultKey): Promise<boolean> {
    assertKey(key);
    return await this.#backend.delete(key);
  }

  /** Deletes all results of a run; gives their number. */
  async clearRun(runId: string): Promise<number> {
    assertKeyPart("runId", runId);
    return await this.#backend.clearRun(runId);
  }

  /** What `use` makes of the result; starts over with the new one if it was replaced meanwhile. */
  async #read<T>(
    key: ResultKey,
    use: (found: FoundResult) => Promise<T>,
    absent: () => T,
  ): Promise<T> {
    for (let tries = 1;; tries++) {
      const found = await this.#backend.find(key);
      if (found === undefined) return absent();
      try {
        return await use(found);
      } catch (error) {
        if (!MillraceError.is(error, "store/replaced") || tries === MAX_TRIES) throw error;
      }
    }
  }
}

function isWhole(payload: FoundResult["payload"]): payload is Bytes {
  return payload instanceof Uint8Array;
}

async function wholeOf(head: ResultHead, payload: FoundResult["payload"]): Promise<Bytes> {
  if (isWhole(payload)) return payload;
  const whole = new Uint8Array(head.bytes);
  let length = 0;
  for await (const block of payload) {
    // More than said is corrupt, which the length tells.
    if (length + block.length <= whole.length) whole.set(block, length);
    length += block.length;
  }
  return length > whole.length ? new Uint8Array(length) : whole.subarray(0, length);
}
