/**
 * How the journal in SQLite forgets: in short transactions, none of which holds up a commit for long.
 *
 * @module
 */
import { pruneLimits } from "./journal_text.ts";
import type { PruneFilter, Released } from "./port.ts";
import type { SqliteStatements } from "./sqlite_statements.ts";

/** How many facts are deleted at once: some 5 ms. */
const FACTS_AT_ONCE = 2_000;
/** How many pages of 4 KiB are given back to the disk at once; so many unused ones, or a tenth of all, stay. */
const PAGES_AT_ONCE = 256;

const ENDED = "status NOT IN ('pending', 'running')";

/** A run that is not over needs the results that it reads, and the run that it repeats. */
const NOT_NEEDED = `NOT EXISTS (
  SELECT 1 FROM reads JOIN runs AS reader ON reader.id = reads.run_id
  WHERE reads.source_run_id = runs.id AND reader.status IN ('pending', 'running'))`;

/** The tasks of a forgotten run whose results stay, as a JSON array. */
const KEPT = `(SELECT json_group_array(task) FROM (
  SELECT task FROM reads WHERE source_run_id = forgotten.run_id AND task != ''
  UNION SELECT task FROM results WHERE run_id = forgotten.run_id ORDER BY task))`;

/** Forgetting in one database of the journal. */
export class SqlitePruning {
  readonly #db: SqliteStatements;

  constructor(db: SqliteStatements) {
    this.#db = db;
  }

  /** See the port. */
  prune(filter: PruneFilter): readonly string[] {
    const { limit, keep } = pruneLimits(filter);
    const { pipeline, except = [], endedBeforeMs, dryRun = false } = filter;
    const pipelines = pipeline === undefined ? this.#pipelines(except) : [pipeline];
    const choose = (): string[] => {
      const ids: string[] = [];
      for (const name of pipelines) {
        if (ids.length < limit) ids.push(...this.#endedOf(name, endedBeforeMs, keep, limit - ids.length));
      }
      return ids;
    };
    if (dryRun) return choose();
    return this.#db.transaction(() => {
      const ids = choose();
      for (const id of ids) {
        this.#db.run("DELETE FROM reads WHERE run_id = ?", id);
        this.#db.run("DELETE FROM runs WHERE id = ?", id);
        this.#db.run("INSERT INTO forgotten (run_id) VALUES (?)", id);
      }
      return ids;
    });
  }

  /** See the port. */
  release(except: readonly string[]): Released | undefined {
    return this.#db.transaction(() => {
      const [row] = this.#db.all(
        `SELECT run_id, ${KEPT} AS kept FROM forgotten WHERE (released IS NULL OR released != ${KEPT})
          AND run_id NOT IN (SELECT value FROM json_each(?)) LIMIT 1`,
        JSON.stringify(except),
      );
      if (row === undefined) return undefined;
      const runId = String(row.run_id);
      const facts = this.#db.run(
        "DELETE FROM facts WHERE seq IN (SELECT seq FROM facts WHERE run_id = ? LIMIT ?)",
        runId,
        FACTS_AT_ONCE,
      );
      if (facts === FACTS_AT_ONCE) return { runId, more: true, kept: [] };
      // In the same transaction in which it is seen that nobody reads it: from here on nobody will.
      const sql = "DELETE FROM memos WHERE run_id = ? AND task NOT IN (SELECT value FROM json_each(?))";
      this.#db.run(sql, runId, String(row.kept));
      return { runId, more: false, kept: JSON.parse(String(row.kept)) };
    });
  }

  /** See the port. */
  released(runId: string, kept: readonly string[]): void {
    if (kept.length === 0) this.#db.run("DELETE FROM forgotten WHERE run_id = ?", runId);
    else {
      this.#db.run("UPDATE forgotten SET released = ? WHERE run_id = ?", JSON.stringify(kept), runId);
    }
  }

  /** See the port. */
  pruneEvents(beforeMs: number, limit: number): number {
    return this.#db.run(
      `DELETE FROM events WHERE seq IN (
        SELECT seq FROM events WHERE time_ms < ? AND routed = 1
          AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.event_id = events.id) ORDER BY time_ms LIMIT ?)`,
      beforeMs,
      limit,
    );
  }

  /** See the port. */
  reclaim(): boolean {
    const unused = this.#pragma("freelist_count");
    const spare = Math.max(PAGES_AT_ONCE, this.#pragma("page_count") / 10);
    if (unused <= spare) return false;
    this.#db.all(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`);
    // A file from before this version cannot shrink, but its space is used again.
    return this.#pragma("freelist_count") < unused;
  }

  #pipelines(except: readonly string[]): string[] {
    const known = new Set(except);
    return this.#db.all("SELECT DISTINCT pipeline FROM runs ORDER BY pipeline")
      .map((row) => String(row.pipeline)).filter((name) => !known.has(name));
  }

  #endedOf(pipeline: string, endedBeforeMs: number | undefined, keep: number, limit: number): string[] {
    const old = endedBeforeMs === undefined ? "" : "AND ended_ms < ?";
    const surplus = keep === 0
      ? ""
      : "AND id < (SELECT id FROM runs WHERE pipeline = ? ORDER BY id DESC LIMIT 1 OFFSET ?)";
    const sql =
      `SELECT id FROM runs WHERE pipeline = ? AND ${ENDED} ${old} ${surplus} AND ${NOT_NEEDED} ORDER BY id LIMIT ?`;
    return this.#db.all(
      sql,
      pipeline,
      ...(endedBeforeMs === undefined ? [] : [endedBeforeMs]),
      ...(keep === 0 ? [] : [pipeline, keep - 1]),
      limit,
    ).map((row) => String(row.id));
  }

  #pragma(name: string): number {
    return Number(this.#db.all(`PRAGMA ${name}`)[0]?.[name]);
  }
}
