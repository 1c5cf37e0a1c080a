/**
 * Statements of one database, each prepared once.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** One row of an answer. */
export type Row = Record<string, unknown>;

/** The statements of a database. */
export class SqliteStatements {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Whether a transaction is open. */
  get isTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** Runs a statement; gives the number of rows that it changed. */
  run(sql: string, ...params: readonly SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...params).changes);
  }

  /** The rows that a statement gives. */
  all(sql: string, ...params: readonly SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...params);
  }

  /** Runs `fn` in a transaction of its own, all or nothing. */
  transaction<T>(fn: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      const given = fn();
      this.run("COMMIT");
      return given;
    } catch (error) {
      if (this.isTransaction) this.run("ROLLBACK");
      throw error;
    }
  }

  /** Closes the database. */
  close(): void {
    this.#db.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) this.#prepared.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}
