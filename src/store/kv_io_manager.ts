/**
 * Results in Deno KV: a small one in the value of its key, a large one in chunks that the key points to.
 *
 * | key | value |
 * |---|---|
 * | `["result", runId, task, resultId]` | `{ createdMs, file }` or `{ createdMs, head, set, chunks }` |
 * | `["chunk", runId, set, index]` | a part of the payload |
 * | `["loose", runId, set]` | since when no key points to these chunks: not yet, or no longer |
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { assertKeys } from "../base/names.ts";
import { BackendIOManager } from "./backend_io_manager.ts";
import { type ChunkedValue, KvChunks } from "./kv_chunks.ts";
import { KvDatabase } from "./kv_database.ts";
import { KvWriter } from "./kv_writer.ts";
import type {
  FoundResult,
  ResultBackend,
  ResultBlocks,
  ResultInfo,
  ResultKey,
  StoredResult,
} from "./port.ts";
import { corrupt, resultReplaced, resultUnavailable } from "./result_errors.ts";
import { fromResultFile, toResultFile } from "./result_file.ts";

/** What {@linkcode openKvIOManager} takes. */
export interface KvIOManagerOptions {
  /** The file; `:memory:` for none. By default the one that Deno keeps for the program. */
  readonly path?: string;
}

/** A value of KV holds 64 KiB, as V8 writes it; this leaves room for what is around the file. */
const MAX_INLINE_BYTES = 64 * 1024 - 512;
const CHUNK_BYTES = 64 * 1024;

/** Keys that KV reads in one go. */
const MAX_READ = 10;

/** What a key holds. */
type KvValue = { readonly createdMs: number; readonly file: Uint8Array<ArrayBuffer> } | ChunkedValue;

/**
 * Keeps results in Deno KV. Saves of the same turn share transactions. Several threads of one process may share
 * a file; KV lets no two processes do so.
 */
export class KvIOManager extends BackendIOManager {
  /** Takes an open database, and where it is; closes it when it is disposed of. Use {@linkcode openKvIOManager}. */
  constructor(kv: Deno.Kv, path: string) {
    super(new KvBackend(new KvDatabase(kv, path)));
  }
}

class KvBackend implements ResultBackend {
  readonly blockBytes = CHUNK_BYTES;
  readonly #kv: Deno.Kv;
  readonly #chunks: KvChunks;
  readonly #writer: KvWriter;

  constructor(db: KvDatabase) {
    this.#kv = db.kv;
    this.#chunks = new KvChunks(db);
    this.#writer = new KvWriter(db, this.#chunks);
  }

  async write(key: ResultKey, stored: StoredResult): Promise<void> {
    const file = toResultFile(stored);
    if (file.length > MAX_INLINE_BYTES) {
      const { head, payload } = stored;
      return await this.writeBlocks(key, { blocks: slices(payload), head: () => head });
    }
    await this.#guard(key, () => this.#writer.put(kvKeyOf(key), { createdMs: Date.now(), file }));
  }

  async writeBlocks(key: ResultKey, { blocks, head }: ResultBlocks): Promise<void> {
    const set = this.#chunks.begin(key.runId);
    const onKv = <T>(fn: () => Promise<T>): Promise<T> => this.#guard(key, fn);
    try {
      for await (const block of blocks) await onKv(() => set.append(block));
      await onKv(() => set.pointTo(kvKeyOf(key), Date.now(), head()));
    } catch (error) {
      await set.discard().catch(() => {}); // the next to open the file does
      throw error;
    }
  }

  async find(key: ResultKey): Promise<FoundResult | undefined> {
    const value = await this.#get(key);
    if (value === undefined) return undefined;
    if ("file" in value) return fromResultFile(value.file, this.placeOf(key));
    return { head: value.head, payload: this.#blocksOf(key, value) };
  }

  async stat(key: ResultKey): Promise<ResultInfo | undefined> {
    const value = await this.#get(key);
    if (value === undefined) return undefined;
    const head = "file" in value ? fromResultFile(value.file, this.placeOf(key)).head : value.head;
    return { ...head, createdMs: value.createdMs };
  }

  async keys(runId: string, task: string | undefined): Promise<ResultKey[]> {
    const prefix = ["result", runId, ...task === undefined ? [] : [task]];
    return await this.#guard({ runId }, async () => {
      const entries = await Array.fromAsync(this.#kv.list<KvValue>({ prefix }));
      return entries.map(({ key: [, runId, task, resultId] }) => ({ runId, task, resultId }) as ResultKey);
    });
  }

