// A process that is killed while it saves: what it has reported is there, and all that is there is whole.
import { assert, assertEquals } from "@std/assert";
import { openResults, type ResultsOptions } from "../../src/store/results.ts";
import { inSchema, WITHOUT_POSTGRES } from "../support/postgres.ts";

const TASK = "t";

/** Saves small values, large ones and streams in turn, several at a time, and says when each one is saved. */
function saver(options: ResultsOptions, dataDir: string, from: number): string {
  return `
    const { openResults } = await import(${
    JSON.stringify(import.meta.resolve("../../src/store/results.ts"))
  });
    const context = { dataDir: ${JSON.stringify(dataDir)}, fsync: "batched" };
    const io = await openResults(${JSON.stringify(options)}, context);
    const block = (i) => new Uint8Array(100_000).fill(i);
    const values = [
      (i) => i,
      (i) => i + "x".repeat(400_000),
      (i) => ReadableStream.from([block(i), block(i), block(i), block(i)]),
    ];
    let next = ${from};
    const saveAll = async () => {
      for (;;) {
        const i = next++;
        const save = i % 2 === 0 ? io.save.bind(io) : io.saveNew.bind(io);
        await save({ runId: "run-" + i % 7, task: "${TASK}", resultId: String(i) }, values[i % 3](i));
        Deno.stdout.writeSync(new TextEncoder().encode(i + "\\n"));
      }
    };
    await Promise.all([saveAll(), saveAll(), saveAll()]);`;
}

function isWhole(id: number, value: unknown): boolean {
  if (id % 3 === 0) return value === id;
  if (id % 3 === 1) return value === id + "x".repeat(400_000);
  const bytes = value as Uint8Array;
  return bytes.length === 400_000 && bytes.every((byte) => byte === id % 256);
}

function testCrash(
  name: string,
  options: (test: (options: ResultsOptions) => Promise<void>) => Promise<void>,
  ignore: boolean = false,
): void {
  Deno.test({
    name: `${name} save() killed at any moment leaves whole results only, and every one that it reported`,
    ignore,
    fn: () =>
      options(async (options) => {
        const dataDir = await Deno.makeTempDir();
        try {
          await killAndLook(options, dataDir);
        } finally {
          await Deno.remove(dataDir, { recursive: true });
        }
      }),
  });
}

async function killAndLook(options: ResultsOptions, dataDir: string): Promise<void> {
  const reported: number[] = [];
  for (const lines of [1, 20, 33]) {
    const code = saver(options, dataDir, 1_000 * lines);
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
    let said = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      said += chunk;
      if (said.split("\n").length > lines) child.kill("SIGKILL");
    }
    await child.status;
    reported.push(...said.split("\n").slice(0, -1).map(Number));
  }
  assert(reported.length >= 54, `only ${reported.length} were saved`);
  await using io = await openResults(options, { dataDir, fsync: "batched" });
  const found: number[] = [];
  for (const runId of await io.listRuns()) {
    for (const key of await io.list({ runId })) {
      const loaded = await io.load(key);
      const value = loaded instanceof ReadableStream ? await new Response(loaded).bytes() : loaded;
      assert(isWhole(Number(key.resultId), value), `${key.resultId} is not whole`);
      assertEquals(await io.exists(key), true);
      found.push(Number(key.resultId));
    }
  }
  assertEquals(reported.filter((id) => !found.includes(id)), []);
}

testCrash("FilesystemIOManager", (test) => test({ kind: "filesystem" }));
testCrash("KvIOManager", (test) => test({ kind: "kv" }));
testCrash(
  "PostgresIOManager",
  (test) => inSchema((url, schema) => test({ kind: "postgres", url, schema })),
  WITHOUT_POSTGRES,
);
