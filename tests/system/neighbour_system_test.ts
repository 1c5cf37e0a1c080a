import { assertEquals } from "@std/assert";
import { openPlatform } from "@millrace/millrace";

Deno.test("a task that takes its executor with it takes no other task with it", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    await using app = await openPlatform({
      modules: [import.meta.resolve("./fixtures/neighbour_pipelines.ts")],
      ...{ dataDir, executors: 1, log: () => {} },
    });
    // Quick work is given ahead of time once it has proved to be quick.
    await (await app.run({ tags: ["warm"] })).finished;
    const run = await app.run({ tags: ["all"] });
    const { status, tasks } = await run.finished;
    const ends = Object.entries(tasks).map(([name, { status }]) => `${name.replace(/_\d+$/, "")} ${status}`);
    assertEquals(status, "failed");
    assertEquals([...new Set(ends)].sort(), ["a_quick succeeded", "leaves failed"]);
    assertEquals(await app.result(run.id, "a_quick_59"), 59);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
