/**
 * Group commit over one SQLite file: what is written in the same turn of the event loop shares a transaction.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { MillraceError } from "./errors.ts";
import { isOwnFault, sqliteFailure, type SqliteFileKind } from "./sqlite_file.ts";

/** A row as SQLite gives it. */
export type Row = Record<string, unknown>;

/** What a writer needs. */
export interface SqliteWriterOptions {
  readonly path: string;
  readonly db: DatabaseSync;
  readonly kind: SqliteFileKind;
  /** What everything throws once it is closed. */
  readonly closed: () => MillraceError;
  /** Called first in each transaction. */
  readonly onGroup: () => void;
  /** Called after a transaction, once all in it have their answers. */
  readonly onCommit: () => void;
  /** Called after a transaction was rolled back: what is known of the file is read anew. */
  readonly onRollback: () => void;
}

interface Waiting {
  readonly fn: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The one writer of a file. */
export class SqliteWriter {
  readonly #options: SqliteWriterOptions;
  readonly #statements = new Map<string, StatementSync>();
  #waiting: Waiting[] = [];
  #scheduled = false;
  #closed = false;

  /** Over an open file. */
  constructor(options: SqliteWriterOptions) {
    this.#options = options;
  }

  /**
   * Calls `fn` in the transaction of this turn; resolves once that is durable. `fn` throws before it writes,
   * or not at all: what it wrote until then would stay.
   */
  write<T>(fn: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) throw this.#options.closed();
      this.#waiting.push({ fn, resolve: resolve as (value: unknown) => void, reject });
      this.schedule();
    });
  }

  /** Has a transaction at the end of this turn. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Calls `fn` at once, outside of a transaction. */
  read<T>(fn: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.assertOpen();
      try {
        resolve(fn());
      } catch (error) {
        throw this.failure(error);
      }
    });
  }

  /** Throws once it is closed. */
  assertOpen(): void {
    if (this.#closed) throw this.#options.closed();
  }

  /** What an error of SQLite means to the caller. */
  failure(error: unknown): unknown {
    return sqliteFailure(this.#options.path, this.#options.kind, error);
  }

  /** Runs a statement; tells how many rows it changed. */
  run(sql: string, ...params: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...params).changes);
  }

  /** The rows of a query. */
  all(sql: string, ...params: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...params);
  }

  /** The first row of a query. */
  get(sql: string, ...params: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...params);
  }

  /** Writes what still waits, then closes the file. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#statements.clear();
    this.#options.db.close();
  }

  #flush(): void {
    if (!this.#scheduled) return;
    this.#scheduled = false;
    const group = this.#waiting;
    this.#waiting = [];
    let settle: (() => void)[];
    let committed = false;
    try {
      this.run("BEGIN IMMEDIATE");
      this.#options.onGroup();
      settle = group.map((waiting) => this.#call(waiting));
      this.run("COMMIT");
      committed = true;
    } catch (error) {
      if (this.#options.db.isTransaction) this.run("ROLLBACK");
      this.#options.onRollback();
      const failure = this.failure(error);
      settle = group.map(({ reject }) => () => reject(failure));
    }
    for (const answer of settle) answer();
    if (committed) this.#options.onCommit();
  }

  #call({ fn, resolve, reject }: Waiting): () => void {
    try {
      const value = fn();
      return () => resolve(value);
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      return () => reject(this.failure(error));
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#options.db.prepare(sql));
    return statement;
  }
}
