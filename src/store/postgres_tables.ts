/**
 * Results in the tables of PostgreSQL: what is asked of the database, in SQL.
 *
 * - `results`: one row for each key, with its payload or the set of chunks that has it
 * - `chunks`: parts of large payloads
 * - `loose`: sets that no key points to: being written, or nobody's (`-infinity`). A set becomes loose, or ceases
 *   to be, in the statement that makes it so: whatever is interrupted, a later opening finds and removes it.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { PostgresClient } from "./postgres_client.ts";
import type { ResultHead, ResultKey } from "./port.ts";

/** How long a loose set must have been left alone to be taken for a leftover: a stream may pause. */
const LEFTOVER = "10 minutes";

/** A row, as the database gives it. */
export interface ResultRow {
  readonly head: ResultHead;
  readonly createdMs: number;
  readonly payload: Uint8Array<ArrayBuffer> | null;
  readonly set: string | null;
}

/** The tables in one schema. */
export class PostgresTables {
  readonly #client: PostgresClient;
  readonly #schema: string;

  /** Works on a schema over connections that are the caller's. */
  constructor(client: PostgresClient, schema: string) {
    this.#client = client;
    this.#schema = schema;
  }

  /** Makes what is missing, one opener at a time, and removes what interrupted saves have left. */
  async prepare(): Promise<void> {
    const schema = `"${this.#schema}"`;
    await this.#client.runAgain(async (sql) => {
      const [{ ready } = { ready: null }] = await sql`SELECT to_regclass(${`${schema}.loose`}) AS ready`;
      // Statements sent as one are one transaction: the last table stands for all.
      if (ready === null) await sql.unsafe(createStatements(schema)).simple();
      await sql`
        UPDATE ${this.#name(sql, "loose")} SET touched = '-infinity'
        WHERE touched < clock_timestamp() - ${LEFTOVER}::interval`;
    });
    await this.clearNobodys();
  }

  /** Lets a key have a payload, or a set of chunks that was loose until now. Says whether the set still was. */
  async put(
    { runId, task, resultId }: ResultKey,
    { codec, bytes, sha256 }: ResultHead,
    held: Uint8Array | { readonly set: string },
  ): Promise<boolean> {
    const set = held instanceof Uint8Array ? null : held.set;
    const payload = held instanceof Uint8Array ? held : null;
    const place = async (sql: Sql): Promise<{ readonly old: string | null } | undefined> => {
      const mine = sql`mine AS (DELETE FROM ${this.#name(sql, "loose")}
      WHERE set_id = ${set} AND touched > '-infinity' RETURNING set_id),`;
      const [row] = await sql<{ old: string | null }[]>`
      WITH ${set === null ? sql`` : mine} placed AS (
        INSERT INTO ${this.#name(sql, "results")} AS r
          (run_id, task, result_id, codec, bytes, sha256, payload, set_id)
        SELECT ${runId}::text, ${task}::text, ${resultId}::text, ${codec}::text, ${bytes}::bigint,
          ${sha256}::text, ${payload}::bytea, ${set}::uuid ${set === null ? sql`` : sql`FROM mine`}
        ON CONFLICT (run_id, task, result_id) DO UPDATE SET
          codec = excluded.codec, bytes = excluded.bytes, sha256 = excluded.sha256,
          payload = excluded.payload, set_id = excluded.set_id, old_set_id = r.set_id, created = excluded.created
        RETURNING old_set_id
      ), loosened AS (
        INSERT INTO ${
        this.#name(sql, "loose")
      } SELECT old_set_id, '-infinity' FROM placed WHERE old_set_id IS NOT NULL
      ) SELECT old_set_id AS old FROM placed`;
      return row;
    };
    // What was loose is so once only.
    const row = await (set === null ? this.#client.runAgain(place) : this.#client.run(place));
    if (row !== undefined && row.old !== null) await this.clearNobodys();
    return row !== undefined;
  }

  /** Begins a set of chunks, which is loose until a key has it. */
  async begin(set: string): Promise<void> {
    await this.#client.run((sql) =>
      sql`INSERT INTO ${this.#name(sql, "loose")} VALUES (${set}, clock_timestamp())`
    );
  }

  /** Adds a chunk; says whether the set is still there. */
  async append(set: string, index: number, data: Uint8Array): Promise<boolean> {
    const { count } = await this.#client.run((sql) =>
      sql`
      WITH mine AS (
        UPDATE ${this.#name(sql, "loose")} SET touched = clock_timestamp()
        WHERE set_id = ${set} AND touched > '-infinity' RETURNING set_id
      ) INSERT INTO ${this.#name(sql, "chunks")} SELECT set_id, ${index}::integer, ${data}::bytea FROM mine`
    );
    return count === 1;
  }

  /** Gives up a set that was begun. */
  async discard(set: string): Promise<void> {
    await this.#client.runAgain((sql) =>
      sql`UPDATE ${this.#name(sql, "loose")} SET touched = '-infinity' WHERE set_id = ${set}`
    );
    await this.clearNobodys();
  }

  /** Some chunks of a set, as many as there are, in their order. */
  async chunks(set: string, first: number, count: number): Promise<readonly Uint8Array<ArrayBuffer>[]> {
    const rows = await this.#client.runAgain((sql) =>
      sql<{ data: Uint8Array }[]>`
      SELECT data FROM ${this.#name(sql, "chunks")}
      WHERE set_id = ${set} AND index >= ${first} AND index < ${first + count} ORDER BY index`
    );
    return rows.map(({ data }) => new Uint8Array(data));
  }

  /** Finds the row of a key, with its payload or without. */
  async find({ runId, task, resultId }: ResultKey, withPayload: boolean): Promise<ResultRow | undefined> {
    const [row] = await this.#client.runAgain((sql) =>
      sql<
        {
          codec: ResultHead["codec"];
          bytes: string;
          sha256: string;
          ms: number;
          set: string | null;
          payload?: Uint8Array | null;
        }[]
      >`SELECT codec, bytes, sha256, (extract(epoch FROM created) * 1000)::float8 AS ms, set_id AS set
        ${withPayload ? sql`, payload` : sql``}
      FROM ${
        this.#name(sql, "results")
      } WHERE run_id = ${runId} AND task = ${task} AND result_id = ${resultId}`
    );
    if (row === undefined) return undefined;
    const { codec, bytes, sha256, ms, set, payload = null } = row;
    return {
      head: { codec, bytes: Number(bytes), sha256 },
      createdMs: ms,
      payload: payload === null ? null : new Uint8Array(payload),
      set,
    };
  }

  /** The keys of a run or of one of its tasks. */
  async keys(runId: string, task: string | undefined): Promise<ResultKey[]> {
    const rows = await this.#client.runAgain((sql) =>
      sql<{ task: string; id: string }[]>`
      SELECT task, result_id AS id FROM ${this.#name(sql, "results")}
      WHERE run_id = ${runId} ${task === undefined ? sql`` : sql`AND task = ${task}`}`
    );
    return rows.map(({ task, id }) => ({ runId, task, resultId: id }));
  }

  /** The runs that have results; one look at the index for each, whatever it holds. */
  async runIds(): Promise<string[]> {
    const rows = await this.#client.runAgain((sql) => {
      const results = this.#name(sql, "results");
      return sql<{ id: string }[]>`
      WITH RECURSIVE run AS (
        (SELECT run_id FROM ${results} ORDER BY run_id LIMIT 1)
        UNION ALL
        SELECT (SELECT r.run_id FROM ${results} AS r WHERE r.run_id > run.run_id ORDER BY r.run_id LIMIT 1)
        FROM run WHERE run.run_id IS NOT NULL
      ) SELECT run_id AS id FROM run WHERE run_id IS NOT NULL`;
    });
    return rows.map(({ id }) => id);
  }

  /** Deletes a run or one of its results; gives how many there were. */
  async delete(runId: string, one?: { readonly task: string; readonly resultId: string }): Promise<number> {
    const [{ count, sets } = { count: 0, sets: 0 }] = await this.#client.run((sql) => {
      const only = one === undefined ? sql`` : sql`AND task = ${one.task} AND result_id = ${one.resultId}`;
      return sql<{ count: number; sets: number }[]>`
      WITH gone AS (
        DELETE FROM ${this.#name(sql, "results")} WHERE run_id = ${runId} ${only} RETURNING set_id
      ), loosened AS (
        INSERT INTO ${this.#name(sql, "loose")} SELECT set_id, '-infinity' FROM gone WHERE set_id IS NOT NULL
      ) SELECT count(*)::integer AS count, count(set_id)::integer AS sets FROM gone`;
    });
    if (sets > 0) await this.clearNobodys();
    return count;
  }

  /** Removes the chunks of sets that are nobody's. */
  async clearNobodys(): Promise<void> {
    await this.#client.runAgain((sql) =>
      sql`
      WITH gone AS (DELETE FROM ${this.#name(sql, "loose")} WHERE touched = '-infinity' RETURNING set_id)
      DELETE FROM ${this.#name(sql, "chunks")} AS c USING gone WHERE c.set_id = gone.set_id`
    );
  }

  #name(sql: Sql, table: string) {
    return sql(`${this.#schema}.${table}`);
  }
}

