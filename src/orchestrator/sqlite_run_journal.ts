/**
 * The run journal in one SQLite file, over `node:sqlite`: WAL, one writer, group commit.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { isOwnFault } from "../base/sqlite_file.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { RunStatus } from "../task/run.ts";
import { journalFailure, openDatabase, type SqliteRunJournalOptions } from "./sqlite_database.ts";
import { eventsFirst, journalClosed, limitOf, runNotFound, toRecord } from "./journal_text.ts";
import type {
  Committed,
  JournalledRun,
  JournalWrite,
  Memo,
  PruneFilter,
  Released,
  RunFilter,
  RunJournal,
  RunRecord,
  Start,
  TriggerState,
} from "./port.ts";
import { SqlitePruning } from "./sqlite_pruning.ts";
import { type Row, SqliteStatements } from "./sqlite_statements.ts";
import { type Step, stepsOf } from "./sqlite_steps.ts";

interface Waiting {
  readonly steps: readonly Step[];
  readonly resolve: (committed: Committed) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Keeps the journal in one SQLite file. Commits that arrive in the same turn of the event loop share one
 * transaction, and each is still all or nothing by itself.
 */
export class SqliteRunJournal implements RunJournal {
  readonly #path: string;
  readonly #db: SqliteStatements;
  readonly #pruning: SqlitePruning;
  #waiting: Waiting[] = [];
  #closed = false;

  /** Takes an open database of the journal's schema; use {@linkcode openSqliteRunJournal}. */
  constructor(path: string, db: DatabaseSync) {
    this.#path = path;
    this.#db = new SqliteStatements(db);
    this.#pruning = new SqlitePruning(this.#db);
  }

  /**
   * Writes a batch, all or nothing; answered after the transaction that it shares.
   *
   * @throws {MillraceError} `store/unencodable` for data that is not JSON; `run/not-found` for facts, state or
   * results of a run that is not there; `store/unavailable` if the disk refuses; `platform/closed`.
   */
  commit(writes: readonly JournalWrite[]): Promise<Committed> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw journalClosed();
      this.#waiting.push({ steps: eventsFirst(writes).flatMap(stepsOf), resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  /** The runs that have no final state yet, in the order in which they were accepted. */
  unfinished(): Promise<readonly JournalledRun[]> {
    return this.#read(() =>
      this.#db.all("SELECT * FROM runs WHERE status IN ('pending', 'running') ORDER BY rowid")
        .map((row) => this.#journalled(row))
    );
  }

