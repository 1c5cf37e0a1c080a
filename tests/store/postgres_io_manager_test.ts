import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Sql } from "postgres";
import { MillraceError } from "../../src/base/errors.ts";
import { openPostgresIOManager } from "../../src/store/postgres_io_manager.ts";
import { inSchema, WITHOUT_POSTGRES } from "../support/postgres.ts";

const KEY = { runId: "run-1", task: "extract", resultId: "1" };
const LARGE = "x".repeat(1_000_000);

/** A test with a schema of its own, and a look behind the store. */
function test(name: string, fn: (url: string, schema: string, sql: Sql) => Promise<void>): void {
  Deno.test({ name, ignore: WITHOUT_POSTGRES, fn: () => inSchema(fn) });
}

async function count(sql: Sql, schema: string, table: "results" | "chunks" | "loose"): Promise<number> {
  const [row] = await sql<{ n: number }[]>`SELECT count(*)::integer AS n FROM ${sql(`${schema}.${table}`)}`;
  return row!.n;
}

test(
  "openPostgresIOManager() makes the tables once, however many open at the same time",
  async (url, schema) => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => openPostgresIOManager({ url, schema })));
    await opened[0]!.save(KEY, 1);
    assertEquals(await opened[7]!.load(KEY), 1);
    for (const io of opened) await io[Symbol.asyncDispose]();
  },
);

