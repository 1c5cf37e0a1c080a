/**
 * Small values on their way into Deno KV: those of one turn, and those that come while a transaction is being
 * written, share the next one. (One by one they are 3,500 a second, together some 100,000.)
 *
 * @module
 */
import type { KvDatabase } from "./kv_database.ts";
import type { KvChunks } from "./kv_chunks.ts";

/** A transaction takes 100 checks, and 800 KiB. */
const MAX_CHECKS = 100;
const MAX_BYTES = 700 * 1024;

/** What is written: a file, and when. */
interface SmallValue {
  readonly createdMs: number;
  readonly file: Uint8Array<ArrayBuffer>;
}

interface Put {
  readonly key: Deno.KvKey;
  readonly value: SmallValue;
  readonly settle: PromiseWithResolvers<void>;
}

/** Writes small values. */
export class KvWriter {
  readonly #db: KvDatabase;
  readonly #chunks: KvChunks;
  #waiting: Put[] = [];
  #writing: Promise<void> | undefined;

  /** Writes to a database, whose chunks it lets go of where it replaces a large value. */
  constructor(db: KvDatabase, chunks: KvChunks) {
    this.#db = db;
    this.#chunks = chunks;
  }

  /** Resolves once the value is in the database. */
  put(key: Deno.KvKey, value: SmallValue): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.#waiting.push({ key, value, settle });
    this.#writing ??= Promise.resolve().then(() => this.#writeAll());
    return settle.promise;
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#next();
      try {
        await this.#write(together);
        for (const { settle } of together) settle.resolve();
      } catch (error) {
        for (const { settle } of together) settle.reject(error);
      }
    }
    this.#writing = undefined;
  }

  /** As many of those that wait as fit into one transaction. */
  #next(): Put[] {
    let bytes = 0;
    const full = this.#waiting.findIndex(({ value }, index) =>
      index === MAX_CHECKS || (bytes += value.file.length) > MAX_BYTES && index > 0
    );
    return this.#waiting.splice(0, full < 0 ? this.#waiting.length : full);
  }

  async #write(puts: readonly Put[]): Promise<void> {
    // Most keys are new. If one is not, its old value may have chunks to let go of.
    const change = this.#db.kv.atomic();
    for (const { key, value } of puts) change.check({ key, versionstamp: null }).set(key, value);
    if ((await this.#db.commit(change)).ok) return;
    for (const { key, value } of puts) await this.#replace(key, value);
  }

  async #replace(key: Deno.KvKey, value: SmallValue): Promise<void> {
    for (;;) {
      const old = await this.#db.kv.get(key);
      const change = this.#db.kv.atomic().check(old).set(key, value);
      this.#chunks.loosen(change, old);
      if ((await this.#db.commit(change)).ok) return await this.#chunks.clear(old);
    }
  }
}
