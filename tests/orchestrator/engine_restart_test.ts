/** What outlives an engine: journals that fail, drains, closes and recoveries. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { planOf } from "./plans.ts";
import { failure, success, unavailable, World } from "./world.ts";

const ab = planOf({ a: [], b: ["a"] });
const one = planOf({ a: [] });

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await assertRejects(() => promise);
  return MillraceError.is(error) ? error.code : undefined;
}

// --- a journal that fails

Deno.test("Engine a journal that cannot write refuses events, holds runs, and loses nothing", async () => {
  let broken = false;
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: ab }, {
      name: "q",
      on: ["run.p.succeeded"],
      plan: planOf({ c: [] }),
    }],
    fate: () => broken ? "refused" : "written",
  });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  broken = true;
  assertEquals(await codeOf(world.publish("go")), "store/unavailable");
  const before = world.shown.length;
  await world.finish("a");
  await world.clock.advance(30_000);
  assertEquals(world.running, [], "nothing goes on that is not written");
  assertEquals([world.shown.length, (await world.engine.view(runId!)).tasks.a!.status], [before, "running"]);
  assertMatch(world.log[0]!.message, /journal could not be written/);
  broken = false;
  await world.clock.advance(1_000);
  assertEquals(world.running, ["b"]);
  await world.finish("b");
  assertEquals(world.running, ["c"]);
  await world.finishAll();
  assertEquals(world.submitted.length, 3);
});

Deno.test("Engine a batch that was written though its answer was lost is not written again", async () => {
  let lost = 1;
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one }, {
      name: "q",
      on: ["run.p.succeeded"],
      plan: planOf({ b: [] }),
    }],
  });
  const commit = world.journal.commit.bind(world.journal);
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  world.journal.commit = async (writes) => {
    const done = await commit(writes);
    if (lost-- > 0) throw unavailable();
    return done;
  };
  await world.finish("a");
  await world.clock.advance(1_000);
  assertEquals(world.running, ["b"]);
  await world.finishAll();
  const journalled = await world.journal.run(runId!);
  assertEquals(journalled!.facts.filter((one) => (one as { type: string }).type === "succeeded").length, 1);
});

// --- the end of the process

Deno.test("Engine.drain() starts nothing more, and waits until what ran is journalled", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  await world.publish("go");
  await world.settle();
  let left: number | undefined;
  void world.engine.drain(60_000).then((runs) => left = runs);
  await world.settle();
  assertEquals(left, undefined);
  await world.finish("a");
  assertEquals([left, world.running, world.clock.pending], [1, [], 0]);
  const facts = [...world.facts.values()].flat().map(({ type }) => type);
  assertEquals(facts, ["planned", "started", "succeeded"]);
});

Deno.test("Engine.drain() does not wait for outcomes beyond its deadline, nor at all if nothing runs", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  assertEquals(await world.engine.drain(60_000), 0);
  const busy = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  await busy.publish("go");
  await busy.settle();
  const drained = busy.engine.drain(5_000);
  await busy.clock.advance(5_000);
  assertEquals(await drained, 1);
  const facts = [...busy.facts.values()].flat().map(({ type }) => type);
  assertEquals(facts, ["planned", "started", "suspended"], "its interruption is nobody's fault");
});

Deno.test("Engine.drain() does not wait for a journal that cannot write", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  await world.publish("go");
  await world.settle();
  world.journal.commit = () => Promise.reject(unavailable());
  const drained = world.engine.drain(1_000);
  await world.clock.advance(3_000);
  assertEquals(await drained, 1);
  world.engine.close();
});

Deno.test("Engine.drain() ends when the last run that is at work is cancelled", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  let left: number | undefined;
  void world.engine.drain(60_000).then((runs) => left = runs);
  world.engine.cancel(runId!);
  await world.settle();
  assertEquals(left, 0);
});

Deno.test("Engine.drain() holds what is accepted meanwhile, retries and queued runs for the next start", async () => {
  const plan = planOf({ a: [] }, { a: { maxRetries: 1 } });
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan, overlap: "queue" }, { name: "q", on: ["go"], plan }],
  });
  await world.publish("go");
  await world.settle();
  await world.finish("a", failure());
  const drained = world.engine.drain(60_000);
  await world.publish("go");
  await world.finishAll();
  assertEquals(await drained, 3, "the first run of q has ended");
  assertEquals((await world.journal.unfinished()).length, 3);
  world.crash();
  assertEquals(await world.engine.recover(), 3);
  await world.finishAll();
  assertEquals(await world.journal.unfinished(), []);
});

Deno.test("Engine.drain() a run that cannot be prepared as the planner stops is no failure", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }], prepare: () => promise });
  const { runIds: [runId] } = await world.publish("go");
  await world.engine.drain(0);
  reject(new MillraceError("actor/stopped", "Cannot ask", { details: { actor: "planner" } }));
  await world.settle();
  assertEquals((await world.engine.view(runId!)).status, "pending");
});

Deno.test("Engine.close() leaves no timer, whatever is under way", async () => {
  let broken = false;
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: planOf({ a: [], b: [] }, { a: { maxRetries: 1 } }) }],
    triggers: [{ name: "t", source: "go", topic: "seen" }],
    fate: (writes) => broken || writes.some((write) => write.kind === "routed") ? "refused" : "written",
  });
  await world.publish("go");
  await world.settle();
  await world.finish("a", failure());
  broken = true;
  await world.finish("b");
  assert(world.clock.pending >= 3);
  world.engine.close();
  assertEquals(world.clock.pending, 0);
});

// --- recovery

Deno.test("Engine.recover() goes on with what was journalled, and executes no success again", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.finish("a");
  world.crash();
  assertEquals(await world.engine.recover(), 1);
  await world.settle();
  assertEquals(world.attempts.map(({ task, attempt }) => [task, attempt]), [["b", 2]]);
  world.report({ runId: runId!, task: "b", attempt: 1 }, success());
  await world.settle();
  assertEquals(
    (await world.engine.view(runId!)).tasks.b!.status,
    "running",
    "an attempt of the past is too late",
  );
  await world.finishAll();
  assertEquals((await world.engine.ended(runId!)).tasks.b!.resultIds, ["a2"]);
});

Deno.test("Engine.recover() adopts a result that was stored and not journalled", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  world.store({ runId: runId!, task: "a", attempt: 1 }, 3);
  world.crash();
  await world.engine.recover();
  await world.settle();
  assertEquals(world.running, ["b"]);
  const { tasks } = await world.engine.view(runId!);
  assertEquals([tasks.a!.attempts, tasks.a!.resultIds.length], [1, 3]);
});

Deno.test("Engine.recover() waits for a retry as long as was left of it", async () => {
  const backoff = { baseMs: 10_000, factor: 1, maxMs: 10_000, jitter: false };
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: planOf({ a: [] }, { a: { maxRetries: 1, backoff } }) }],
  });
  await world.publish("go");
  await world.settle();
  await world.finish("a", failure());
  await world.clock.advance(4_000);
  world.crash();
  await world.engine.recover();
  await world.clock.advance(5_999);
  assertEquals(world.running, []);
  await world.clock.advance(1);
  assertEquals(world.running, ["a"]);
});

Deno.test("Engine.recover() keeps the order and the limits of what waited", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one, concurrency: 2 }] });
  for (let n = 0; n < 5; n++) await world.publish("go", { n });
  await world.settle();
  world.crash();
  const recovered = world.engine.recover();
  await world.publish("go", { n: 5 });
  await recovered;
  await world.settle();
  const order: unknown[] = [];
  await world.finishAll((attempt) => {
    assert(world.attempts.length <= 2);
    order.push(attempt.params.n);
    return success();
  });
  assertEquals(order, [0, 1, 2, 3, 4, 5]);
});

Deno.test("Engine.recover() drives what is accepted meanwhile once", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }] });
  const recovered = world.engine.recover();
  const { runIds: [runId] } = await world.publish("go");
  await recovered;
  await world.finishAll();
  assertEquals((await world.engine.ended(runId!)).status, "succeeded");
  assertEquals(world.submitted.length, 1);
});
