/**
 * Results in PostgreSQL: a small one in its row, a large one in chunks that the row points to.
 *
 * @module
 */
import { assertKeys } from "../base/names.ts";
import { BackendIOManager } from "./backend_io_manager.ts";
import type {
  FoundResult,
  ResultBackend,
  ResultBlocks,
  ResultInfo,
  ResultKey,
  StoredResult,
} from "./port.ts";
import { PostgresClient } from "./postgres_client.ts";
import { PostgresTables } from "./postgres_tables.ts";
import { resultReplaced, resultUnavailable } from "./result_errors.ts";

/** What {@linkcode openPostgresIOManager} takes. */
export interface PostgresIOManagerOptions {
  /** `postgres://user:password@host:port/database`, with the options of the npm package `postgres` as query. */
  readonly url: string;
  /** The schema of the tables; made if it is missing. @default {"millrace"} */
  readonly schema?: string;
  /** How many connections at most. They are made when they are needed, and made again when they are lost. @default {4} */
  readonly maxConnections?: number;
}

/** Up to this size a payload stands in its row: one round trip. Larger ones are chunks of this size. */
const CHUNK_BYTES = 256 * 1024;

/** Chunks that are read in one go. */
const CHUNKS_PER_READ = 8;

/** How long to wait for a connection, and how long it may be idle before it is closed, in s. */
const CONNECT_TIMEOUT_S = 10;
const IDLE_TIMEOUT_S = 60;

/** The schema of who names none. */
export const DEFAULT_SCHEMA = "millrace";

/** Keeps results in PostgreSQL. Any number of threads, processes and machines may share a schema. */
export class PostgresIOManager extends BackendIOManager {}

class PostgresBackend implements ResultBackend {
  readonly blockBytes = CHUNK_BYTES;
  readonly #client: PostgresClient;
  readonly #tables: PostgresTables;
  readonly #place: string;

  constructor(client: PostgresClient, tables: PostgresTables, place: string) {
    this.#client = client;
    this.#tables = tables;
    this.#place = place;
  }

  async write(key: ResultKey, { head, payload }: StoredResult): Promise<void> {
    if (payload.length <= CHUNK_BYTES) {
      return void await this.#guard(() => this.#tables.put(key, head, payload));
    }
    await this.writeBlocks(key, { blocks: slices(payload), head: () => head });
  }

  async writeBlocks(key: ResultKey, { blocks, head }: ResultBlocks): Promise<void> {
    const set = crypto.randomUUID();
    let count = 0;
    await this.#guard(() => this.#tables.begin(set));
    try {
      for await (const block of blocks) {
        await this.#guard(async () => assertKept(await this.#tables.append(set, count++, block)));
      }
      await this.#guard(async () => assertKept(await this.#tables.put(key, head(), { set })));
    } catch (error) {
      await this.#tables.discard(set).catch(() => {}); // a later opening does
      throw error;
    }
  }

  async find(key: ResultKey): Promise<FoundResult | undefined> {
    const row = await this.#guard(() => this.#tables.find(key, true));
    if (row === undefined) return undefined;
    const { head, payload, set } = row;
    return { head, payload: payload ?? this.#blocksOf(key, head.bytes, String(set)) };
  }

  async stat(key: ResultKey): Promise<ResultInfo | undefined> {
    const row = await this.#guard(() => this.#tables.find(key, false));
    return row && { ...row.head, createdMs: row.createdMs };
  }

  async keys(runId: string, task: string | undefined): Promise<ResultKey[]> {
    return await this.#guard(() => this.#tables.keys(runId, task));
  }

  async runIds(): Promise<string[]> {
    return await this.#guard(() => this.#tables.runIds());
  }

  async delete(key: ResultKey): Promise<boolean> {
    return await this.#guard(() => this.#tables.delete(key.runId, key)) === 1;
  }

  async clearRun(runId: string): Promise<number> {
    return await this.#guard(() => this.#tables.delete(runId));
  }

  placeOf({ runId, task, resultId }: ResultKey): string {
    return `${this.#place} ${runId}/${task}/${resultId}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  async *#blocksOf(key: ResultKey, said: number, set: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let bytes = 0;
    for (let first = 0; bytes < said; first += CHUNKS_PER_READ) {
      const blocks = await this.#guard(() => this.#tables.chunks(set, first, CHUNKS_PER_READ));
      for (const block of blocks) {
        bytes += block.length;
        yield block;
      }
      if (blocks.length === CHUNKS_PER_READ || bytes >= said) continue;
      const now = await this.#guard(() => this.#tables.find(key, false));
      if (now?.set !== set) throw resultReplaced(this.placeOf(key));
      return; // too short: who checks says so
    }
  }

  async #guard<T>(fn: () => Promise<T>): Promise<T> {
    try {
      return await fn();
    } catch (error) {
      throw resultUnavailable(this.#place, error);
    }
  }
}

/**
 * Opens results kept in PostgreSQL: makes the tables if they are missing, and clears away what interrupted saves
 * left behind. The npm package `postgres` is loaded only now.
 *
 * @throws {MillraceError} `store/unavailable` if the database cannot be reached, or refuses.
 */
export async function openPostgresIOManager(options: PostgresIOManagerOptions): Promise<PostgresIOManager> {
  assertKeys("a PostgreSQL I/O manager", options, ["url", "schema", "maxConnections"]);
  const { url, schema = DEFAULT_SCHEMA, maxConnections = 4 } = options;
  assertPostgresUrl(url);
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema)) {
    throw new TypeError(
      `Cannot open results as schema must be a name: current value is ${JSON.stringify(schema)}`,
    );
  }
  if (!Number.isInteger(maxConnections) || maxConnections < 1) {
    throw new RangeError(
      `Cannot open results as maxConnections must be a whole number from 1: current value is ${maxConnections}`,
    );
  }
  const { default: postgres } = await import("postgres");
  const client = new PostgresClient(() =>
    postgres(url, {
      max: maxConnections,
      connect_timeout: CONNECT_TIMEOUT_S,
      idle_timeout: IDLE_TIMEOUT_S,
      connection: { application_name: "millrace" },
      // No types of the database's own: saves a question for each connection.
      fetch_types: false,
      onnotice: () => {},
    })
  );
  const { host, pathname } = new URL(url);
  const place = `postgres://${host}${pathname}`;
  const tables = new PostgresTables(client, schema);
  try {
    await tables.prepare();
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw resultUnavailable(place, error);
  }
  return new PostgresIOManager(new PostgresBackend(client, tables, place));
}

/** Throws a `TypeError` unless it is the URL of a database. */
export function assertPostgresUrl(url: string): void {
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return;
  // Not the value: it may have a password.
  throw new TypeError("Cannot open results as url must be postgres://…: current value is something else");
}

function assertKept(isKept: boolean): void {
  if (!isKept) throw new Error("it was not written to for too long, and cleared away");
}

async function* slices(payload: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < payload.length; at += CHUNK_BYTES) yield payload.subarray(at, at + CHUNK_BYTES);
}
