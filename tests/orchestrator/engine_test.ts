import { assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { MAX_HOPS } from "../../src/event/event.ts";
import { planOf } from "./plans.ts";
import { failure, success, unavailable, World } from "./world.ts";

const ab = planOf({ a: [], b: ["a"] });
const one = planOf({ a: [] });

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await assertRejects(() => promise);
  return MillraceError.is(error) ? error.code : undefined;
}

// --- from cause to end

Deno.test("Engine an event starts the pipelines that listen, and a run goes through its plan", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  const { runIds: [runId] } = await world.publish("go", { day: 1 });
  await world.settle();
  assertEquals(world.running, ["a"]);
  await world.finish("a", success(2));
  assertEquals(world.attempts[0]!.inputs, {
    a: { runId: runId!, task: "a", resultIds: ["a1-000000", "a1-000001"] },
  });
  assertEquals(world.attempts[0]!.params, { day: 1 });
  await world.finish("b");
  assertEquals((await world.engine.ended(runId!)).status, "succeeded");
  assertEquals(world.topics, [
    "run.p.started",
    "task.p.a.started",
    "task.p.a.succeeded",
    "task.p.b.started",
    "task.p.b.succeeded",
    "run.p.succeeded",
  ]);
});

Deno.test("Engine.accept() gives the ids of the runs once they are journalled", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one }, { name: "q", on: ["*", "go"], plan: one }, {
      name: "r",
      plan: one,
    }],
  });
  const { runIds } = await world.publish("go");
  assertEquals((await world.journal.runs({})).map(({ id }) => id).sort(), [...runIds].sort());
  assertEquals((await world.journal.runs({})).map(({ pipeline }) => pipeline).sort(), ["p", "q"]);
});

Deno.test("Engine.accept() the same event again starts nothing more, and gives the same runs", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }] });
  const event = world.event("go");
  const [first, second] = await Promise.all([world.engine.accept(event), world.engine.accept(event)]);
  await world.finishAll();
  const third = await world.engine.accept(event);
  await world.finishAll();
  assertEquals([second, third], [first, first]);
  assertEquals(world.submitted.length, 1);
});

Deno.test("Engine.accept() an event that nobody waits for leaves no trace, unless a trigger fired it", async () => {
  const world = new World({ pipelines: [] });
  assertEquals(await world.publish("nothing"), { runIds: [] });
  assertEquals(await world.engine.accept(world.event("nothing"), { trigger: "hook" }), { runIds: [] });
  assertEquals((await world.journal.triggers()).map(({ name, count }) => [name, count]), [["hook", 1]]);
});

Deno.test("Engine.accept() run.request starts what it asks for, with its parameters and metadata", async () => {
  const world = new World({ pipelines: [{ name: "p", plan: one }] });
  const { runIds } = await world.publish("run.request", {
    pipeline: "p",
    params: { day: 1 },
    metadata: { who: "me" },
  });
  await world.settle();
  assertEquals(world.attempts[0]!.params, { day: 1 });
  assertEquals(world.attempts[0]!.metadata, { who: "me" });
  assertEquals((await world.engine.view(runIds[0]!)).request.metadata, { who: "me" });
});

Deno.test("Engine.accept() refuses a run request that is wrong, and journals nothing of it", async () => {
  const world = new World({ pipelines: [{ name: "p", plan: one }] });
  const bad: [unknown, string][] = [
    [{ pipelin: "p" }, "run/request-invalid"],
    [{ pipeline: "p", tags: ["x"] }, "run/request-invalid"],
    ["p", "run/request-invalid"],
    [[{ pipeline: "p" }], "run/request-invalid"],
    [{ pipeline: "p", timeoutMs: 0 }, "run/request-invalid"],
    [{ pipeline: "unknown" }, "pipeline/unknown"],
  ];
  for (const [data, code] of bad) assertEquals(await codeOf(world.publish("run.request", data)), code);
  assertEquals(await world.journal.runs({}), []);
  assertEquals(world.shown, []);
});

