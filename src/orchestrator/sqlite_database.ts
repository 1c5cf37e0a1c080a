/**
 * The SQLite file of the run journal: its schema, and what it is called in errors.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { MillraceError } from "../base/errors.ts";
import { assertKeys } from "../base/names.ts";
import { openSqliteFile, sqliteFailure, type SqliteFileKind } from "../base/sqlite_file.ts";

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
  // A line holds all facts that were written together: an array.
  `
  UPDATE facts SET fact = '[' || fact || ']';
`,
  `
  ALTER TABLE events ADD COLUMN time_ms REAL NOT NULL DEFAULT 0;
  UPDATE events SET time_ms = json_extract(envelope, '$.timeMs');
  CREATE INDEX events_by_time ON events (time_ms);
  ALTER TABLE runs ADD COLUMN event_id TEXT NOT NULL DEFAULT '';
  UPDATE runs SET event_id = json_extract(accepted, '$.eventId');
  CREATE INDEX runs_by_event ON runs (event_id);
  CREATE INDEX results_by_run ON results (run_id);
  -- Runs that are gone; \`released\` says which of their results are still there.
  CREATE TABLE forgotten (run_id TEXT PRIMARY KEY NOT NULL, released TEXT) STRICT, WITHOUT ROWID;
`,
  `
  CREATE TABLE starts (
    run_id TEXT NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL, key TEXT NOT NULL, per_ms REAL NOT NULL,
    begun_ms REAL, PRIMARY KEY (run_id, task, attempt)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX starts_by_end ON starts (begun_ms + per_ms) WHERE begun_ms IS NOT NULL;
`,
];

const JOURNAL: SqliteFileKind = {
  what: "the run journal",
  applicationId: 0x4d696c52, // "MilR"
  migrations: MIGRATIONS,
  unusable,
};

/**
 * Opens the file, makes the schema if it is new, and checks that it is ours and whole.
 *
 * @throws {MillraceError} `platform/journal-unusable`.
 */
export function openDatabase(options: SqliteRunJournalOptions): DatabaseSync {
  assertKeys("a SQLite run journal", options, ["path", "fsync"]);
  return openSqliteFile(options.path, options.fsync ?? "batched", JOURNAL);
}

/** What a failed read or write means to the caller. */
export function journalFailure(path: string, error: unknown): unknown {
  return sqliteFailure(path, JOURNAL, error);
}

function unusable(path: string, reason: string, cause?: unknown): MillraceError<"platform/journal-unusable"> {
  return new MillraceError(
    "platform/journal-unusable",
    `Cannot open the run journal ${path} as it must be a SQLite file written by this or an earlier version ` +
      `of Millrace: ${reason}`,
    { details: { path, reason }, cause },
  );
}