  /** One run, or `undefined`. */
  run(runId: string): Promise<JournalledRun | undefined> {
    return this.#read(() =>
      this.#db.all("SELECT * FROM runs WHERE id = ?", runId).map((row) => this.#journalled(row))[0]
    );
  }

  /** Runs, newest first. */
  runs(filter: RunFilter): Promise<readonly RunRecord[]> {
    return this.#read(() => {
      const limit = limitOf(filter.limit);
      const wanted: [string, string | undefined][] = [
        ["pipeline = ?", filter.pipeline],
        ["status = ?", filter.status],
        ["id < ?", filter.before],
      ];
      const given = wanted.filter((condition): condition is [string, string] => condition[1] !== undefined);
      // Only what is asked for, so that the index of it is used.
      const where = given.length === 0 ? "" : `WHERE ${given.map(([sql]) => sql).join(" AND ")}`;
      const sql = `SELECT * FROM runs ${where} ORDER BY id DESC LIMIT ?`;
      return this.#db.all(sql, ...given.map(([, value]) => value), limit).map(recordOf);
    });
  }

  /** The accepted events that event triggers have still to see, oldest first. */
  unrouted(): Promise<readonly EncodedEvent[]> {
    return this.#read(() =>
      this.#db.all("SELECT envelope, data FROM events WHERE routed = 0 ORDER BY seq")
        .map((row) => ({ ...JSON.parse(String(row.envelope)), data: String(row.data) }))
    );
  }

  /** All triggers that ever fired, by name. */
  triggers(): Promise<readonly TriggerState[]> {
    return this.#read(() =>
      this.#db.all("SELECT * FROM triggers ORDER BY name").map((row) => ({
        name: String(row.name),
        count: Number(row.count),
        lastFiredMs: Number(row.fired_ms),
        ...(row.scheduled_ms === null ? {} : { lastScheduledMs: Number(row.scheduled_ms) }),
      }))
    );
  }

  /** The latest succeeded result of a task over all runs, or `undefined`. */
  latestResult(
    task: string,
  ): Promise<{ readonly runId: string; readonly resultIds: readonly string[] } | undefined> {
    return this.#read(() => {
      const [row] = this.#db.all("SELECT run_id, result_ids FROM results WHERE task = ?", task);
      return row && { runId: String(row.run_id), resultIds: JSON.parse(String(row.result_ids)) };
    });
  }

  /** The attempts that count against rate limits. */
  starts(): Promise<readonly Start[]> {
    return this.#read(() =>
      this.#db.all("SELECT * FROM starts").map((row) => ({
        runId: String(row.run_id),
        task: String(row.task),
        attempt: Number(row.attempt),
        key: String(row.key),
        perMs: Number(row.per_ms),
        ...(row.begun_ms === null ? {} : { begunMs: Number(row.begun_ms) }),
      }))
    );
  }

  /** What is remembered of a task under a key, or `undefined`. */
  memo(task: string, key: string): Promise<Memo | undefined> {
    return this.#read(() => {
      const [row] = this.#db.all("SELECT * FROM memos WHERE task = ? AND key = ?", task, key);
      return row && {
        task,
        key,
        runId: String(row.run_id),
        attempt: Number(row.attempt),
        digest: String(row.digest),
        timeMs: Number(row.time_ms),
        ...(row.chunks === null ? {} : { chunks: Number(row.chunks) }),
      };
    });
  }

  /** Forgets ended runs, oldest first, and gives their ids; what an unfinished run reads or repeats stays. */
  prune(filter: PruneFilter): Promise<readonly string[]> {
    return this.#read(() => this.#pruning.prune(filter));
  }

  /** Deletes the next bit of a forgotten run that is none of these; `undefined` if there is nothing to delete. */
  release(except: readonly string[] = []): Promise<Released | undefined> {
    return this.#read(() => this.#pruning.release(except));
  }

  /** The results of a forgotten run are deleted, but for those of these tasks. */
  released(runId: string, kept: readonly string[]): Promise<void> {
    return this.#read(() => this.#pruning.released(runId, kept));
  }

  /** Deletes routed events from before that no run is left of, at most so many; gives their number. */
  pruneEvents(beforeMs: number, limit: number): Promise<number> {
    return this.#read(() => this.#pruning.pruneEvents(beforeMs, limit));
  }

  /** Gives a little of the space that is not used any more back to the disk; says whether there may be more. */
  reclaim(): Promise<boolean> {
    return this.#read(() => this.#pruning.reclaim());
  }

  /** Writes what still waits, then closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#closed) {
        this.#flush();
        this.#closed = true;
        this.#db.close();
      }
      resolve();
    });
  }

  /** One transaction for all that waits: one fsync (with `fsync: "always"`) for the lot. */
  #flush(): void {
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    let settle: (() => void)[];
    try {
      this.#db.run("BEGIN IMMEDIATE");
      settle = group.map((waiting) => this.#write(waiting));
      this.#db.run("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.run("ROLLBACK");
      settle = group.map((waiting) => () => waiting.reject(journalFailure(this.#path, error)));
    }
    for (const answer of settle) answer();
  }

  /** Writes one batch inside the transaction; gives what to answer once that is durable. */
  #write({ steps, resolve, reject }: Waiting): () => void {
    this.#db.run("SAVEPOINT batch");
    try {
      const duplicate = !steps.every((step) => this.#step(step));
      if (duplicate) this.#db.run("ROLLBACK TO batch");
      this.#db.run("RELEASE batch");
      return () => resolve({ duplicate });
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      this.#db.run("ROLLBACK TO batch");
      this.#db.run("RELEASE batch");
      return () => reject(journalFailure(this.#path, error));
    }
  }

  /** Runs one statement; gives false if it found a duplicate. */
  #step({ sql, params, rule }: Step): boolean {
    const changed = this.#db.run(sql, ...params) > 0;
    if (changed || rule === undefined) return true;
    if (rule.unchanged === "duplicate") return false;
    throw runNotFound(rule.runId);
  }

  #journalled(row: Row): JournalledRun {
    const run = recordOf(row);
    const facts = this.#db.all("SELECT fact FROM facts WHERE run_id = ? ORDER BY seq", run.id);
    return { run, facts: facts.flatMap(({ fact }) => JSON.parse(String(fact)) as unknown[]) };
  }

  #read<T>(fn: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#closed) throw journalClosed();
      try {
        resolve(fn());
      } catch (error) {
        throw journalFailure(this.#path, error);
      }
    });
  }
}

/**
 * Opens the journal in a SQLite file, which is made if it is missing. One process may have it open.
 *
 * @throws {MillraceError} `platform/journal-unusable` if the file cannot be opened, is no journal, is corrupt
 * or was written by a newer version of Millrace.
 */
export function openSqliteRunJournal(options: SqliteRunJournalOptions): Promise<SqliteRunJournal> {
  return new Promise((resolve) => resolve(new SqliteRunJournal(options.path, openDatabase(options))));
}

function recordOf(row: Row): RunRecord {
  return toRecord(String(row.accepted), row.status as RunStatus, row.ended_ms as number | null);
}
