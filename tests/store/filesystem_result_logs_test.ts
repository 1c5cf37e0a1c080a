import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { openFilesystemIOManager } from "../../src/store/filesystem_io_manager.ts";

const KEY = { runId: "run-1", task: "extract", resultId: "a1" };
const at = (resultId: string) => ({ ...KEY, resultId });

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function logsOf(dir: string): string[] {
  return [...Deno.readDirSync(`${dir}/runs/run-1`)].filter(({ isFile }) => isFile)
    .map(({ name }) => `${dir}/runs/run-1/${name}`);
}

Deno.test("saveNew() appends small results to one log a run, and gives large ones a file of their own", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    for (let n = 0; n < 100; n++) await io.saveNew({ ...KEY, task: `t${n}` }, n);
    await io.saveNew(at("a2"), "x".repeat(5_000));
    assertEquals(logsOf(dir).length, 1);
    assertEquals([...Deno.readDirSync(`${dir}/runs/run-1`)].length, 2, "the log, and the large one's folder");
    assertEquals((await io.list({ runId: "run-1" })).length, 101);
    assertEquals([await io.load({ ...KEY, task: "t99" }), (await io.load(at("a2")) as string).length], [
      99,
      5_000,
    ]);
  }));

Deno.test("load() finds what others have saved, before and after it looked for the first time", () =>
  inFolder(async (dir) => {
    await using one = await openFilesystemIOManager({ dir });
    await using two = await openFilesystemIOManager({ dir });
    await one.saveNew(at("a1"), 1);
    assertEquals(await two.load(at("a1")), 1);
    await one.saveNew(at("a2"), 2);
    await two.saveNew(at("a3"), 3);
    assertEquals([await two.load(at("a2")), await one.load(at("a3"))], [2, 3]);
    assertEquals((await one.list({ runId: "run-1" })).length, 3);
    assertEquals(logsOf(dir).length, 2);
    assertEquals(await two.delete(at("a2")), true);
    assertEquals([await one.exists(at("a3")), (await one.list({ runId: "run-1" })).length], [true, 2]);
  }));

Deno.test("saveNew() starts a new log if somebody else cleared the run away under it", () =>
  inFolder(async (dir) => {
    await using one = await openFilesystemIOManager({ dir });
    await using two = await openFilesystemIOManager({ dir });
    await one.saveNew(at("a1"), 1);
    assertEquals(await two.clearRun("run-1"), 1);
    await one.saveNew(at("a2"), 2);
    assertEquals(await two.load(at("a2")), 2);
    assertEquals(await one.list({ runId: "run-1" }), [at("a2")]);
  }));

Deno.test("load() of what somebody else has cleared away fails, although it was known here", () =>
  inFolder(async (dir) => {
    await using one = await openFilesystemIOManager({ dir });
    await using two = await openFilesystemIOManager({ dir });
    await one.saveNew(at("a1"), 1);
    assertEquals(await two.clearRun("run-1"), 1);
    const error = await assertRejects(() => one.load(at("a1")), MillraceError);
    assertEquals(error.code, "store/not-found");
    assertEquals(await one.stat(at("a1")), undefined);
    await one.saveNew(at("a2"), 2);
    assertEquals(await one.load(at("a2")), 2);
  }));

Deno.test("load() of a log whose last record was cut off finds all others; exists() knows nothing of the last", () =>
  inFolder(async (dir) => {
    {
      await using io = await openFilesystemIOManager({ dir });
      for (const id of ["a1", "a2"]) await io.saveNew(at(id), { id });
    }
    const [log] = logsOf(dir);
    await Deno.truncate(log!, Deno.statSync(log!).size - 3);
    await using io = await openFilesystemIOManager({ dir });
    assertEquals(await io.load(at("a1")), { id: "a1" });
    assertEquals([await io.exists(at("a2")), (await io.list({ runId: "run-1" })).length], [false, 1]);
    await assertRejects(() => io.load(at("a2")), MillraceError, "must have been saved");
    await io.saveNew(at("a3"), 3);
    assertEquals(await io.load(at("a3")), 3);
  }));

Deno.test("load() refuses a payload that has changed, and nothing else of its log", () =>
  inFolder(async (dir) => {
    {
      await using io = await openFilesystemIOManager({ dir });
      await io.saveNew(at("a1"), "before");
      await io.saveNew(at("a2"), "after");
    }
    const [log] = logsOf(dir);
    await Deno.writeTextFile(log!, (await Deno.readTextFile(log!)).replace('"before"', '"bEfore"'));
    await using io = await openFilesystemIOManager({ dir });
    const error = await assertRejects(() => io.load(at("a1")), MillraceError, "checksum");
    assertEquals(error.code, "store/corrupt");
    assertEquals([await io.exists(at("a1")), await io.load(at("a2"))], [false, "after"]);
  }));

Deno.test("load() says that a log is corrupt where it might hold what is asked for", () =>
  inFolder(async (dir) => {
    {
      await using io = await openFilesystemIOManager({ dir });
      for (const id of ["a1", "a2"]) await io.saveNew(at(id), id);
    }
    const [log] = logsOf(dir);
    const text = await Deno.readTextFile(log!);
    await Deno.writeTextFile(log!, text.replace('"resultId":"a2"', '"resultId#:"a2"'));
    await using io = await openFilesystemIOManager({ dir });
    assertEquals(await io.load(at("a1")), "a1");
    const error = await assertRejects(() => io.load(at("a2")), MillraceError, "no result");
    assertEquals(error.code, "store/corrupt");
  }));

Deno.test("saveNew() that the disk refuses says so, and keeps what was there", async () => {
  const dir = await Deno.makeTempDir();
  await using io = await openFilesystemIOManager({ dir });
  await io.saveNew(at("a1"), 1);
  await Deno.remove(`${dir}/runs`, { recursive: true });
  await Deno.writeTextFile(`${dir}/runs`, "in the way");
  const error = await assertRejects(() => io.saveNew(at("a2"), 2), MillraceError);
  assert(error.code === "store/unavailable");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("results beyond what is kept in memory are read from the log again", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    const text = "x".repeat(4_000);
    for (let n = 0; n < 5_000; n++) await io.saveNew({ ...KEY, task: `t${n}` }, `${n}${text}`);
    for (let run = 0; run < 70; run++) await io.saveNew({ ...KEY, runId: `r${run}` }, run);
    assertEquals(await io.load({ ...KEY, task: "t4999" }), `4999${text}`);
    assertEquals(await io.load({ ...KEY, task: "t0" }), `0${text}`);
    for (let run = 0; run < 70; run++) assertEquals(await io.load({ ...KEY, runId: `r${run}` }), run);
    await io.saveNew({ ...KEY, task: "late" }, "late");
    assertEquals(await io.load({ ...KEY, task: "late" }), "late");
    assertEquals(logsOf(dir).length, 1, "it goes on with its log");
  }));
