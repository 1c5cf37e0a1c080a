// The whole flow with every kind of result store: executors in Workers save, others load, the program reads.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError, openPlatform, type Platform, type ResultsOptions } from "../../mod.ts";
import { inSchema, WITHOUT_POSTGRES } from "../support/postgres.ts";

const modules = [import.meta.resolve("./fixtures/kept_results.ts")];
const ownStore = import.meta.resolve("./fixtures/own_results.ts");

async function inFolder(test: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await test(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function assertKept(app: Platform, runId: string): Promise<void> {
  assertEquals(await app.result(runId, "report"), {
    n: 2n ** 70n,
    tags: ["a"],
    large: 300_000,
    sum: 50_000 * (39 * 40 / 2),
    chunks: [0, 1, 2, 3, 4],
  });
  assertEquals(await app.result(runId, "chunks"), [0, 1, 2, 3, 4].map((n) => ({ n })));
  const bytes = await app.result(runId, "bytes");
  assert(bytes instanceof ReadableStream);
  assertEquals((await new Response(bytes).bytes()).length, 2_000_000);
  const answer = await app.fetch(new Request(`http://localhost/api/runs/${runId}/results/bytes`));
  assertEquals((await answer.bytes()).at(-1), 39);
}

/** Runs the pipeline, and finds its results again after a restart. */
async function runAndRestart(dataDir: string, results: ResultsOptions): Promise<void> {
  const options = { modules, dataDir, executors: 2, results };
  let runId: string;
  {
    await using app = await openPlatform(options);
    const run = await app.run({ pipeline: "kept" });
    assertEquals((await run.finished).status, "succeeded");
    runId = run.id;
    await assertKept(app, runId);
  }
  await using app = await openPlatform({ ...options, executors: 0 });
  await assertKept(app, runId);
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("openPlatform keeps results as files in its folder, or in another one", () =>
  inFolder(async (dataDir) => {
    await runAndRestart(dataDir, { kind: "filesystem" });
    assert(await isThere(`${dataDir}/runs`));
    await inFolder((dataDir) => inFolder((dir) => runAndRestart(dataDir, { kind: "filesystem", dir })));
  }));

Deno.test("openPlatform keeps results in Deno KV", () =>
  inFolder(async (dataDir) => {
    await runAndRestart(dataDir, { kind: "kv" });
    assertEquals([await isThere(`${dataDir}/results.kv`), await isThere(`${dataDir}/runs`)], [true, false]);
  }));

Deno.test({
  name: "openPlatform keeps results in PostgreSQL",
  ignore: WITHOUT_POSTGRES,
  fn: () =>
    inFolder((dataDir) =>
      inSchema(async (url, schema, sql) => {
        await runAndRestart(dataDir, { kind: "postgres", url, schema });
        const [{ count } = { count: 0 }] = await sql`SELECT count(*)::integer AS count FROM ${
          sql(`${schema}.results`)
        }`;
        assertEquals([count, await isThere(`${dataDir}/runs`)], [11, false]);
      })
    ),
});

Deno.test("openPlatform keeps results in a store of one's own", () =>
  inFolder(async (dataDir) => {
    await runAndRestart(dataDir, { kind: "module", module: ownStore, options: { folder: "mine" } });
    assert(await isThere(`${dataDir}/mine/runs`));
  }));

Deno.test("openPlatform refuses a data folder that has its results elsewhere, and says where", () =>
  inFolder(async (dataDir) => {
    await (await openPlatform({ dataDir, executors: 0 })).close();
    const results = { kind: "kv" } as const;
    const error = await assertRejects(() => openPlatform({ dataDir, executors: 0, results }), MillraceError);
    assert(MillraceError.is(error, "platform/results-elsewhere"));
    assertEquals([error.details.place, error.details.noted], ["Deno KV", "files"]);
    await (await openPlatform({ dataDir, executors: 0 })).close();
    // As the message says.
    await Deno.remove(`${dataDir}/results.json`);
    await (await openPlatform({ dataDir, executors: 0, results })).close();
  }));

Deno.test("openPlatform says why results cannot be kept", () =>
  inFolder(async (dataDir) => {
    const openWith = (results: unknown): Promise<unknown> =>
      assertRejects(() => openPlatform({ dataDir, executors: 0, results: results as ResultsOptions }));
    assert(await openWith({ kind: "s3" }) instanceof TypeError);
    assert(await openWith({ kind: "kv", pth: "x" }) instanceof TypeError);
    const none = await openWith({ kind: "module", module: `${ownStore}.none` });
    assert(MillraceError.is(none, "module/load-failed"));
    const notOne = await openWith({ kind: "module", module: modules[0] });
    assert(MillraceError.is(notOne, "module/definition-invalid"));
    const nobody = await openWith({ kind: "postgres", url: "postgres://a:secret@127.0.0.1:1/x" });
    assert(MillraceError.is(nobody, "store/unavailable"));
    assertEquals([nobody.retryable, nobody.message.includes("secret")], [true, false]);
    assert(nobody.message.includes("ECONNREFUSED"), nobody.message);
    // The folder is free again.
    await using _ = await openPlatform({ dataDir, executors: 0 });
  }));