Deno.test("Engine.accept() a request is kept as it came: the parameters are checked once for each run", async () => {
  // As a schema that turns a text into a number: its output is no input of it.
  const world = new World({
    pipelines: [],
    prepare: ({ params }) => {
      if (typeof params?.n !== "string") throw new TypeError("n must be a text");
      return Promise.resolve({ plan: one, params: { n: Number(params.n) } });
    },
  });
  const { runIds } = await world.publish("run.request", { pipeline: "p", params: { n: "7" } });
  await world.settle();
  assertEquals(world.attempts[0]?.params, { n: 7 });
  assertEquals((await world.engine.view(runIds[0]!)).request.params, { n: 7 });
});

Deno.test("Engine parameters are JSON values, so that a run is the same before and after a restart", async () => {
  const given = { at: new Date(0) as unknown };
  const world = new World({ pipelines: [], prepare: () => Promise.resolve({ plan: ab, params: given }) });
  await world.publish("run.request", { pipeline: "p" });
  await world.settle();
  assertEquals(world.attempts[0]!.params, { at: "1970-01-01T00:00:00.000Z" });
});

Deno.test("Engine parameters that no journal can keep end the run with an error that says so", async () => {
  const world = new World({ pipelines: [], prepare: () => Promise.resolve({ plan: ab, params: { n: 1n } }) });
  const { runIds } = await world.publish("run.request", { pipeline: "p" });
  const end = await world.engine.ended(runIds[0]!);
  assertEquals([end.status, end.error?.code], ["failed", "run/params-invalid"]);
});

Deno.test("Engine.accept() a pipeline that is asked for and listens to run.request runs once, as asked", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["run.**"], plan: one, overlap: "skip" }] });
  const { runIds } = await world.publish("run.request", { pipeline: "p", params: { asked: true } });
  await world.settle();
  assertEquals(runIds.length, 1);
  assertEquals(world.attempts.map(({ params }) => params), [{ asked: true }]);
});

Deno.test("Engine a request that can no longer be planned ends the run, and the next one is free to go", async () => {
  let broken = true;
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one, overlap: "queue" }],
    prepare: () => {
      if (broken) throw new MillraceError("plan/invalid", "Cannot plan", { details: { problems: [] } });
      return Promise.resolve({ plan: one, params: {} });
    },
  });
  const { runIds: [first] } = await world.publish("go");
  const end = await world.engine.ended(first!);
  assertEquals([end.status, end.error?.code], ["failed", "plan/invalid"]);
  broken = false;
  const { runIds: [second] } = await world.publish("go");
  await world.finishAll();
  assertEquals((await world.engine.ended(second!)).status, "succeeded");
});

Deno.test("Engine a planner that is away for a while holds the run", async () => {
  let away = 2;
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one }],
    prepare: () => away-- > 0 ? Promise.reject(unavailable()) : Promise.resolve({ plan: one, params: {} }),
  });
  const { runIds: [runId] } = await world.publish("go");
  await world.finishAll();
  assertEquals((await world.engine.ended(runId!)).status, "succeeded");
});

Deno.test("Engine reads what a plan leaves out from its latest success, or refuses the run", async () => {
  const onlyB = planOf({ a: [], b: ["a"] }, {}, { names: ["b"] });
  const world = new World({
    pipelines: [{ name: "all", on: ["all"], plan: ab }, { name: "b", on: ["b"], plan: onlyB }],
  });
  const { runIds: [early] } = await world.publish("b");
  const end = await world.engine.ended(early!);
  assertEquals([end.status, end.error?.code], ["failed", "run/external-result-missing"]);

  const { runIds: [all] } = await world.publish("all");
  await world.finishAll();
  await world.publish("b");
  await world.settle();
  assertEquals(world.attempts[0]!.inputs, { a: { runId: all!, task: "a", resultIds: ["a1"] } });
});

