/**
 * The run journal in one SQLite file, over `node:sqlite`: WAL, one writer, group commit.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { isOwnFault } from "../base/sqlite_file.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { RunStatus } from "../task/run.ts";
import { journalFailure, openDatabase, type SqliteRunJournalOptions } from "./sqlite_database.ts";
import { eventsFirst, journalClosed, limitOf, runNotFound, toRecord, toText } from "./journal_text.ts";
import type {
  Committed,
  JournalledRun,
  JournalWrite,
  Memo,
  RunFilter,
  RunJournal,
  RunRecord,
  TriggerState,
} from "./port.ts";

/** A statement and what it is run with. */
type Step =
  | { readonly sql: string; readonly params: readonly SQLInputValue[]; readonly rule?: undefined }
  | {
    readonly sql: string;
    readonly params: readonly SQLInputValue[];
    /** What it means if the statement changed nothing. */
    readonly rule: { readonly unchanged: "duplicate" } | {
      readonly unchanged: "no-run";
      readonly runId: string;
    };
  };

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
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #waiting: Waiting[] = [];
  #closed = false;

  /** Takes an open database of the journal's schema; use {@linkcode openSqliteRunJournal}. */
  constructor(path: string, db: DatabaseSync) {
    this.#path = path;
    this.#db = db;
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
      this.#all("SELECT * FROM runs WHERE status IN ('pending', 'running') ORDER BY rowid")
        .map((row) => this.#journalled(row))
    );
  }

  /** One run, or `undefined`. */
  run(runId: string): Promise<JournalledRun | undefined> {
    return this.#read(() =>
      this.#all("SELECT * FROM runs WHERE id = ?", runId).map((row) => this.#journalled(row))[0]
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
      return this.#all(sql, ...given.map(([, value]) => value), limit).map(recordOf);
    });
  }

  /** The accepted events that event triggers have still to see, oldest first. */
  unrouted(): Promise<readonly EncodedEvent[]> {
    return this.#read(() =>
      this.#all("SELECT envelope, data FROM events WHERE routed = 0 ORDER BY seq")
        .map((row) => ({ ...JSON.parse(String(row.envelope)), data: String(row.data) }))
    );
  }

  /** All triggers that ever fired, by name. */
  triggers(): Promise<readonly TriggerState[]> {
    return this.#read(() =>
      this.#all("SELECT * FROM triggers ORDER BY name").map((row) => ({
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
      const [row] = this.#all("SELECT run_id, result_ids FROM results WHERE task = ?", task);
      return row && { runId: String(row.run_id), resultIds: JSON.parse(String(row.result_ids)) };
    });
  }

  /** What is remembered of a task under a key, or `undefined`. */
  memo(task: string, key: string): Promise<Memo | undefined> {
    return this.#read(() => {
      const [row] = this.#all("SELECT * FROM memos WHERE task = ? AND key = ?", task, key);
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
      this.#run("BEGIN IMMEDIATE");
      settle = group.map((waiting) => this.#write(waiting));
      this.#run("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#run("ROLLBACK");
      settle = group.map((waiting) => () => waiting.reject(journalFailure(this.#path, error)));
    }
    for (const answer of settle) answer();
  }

  /** Writes one batch inside the transaction; gives what to answer once that is durable. */
  #write({ steps, resolve, reject }: Waiting): () => void {
    this.#run("SAVEPOINT batch");
    try {
      const duplicate = !steps.every((step) => this.#step(step));
      if (duplicate) this.#run("ROLLBACK TO batch");
      this.#run("RELEASE batch");
      return () => resolve({ duplicate });
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      this.#run("ROLLBACK TO batch");
      this.#run("RELEASE batch");
      return () => reject(journalFailure(this.#path, error));
    }
  }

  /** Runs one statement; gives false if it found a duplicate. */
  #step({ sql, params, rule }: Step): boolean {
    const changed = this.#run(sql, ...params) > 0;
    if (changed || rule === undefined) return true;
    if (rule.unchanged === "duplicate") return false;
    throw runNotFound(rule.runId);
  }

  #journalled(row: Row): JournalledRun {
    const run = recordOf(row);
    const facts = this.#all("SELECT fact FROM facts WHERE run_id = ? ORDER BY seq", run.id);
    return { run, facts: facts.map(({ fact }) => JSON.parse(String(fact))) };
  }

  #run(sql: string, ...params: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...params).changes);
  }

  #all(sql: string, ...params: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...params);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
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

type Row = Record<string, unknown>;

function recordOf(row: Row): RunRecord {
  return toRecord(String(row.accepted), row.status as RunStatus, row.ended_ms as number | null);
}

function stepsOf(write: JournalWrite): Step[] {
  switch (write.kind) {
    case "event": {
      const { data, ...envelope } = write.event;
      // Text columns end at NUL on reading (Deno 2.9.6), so free text is kept as JSON, which escapes it.
      const sql =
        "INSERT INTO events (id, envelope, data, routed) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
      const params = [envelope.id, toText("an event", envelope), data, write.routed ? 1 : 0];
      return [{ sql, params, rule: { unchanged: "duplicate" } }];
    }
    case "routed":
      return [{ sql: "UPDATE events SET routed = 1 WHERE id = ?", params: [write.eventId] }];
    case "run": {
      const { id, pipeline, status, endedMs = null } = write.run;
      const sql = "INSERT INTO runs (id, pipeline, status, ended_ms, accepted) VALUES (?, ?, ?, ?, ?) " +
        "ON CONFLICT DO NOTHING";
      return [{ sql, params: [id, pipeline, status, endedMs, toText("a run", write.run)] }];
    }
    case "facts": {
      const { runId } = write;
      const sql = "INSERT INTO facts (run_id, fact) SELECT id, ? FROM runs WHERE id = ?";
      return write.facts.map((fact) => (
        { sql, params: [toText("a fact", fact), runId], rule: { unchanged: "no-run", runId } }
      ));
    }
    case "status": {
      const { runId, status, endedMs = null } = write;
      const sql = "UPDATE runs SET status = ?, ended_ms = ? WHERE id = ?";
      return [{ sql, params: [status, endedMs, runId], rule: { unchanged: "no-run", runId } }];
    }
    case "result": {
      const { task, runId, source = null, resultIds, timeMs } = write;
      // Always changes the row if the run is there, so that "unchanged" can only mean that it is not.
      const sql =
        `INSERT INTO results (task, run_id, result_ids, time_ms) SELECT ?, coalesce(?, id), ?, ? FROM runs
        WHERE id = ?
        ON CONFLICT (task) DO UPDATE SET
          run_id = iif(excluded.time_ms >= time_ms, excluded.run_id, run_id),
          result_ids = iif(excluded.time_ms >= time_ms, excluded.result_ids, result_ids),
          time_ms = max(excluded.time_ms, time_ms)`;
      const params = [task, source, toText("result ids", resultIds), timeMs, runId];
      return [{ sql, params, rule: { unchanged: "no-run", runId } }];
    }
    case "memo": {
      const { task, key, runId, attempt, chunks = null, digest, timeMs } = write.memo;
      const sql = `INSERT OR REPLACE INTO memos (task, key, run_id, attempt, chunks, digest, time_ms)
        SELECT ?, ?, id, ?, ?, ?, ? FROM runs WHERE id = ?`;
      const params = [task, key, attempt, chunks, digest, timeMs, runId];
      return [{ sql, params, rule: { unchanged: "no-run", runId } }];
    }
    case "reads": {
      const { runId } = write;
      const sql =
        "INSERT OR REPLACE INTO reads (run_id, source_run_id, task) SELECT id, ?, ? FROM runs WHERE id = ?";
      return write.sources.map((source) => (
        { sql, params: [source.runId, source.task, runId], rule: { unchanged: "no-run", runId } }
      ));
    }
    case "trigger": {
      const { name, firedMs, scheduledMs = null } = write;
      const sql = `INSERT INTO triggers (name, count, fired_ms, scheduled_ms) VALUES (?, 1, ?, ?)
        ON CONFLICT (name) DO UPDATE SET count = count + 1, fired_ms = max(fired_ms, excluded.fired_ms),
          scheduled_ms = coalesce(max(scheduled_ms, excluded.scheduled_ms), scheduled_ms, excluded.scheduled_ms)`;
      return [{ sql, params: [name, firedMs, scheduledMs] }];
    }
  }
}
