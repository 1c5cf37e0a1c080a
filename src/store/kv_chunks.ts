/**
 * Chunks of large results in Deno KV. A set of chunks that no key points to is marked as loose, in the same
 * transaction that makes it so: whatever is interrupted, a later opening finds and removes it.
 *
 * @module
 */
import type { KvDatabase } from "./kv_database.ts";
import type { ResultHead } from "./port.ts";

/** What the key of a large result holds. */
export interface ChunkedValue {
  readonly createdMs: number;
  readonly head: ResultHead;
  /** Which chunks. */
  readonly set: string;
  /** How many chunks. */
  readonly chunks: number;
}

/** A transaction takes 800 KiB: so many chunks of 64 KiB, and their keys. */
const CHUNKS_PER_COMMIT = 12;

/** A transaction takes 1,000 changes and 100 checks; a result that goes is one check and two changes. */
const REMOVALS_PER_COMMIT = 100;
const DELETIONS_PER_COMMIT = 500;

/** How long a loose set must have been left alone to be taken for a leftover, in ms: a stream may pause. */
const LEFTOVER_MS = 10 * 60_000;

/** A set that was pointed to and is no longer: nobody adds to it. */
const NOBODYS = 0;

/** The chunks in one database. */
export class KvChunks {
  readonly #db: KvDatabase;

  /** Looks after the chunks of a database. */
  constructor(db: KvDatabase) {
    this.#db = db;
  }

  /** Begins a new set, which is loose until a key points to it. */
  begin(runId: string): KvChunkSet {
    return new KvChunkSet(this.#db, this, runId);
  }

  /** Some chunks of a set; `undefined` for one that is not there. */
  async read(
    runId: string,
    set: string,
    first: number,
    count: number,
  ): Promise<readonly (Uint8Array<ArrayBuffer> | undefined)[]> {
    const keys = Array.from({ length: count }, (_, index) => ["chunk", runId, set, first + index]);
    const entries = await this.#db.kv.getMany<Uint8Array<ArrayBuffer>[]>(keys);
    return entries.map(({ value }) => value ?? undefined);
  }

  /** Adds to a transaction what it takes to let go of the chunks that the old value of a key points to. */
  loosen(change: Deno.AtomicOperation, old: Deno.KvEntryMaybe<unknown>): void {
    if (isChunked(old.value)) change.set(["loose", old.key[1]!, old.value.set], NOBODYS);
  }

  /** Removes the chunks that the old value of a key pointed to, once the key points elsewhere. */
  async clear(old: Deno.KvEntryMaybe<unknown>): Promise<void> {
    if (isChunked(old.value)) await this.clearSet(String(old.key[1]), old.value.set);
  }

  /** Removes a set of chunks that is loose, and last the mark. */
  async clearSet(runId: string, set: string): Promise<void> {
    const keys: Deno.KvKey[] = [];
    const entries = this.#db.kv.list({ prefix: ["chunk", runId, set] }, { batchSize: CHUNKS_PER_COMMIT });
    for await (const { key } of entries) keys.push(key);
    for (let at = 0; at < keys.length; at += DELETIONS_PER_COMMIT) {
      const change = this.#db.kv.atomic();
      for (const key of keys.slice(at, at + DELETIONS_PER_COMMIT)) change.delete(key);
      await this.#db.commit(change);
    }
    await this.#db.commit(this.#db.kv.atomic().delete(["loose", runId, set]));
  }

  /** Removes keys with all that they hold; gives how many were still as given. */
  async remove(entries: readonly Deno.KvEntryMaybe<unknown>[]): Promise<number> {
    let removed = 0;
    for (let at = 0; at < entries.length; at += REMOVALS_PER_COMMIT) {
      removed += await this.#removeTogether(entries.slice(at, at + REMOVALS_PER_COMMIT));
    }
    return removed;
  }

  /** Removes what interrupted saves and deletions left behind. */
  async sweep(): Promise<void> {
    const tooOld = Date.now() - LEFTOVER_MS;
    for await (const mark of this.#db.kv.list<number>({ prefix: ["loose"] })) {
      if (mark.value > tooOld) continue;
      // A save that goes on after all finds the mark changed, and gives up.
      const mine = await this.#db.commit(this.#db.kv.atomic().check(mark).set(mark.key, NOBODYS));
      if (mine.ok) await this.clearSet(String(mark.key[1]), String(mark.key[2]));
    }
  }

  async #removeTogether(entries: readonly Deno.KvEntryMaybe<unknown>[]): Promise<number> {
    const change = this.#db.kv.atomic();
    for (const entry of entries) {
      change.check(entry).delete(entry.key);
      this.loosen(change, entry);
    }
    if ((await this.#db.commit(change)).ok) {
      for (const entry of entries) await this.clear(entry);
      return entries.length;
    }
    // One of them was replaced or removed meanwhile: whose result it was is not ours to say.
    let removed = 0;
    for (const entry of entries) {
      const now = await this.#db.kv.get(entry.key);
      if (now.value !== null) removed += await this.#removeTogether([now]);
    }
    return removed;
  }
}

/** A set of chunks that is being written. */
export class KvChunkSet {
  readonly #db: KvDatabase;
  readonly #chunks: KvChunks;
  readonly #runId: string;
  readonly #set = crypto.randomUUID();
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #count = 0;
  /** The mark as it was written last. */
  #mark: { readonly key: Deno.KvKey; readonly versionstamp: string | null };

