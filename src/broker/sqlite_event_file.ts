/**
 * The SQLite file of the event log: its schema, and what it is called in errors.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { SqliteFileKind } from "../base/sqlite_file.ts";

// Text columns end at NUL on reading (Deno 2.9.6), so free text is kept as JSON, which escapes it: an envelope
// is an event without topic and data. The column `id` is only ever compared.
const SCHEMA = `
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL UNIQUE, max_age_ms REAL NOT NULL, max_events REAL NOT NULL,
    max_bytes REAL NOT NULL, completed INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL,
    pruned_to INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, topic INTEGER NOT NULL, logged_ms REAL NOT NULL,
    size INTEGER NOT NULL, envelope TEXT NOT NULL, data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_topic ON events (topic, seq);
  CREATE TABLE log (head INTEGER NOT NULL) STRICT;
  INSERT INTO log VALUES (0);
  CREATE TABLE consumers (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, settings TEXT NOT NULL, position INTEGER NOT NULL,
    token INTEGER NOT NULL, missed INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE pending (
    consumer INTEGER NOT NULL, seq INTEGER NOT NULL, tries INTEGER NOT NULL, due_ms REAL NOT NULL,
    token INTEGER NOT NULL, topic TEXT, envelope TEXT, data TEXT, PRIMARY KEY (consumer, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX pending_by_due ON pending (consumer, due_ms, seq);
  CREATE TABLE dead (
    consumer INTEGER NOT NULL, seq INTEGER NOT NULL, tries INTEGER NOT NULL, time_ms REAL NOT NULL,
    reason TEXT NOT NULL, topic TEXT NOT NULL, envelope TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (consumer, seq)
  ) STRICT, WITHOUT ROWID;
`;

/** The file of an event log. */
export const EVENT_LOG_FILE: SqliteFileKind = {
  what: "the event log",
  applicationId: 0x4d696c45, // "MilE"
  migrations: [SCHEMA],
  unusable: (path, reason, cause) =>
    new MillraceError(
      "broker/log-unusable",
      `Cannot open the event log ${path} as it must be a SQLite file written by this or an earlier version ` +
        `of Millrace: ${reason}`,
      { details: { path, reason }, cause },
    ),
};