test("openPostgresIOManager() needs no right to make tables that are there", async (url, schema, sql) => {
  await (await openPostgresIOManager({ url, schema }))[Symbol.asyncDispose]();
  const role = `r_${schema}`;
  await sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'only-a-test';
    GRANT USAGE ON SCHEMA ${schema} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
  try {
    const limited = new URL(url);
    [limited.username, limited.password] = [role, "only-a-test"];
    await using io = await openPostgresIOManager({ url: limited.href, schema });
    await io.save(KEY, LARGE);
    assertEquals(await io.load(KEY), LARGE);
    const error = await assertRejects(
      () => openPostgresIOManager({ url: limited.href, schema: `${schema}_2` }),
      MillraceError,
      "permission denied",
    );
    assert(MillraceError.is(error, "store/unavailable"));
  } finally {
    await sql.unsafe(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test(
  "save() keeps a small value in its row and a large one in chunks, and leaves no chunk behind",
  async (url, schema, sql) => {
    await using io = await openPostgresIOManager({ url, schema });
    await io.save(KEY, 1);
    assertEquals([await count(sql, schema, "results"), await count(sql, schema, "chunks")], [1, 0]);
    await io.save(KEY, LARGE);
    assertEquals([await count(sql, schema, "chunks"), await count(sql, schema, "loose")], [4, 0]);
    await io.save(KEY, ReadableStream.from([new Uint8Array(300_000)]));
    assertEquals(await count(sql, schema, "chunks"), 2);
    await io.save(KEY, 2);
    assertEquals([await io.load(KEY), await count(sql, schema, "chunks")], [2, 0]);
    await io.save(KEY, LARGE);
    await io.delete(KEY);
    for (const resultId of ["1", "2", "3"]) await io.save({ ...KEY, resultId }, LARGE);
    assertEquals(await io.clearRun(KEY.runId), 3);
    const left = ["results", "chunks", "loose"] as const;
    assertEquals(await Promise.all(left.map((table) => count(sql, schema, table))), [0, 0, 0]);
  },
);

test("load() detects a payload or a chunk that is missing or changed", async (url, schema, sql) => {
  await using io = await openPostgresIOManager({ url, schema });
  await io.save(KEY, { a: 1 });
  await sql`UPDATE ${sql(`${schema}.results`)} SET payload = ${new TextEncoder().encode('{"a":2}')}`;
  assert(MillraceError.is(await assertRejects(() => io.load(KEY)), "store/corrupt"));
  await io.save(KEY, LARGE);
  await sql`DELETE FROM ${sql(`${schema}.chunks`)} WHERE index = 2`;
  const error = await assertRejects(() => io.load(KEY), MillraceError);
  assert(MillraceError.is(error, "store/corrupt"));
  assert(error.details.path.endsWith("run-1/extract/1"));
  assertEquals(await io.exists(KEY), false);
});

test(
  "load() of a stream that is replaced while it is read fails with store/replaced",
  async (url, schema) => {
    await using io = await openPostgresIOManager({ url, schema });
    const blocks = (fill: number): ReadableStream =>
      ReadableStream.from(Array.from({ length: 20 }, () => new Uint8Array(262_144).fill(fill)));
    await io.save(KEY, blocks(1));
    const reader = (await io.load(KEY) as ReadableStream<Uint8Array>).getReader();
    assertEquals((await reader.read()).value?.[0], 1);
    await io.save(KEY, blocks(2));
    const error = await assertRejects(async () => {
      while (!(await reader.read()).done);
    });
    assert(MillraceError.is(error, "store/replaced"));
  },
);

test(
  "openPostgresIOManager() clears what interrupted saves have left, and nothing that is being written",
  async (url, schema, sql) => {
    await using io = await openPostgresIOManager({ url, schema });
    const age = sql`UPDATE ${sql(`${schema}.loose`)} SET touched = touched - interval '1 hour'`;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(600_000);
      await (await openPostgresIOManager({ url, schema }))[Symbol.asyncDispose]();
      yield new Uint8Array(600_000);
    };
    await io.save(KEY, ReadableStream.from(source()));
    const stalled = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(600_000);
      await age;
      await (await openPostgresIOManager({ url, schema }))[Symbol.asyncDispose]();
      yield new Uint8Array(600_000);
    };
    const error = await assertRejects(() => io.save(KEY, ReadableStream.from(stalled())), MillraceError);
    assert(MillraceError.is(error, "store/unavailable") && error.retryable);
    assertEquals((await io.stat(KEY))?.bytes, 1_200_000);
    assertEquals([await count(sql, schema, "chunks"), await count(sql, schema, "loose")], [5, 0]);
  },
);

test("a lost connection is a retryable error at worst, and never the end", async (url, schema) => {
  await using proxy = openProxy(url);
  await using io = await openPostgresIOManager({ url: proxy.url, schema });
  await io.save(KEY, LARGE);
  for (let round = 0; round < 10; round++) {
    const calls = [
      io.save({ ...KEY, resultId: `${round}` }, LARGE),
      io.load(KEY),
      io.stat(KEY),
      io.listRuns(),
    ];
    proxy.cut();
    for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
      if (status !== "rejected") continue;
      assert(MillraceError.is(reason, "store/unavailable") && reason.retryable, String(reason));
    }
    proxy.cut();
    // What may be done twice is.
    await io.save({ ...KEY, resultId: "small" }, round);
    assertEquals(await io.load({ ...KEY, resultId: "small" }), round);
  }
});

test(
  "a server that is away is a retryable error, and is found again when it is back",
  async (url, schema) => {
    await using proxy = openProxy(url);
    await using io = await openPostgresIOManager({ url: proxy.url, schema });
    await io.save(KEY, 1);
    proxy.close();
    for (
      const call of [
        () => io.save(KEY, 2),
        () => io.save(KEY, LARGE),
        () => io.load(KEY),
        () => io.delete(KEY),
      ]
    ) {
      const error = await assertRejects(call, MillraceError);
      assert(MillraceError.is(error, "store/unavailable") && error.retryable);
    }
    proxy.reopen();
    assertEquals(await io.load(KEY), 1);
  },
);

/** A way to the server that can be cut. */
function openProxy(target: string) {
  const { hostname, port, username, password, pathname } = new URL(target);
  const connections = new Set<Deno.Conn>();
  let listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const own = (listener.addr as Deno.NetAddr).port;
  const work = new Set<Promise<unknown>>();
  const pass = async (from: Deno.Conn, to: Deno.Conn): Promise<void> => {
    await from.readable.pipeTo(to.writable).catch(() => {});
    connections.delete(from);
  };
  const serve = async (): Promise<void> => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname, port: Number(port) || 5432 });
      for (const [from, to] of [[client, server], [server, client]] as const) {
        connections.add(from);
        const passing = pass(from, to).finally(() => work.delete(passing));
        work.add(passing);
      }
    }
  };
  let serving = serve();
  let isOpen = true;
  const cut = (): void => {
    for (const connection of connections) {
      try {
        connection.close();
      } catch {
        // closed by the other side already
      }
    }
    connections.clear();
  };
  const close = (): void => {
    if (isOpen) listener.close();
    isOpen = false;
    cut();
  };
  return {
    url: `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`,
    cut,
    close,
    reopen(): void {
      listener = Deno.listen({ hostname: "127.0.0.1", port: own });
      serving = serve();
      isOpen = true;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      close();
      await serving;
      await Promise.all(work);
    },
  };
}

Deno.test("openPostgresIOManager() refuses wrong options, and names no password", async () => {
  const url = "postgres://me:secret@127.0.0.1:1/db";
  // @ts-expect-error: an unknown option
  await assertRejects(() => openPostgresIOManager({ url, table: "x" }), TypeError, "table");
  await assertRejects(() => openPostgresIOManager({ url: "mysql://secret" }), TypeError, "something else");
  await assertRejects(() => openPostgresIOManager({ url, schema: 'x"; DROP' }), TypeError, "schema");
  await assertRejects(() => openPostgresIOManager({ url, maxConnections: 0 }), RangeError, "0");
  const error = await assertRejects(() => openPostgresIOManager({ url }), MillraceError, "127.0.0.1:1/db");
  assert(MillraceError.is(error, "store/unavailable"));
  assert(!JSON.stringify([error.message, error.details, error.stack]).includes("secret"));
});
