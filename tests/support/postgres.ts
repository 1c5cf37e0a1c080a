/**
 * The PostgreSQL server of the tests: `MILLRACE_TEST_POSTGRES_URL`, else whoever answers at the usual port. Without
 * one these tests are ignored, and say so; with `MILLRACE_REQUIRE_SERVICES=1` that is a failure.
 */
import postgres, { type Sql } from "postgres";

const named = Deno.env.get("MILLRACE_TEST_POSTGRES_URL") || undefined;

/** Where the server is. */
export const POSTGRES_URL = named ?? "postgres://postgres@127.0.0.1:5432/postgres";

/** Whether tests of PostgreSQL are to be left out. */
export const WITHOUT_POSTGRES = named === undefined && Deno.env.get("MILLRACE_REQUIRE_SERVICES") !== "1" &&
  !await answers();

/** Calls `test` with a schema of its own, which need not be made and is dropped afterwards. */
export async function inSchema(
  test: (url: string, schema: string, sql: Sql) => Promise<void>,
): Promise<void> {
  const schema = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const sql = connect();
  try {
    await test(POSTGRES_URL, schema, sql);
  } finally {
    await sql.unsafe(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await sql.end();
  }
}

function connect(): Sql {
  return postgres(POSTGRES_URL, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} });
}

async function answers(): Promise<boolean> {
  const sql = connect();
  try {
    await sql`SELECT 1`;
    return true;
  } catch (error) {
    // deno-lint-ignore no-console -- a test that is left out must not go unnoticed
    console.warn(`Tests of PostgreSQL are left out, as no server answers: ${(error as Error).message}`);
    return false;
  } finally {
    await sql.end();
  }
}

if (import.meta.main) Deno.exit(WITHOUT_POSTGRES ? 1 : 0);
