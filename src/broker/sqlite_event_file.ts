/**
 * The SQLite file of the event log: its schema, and what it is called in errors.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { SqliteFileKind } from "../base/sqlite_file.ts";

// Text columns end at NUL on reading (Deno 2.9.6), so free text is kept as JSON, which escapes it: an envelope
// is an event without topic and data, and `heads` is JSON as well. The column `id` is only ever compared. A block
// holds events of one topic that follow one another in the log; its `seq` is that of the last one.
const SCHEMA = `
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL UNIQUE, max_age_ms REAL NOT NULL, max_events REAL NOT NULL,
    max_bytes REAL NOT NULL, completed INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL,
    pruned_to INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE ids (id TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE blocks (
    seq INTEGER PRIMARY KEY, topic INTEGER NOT NULL, logged_ms REAL NOT NULL, heads TEXT NOT NULL, data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX blocks_by_topic ON blocks (topic, seq);
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
  // The first version had a row for each event, and was never released.
  migrations: ["", SCHEMA],
  oldest: 2,
  unusable: (path, reason, cause) =>
    new MillraceError(
      "broker/log-unusable",
      `Cannot open the event log ${path} as it must be a SQLite file written by this or an earlier version ` +
        `of Millrace: ${reason}`,
      { details: { path, reason }, cause },
    ),
};