  async runIds(): Promise<string[]> {
    return await this.#guard({ runId: "" }, async () => {
      const runIds: string[] = [];
      const prefix = ["result"];
      for (let start = ["result", ""];;) {
        // One look for each run, whatever it holds: the next key after all of the last run's.
        const { value } = await this.#kv.list({ prefix, start }, { limit: 1 }).next();
        if (value === undefined) return runIds;
        const runId = String(value.key[1]);
        runIds.push(runId);
        start = ["result", `${runId}\0`];
      }
    });
  }

  async delete(key: ResultKey): Promise<boolean> {
    return await this.#guard(key, async () => {
      const entry = await this.#kv.get<KvValue>(kvKeyOf(key));
      return entry.value !== null && await this.#chunks.remove([entry]) === 1;
    });
  }

  async clearRun(runId: string): Promise<number> {
    return await this.#guard({ runId }, async () => {
      const entries = await Array.fromAsync(this.#kv.list<KvValue>({ prefix: ["result", runId] }));
      return await this.#chunks.remove(entries);
    });
  }

  placeOf({ runId, task, resultId }: ResultKey): string {
    return `kv:${runId}/${task}/${resultId}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.idle();
    this.#kv.close();
  }

  async #get(key: ResultKey): Promise<KvValue | undefined> {
    return (await this.#guard(key, () => this.#kv.get<KvValue>(kvKeyOf(key)))).value ?? undefined;
  }

  async *#blocksOf(key: ResultKey, value: ChunkedValue): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let first = 0; first < value.chunks; first += MAX_READ) {
      const count = Math.min(MAX_READ, value.chunks - first);
      const blocks = await this.#guard(key, () => this.#chunks.read(key.runId, value.set, first, count));
      for (const block of blocks) {
        if (block === undefined) throw await this.#missingChunk(key, value.set);
        yield block;
      }
    }
  }

  async #missingChunk(key: ResultKey, set: string): Promise<MillraceError> {
    const now = await this.#get(key);
    const same = now !== undefined && "set" in now && now.set === set;
    return same ? corrupt(this.placeOf(key), "a chunk of it is missing") : resultReplaced(this.placeOf(key));
  }

  async #guard<T>({ runId, task, resultId }: Partial<ResultKey>, fn: () => Promise<T>): Promise<T> {
    try {
      return await fn();
    } catch (error) {
      throw resultUnavailable(`kv:${[runId, task, resultId].filter(Boolean).join("/")}`, error);
    }
  }
}

/**
 * Opens results kept in Deno KV, and clears away what interrupted saves left behind.
 *
 * @throws {MillraceError} `store/kv-off` unless the program runs with the unstable flag `kv`;
 * `store/unavailable` if the file cannot be opened.
 */
export async function openKvIOManager(options: KvIOManagerOptions = {}): Promise<KvIOManager> {
  assertKeys("a KV I/O manager", options, ["path"]);
  const { path } = options;
  if (path !== undefined && (typeof path !== "string" || path === "")) {
    throw new TypeError(
      `Cannot open results as path must be a path: current value is ${JSON.stringify(path)}`,
    );
  }
  if (typeof Deno.openKv !== "function") {
    throw new MillraceError(
      "store/kv-off",
      `Cannot keep results in Deno KV as the program must switch it on: add "kv" to "unstable" in its ` +
        `deno.json, or run it with --unstable-kv`,
      { details: {} },
    );
  }
  let kv: Deno.Kv | undefined;
  try {
    kv = await Deno.openKv(path);
    await new KvChunks(new KvDatabase(kv, path ?? "")).sweep();
    return new KvIOManager(kv, path ?? "");
  } catch (error) {
    kv?.close();
    throw resultUnavailable(`kv:${path ?? ""}`, error);
  }
}

function kvKeyOf({ runId, task, resultId }: ResultKey): Deno.KvKey {
  return ["result", runId, task, resultId];
}

async function* slices(payload: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < payload.length; at += CHUNK_BYTES) yield payload.slice(at, at + CHUNK_BYTES);
}
