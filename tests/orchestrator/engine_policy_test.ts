/** What a run may do and may not: its time, its end by hand, and what it says of its cause. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { planOf } from "./plans.ts";
import { failure, keyOf, success, World } from "./world.ts";

const ab = planOf({ a: [], b: ["a"] });
const one = planOf({ a: [] });

function statuses(tasks: Readonly<Record<string, { readonly status: string }>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tasks).map(([name, { status }]) => [name, status]));
}

// --- the time of a run

Deno.test("Engine a run that is out of time fails, says so, and calls off what runs", async () => {
  const plan = planOf({ a: [], b: ["a"], c: [] });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan, timeoutMs: 5_000 }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.finish("c");
  await world.clock.advance(4_999);
  assertEquals(world.running, ["a"]);
  await world.clock.advance(1);
  const end = await world.engine.ended(runId!);
  assertEquals(statuses(end.tasks), { a: "cancelled", b: "cancelled", c: "succeeded" });
  assertEquals([end.status, end.error?.code, end.error?.details], [
    "failed",
    "run/timed-out",
    { runId, timeoutMs: 5_000 },
  ]);
  assertEquals(world.calledOff, [{ runId: runId!, task: "a", attempt: 1 }]);
  assertEquals(world.topics.at(-1), "run.p.failed");
  assertEquals(world.clock.pending, 0);
});

Deno.test("Engine the request's time-out goes before the pipeline's, and is all that a selection has", async () => {
  const world = new World({
    pipelines: [{ name: "p", plan: one, timeoutMs: 5_000 }, { name: "adhoc", plan: one }],
  });
  await world.publish("run.request", { pipeline: "p", timeoutMs: 9_000 });
  await world.publish("run.request", { names: ["a"], timeoutMs: 7_000 });
  await world.clock.advance(6_999);
  assertEquals(world.running.length, 2);
  await world.clock.advance(1);
  assertEquals(world.attempts.map(({ pipeline }) => pipeline), ["p"]);
  await world.clock.advance(2_000);
  assertEquals(world.running, []);
});

Deno.test("Engine the time of a run begins when it starts: waiting in line does not count", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one, overlap: "queue", timeoutMs: 5_000 }],
  });
  await world.publish("go");
  await world.clock.advance(4_000);
  const { runIds: [second] } = await world.publish("go");
  await world.clock.advance(1_000);
  await world.clock.advance(4_000);
  assertEquals((await world.engine.view(second!)).status, "running");
  await world.finish("a");
  assertEquals((await world.engine.ended(second!)).status, "succeeded");
});

Deno.test("Engine the time of a run goes on while the platform is down", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab, timeoutMs: 5_000 }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.clock.advance(2_000);
  world.crash();
  await world.engine.recover();
  await world.clock.advance(2_999);
  assertEquals(world.running, ["a"]);
  world.crash();
  await world.clock.advance(60_000);
  await world.engine.recover();
  await world.settle();
  assertEquals(world.running, [], "nothing is started that is out of time");
  assertEquals((await world.engine.ended(runId!)).error?.code, "run/timed-out");
});

Deno.test("Engine a run whose last result was stored in time has succeeded, however late that is known", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one, timeoutMs: 5_000 }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  world.store({ runId: runId!, task: "a", attempt: 1 });
  world.crash();
  await world.clock.advance(60_000);
  await world.engine.recover();
  assertEquals((await world.engine.ended(runId!)).status, "succeeded");
});

Deno.test("Engine a run that ends in time leaves no alarm, and one that waits to try again is out of time too", async () => {
  const plan = planOf({ a: [] }, { a: { maxRetries: 1 } });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan, timeoutMs: 600_000 }] });
  await world.publish("go");
  await world.settle();
  await world.finish("a");
  assertEquals(world.clock.pending, 0);
  const { runIds: [runId] } = await world.publish("run.request", { pipeline: "p", timeoutMs: 100 });
  await world.settle();
  await world.finish("a", failure());
  await world.clock.advance(100);
  assertEquals((await world.engine.ended(runId!)).error?.code, "run/timed-out");
  assertEquals(world.clock.pending, 0);
});

// --- cancelling

Deno.test("Engine.cancel() is answered once it is journalled: from then on no crash brings the run back", async () => {
  let lost = true;
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one }],
    fate: (writes) =>
      lost && writes.some((write) => write.kind === "status" && write.status === "cancelled")
        ? "lost before"
        : "written",
  });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  let answered = false;
  void world.engine.cancel(runId!).then(() => answered = true);
  await world.settle();
  assertEquals([answered, world.process], [false, 1]);
  lost = false;
  await world.engine.recover();
  await world.settle();
  assertEquals(world.running, ["a"], "who got no answer must ask again");
  await world.engine.cancel(runId!);
  world.crash();
  await world.engine.recover();
  await world.settle();
  assertEquals([world.running, (await world.engine.view(runId!)).status], [[], "cancelled"]);
});

Deno.test("Engine.cancel() a success that comes once the cancel is decided never counts", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  const key = { runId: runId!, task: "a", attempt: 1 };
  const cancelled = world.engine.cancel(runId!);
  world.report(key, success());
  await cancelled;
  world.report(key, success());
  await world.settle();
  const view = await world.engine.view(runId!);
  assertEquals([view.status, view.tasks.a!.status, view.tasks.a!.resultIds], ["cancelled", "cancelled", []]);
  assertEquals(await world.journal.latestResult("a"), undefined);
});

Deno.test("Engine.cancel() a stored result is not adopted after a crash once the run is cancelled", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.engine.cancel(runId!);
  world.store({ runId: runId!, task: "a", attempt: 1 });
  world.crash();
  assertEquals(await world.engine.recover(), 0);
  assertEquals((await world.engine.view(runId!)).status, "cancelled");
});

// --- overlap after a restart

Deno.test("Engine overlap after a crash: what was accepted and not decided is decided as it would have been", async () => {
  for (const overlap of ["skip", "queue", "cancel"] as const) {
    const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one, overlap }] });
    const { runIds: [first] } = await world.publish("go");
    await world.settle();
    // Accepted, and the process ends before anything follows from it.
    const { runIds: [second] } = await world.publish("go");
    world.crash();
    await world.engine.recover();
    await world.settle();
    const [a, b] = await Promise.all([first, second].map((runId) => world.engine.view(runId!)));
    const expected = {
      skip: ["running", "cancelled", ["a"]],
      queue: ["running", "pending", ["a"]],
      cancel: ["cancelled", "running", ["a"]],
    }[overlap];
    assertEquals([overlap, a!.status, b!.status, world.running], [overlap, ...expected]);
  }
});

// --- what is known of the cause

Deno.test("Engine a run goes on with the trace of its cause, and each attempt has a span of its own", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const plan = planOf({ a: [] }, { a: { maxRetries: 1 } });
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan }, { name: "q", on: ["run.p.succeeded"], plan }],
  });
  await world.publish("go", {}, { traceparent });
  await world.settle();
  const first = world.attempts[0]!;
  await world.finish("a", failure());
  await world.clock.advance(60_000);
  const second = world.attempts[0]!;
  world.crash();
  await world.engine.recover();
  await world.settle();
  const third = world.attempts[0]!;
  await world.finish("a");
  const chained = world.attempts[0]!;
  const attempts = [first, second, third, chained];
  for (const attempt of attempts) {
    assertMatch(attempt.traceparent, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/, keyOf(attempt));
  }
  assertEquals(new Set(attempts.map((attempt) => attempt.traceparent)).size, 4);
  assertEquals(attempts.map(({ hops }) => hops), [0, 0, 0, 1]);
  assert(world.shown.every((event) => event.traceparent?.startsWith(traceparent.slice(0, 36))));
});

// --- concurrency keys and priorities

const limited = (limit = 1, by: readonly string[] = []) => ({ concurrencyKey: { key: "api", limit, by } });

Deno.test("Engine tasks with the same concurrency key take turns, over runs and pipelines", async () => {
  const world = new World({
    pipelines: [
      { name: "p", on: ["go"], plan: planOf({ a: [], b: [], free: [] }, { a: limited(), b: limited() }) },
      { name: "q", on: ["go"], plan: planOf({ c: [] }, { c: limited() }) },
    ],
  });
  await world.publish("go");
  await world.settle();
  assertEquals(world.running, ["a", "free"]);
  assertEquals((await world.engine.view(world.attempts[0]!.runId)).tasks.b!.attempts, 0, "it is not started");
  await world.finish("a");
  assertEquals(world.running, ["free", "b"]);
  await world.finish("b", failure(false));
  assertEquals(world.running, ["free", "c"]);
});

Deno.test("Engine a concurrency key by a parameter limits each of its values", async () => {
  const plan = planOf({ a: [] }, { a: limited(2, ["customer"]) });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  for (const customer of [1, 1, 1, 2]) await world.publish("go", { customer });
  await world.settle();
  assertEquals(world.attempts.map(({ params }) => params.customer), [1, 1, 2]);
});

Deno.test("Engine an attempt keeps its permit until nothing of it runs any more, also if its run is cancelled", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: planOf({ a: [] }, { a: limited() }) }],
  });
  const { runIds: [first] } = await world.publish("go");
  await world.publish("go");
  await world.settle();
  await world.engine.cancel(first!);
  await world.settle();
  assertEquals(world.running, [], "what was called off may still be at it");
  world.report({ runId: first!, task: "a", attempt: 1 }, failure());
  await world.settle();
  assertEquals(world.running, ["a"]);
});

Deno.test("Engine a run that is cancelled while it waits for a permit gives its place up", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: planOf({ a: [] }, { a: limited() }) }],
  });
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push((await world.publish("go")).runIds[0]!);
  await world.settle();
  await world.engine.cancel(ids[1]!);
  await world.finish("a");
  assertEquals(world.attempts.map(({ runId }) => runId), [ids[2]]);
});

Deno.test("Engine a retry waits for its permit like any other attempt", async () => {
  const backoff = { baseMs: 100, factor: 1, maxMs: 100, jitter: false };
  const plan = planOf({ a: [] }, { a: { ...limited(), maxRetries: 1, backoff } });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  await world.publish("go", { n: 1 });
  await world.publish("go", { n: 2 });
  await world.settle();
  await world.finish("a", failure());
  assertEquals(world.attempts.map(({ params }) => params.n), [2], "nobody waits for who waits");
  await world.clock.advance(100);
  assertEquals(world.attempts.length, 1);
  await world.finish("a");
  assertEquals(world.attempts.map(({ params, attempt }) => [params.n, attempt]), [[1, 2]]);
});

Deno.test("Engine a reader that waits for a permit that its stream has, or will need, holds nothing up", async () => {
  const plan = planOf({ rows: [], sum: ["rows"] }, {
    rows: { stream: true, maxRetries: 1, ...limited() },
    sum: limited(),
  });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  world.engine.notice({ runId: runId!, task: "rows", attempt: 1 }, { kind: "chunk", chunk: 0 });
  await world.settle();
  assertEquals(world.running, ["rows"]);
  await world.finish("rows", failure());
  await world.clock.advance(60_000);
  assertEquals(world.attempts.map(({ task, attempt }) => [task, attempt]), [["rows", 2]]);
  await world.finish("rows", success(1));
  await world.finish("sum");
  assertEquals((await world.engine.ended(runId!)).status, "succeeded");
});

Deno.test("Engine.recover() permits are for what runs: after a crash all are there again", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: planOf({ a: [] }, { a: limited() }) }],
  });
  for (let n = 0; n < 3; n++) await world.publish("go", { n });
  await world.settle();
  world.crash();
  await world.engine.recover();
  const order: unknown[] = [];
  await world.finishAll((attempt) => {
    assertEquals(world.attempts.length, 1);
    order.push(attempt.params.n);
    return success();
  });
  assertEquals(order, [0, 1, 2]);
});

Deno.test("Engine tells the executors what has priority, and gives it the next permit", async () => {
  const plan = planOf({ a: [], b: [], c: [] }, {
    a: limited(),
    b: limited(),
    c: { ...limited(), priority: 3 },
  });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  await world.publish("go");
  await world.settle();
  assertEquals(world.attempts.map(({ task, priority }) => [task, priority]), [["a", undefined]]);
  await world.finish("a");
  assertEquals(world.attempts.map(({ task, priority }) => [task, priority]), [["c", 3]]);
});

Deno.test("Engine a thousand tasks of one concurrency key cost a thousand times what one costs", async () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `t${index}`);
  const more = Object.fromEntries(names.map((name) => [name, limited()]));
  const plan = planOf(Object.fromEntries(names.map((name) => [name, []])), more);
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  const { runIds: [runId] } = await world.publish("go");
  const { runIds: [other] } = await world.publish("go");
  await world.finishAll(() => {
    assertEquals(world.attempts.length, 1);
    return success();
  });
  for (const id of [runId, other]) assertEquals((await world.engine.ended(id!)).status, "succeeded");
});
