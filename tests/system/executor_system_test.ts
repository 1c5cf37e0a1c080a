import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertObjectMatch } from "@std/assert";
import {
  defineTask,
  type LogRecord,
  type MillraceEvent,
  openPlatform,
  type Platform,
  type PlatformOptions,
  type RunEnd,
} from "@millrace/millrace";

const module = import.meta.resolve("./fixtures/executor_pipelines.ts");

interface Opened {
  readonly app: Platform;
  readonly records: LogRecord[];
}

async function withPlatform(
  test: (opened: Opened) => Promise<void>,
  options: PlatformOptions = {},
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const records: LogRecord[] = [];
  try {
    await using app = await openPlatform({
      dataDir,
      modules: [module],
      executors: 1,
      log: (record) => records.push(record),
      ...options,
    });
    await test({ app, records });
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

/** The events of a platform that match, up to the first on `last`. */
async function eventsUntil(
  app: Platform,
  pattern: string,
  last: string,
  begin: () => Promise<unknown>,
): Promise<MillraceEvent[]> {
  const subscription = app.subscribe(pattern);
  await app.view(); // answered after the subscription was taken
  await begin();
  const events: MillraceEvent[] = [];
  for await (const event of subscription) {
    events.push(event);
    if (event.topic === last) break;
  }
  return events;
}

const replaced = ({ message }: LogRecord): boolean => message === "An executor is replaced";
const lost = ({ message }: LogRecord): boolean =>
  message === "An executor was lost; another one takes its place";

Deno.test("an endless synchronous loop is interrupted, and another executor takes the place of its own", () =>
  withPlatform(async ({ app, records }) => {
    const end = await runTask(app, "spin");
    assertEquals([end.status, end.tasks.spin?.status], ["failed", "timed_out"]);
    assertEquals(end.tasks.spin?.error?.code, "task/timed-out");
    // There is only one executor: this runs once the new one has come.
    assertEquals((await runTask(app, "follow")).status, "succeeded");
    assertEquals(records.filter(replaced).map(({ attrs }) => attrs.stuck), [false]);
    assertObjectMatch({ ...(await app.view()).executors }, { total: 1, busy: 0, lost: 0 });
  }));

Deno.test("a task that ignores its signal is timed out, and its executor replaced", () =>
  withPlatform(async ({ app, records }) => {
    const end = await runTask(app, "deaf");
    assertEquals(end.tasks.deaf?.status, "timed_out");
    assertEquals((await runTask(app, "follow")).status, "succeeded");
    assertEquals(records.filter(replaced).length, 1);
  }));

Deno.test("cancel ends the work itself, and the executor goes on with the next task", () =>
  withPlatform(async ({ app, records }) => {
    const events = app.subscribe("task.adhoc.patient.progress");
    await app.view();
    const run = await app.run({ names: ["patient"] });
    for await (const _ of events) break;
    await app.cancel(run.id);
    assertEquals((await app.runView(run.id)).status, "cancelled", "once it is answered, it is so");
    assertEquals((await run.finished).status, "cancelled");
    const again = await app.fetch(
      new Request(`http://127.0.0.1/api/runs/${run.id}/cancel`, { method: "POST" }),
    );
    assertEquals([again.status, (await again.json()).status], [200, "cancelled"]);
    const nobody = await app.fetch(
      new Request("http://127.0.0.1/api/runs/nobody/cancel", { method: "POST" }),
    );
    assertEquals(nobody.status, 404);
    assertEquals((await runTask(app, "follow")).status, "succeeded");
    assertEquals(records.filter((record) => replaced(record) || lost(record)), []);
    assertEquals((await app.view()).executors.total, 1);
  }));

Deno.test("a loop after an await costs a thread, not the platform: it is timed out, the rest goes on, and close tells", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const script = new URL("./fixtures/lost_thread.ts", import.meta.url);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script.href, dataDir],
      stdout: "piped",
      stderr: "piped",
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const report = JSON.parse(await Deno.readTextFile(`${dataDir}/report.json`));
    assertEquals(report.lost, ["failed", "timed_out", "task/timed-out"]);
    assertEquals([report.chatty, report.many], ["succeeded", "succeeded"]);
    assertLess(report.chattyMs, report.lostMs, "other tasks do not wait for it");
    assertObjectMatch(report.executors, { total: 2, busy: 0, lost: 1 });
    assertEquals(report.closed, { lostThreads: 1, unfinishedRuns: 0 });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

for (const [name, reason] of [["exits", "Deno.exit(7)"], ["closes", "close()"]] as const) {
  Deno.test(`a task that calls ${reason} loses its executor, and another one takes over`, () =>
    withPlatform(async ({ app, records }) => {
      const events = await eventsUntil(
        app,
        `task.adhoc.${name}.*`,
        `task.adhoc.${name}.succeeded`,
        () => app.run({ names: [name] }),
      );
      assertEquals(events.map(({ topic }) => topic.split(".").at(-1)), [
        "started",
        "retrying",
        "started",
        "succeeded",
      ]);
      const { error } = events[1]!.data as { error: { code: string; details: { reason: string } } };
      assertEquals(error.code, "executor/lost");
      assert(error.details.reason.includes(`code in it called ${reason}`), error.details.reason);
      assertEquals(records.filter(lost).length, 1);
    }));
}

for (
  const [name, reason] of [["careless", "a rejection that nobody awaits"], ["thrower", "a throw in a timer"]]
) {
  Deno.test(`a task with ${reason} fails of it, at once, and its executor goes on`, () =>
    withPlatform(async ({ app, records }) => {
      const { error } = (await runTask(app, name!)).tasks[name!]!;
      assertEquals([error?.code, error?.cause?.message], ["task/unhandled", reason]);
      assertEquals((await runTask(app, "follow")).status, "succeeded");
      assertEquals(records.filter((record) => replaced(record) || lost(record)), []);
    }));
}

Deno.test("a throw after a task has ended is logged, and ends neither another task nor the executor", () =>
  withPlatform(async ({ app, records }) => {
    assertEquals((await runTask(app, "late_thrower")).value, "done");
    assertEquals((await runTask(app, "follow")).status, "succeeded");
    while (!records.some(({ message }) => message.startsWith("Code in a host failed"))) await app.view();
    assertEquals(records.filter(lost), []);
  }));

Deno.test("an event that a task publishes starts another pipeline", () =>
  withPlatform(async ({ app }) => {
    const [event] = await eventsUntil(
      app,
      "run.following.succeeded",
      "run.following.succeeded",
      () => app.run({ names: ["publishes"] }),
    );
    const { runId } = event!.data as { runId: string };
    assertEquals(await app.result(runId, "follow"), { from: "publishes" });
  }));

Deno.test("a task that publishes on a topic of the platform fails, and says why", () =>
  withPlatform(async ({ app }) => {
    const end = await runTask(app, "forges");
    assertEquals([end.status, end.tasks.forges?.error?.code], ["failed", "event/reserved-topic"]);
  }));

Deno.test("a task that fails is tried again after its back-off, each wait longer than the last", () =>
  withPlatform(async ({ app }) => {
    const events = await eventsUntil(
      app,
      "task.adhoc.flaky.*",
      "task.adhoc.flaky.succeeded",
      () => app.run({ names: ["flaky"] }),
    );
    const kinds = events.map(({ topic }) => topic.split(".").at(-1));
    assertEquals(kinds, ["started", "retrying", "started", "retrying", "started", "succeeded"]);
    for (const [index, waitMs] of [[1, 20], [3, 40]] as const) {
      const { nextTryMs } = events[index]!.data as { nextTryMs: number };
      assertEquals(nextTryMs - events[index]!.timeMs, waitMs);
      assertGreaterOrEqual(events[index + 1]!.timeMs, nextTryMs);
    }
  }));

Deno.test("a task's progress is told by events", () =>
  withPlatform(async ({ app }) => {
    const events = await eventsUntil(
      app,
      "task.adhoc.measured.progress|task.adhoc.measured.succeeded",
      "task.adhoc.measured.succeeded",
      () => app.run({ names: ["measured"] }),
    );
    const said = events.slice(0, -1).map(({ data }) => {
      const { done, total, note, attempt } = data as Record<string, unknown>;
      return { done, total, note, attempt };
    });
    assertEquals(said, [
      { done: 1, total: 2, note: "half", attempt: 1 },
      { done: 2, total: 2, note: undefined, attempt: 1 },
    ]);
  }));

Deno.test("tasks of the main program run inline, many at once, and see its variables", () =>
  withPlatform(async ({ app }) => {
    const here = { atOnce: 0, most: 0 };
    const gate = Promise.withResolvers<void>();
    const names = Array.from({ length: 5 }, (_, n) => `inline_${n}`);
    for (const name of names) {
      app.registry.register(defineTask({
        name,
        isolation: "inline",
        async run() {
          here.most = Math.max(here.most, ++here.atOnce);
          if (here.atOnce === names.length) gate.resolve();
          await gate.promise;
          here.atOnce--;
        },
      }));
    }
    const end = await (await app.run({ names })).finished;
    assertEquals([end.status, here], ["succeeded", { atOnce: 0, most: 5 }]);
  }, { executors: 0 }));

Deno.test("an inline loop is interrupted too, and the main program lives on", () =>
  withPlatform(async ({ app }) => {
    app.registry.register(defineTask({
      name: "here",
      isolation: "inline",
      timeoutMs: 50,
      run() {
        for (;;);
      },
    }));
    assertEquals((await runTask(app, "here")).tasks.here?.status, "timed_out");
    app.registry.register(defineTask({ name: "next", isolation: "inline", run: () => "fine" }));
    assertEquals((await runTask(app, "next")).value, "fine");
  }, { executors: 0 }));

Deno.test("two executors end two hundred tasks, each with one attempt", () =>
  withPlatform(async ({ app }) => {
    const end = await (await app.run({ pipeline: "many" })).finished;
    assertEquals(end.status, "succeeded");
    const tasks = Object.values(end.tasks);
    assertEquals(tasks.length, 200);
    assert(tasks.every(({ status, attempts }) => status === "succeeded" && attempts === 1));
    assertObjectMatch({ ...(await app.view()).executors }, { total: 2, busy: 0, lost: 0 });
  }, { executors: 2 }));
