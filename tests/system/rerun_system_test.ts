/** Runs that repeat runs, on a whole platform and over its end. */
import { assertEquals, assertRejects } from "@std/assert";
import { MillraceError, openFilesystemIOManager, openPlatform } from "@millrace/millrace";
import { until } from "../actor/fixtures/systems.ts";

const modules = [import.meta.resolve("./fixtures/pipelines.ts")];

Deno.test("Platform.rerun() takes results over by reference, also from before a restart", async () => {
  const dataDir = await Deno.makeTempDir();
  const open = () => openPlatform({ dataDir, modules, executors: 1, schedules: false, log: () => {} });
  try {
    let first: string;
    {
      await using app = await open();
      const run = await app.run({ pipeline: "counting", params: { upTo: 3 }, metadata: { why: "test" } });
      first = run.id;
      await run.finished;
    }
    await using app = await open();
    const run = await app.rerun(first);
    const { status, tasks } = await run.finished;
    assertEquals(status, "succeeded");
    assertEquals(
      Object.entries(tasks).map((
        [task, { status, attempts, from }],
      ) => [task, status, attempts, from?.runId]),
      [
        ["flaky", "succeeded", 0, first],
        ["fragile", "failed", 1, undefined],
        ["numbers", "succeeded", 0, first],
        ["sum", "succeeded", 1, undefined],
      ],
    );
    assertEquals(await app.result(run.id, "numbers"), [1, 2, 3]);
    assertEquals(await app.result(run.id, "flaky"), { attempt: 1, at: new Date(0), big: 10n });
    assertEquals((await app.result(run.id, "sum") as { sum: number }).sum, 6);
    await using io = await openFilesystemIOManager({ dir: dataDir });
    assertEquals((await io.list({ runId: run.id })).map(({ task }) => task), ["sum"], "nothing is copied");
    const view = await app.runView(run.id);
    assertEquals([view.parentRunId, view.request.metadata], [first, { why: "test" }]);

    const changed = await app.rerun(first, { params: { upTo: 4 } });
    await changed.finished;
    assertEquals((await app.result(changed.id, "sum") as { sum: number }).sum, 10);
    const error = await assertRejects(
      () => app.rerun(first, { from: { tasks: ["nubmers"] } }),
      MillraceError,
    );
    assertEquals(error.code, "run/not-repeatable");
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("Platform a task with a cache takes an earlier result of the same inputs, also from before a restart", async () => {
  const dataDir = await Deno.makeTempDir();
  const open = () => openPlatform({ dataDir, modules, executors: 1, schedules: false, log: () => {} });
  try {
    let first: string, made: unknown;
    {
      await using app = await open();
      const run = await app.run({ pipeline: "squaring", params: { upTo: 3 } });
      first = run.id;
      await run.finished;
      made = await app.result(first, "squares");
    }
    await using app = await open();
    const again = await app.run({ pipeline: "squaring", params: { upTo: 3, note: "does not matter to it" } });
    const { tasks } = await again.finished;
    assertEquals([tasks.squares!.cached, tasks.numbers!.cached], [{ runId: first }, undefined]);
    assertEquals(await app.result(again.id, "squares"), made);
    const other = await app.run({ pipeline: "squaring", params: { upTo: 4 } });
    assertEquals((await other.finished).tasks.squares!.cached, undefined);
    assertEquals((await app.result(other.id, "squares") as { squares: unknown }).squares, [1, 4, 9, 16]);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("Platform tells in a plan what is cached, in code's own words and over HTTP", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    await using app = await openPlatform({ dataDir, modules, executors: 1, schedules: false, log: () => {} });
    const forecast = async (params: object) => {
      const query = new URLSearchParams({
        pipeline: "versed",
        cache: "true",
        params: JSON.stringify(params),
      });
      return (await (await app.fetch(new Request(`http://localhost/api/plans?${query}`))).json()).cache;
    };
    assertEquals(await forecast({ upTo: 2 }), {
      verse: { expected: "miss" },
      verses: { expected: "unknown", reason: '"verse" runs before' },
    });
    const run = await app.run({ pipeline: "versed", params: { upTo: 2, note: "x" } });
    await run.finished;
    assertEquals(await forecast({ upTo: 2 }), {
      verse: { expected: "hit", runId: run.id },
      verses: { expected: "hit", runId: run.id },
    });
    assertEquals((await forecast({ upTo: 3 })).verse, { expected: "miss" });
    const refused = await app.fetch(
      new Request("http://localhost/api/plans?pipeline=versed&cache=1&params=[]"),
    );
    assertEquals(refused.status, 400);
    await refused.body?.cancel();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("Platform.prune() deletes runs with their results, but for what others read; retention does by itself", async () => {
  const dataDir = await Deno.makeTempDir();
  const options = { dataDir, modules, executors: 1, schedules: false, log: () => {} };
  await using io = await openFilesystemIOManager({ dir: dataDir });
  try {
    const ids: string[] = [];
    {
      await using app = await openPlatform({ ...options, retention: false });
      for (let n = 0; n < 3; n++) {
        const run = await app.run({ pipeline: "squaring", params: { upTo: 2 } });
        await run.finished;
        ids.push(run.id);
      }
      assertEquals((await app.prune({ keep: 1, dryRun: true })).runs, 2);
      const report = await app.prune({ keep: 1 });
      // Of the first run stays what the others took from it; each stream has two chunks and its mark.
      assertEquals(report, { runs: 2, results: 6, more: false });
      assertEquals((await app.runs()).map(({ id }) => id), [ids[2]]);
      assertEquals(
        await app.result(ids[2]!, "squares").then((value) => (value as { squares: unknown }).squares),
        [1, 4],
      );
      assertEquals(await io.listRuns(), [ids[0]!, ids[2]!].sort());
      const error = await assertRejects(() => app.rerun(ids[1]!), MillraceError);
      assertEquals(error.code, "run/not-found");
    }
    await using app = await openPlatform({ ...options, retention: { maxAgeMs: 0 } });
    await until(() => app.runs(), (runs) => runs.length === 0);
    assertEquals((await app.prune()).runs, 0);
    assertEquals(await io.listRuns(), [ids[0]!, ids[2]!].sort(), "the latest result of each task stays");
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
