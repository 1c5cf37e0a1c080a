import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  defineTask,
  MillraceError,
  openPlatform,
  type Platform,
  type PlatformOptions,
} from "@millrace/millrace";
import { until } from "../actor/fixtures/systems.ts";
import { auditJournal } from "./support/journal_audit.ts";

const module = import.meta.resolve("./fixtures/pipelines.ts");

async function withPlatform(
  test: (app: Platform, dataDir: string) => Promise<void>,
  options: PlatformOptions = {},
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await using app = await openPlatform({ dataDir, modules: [module], log: () => {}, ...options });
    await test(app, dataDir);
    assertEquals((await app.close()).lostThreads, 0);
    auditJournal(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** Events of a platform until one on `topic`, that included. */
async function topicsUntil(app: Platform, topic: string, begin: () => Promise<unknown>): Promise<string[]> {
  const events = app.subscribe("run.**|task.**|trigger.**");
  await app.view(); // answered after the subscription was taken
  await begin();
  const topics: string[] = [];
  for await (const event of events) {
    topics.push(event.topic);
    if (event.topic === topic) break;
  }
  return topics;
}

Deno.test("openPlatform runs a pipeline in Web Workers and keeps every result", () =>
  withPlatform(async (app) => {
    const run = await app.run({
      pipeline: "counting",
      params: { upTo: 5, failFirst: 2 },
      metadata: { why: "test" },
    });
    const end = await run.finished;
    assertEquals(end.status, "succeeded");
    assertEquals(
      Object.fromEntries(
        Object.entries(end.tasks).map(([name, { status, attempts }]) => [name, [status, attempts]]),
      ),
      { numbers: ["succeeded", 1], flaky: ["succeeded", 3], fragile: ["failed", 1], sum: ["succeeded", 1] },
    );
    assertEquals(await app.result(run.id, "numbers"), [1, 2, 3, 4, 5]);
    assertEquals(await app.result(run.id, "flaky"), { attempt: 3, at: new Date(0), big: 10n });
    assertEquals(await app.result(run.id, "sum"), { sum: 15, count: 5, big: 10n, fragile: "always broken" });
    const view = await app.runView(run.id);
    assertEquals(view.levels, [["flaky", "fragile", "numbers"], ["sum"]]);
    assertEquals(view.request.metadata, { why: "test" });
  }));

Deno.test("openPlatform tells of everything by events, and pipelines chain by an event trigger", () =>
  withPlatform(async (app) => {
    const topics = await topicsUntil(app, "run.echoing.succeeded", () => app.run({ pipeline: "counting" }));
    assertEquals(topics.filter((topic) => topic.startsWith("run.") || topic.startsWith("trigger.")), [
      "run.request",
      "run.counting.started",
      "run.counting.succeeded",
      "trigger.after_counting.fired",
      "run.echoing.started",
      "run.echoing.succeeded",
    ]);
    assertEquals(topics.filter((topic) => topic === "task.counting.numbers.chunk").length, 3);
    const [echoing] = await app.runs({ pipeline: "echoing" });
    assertEquals(await app.result(echoing!.id, "echo"), "the sum is 6");
  }));

Deno.test("publish of a topic that a pipeline listens to answers with the run that it started", () =>
  withPlatform(async (app) => {
    const { runIds } = await app.publish("numbers.wanted", { upTo: 2 });
    assertEquals(runIds.length, 1);
    const [run] = await app.runs({ pipeline: "counting" });
    assertEquals(run!.id, runIds[0]);
    assertEquals((await app.publish("nobody.listens", 1)).runIds, []);
  }));

Deno.test("scheduler.trigger fires by hand, counts over restarts, and comes and goes while running", async () => {
  const dataDir = await Deno.makeTempDir();
  for (const count of [1, 3]) {
    await using app = await openPlatform({ dataDir, modules: [module], log: () => {} });
    const fired = await app.scheduler.trigger("hand").fire({ upTo: 1 });
    assertEquals(fired.count, count);
    assertEquals(fired.runIds.length, 1);
    assert(await app.scheduler.remove("hand"));
    const gone = await assertRejects(() => app.scheduler.trigger("hand").fire(), MillraceError);
    assertEquals(gone.code, "trigger/unknown");
    await app.scheduler.add(module, "hand");
    assertEquals((await app.scheduler.trigger("hand").fire()).count, count + 1);
  }
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("run of a task selection loads what it leaves out from the latest succeeded run", () =>
  withPlatform(async (app) => {
    const missing = await app.run({ names: ["echo"] });
    const end = await missing.finished;
    assertEquals([end.status, end.error?.code], ["failed", "run/external-result-missing"]);
    await (await app.run({ names: ["sum"], includeUpstream: true, params: { upTo: 4 } })).finished;
    const run = await app.run({ names: ["echo"] });
    assertEquals((await run.finished).status, "succeeded");
    assertEquals(await app.result(run.id, "echo"), "the sum is 10");
  }));

Deno.test("run refuses what it cannot do, names it, and journals nothing", () =>
  withPlatform(async (app) => {
    const refused: [object, string][] = [
      [{ pipeline: "countin" }, "pipeline/unknown"],
      [{ names: ["nope"] }, "plan/invalid"],
      [{ pipeline: "counting", params: { upTo: "many" } }, "run/params-invalid"],
      [{ pipeline: "counting", names: ["sum"] }, "run/request-invalid"],
      [{ pipelin: "counting" }, "run/request-invalid"],
      [{}, "run/request-invalid"],
    ];
    for (const [request, code] of refused) {
      const error = await assertRejects(() => app.run(request), MillraceError);
      assertEquals(error.code, code);
    }
    const unknown = await assertRejects(() => app.run({ pipeline: "countin" }), MillraceError);
    assert(unknown.message.includes('did you mean "counting"'));
    assertEquals(await app.runs(), []);
    for (
      const [topic, code] of [["run.x", "event/reserved-topic"], ["a..b", "topic/invalid"], [
        "a.*",
        "topic/invalid",
      ]]
    ) {
      assertEquals((await assertRejects(() => app.publish(topic!, 1), MillraceError)).code, code);
    }
    const noRun = await assertRejects(() => app.runView("nope"), MillraceError);
    assertEquals(noRun.code, "run/not-found");
  }));

Deno.test("an event that a pipeline's schema refuses leaves a failed run, and the next one works", () =>
  withPlatform(async (app) => {
    const { runIds: [bad] } = await app.publish("numbers.wanted", { upTo: "many" });
    const { runIds: [good] } = await app.publish("numbers.wanted", { upTo: 1 });
    const topics = app.subscribe("run.counting.succeeded");
    const view = await app.runView(good!);
    if (view.status !== "succeeded") { for await (const _ of topics) break; }
    await topics.return?.();
    assertEquals((await app.runView(bad!)).error?.code, "run/params-invalid");
  }));

Deno.test("registry runs tasks of the main program inline, and refuses those that would have to cross threads", () =>
  withPlatform(async (app) => {
    let calls = 0;
    app.registry.register(defineTask({ name: "here", isolation: "inline", run: () => ++calls }));
    const run = await app.run({ names: ["here"] });
    assertEquals((await run.finished).status, "succeeded");
    assertEquals([calls, await app.result(run.id, "here")], [1, 1]);
    const elsewhere = defineTask({ name: "elsewhere", run: () => 1 });
    let error: unknown;
    try {
      app.registry.register(elsewhere);
    } catch (thrown) {
      error = thrown;
    }
    assert(MillraceError.is(error, "task/unsupported"));
  }));

Deno.test("registry.clear takes the tasks of the main program out of the platform's plans, and no others", () =>
  withPlatform(async (app) => {
    app.registry.register(defineTask({ name: "here", isolation: "inline", run: () => 1 }));
    assertEquals((await app.plan({ select: "here" })).executionOrder, ["here"]);
    app.registry.clear();
    const error = await assertRejects(() => app.plan({ names: ["here", "numbers"] }), MillraceError);
    assert(MillraceError.is(error, "plan/invalid"));
    assertEquals(error.details.problems.map((problem) => problem.tasks), [["here"]]);
  }));

Deno.test("run of a worker task on a platform without executors fails and says so", () =>
  withPlatform(async (app) => {
    const end = await (await app.run({ names: ["numbers"] })).finished;
    assertEquals([end.status, end.tasks.numbers?.error?.code], ["failed", "executor/none"]);
  }, { executors: 0 }));

Deno.test("a trigger's function that never returns is interrupted, and everything else goes on", () =>
  withPlatform(async (app) => {
    const failed = app.subscribe("trigger.endless.failed");
    await app.publish("please.loop", {});
    const { runIds: [runId] } = await app.publish("quick.wanted", {});
    for await (const { data } of failed) {
      assertEquals((data as { error: { code: string } }).error.code, "trigger/too-slow");
      break;
    }
    await until(() => app.runView(runId!), (run) => run.status === "succeeded");
  }, { modules: [import.meta.resolve("./fixtures/fatal_trigger.ts")] }));

Deno.test("a stalled subscriber with back-pressure slows those who publish to it, and nobody else", () =>
  withPlatform(async (app) => {
    const stalled = app.subscribe("flood.**", { overflow: "backpressure", capacity: 1 });
    await app.view(); // answered after the subscription was taken
    const flood = Array.from(
      { length: 2_500 },
      () => app.publish("flood.more", 1).then(() => "ok", (error) => error.code),
    );
    assertEquals((await app.publish("elsewhere", 1)).matched, 0);
    const run = await app.run({ pipeline: "counting" });
    assertEquals((await run.finished).status, "succeeded");
    await app.close();
    const outcomes = new Set(await Promise.all(flood));
    assert(outcomes.has("broker/overloaded"), "who cannot wait is told");
    await stalled.return?.();
  }));

Deno.test("publish says so when a subscription refuses the event", () =>
  withPlatform(async (app) => {
    const full = app.subscribe("small.room", { overflow: "reject", capacity: 1 });
    await app.view();
    const codes: string[] = [];
    // The stream's own credit takes what its capacity does not: beyond both, an event is refused.
    for (let n = 0; n < 600; n++) await app.publish("small.room", n).catch((error) => codes.push(error.code));
    assert(codes.length > 0);
    assertEquals(new Set(codes), new Set(["broker/overloaded"]));
    await full.return?.();
  }));

Deno.test("registry takes more tasks in one turn than a window holds", () =>
  withPlatform(async (app) => {
    for (let n = 0; n < 600; n++) {
      app.registry.register(defineTask({ name: `t${n}`, isolation: "inline", run: () => n }));
    }
    const run = await app.run({ names: ["t599"] });
    assertEquals((await run.finished).status, "succeeded");
    assertEquals(await app.result(run.id, "t599"), 599);
  }));

Deno.test("result gives what the task returned, also what a thread boundary would alter", () =>
  withPlatform(async (app) => {
    const value = { at: new URL("https://example.org/a?b=1"), error: new RangeError("kept"), big: 7n };
    app.registry.register(defineTask({ name: "rich", isolation: "inline", run: () => value }));
    const run = await app.run({ names: ["rich"] });
    await run.finished;
    const back = await app.result(run.id, "rich") as typeof value;
    assertEquals([back.at.href, back.error.message, back.big], [value.at.href, "kept", 7n]);
  }));

Deno.test("publish refuses data that is nested without end, and so does a run's request", () =>
  withPlatform(async (app) => {
    let deep: unknown = 1;
    for (let level = 0; level < 300; level++) deep = [deep];
    assertEquals((await assertRejects(() => app.publish("a", deep), MillraceError)).code, "event/invalid");
    const run = assertRejects(() => app.run({ names: ["sum"], params: { deep } }), MillraceError);
    assertEquals((await run).code, "event/invalid");
  }));

Deno.test("a pipeline whose parameter check never returns fails that run, also at the next start", async () => {
  const dataDir = await Deno.makeTempDir();
  const modules = [import.meta.resolve("./fixtures/fatal_trigger.ts")];
  let id: string;
  {
    await using app = await openPlatform({ dataDir, modules, log: () => {} });
    id = (await app.publish("loop.params", {})).runIds[0]!;
    await app.close({ deadlineMs: 0 });
  }
  await using app = await openPlatform({ dataDir, modules, log: () => {} });
  const run = await until(() => app.runView(id), (run) => run.status === "failed");
  assertEquals(run.error?.code, "run/params-invalid");
  await app.close();
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("cancel ends a run, and close with unfinished runs leaves them to the next start", async () => {
  const dataDir = await Deno.makeTempDir();
  const slow = import.meta.resolve("./fixtures/slow_pipelines.ts");
  let unfinished: string;
  {
    await using app = await openPlatform({ dataDir, modules: [slow], executors: 1, log: () => {} });
    const cancelled = await app.run({ pipeline: "endless" });
    const started = app.subscribe("task.endless.wait.started");
    if ((await app.runView(cancelled.id)).tasks.wait?.status !== "running") {
      for await (const _ of started) break;
    }
    await started.return?.();
    await app.cancel(cancelled.id);
    assertEquals((await cancelled.finished).status, "cancelled");
    const left = await app.run({ pipeline: "quick" });
    unfinished = left.id;
    await app.run({ pipeline: "endless" });
    const report = await app.close({ deadlineMs: 1 });
    assert(report.unfinishedRuns >= 1);
  }
  await using app = await openPlatform({ dataDir, modules: [slow], executors: 2, log: () => {} });
  assert(app.resumed >= 1);
  const status = async (id: string) => (await app.runView(id)).status;
  assertEquals(await until(() => status(unfinished), (status) => status === "succeeded"), "succeeded");
  for (const run of await app.runs({ pipeline: "endless" })) await app.cancel(run.id);
  await until(
    () => app.runs({ pipeline: "endless" }),
    (runs) => runs.every((run) => run.status === "cancelled"),
  );
  await app.close();
  await Deno.remove(dataDir, { recursive: true });
});