  /** Begun by {@linkcode KvChunks.begin}. */
  constructor(db: KvDatabase, chunks: KvChunks, runId: string) {
    this.#db = db;
    this.#chunks = chunks;
    this.#runId = runId;
    this.#mark = { key: ["loose", runId, this.#set], versionstamp: null };
  }

  /** Adds a chunk; full transactions are written at once. */
  async append(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#waiting.push(chunk);
    if (this.#waiting.length === CHUNKS_PER_COMMIT) await this.#flush();
  }

  /** Lets the key point to the set, in place of what it held. */
  async pointTo(key: Deno.KvKey, createdMs: number, head: ResultHead): Promise<void> {
    // What fits into one transaction is never loose.
    const isBegun = this.#mark.versionstamp !== null;
    if (isBegun && this.#waiting.length > 0) await this.#flush();
    const chunks = this.#count + this.#waiting.length;
    const value: ChunkedValue = { createdMs, head, set: this.#set, chunks };
    for (;;) {
      const old = await this.#db.kv.get(key);
      const change = this.#db.kv.atomic().check(old).set(key, value);
      if (isBegun) change.check(this.#mark).delete(this.#mark.key);
      this.#setWaiting(change);
      this.#chunks.loosen(change, old);
      if ((await this.#db.commit(change)).ok) return await this.#chunks.clear(old);
      const mark = await this.#db.kv.get(this.#mark.key);
      if (mark.versionstamp !== this.#mark.versionstamp) throw this.#takenForLeftover();
    }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.#chunks.clearSet(this.#runId, this.#set);
  }

  async #flush(): Promise<void> {
    const change = this.#db.kv.atomic().check(this.#mark).set(this.#mark.key, Date.now());
    this.#setWaiting(change);
    const commit = await this.#db.commit(change);
    if (!commit.ok) throw this.#takenForLeftover();
    this.#count += this.#waiting.length;
    this.#waiting = [];
    this.#mark = { key: this.#mark.key, versionstamp: commit.versionstamp };
  }

  #setWaiting(change: Deno.AtomicOperation): void {
    for (const [index, chunk] of this.#waiting.entries()) {
      change.set(["chunk", this.#runId, this.#set, this.#count + index], chunk);
    }
  }

  #takenForLeftover(): Error {
    return new Error(`it was not written to for ${LEFTOVER_MS / 60_000} minutes, and cleared away`);
  }
}

function isChunked(value: unknown): value is ChunkedValue {
  return typeof value === "object" && value !== null && "set" in value;
}