Deno.test("Engine does not load what a plan leaves out and only comes after", async () => {
  const onlyB = planOf({ a: [], b: [] }, { b: { after: ["a"] } }, { names: ["b"] });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: onlyB }] });
  await world.publish("go");
  await world.settle();
  assertEquals(world.running, ["b"]);
});

// --- outcomes

Deno.test("Engine an outcome that is told twice, late or of nobody changes nothing", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: planOf({ a: [], b: ["a"] }, { a: { maxRetries: 2 } }) }],
  });
  const { runIds: [runId] } = await world.publish("go");
  const key = (attempt: number, task = "a") => ({ runId: runId!, task, attempt });
  await world.settle();
  world.report(key(1), failure());
  world.report(key(1), failure());
  world.report(key(1), failure(false));
  world.report(key(1), success());
  await world.clock.advance(60_000);
  assertEquals(world.submitted.map(({ attempt }) => attempt), [1, 2], "one try more, and only one at a time");
  world.report(key(1), success());
  world.report(key(7), success());
  world.report(key(1, "nobody"), success());
  world.report({ ...key(1), runId: "no run" }, success());
  await world.settle();
  assertEquals((await world.engine.view(runId!)).tasks.a!.status, "running");
  await world.finish("a");
  await world.finish("b");
  const end = await world.engine.ended(runId!);
  assertEquals([end.status, end.tasks.a!.attempts], ["succeeded", 2]);
  world.report(key(2), failure());
  await world.settle();
  assertEquals((await world.engine.view(runId!)).status, "succeeded");
});

Deno.test("Engine tries again after a wait that grows, until the tries are used up", async () => {
  const backoff = { baseMs: 100, factor: 2, maxMs: 10_000, jitter: false };
  const plan = planOf({ a: [], b: ["a"] }, { a: { maxRetries: 2, backoff } });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  for (const waitMs of [100, 200]) {
    await world.finish("a", failure());
    await world.clock.advance(waitMs - 1);
    assertEquals(world.running, []);
    await world.clock.advance(1);
    assertEquals(world.running, ["a"]);
  }
  await world.finish("a", failure());
  const end = await world.engine.ended(runId!);
  assertEquals([end.status, end.tasks.a!.status, end.tasks.b!.status], ["failed", "failed", "skipped"]);
  assertEquals(world.clock.pending, 0);
});

Deno.test("Engine does not try again what cannot help", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: planOf({ a: [] }, { a: { maxRetries: 5 } }) }],
  });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.finish("a", failure(false));
  assertEquals((await world.engine.ended(runId!)).tasks.a!.attempts, 1);
});

Deno.test("Engine.notice() shows what a running attempt says, and nothing of one that is over", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  const key = { runId: runId!, task: "a", attempt: 1 };
  world.engine.notice(key, { kind: "progress", done: 1, total: 2 });
  world.engine.notice({ ...key, attempt: 2 }, { kind: "progress", done: 9 });
  world.engine.notice({ ...key, runId: "no run" }, { kind: "chunk", chunk: 0 });
  await world.finish("a");
  world.engine.notice(key, { kind: "progress", done: 2 });
  const told = world.shown.filter(({ topic }) => topic.endsWith(".progress"));
  assertEquals(told.map(({ topic, data }) => [topic, JSON.parse(data)]), [
    ["task.p.a.progress", { runId, task: "a", attempt: 1, done: 1, total: 2 }],
  ]);
});

// --- cancelling

Deno.test("Engine.cancel() calls running attempts off and ends the run", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: planOf({ a: [], b: [], c: ["a"] }) }],
  });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.finish("b");
  world.engine.cancel(runId!);
  const end = await world.engine.ended(runId!);
  const statuses = Object.fromEntries(Object.entries(end.tasks).map(([name, { status }]) => [name, status]));
  assertEquals([end.status, statuses], ["cancelled", { a: "cancelled", b: "succeeded", c: "cancelled" }]);
  assertEquals(world.calledOff, [{ runId: runId!, task: "a", attempt: 1 }]);
  assertEquals(world.topics.slice(-3), ["task.p.a.cancelled", "task.p.c.cancelled", "run.p.cancelled"]);
});

