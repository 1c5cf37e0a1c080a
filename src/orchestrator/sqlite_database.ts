/**
 * The SQLite file of the run journal: its schema, its settings, and what its errors mean.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { messageOf, MillraceError } from "../base/errors.ts";
import { assertKeys } from "../base/names.ts";

/** What `openSqliteRunJournal` takes. */
export interface SqliteRunJournalOptions {
  /** The file; `:memory:` for none. Its folder must be there. */
  readonly path: string;
  /**
   * What an answered commit survives: `batched` the end of the process, `always` the end of the machine too,
   * for one fsync per group of commits. @default {"batched"}
   */
  readonly fsync?: "always" | "batched";
}

/** "MilR": says that a SQLite file is a journal of ours. */
const APPLICATION_ID = 0x4d696c52;

/** How long another process (a backup, a curious `sqlite3`) may hold the file, in ms. */
const BUSY_TIMEOUT_MS = 5_000;

/** Up to this size the whole file is checked on opening; that takes some 3 ms a megabyte. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;

/** Primary result codes of SQLite: constraint violated, malformed, not a database. */
const SQLITE_CONSTRAINT = 19;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** What makes a file of each version one of the next; the first makes a new file. Never changed, only added to. */
const MIGRATIONS = [
  `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, envelope TEXT NOT NULL, data TEXT NOT NULL,
    routed INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX events_unrouted ON events (seq) WHERE routed = 0;
  CREATE TABLE runs (
    id TEXT PRIMARY KEY NOT NULL, pipeline TEXT NOT NULL, status TEXT NOT NULL, ended_ms REAL,
    accepted TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runs_by_pipeline ON runs (pipeline, id);
  CREATE INDEX runs_by_status ON runs (status, id);
  CREATE TABLE facts (seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, fact TEXT NOT NULL) STRICT;
  CREATE INDEX facts_by_run ON facts (run_id, seq);
  CREATE TABLE results (
    task TEXT PRIMARY KEY NOT NULL, run_id TEXT NOT NULL, result_ids TEXT NOT NULL, time_ms REAL NOT NULL
  ) STRICT;
  CREATE TABLE triggers (
    name TEXT PRIMARY KEY NOT NULL, count INTEGER NOT NULL, fired_ms REAL NOT NULL, scheduled_ms REAL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
`,
  `
  CREATE TABLE memos (
    task TEXT NOT NULL, key TEXT NOT NULL, run_id TEXT NOT NULL, attempt INTEGER NOT NULL, chunks INTEGER,
    digest TEXT NOT NULL, time_ms REAL NOT NULL, PRIMARY KEY (task, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX memos_by_run ON memos (run_id);
  CREATE TABLE reads (
    run_id TEXT NOT NULL, source_run_id TEXT NOT NULL, task TEXT NOT NULL,
    PRIMARY KEY (run_id, source_run_id, task)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX reads_by_source ON reads (source_run_id, task);
`,
];
const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Opens the file, makes the schema if it is new, and checks that it is ours and whole.
 *
 * @throws {MillraceError} `platform/journal-unusable`.
 */
export function openDatabase(options: SqliteRunJournalOptions): DatabaseSync {
  assertKeys("a SQLite run journal", options, ["path", "fsync"]);
  const { path, fsync = "batched" } = options;
  if (fsync !== "always" && fsync !== "batched") {
    throw new TypeError(
      `Cannot open a run journal as fsync must be "always" or "batched": current value is ${fsync}`,
    );
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    assertSupported(path, db);
    db.exec("PRAGMA journal_mode = WAL");
    db.exec(`PRAGMA synchronous = ${fsync === "always" ? "FULL" : "NORMAL"}`);
    migrate(db);
    assertWhole(path, db);
    return db;
  } catch (error) {
    db?.close();
    throw MillraceError.is(error) ? error : unusable(path, messageOf(error), error);
  }
}

/** Whether only the batch that met the error is at fault: bad data, as opposed to a bad disk. */
export function isOwnFault(error: unknown): boolean {
  const code = resultCode(error);
  return code === undefined || code === SQLITE_CONSTRAINT;
}

/** What a failed read or write means to the caller. */
export function sqliteFailure(path: string, error: unknown): unknown {
  const reason = messageOf(error);
  const code = resultCode(error);
  if (code === SQLITE_CONSTRAINT) {
    return new TypeError(`Cannot journal a batch as its values must fit the schema: ${reason}`, {
      cause: error,
    });
  }
  // Text that is not JSON any more is as broken as a page that is not a page.
  const broken = error instanceof SyntaxError || code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
  if (broken) return unusable(path, reason, error);
  if (code === undefined) return error;
  return new MillraceError(
    "store/unavailable",
    `Cannot use the run journal ${path} as the disk must let it be read and written: ${reason}`,
    { details: { path, reason }, cause: error },
  );
}

/** The primary result code, which is the low byte of an extended one; `undefined` for other errors. */
function resultCode(error: unknown): number | undefined {
  const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown };
  if (typeof errcode === "number") return errcode & 0xff;
  return code === "ERR_SQLITE_ERROR" ? 0 : undefined;
}

function assertSupported(path: string, db: DatabaseSync): void {
  const version = pragma(db, "user_version");
  const { tables } = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()!;
  const isNew = version === 0 && tables === 0;
  if (!isNew && pragma(db, "application_id") !== APPLICATION_ID) {
    throw unusable(path, "it is a SQLite file of something else");
  }
  if (version > SCHEMA_VERSION) {
    throw unusable(
      path,
      `its schema version is ${version}, newer than ${SCHEMA_VERSION}: update Millrace to use it`,
    );
  }
}

function migrate(db: DatabaseSync): void {
  if (pragma(db, "user_version") === SCHEMA_VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  // Asked again: another process may have done it while this one waited for its turn.
  for (const migration of MIGRATIONS.slice(pragma(db, "user_version"))) db.exec(migration);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec("COMMIT");
}

function assertWhole(path: string, db: DatabaseSync): void {
  if (pragma(db, "page_count") * pragma(db, "page_size") > MAX_CHECKED_BYTES) return;
  const found = String(db.prepare("PRAGMA quick_check(1)").get()?.quick_check);
  if (found !== "ok") throw unusable(path, `it is corrupt (${found.replaceAll(/\s+/g, " ")})`);
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function unusable(path: string, reason: string, cause?: unknown): MillraceError<"platform/journal-unusable"> {
  return new MillraceError(
    "platform/journal-unusable",
    `Cannot open the run journal ${path} as it must be a SQLite file written by this or an earlier version ` +
      `of Millrace: ${reason}`,
    { details: { path, reason }, cause },
  );
}
