import { assert, assertEquals, assertNotEquals, assertObjectMatch, assertStringIncludes } from "@std/assert";
import { type MillraceEvent, openPlatform, type Platform, type RunEnd } from "@millrace/millrace";

const module = import.meta.resolve("./fixtures/isolated_pipelines.ts");

async function withPlatform(
  test: (app: Platform) => Promise<void>,
  executors = 2,
  modules = [module],
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await using app = await openPlatform({ dataDir, modules, executors, log: () => {} });
    await test(app);
    assertEquals(await app.close(), { lostThreads: 0, unfinishedRuns: 0 });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function runTask(app: Platform, name: string): Promise<RunEnd & { readonly value?: unknown }> {
  const run = await app.run({ names: [name] });
  const end = await run.finished;
  return end.status === "succeeded" ? { ...end, value: await app.result(run.id, name) } : end;
}

/** What a task gave; fails if it gave nothing. */
async function valueOf<T = unknown>(app: Platform, name: string): Promise<T> {
  const end = await runTask(app, name);
  assertEquals(end.status, "succeeded", JSON.stringify(end.tasks[name]?.error));
  return end.value as T;
}

interface Circumstances {
  readonly pid: number;
  readonly secret?: string;
  readonly read: string;
}

Deno.test("a task with isolation process runs in a process of its own, with the rights of the program", () =>
  withPlatform(async (app) => {
    Deno.env.set("MILLRACE_TEST_SECRET", "s3cret");
    const { pid, ...rest } = await valueOf<Circumstances>(app, "free");
    assertNotEquals(pid, Deno.pid);
    assertEquals(rest, { secret: "s3cret", read: "/**" });
    assertEquals(await valueOf(app, "follow"), pid, "the process is used again");
    assertEquals(await valueOf(app, "in_thread"), Deno.pid);
  }));

Deno.test("a task with permissions has these rights and no others; its modules load all the same", () =>
  withPlatform(async (app) => {
    Deno.env.set("MILLRACE_TEST_SECRET", "s3cret");
    const bare = await valueOf<Circumstances>(app, "bare");
    assertObjectMatch({ ...bare }, { secret: "NotCapable", read: "NotCapable" });
    const reader = await valueOf<Circumstances>(app, "reader");
    assertObjectMatch({ ...reader }, { secret: "NotCapable", read: "/**" });
    assertNotEquals(reader.pid, bare.pid);
    const same = await valueOf<Circumstances>(app, "same_reader");
    assertEquals(same.pid, reader.pid, "the same rights share a process");
  }, 4));

Deno.test("a task with permissions sees no environment but what it was granted, not even by the system", () =>
  withPlatform(async (app) => {
    Deno.env.set("MILLRACE_TEST_SECRET", "s3cret");
    assertEquals(await valueOf(app, "snoop"), false);
    assertEquals(await valueOf(app, "trusted"), "s3cret");
  }));

Deno.test("a task that uses a right it does not have fails once, and is told how to get it", () =>
  withPlatform(async (app) => {
    const { error, attempts } = (await runTask(app, "dials")).tasks.dials!;
    assertEquals([error?.code, attempts], ["task/permission-denied", 1]);
    assertObjectMatch({ ...error!.details }, { right: "net", target: "127.0.0.1:2" });
    assertStringIncludes(error!.message, 'add net: ["127.0.0.1:2"] to the permissions of the task');
  }));

Deno.test("a task with permissions fetches no module from the network", () =>
  withPlatform(async (app) => {
    const told = await valueOf<string[]>(app, "imports");
    assertEquals(told.length, 2);
    for (const message of told) assertStringIncludes(message, "not found in cache");
  }));

Deno.test("streams, chunks, large bytes, progress and events cross the border of a process", () =>
  withPlatform(async (app) => {
    const seen: string[] = [];
    const events = app.subscribe("summed|task.mixed.sums.*");
    await app.view();
    const run = await app.run({ pipeline: "mixed", params: { day: 1 } });
    const heard = (async () => {
      for await (const event of events as AsyncIterable<MillraceEvent>) {
        seen.push(event.topic);
        if (event.topic.endsWith("succeeded")) break;
      }
    })();
    const end = await run.finished;
    assertEquals(end.status, "succeeded", JSON.stringify(end.error));
    await heard;
    assertEquals(seen, [
      "task.mixed.sums.started",
      "task.mixed.sums.progress",
      "summed",
      "task.mixed.sums.succeeded",
    ]);
    assertEquals(
      await app.result(run.id, "sums"),
      new Map<string, unknown>([
        ["sum", 20],
        ["count", 5],
        ["bytes", 20 * 2 ** 20],
        ["last", 7],
        ["context", { params: { day: 1 }, attempt: 1, run: 36 }],
      ]),
    );
    assertEquals(await app.result(run.id, "after"), ["sum", "count", "bytes", "last", "context"]);
    assertEquals(end.tasks.numbers?.resultIds.length, 5);
  }));

Deno.test("cancel reaches a task in a process, which is used again", () =>
  withPlatform(async (app) => {
    const pid = await valueOf(app, "follow");
    const events = app.subscribe("task.adhoc.patient.progress");
    await app.view();
    const run = await app.run({ names: ["patient"] });
    for await (const _ of events) break;
    await app.cancel(run.id);
    assertEquals((await run.finished).status, "cancelled");
    assertEquals(await valueOf(app, "follow"), pid);
  }, 1));

Deno.test("a loop after an await is ended with its process; no thread is lost", () =>
  withPlatform(async (app) => {
    const pid = await valueOf(app, "follow");
    const end = await runTask(app, "spins");
    assertEquals([end.tasks.spins?.status, end.tasks.spins?.error?.code], ["timed_out", "task/timed-out"]);
    assertNotEquals(await valueOf(app, "follow"), pid);
    assertEquals((await app.view()).executors.lost, 0);
  }, 1));

Deno.test("a task that calls Deno.exit() in a process loses it, and is tried again in another one", () =>
  withPlatform(async (app) => {
    const end = await runTask(app, "exits");
    assertEquals([end.value, end.tasks.exits?.attempts], ["attempt 2", 2]);
  }, 1));

Deno.test("a task that needs more memory than it may have fails alone, with an error that says so", () =>
  withPlatform(async (app) => {
    const { error } = (await runTask(app, "hungry")).tasks.hungry!;
    assertEquals([error?.code, error?.details], [
      "task/out-of-memory",
      { task: "hungry", attempt: 1, memoryMb: 64 },
    ]);
    assert(await valueOf(app, "follow"));
  }, 1));

Deno.test("a platform without executors has no processes either, and says so", () =>
  withPlatform(async (app) => {
    assertEquals((await runTask(app, "bare")).tasks.bare?.error?.code, "executor/none");
  }, 0));

Deno.test("a module that needs a right to load, which its task has not, fails the task and says why", () =>
  withPlatform(
    async (app) => {
      const { error } = (await runTask(app, "unloadable")).tasks.unloadable!;
      assertEquals(error?.code, "executor/start-failed");
      assertStringIncludes(error!.message, 'Requires env access to "HOME"');
    },
    1,
    [import.meta.resolve("./fixtures/unloadable_pipelines.ts")],
  ));
