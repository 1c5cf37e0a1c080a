import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { type MillraceEvent, openPlatform, type Platform } from "@millrace/millrace";

const module = import.meta.resolve("./fixtures/stream_pipelines.ts");

async function withPlatform(
  executors: number,
  test: (app: Platform, dir: string) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const dir = await Deno.makeTempDir();
  try {
    await using app = await openPlatform({ dataDir, modules: [module], executors });
    await test(app, dir);
    assertEquals(await app.close(), { lostThreads: 0, unfinishedRuns: 0 });
  } finally {
    await Promise.all([dataDir, dir].map((path) => Deno.remove(path, { recursive: true })));
  }
}

Deno.test("a task reads a stream while it is written, which is never further ahead than it may be", () =>
  withPlatform(2, async (app, dir) => {
    const subscription = app.subscribe("task.paced.**|run.paced.*", { capacity: 1_000 });
    await app.view(); // answered after the subscription was taken
    const run = await app.run({ pipeline: "paced", params: { dir } });
    const events: MillraceEvent[] = [];
    for await (const event of subscription) {
      events.push(event);
      if (event.topic === "run.paced.succeeded") break;
    }
    assertEquals(await app.result(run.id, "sum"), 39 * 40 / 2);
    const topics = events.map(({ topic }) => topic);
    assert(topics.indexOf("task.paced.sum.started") < topics.indexOf("task.paced.rows.succeeded"));
    let [stored, read] = [0, 0];
    for (const { topic, data } of events) {
      if (topic === "task.paced.rows.chunk") stored++;
      if (topic === "task.paced.sum.progress") read = (data as { done: number }).done;
      // One more chunk may be on its way to the store.
      if (read > 0) assertLessOrEqual(stored - read, 4 + 1);
    }
    assertEquals([stored, read], [40, 40]);
  }));

Deno.test("a stream that fails takes its reader with it, and no chunk of two attempts is mixed", () =>
  withPlatform(2, async (app, dir) => {
    const run = await app.run({ pipeline: "broken", params: { dir } });
    const { status, tasks } = await run.finished;
    assertEquals([status, tasks.fragile!.attempts, tasks.reads!.attempts], ["succeeded", 2, 2]);
    assertEquals(await app.result(run.id, "reads"), {
      attempt: 2,
      seen: [0, 1, 2].map((n) => ({ attempt: 2, n })),
    });
  }));

for (const executors of [1, 2, 4]) {
  Deno.test(`streams over streams end well with ${executors} executors`, () =>
    withPlatform(executors, async (app) => {
      const run = await app.run({ pipeline: "layered" });
      assertEquals((await run.finished).status, "succeeded");
      assertEquals(await app.result(run.id, "first"), 12);
      assertEquals(await app.result(run.id, "all"), [700, true]);
    }));
}

Deno.test("a stream goes from a process to another one", () =>
  withPlatform(1, async (app) => {
    const run = await app.run({ pipeline: "guarded" });
    assertEquals((await run.finished).status, "succeeded");
    assertEquals(await app.result(run.id, "word"), "millrace");
  }));