function createStatements(schema: string): string {
  // "C": keys sort by code unit, as everywhere. EXTERNAL: payloads are not worth a try at compressing them.
  return `
    SELECT pg_advisory_xact_lock(hashtext('millrace results'));
    CREATE SCHEMA IF NOT EXISTS ${schema};
    CREATE TABLE IF NOT EXISTS ${schema}.results (
      run_id text COLLATE "C" NOT NULL, task text COLLATE "C" NOT NULL, result_id text COLLATE "C" NOT NULL,
      codec text NOT NULL, bytes bigint NOT NULL, sha256 text NOT NULL, payload bytea, set_id uuid, old_set_id uuid,
      created timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (run_id, task, result_id)
    );
    CREATE TABLE IF NOT EXISTS ${schema}.chunks (
      set_id uuid NOT NULL, index integer NOT NULL, data bytea NOT NULL, PRIMARY KEY (set_id, index)
    );
    ALTER TABLE ${schema}.results ALTER COLUMN payload SET STORAGE EXTERNAL;
    ALTER TABLE ${schema}.chunks ALTER COLUMN data SET STORAGE EXTERNAL;
    CREATE TABLE IF NOT EXISTS ${schema}.loose (set_id uuid PRIMARY KEY, touched timestamptz NOT NULL)`;
}
