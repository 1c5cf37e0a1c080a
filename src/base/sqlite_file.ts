/**
 * A SQLite file of ours, over `node:sqlite`: its settings, whose it is, and what its errors mean.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { messageOf, MillraceError } from "./errors.ts";

/** How much of the file is kept in memory, in KiB: what a commit of ten thousand facts changes fits. */
const CACHE_KIB = 16 * 1024;

/** Whose file it is. */
export interface SqliteFileKind {
  /** What it is in an error: "the event log". */
  readonly what: string;
  /** Four letters as a number, which say that a SQLite file is one of these. */
  readonly applicationId: number;
  /**
   * What makes of a file of each version one of the next: the first makes the schema in an empty file. They are
   * never changed, only added to.
   */
  readonly migrations: readonly string[];
  /** The earliest version that can still be read. @default {1} */
  readonly oldest?: number;
  /** The error of a file that cannot be opened: not ours, corrupt, of a newer version. */
  readonly unusable: (path: string, reason: string, cause?: unknown) => MillraceError;
}

/** How long another process (a backup, a curious `sqlite3`) may hold the file, in ms. */
const BUSY_TIMEOUT_MS = 5_000;

/** Up to this size the whole file is checked on opening; that takes some 3 ms a megabyte. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;

/** How long who is about to leave a file may take, in ms. */
const LOCK_TIMEOUT_MS = 250;

/** Primary result codes of SQLite: in use, constraint violated, malformed, not a database. */
const SQLITE_BUSY = 5;
const SQLITE_CONSTRAINT = 19;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Opens the file, makes the schema if it is new, and checks that it is of this kind and whole.
 *
 * @throws {MillraceError} What `kind.unusable` makes.
 */
export function openSqliteFile(
  path: string,
  fsync: "always" | "batched",
  kind: SqliteFileKind,
): DatabaseSync {
  if (fsync !== "always" && fsync !== "batched") {
    throw new TypeError(
      `Cannot open ${kind.what} as fsync must be "always" or "batched": current value is ${fsync}`,
    );
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    assertSupported(path, db, kind);
    // Heeded in an empty file only: what is deleted later can then be given back to the disk, in small steps.
    db.exec("PRAGMA auto_vacuum = INCREMENTAL");
    db.exec("PRAGMA journal_mode = WAL");
    // What a savepoint may have to undo is kept in memory, and what a large commit changes too: on disk it costs
    // more than the commit itself.
    db.exec("PRAGMA temp_store = MEMORY");
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    db.exec(`PRAGMA synchronous = ${fsync === "always" ? "FULL" : "NORMAL"}`);
    migrate(db, kind);
    assertWhole(path, db, kind);
    return db;
  } catch (error) {
    db?.close();
    throw MillraceError.is(error) ? error : kind.unusable(path, messageOf(error), error);
  }
}

/**
 * Keeps a file for one user until the answer is called, however many processes ask: by a lock that the operating
 * system releases, on an empty file beside it, so that others can still read the file itself.
 *
 * @throws {MillraceError} What `kind.unusable` makes.
 */
export function lockSqliteFile(path: string, kind: SqliteFileKind): () => void {
  if (path === ":memory:") return () => {};
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(`${path}-lock`, { timeout: LOCK_TIMEOUT_MS });
    // Not by `exec`, whose errors have no result code (Deno 2.9.6).
    lock.prepare("BEGIN EXCLUSIVE").run();
  } catch (error) {
    lock?.close();
    const isTaken = resultCode(error) === SQLITE_BUSY;
    throw kind.unusable(
      path,
      isTaken ? "it is open already, here or in another process" : messageOf(error),
      error,
    );
  }
  const held = lock;
  return () => held.isOpen && held.close();
}

/** Whether only the batch that met the error is at fault: bad data, as opposed to a bad disk. */
export function isOwnFault(error: unknown): boolean {
  const code = resultCode(error);
  return code === undefined || code === SQLITE_CONSTRAINT;
}

/** What a failed read or write means to the caller. */
export function sqliteFailure(path: string, kind: SqliteFileKind, error: unknown): unknown {
  const reason = messageOf(error);
  const code = resultCode(error);
  if (code === SQLITE_CONSTRAINT) {
    return new TypeError(`Cannot write to ${kind.what} as values must fit the schema: ${reason}`, {
      cause: error,
    });
  }
  // Text that is not JSON any more is as broken as a page that is not a page.
  const broken = error instanceof SyntaxError || code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
  if (broken) return kind.unusable(path, reason, error);
  if (code === undefined) return error;
  return new MillraceError(
    "store/unavailable",
    `Cannot use ${kind.what} ${path} as the disk must let it be read and written: ${reason}`,
    { details: { path, reason }, cause: error },
  );
}

/** The primary result code, which is the low byte of an extended one; `undefined` for other errors. */
function resultCode(error: unknown): number | undefined {
  const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown };
  if (typeof errcode === "number") return errcode & 0xff;
  return code === "ERR_SQLITE_ERROR" ? 0 : undefined;
}

function assertSupported(path: string, db: DatabaseSync, kind: SqliteFileKind): void {
  const version = pragma(db, "user_version");
  const { tables } = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()!;
  const isNew = version === 0 && tables === 0;
  if (!isNew && pragma(db, "application_id") !== kind.applicationId) {
    throw kind.unusable(path, "it is a SQLite file of something else");
  }
  const { oldest = 1, migrations: { length: known } } = kind;
  if (!isNew && version < oldest) {
    throw kind.unusable(
      path,
      `its schema version is ${version}, older than ${oldest}: move the file away to begin anew`,
    );
  }
  if (version > known) {
    throw kind.unusable(
      path,
      `its schema version is ${version}, newer than ${known}: update Millrace to use it`,
    );
  }
}

function migrate(db: DatabaseSync, { migrations, applicationId }: SqliteFileKind): void {
  if (pragma(db, "user_version") === migrations.length) return;
  db.exec("BEGIN IMMEDIATE");
  // Asked again: another process may have done it while this one waited for its turn.
  for (const migration of migrations.slice(pragma(db, "user_version"))) db.exec(migration);
  db.exec(`PRAGMA application_id = ${applicationId}`);
  db.exec(`PRAGMA user_version = ${migrations.length}`);
  db.exec("COMMIT");
}

function assertWhole(path: string, db: DatabaseSync, kind: SqliteFileKind): void {
  if (pragma(db, "page_count") * pragma(db, "page_size") > MAX_CHECKED_BYTES) return;
  const found = String(db.prepare("PRAGMA quick_check(1)").get()?.quick_check);
  if (found !== "ok") throw kind.unusable(path, `it is corrupt (${found.replaceAll(/\s+/g, " ")})`);
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