Deno.test("Engine.cancel() at any moment ends the run, and leaves nothing with the executors", async () => {
  const moments = ["accepted", "planning", "running", "committing", "retrying", "ended"] as const;
  for (const moment of moments) {
    const plan = planOf({ a: [], b: ["a"] }, { a: { maxRetries: 1 } });
    const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
    const { runIds: [runId] } = await world.publish("go");
    if (moment === "planning") await Promise.resolve();
    if (moment !== "accepted" && moment !== "planning") await world.settle();
    if (moment === "retrying") await world.finish("a", failure());
    // The start of b is under way to the journal when the cancel comes.
    if (moment === "committing") world.report({ runId: runId!, task: "a", attempt: 1 }, success());
    if (moment === "ended") await world.finishAll();
    world.engine.cancel(runId!);
    world.engine.cancel(runId!);
    await world.settle();
    const { status } = await world.engine.ended(runId!);
    assertEquals([moment, status], [moment, moment === "ended" ? "succeeded" : "cancelled"]);
    assertEquals([moment, world.running, world.clock.pending], [moment, [], 0]);
    const ends = world.facts.get(runId!)!.filter(({ type }) => type === "ended");
    assertEquals(ends.length, 1);
  }
});

Deno.test("Engine.cancel() a run whose last success is on its way has succeeded", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  world.report({ runId: runId!, task: "a", attempt: 1 }, success());
  world.engine.cancel(runId!);
  assertEquals((await world.engine.ended(runId!)).status, "succeeded");
});

Deno.test("Engine.cancel() of a run that nobody knows rejects", async () => {
  assertEquals(await codeOf(new World({ pipelines: [] }).engine.cancel("nobody")), "run/not-found");
});

Deno.test("Engine.cancel() of a run that has ended changes nothing, and of one that nobody goes on with ends it", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  const { runIds: [first] } = await world.publish("go");
  await world.finishAll();
  await world.engine.cancel(first!);
  assertEquals((await world.engine.view(first!)).status, "succeeded");
  const { runIds: [second] } = await world.publish("go");
  await world.settle();
  world.crash(); // and nothing is recovered
  await world.engine.cancel(second!);
  const { status, tasks } = await world.engine.view(second!);
  assertEquals([status, tasks.a!.status, world.running], ["cancelled", "cancelled", []]);
  assertEquals(await world.engine.recover(), 0);
});

// --- overlap

Deno.test("Engine overlap skip: a second run ends at once, and says why", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one, overlap: "skip" }] });
  await world.publish("go");
  const { runIds: [second] } = await world.publish("go");
  const end = await world.engine.ended(second!);
  assertEquals([end.status, end.error?.code], ["cancelled", "run/overlap-skipped"]);
  await world.finishAll();
  await world.publish("go");
  await world.settle();
  assertEquals(world.running, ["a"]);
});

Deno.test("Engine overlap queue: runs go one after the other, in order; one that is cancelled leaves", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one, overlap: "queue" }] });
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push(...(await world.publish("go", { n })).runIds);
  await world.settle();
  assertEquals(world.attempts.map(({ params }) => params), [{ n: 0 }]);
  world.engine.cancel(ids[1]!);
  await world.settle();
  const order: unknown[] = [];
  await world.finishAll((attempt) => (order.push(attempt.params.n), success()));
  assertEquals(order, [0, 2, 3]);
  assertEquals((await world.engine.ended(ids[1]!)).status, "cancelled");
});

Deno.test("Engine overlap cancel: the newest run goes on, all older ones end", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one, overlap: "cancel" }] });
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push(...(await world.publish("go", { n })).runIds);
  await world.settle();
  assertEquals(world.attempts.map(({ params }) => params), [{ n: 2 }]);
  await world.finishAll();
  const ends = await Promise.all(ids.map((id) => world.engine.ended(id)));
  assertEquals(ends.map(({ status }) => status), ["cancelled", "cancelled", "succeeded"]);
});

