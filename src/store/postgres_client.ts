/**
 * Connections to PostgreSQL that are made anew after a loss. The npm package `postgres` does so by itself, but
 * under Deno 2.9.6 a statement that comes right after the loss may hang for ever (measured): so a pool that has
 * met one is given up as a whole.
 *
 * @module
 */
import type { Sql } from "postgres";

/** How long a statement may take before its connection is taken for lost: all of ours are short, in ms. */
const STATEMENT_MS = 60_000;

/** A pool of connections. */
export class PostgresClient implements AsyncDisposable {
  readonly #connect: () => Sql;
  #sql: Sql | undefined;

  /** Makes no connection before the first statement; `connect` makes a pool. */
  constructor(connect: () => Sql) {
    this.#connect = connect;
  }

  /** What `fn` gives. */
  async run<T>(fn: (sql: Sql) => Promise<T>): Promise<T> {
    const sql = this.#sql ??= this.#connect();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${STATEMENT_MS} ms`)), STATEMENT_MS);
    });
    try {
      return await Promise.race([fn(sql), late]);
    } catch (error) {
      if (isLoss(error)) await this.#giveUp(sql);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The same, once more over a new connection if the first was lost: for what may be done twice. */
  async runAgain<T>(fn: (sql: Sql) => Promise<T>): Promise<T> {
    try {
      return await this.run(fn);
    } catch (error) {
      if (isLoss(error)) return await this.run(fn);
      throw error;
    }
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    const sql = this.#sql;
    this.#sql = undefined;
    await sql?.end({ timeout: 10 });
  }

  async #giveUp(sql: Sql): Promise<void> {
    if (this.#sql === sql) this.#sql = undefined;
    await sql.end({ timeout: 0 });
  }
}

/** Whether the connection is at fault, not the statement: classes 08 and 57P of SQLSTATE, or no answer at all. */
function isLoss(error: unknown): boolean {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return name !== "PostgresError" || /^(08|57P)/.test(String(code));
}
