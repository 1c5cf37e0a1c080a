/** Rate limits on a whole platform: with threads and processes, and over its end. */
import { assert, assertEquals } from "@std/assert";
import { openPlatform } from "@millrace/millrace";
import { until } from "../actor/fixtures/systems.ts";

const modules = [import.meta.resolve("./fixtures/rated_pipelines.ts")];

async function inFolder(test: (open: () => ReturnType<typeof openPlatform>) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await test(() => openPlatform({ dataDir, modules, executors: 2, schedules: false, log: () => {} }));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("Platform tasks of one rate limit start in bursts, in threads and in processes", () =>
  inFolder(async (open) => {
    await using app = await open();
    const run = await app.run({ pipeline: "bursts" });
    const { status, tasks } = await run.finished;
    assertEquals([status, Object.values(tasks).map(({ attempts }) => attempts)], [
      "succeeded",
      [1, 1, 1, 1, 1, 1],
    ]);
    const times = await Promise.all(Object.keys(tasks).map((task) => app.result(run.id, task)));
    times.sort();
    // Two windows lie between the first and the last; half of that is left for what a task's own clock sees late.
    assert(Number(times.at(-1)) - Number(times[0]) >= 300, String(times));
  }));

Deno.test("Platform a rate limit holds over restarts; what waits for it is said, ends no close, and can be cancelled", () =>
  inFolder(async (open) => {
    const first = await open();
    assertEquals((await (await first.run({ pipeline: "once" })).finished).status, "succeeded");
    const waiting = await first.run({ pipeline: "once" });
    assertEquals((await first.close()).unfinishedRuns, 1);
    await using second = await open();
    const wait = async () => (await second.runView(waiting.id)).tasks.daily?.waitsFor;
    const said = await until(wait, (wait) => wait !== undefined && "untilMs" in wait);
    assert(said !== undefined && "rateLimit" in said && said.rateLimit === "daily");
    const { attempts, status } = (await second.runView(waiting.id)).tasks.daily!;
    assertEquals([attempts, status], [0, "pending"]);
    await second.cancel(waiting.id);
    assertEquals((await second.runView(waiting.id)).status, "cancelled");
  }));