// --- chains

Deno.test("Engine the end of a run starts who listens to it, in the same transaction", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one }, {
      name: "q",
      on: ["run.p.succeeded"],
      plan: planOf({ b: [] }),
    }],
  });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.finish("a");
  assertEquals(world.running, ["b"]);
  assertEquals(world.attempts[0]!.params.runId, runId);
  assertEquals(world.attempts[0]!.hops, 1);
});

Deno.test("Engine a pipeline that starts itself is over by then: its overlap policy is about others", async () => {
  for (const overlap of ["skip", "queue", "cancel"] as const) {
    const on = ["go", "run.p.succeeded"];
    const world = new World({ pipelines: [{ name: "p", on, plan: one, overlap }] });
    await world.publish("go");
    await world.settle();
    await world.finish("a");
    assertEquals([overlap, world.running], [overlap, ["a"]]);
  }
});

Deno.test("Engine a pipeline that starts itself comes to an end, beyond the limit of hops", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go", "run.p.succeeded"], plan: one }] });
  await world.publish("go");
  await world.finishAll();
  assertEquals(world.submitted.length, 1 + MAX_HOPS);
  assertEquals(await codeOf(world.publish("go", {}, { hops: MAX_HOPS + 1 })), "event/too-many-hops");
});

Deno.test("Engine an event that starts a pipeline and is seen by a trigger does both", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one }, {
      name: "q",
      on: ["sight.seen"],
      plan: planOf({ b: [] }),
    }],
    triggers: [{ name: "t", source: "*", topic: "sight.seen" }],
  });
  await world.publish("go");
  await world.settle();
  assertEquals(world.running, ["a", "b"]);
  assertEquals(await world.journal.unrouted(), []);
});

Deno.test("Engine triggers that cannot see an event now are shown it again", async () => {
  let refused = 0;
  const world = new World({
    pipelines: [{ name: "q", on: ["seen"], plan: one }],
    triggers: [{ name: "t", source: "go", topic: "seen" }],
    fate: (writes) =>
      writes.some((write) => write.kind === "trigger") && refused++ < 2 ? "refused" : "written",
  });
  await world.publish("go");
  await world.settle();
  assertEquals((await world.journal.unrouted()).length, 1);
  await world.clock.advance(10_000);
  assertEquals(world.running, ["a"]);
  assertEquals(await world.journal.unrouted(), []);
});

Deno.test("Engine.removeTrigger() leaves no event unrouted, not even one that was accepted before", async () => {
  const lost = { now: true };
  const world = new World({
    pipelines: [],
    triggers: [{ name: "t", source: "go", topic: "seen" }],
    fate: (writes) =>
      lost.now && writes.some((write) => write.kind === "trigger") ? "lost before" : "written",
  });
  void world.publish("go");
  await world.settle();
  assertEquals([world.process, (await world.journal.unrouted()).length], [1, 1]);
  lost.now = false;
  world.engine.removeTrigger("t");
  await world.engine.recover();
  await world.settle();
  assertEquals(await world.journal.unrouted(), []);
  assertEquals(await world.journal.triggers(), []);
});

// --- who waits

Deno.test("Engine.ended() answers everybody who waits, before and after", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }] });
  const { runIds: [runId] } = await world.publish("go");
  const waiting = [world.engine.ended(runId!), world.engine.ended(runId!)];
  await world.finishAll();
  const ends = [...await Promise.all(waiting), await world.engine.ended(runId!)];
  assertEquals(ends.map(({ status }) => status), ["succeeded", "succeeded", "succeeded"]);
});

Deno.test("Engine.ended() and view() of a run that nobody knows reject", async () => {
  const world = new World({ pipelines: [] });
  assertEquals(await codeOf(world.engine.ended("nobody")), "run/not-found");
  assertEquals(await codeOf(world.engine.view("nobody")), "run/not-found");
});
