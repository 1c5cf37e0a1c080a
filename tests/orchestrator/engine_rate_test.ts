/** Rate limits of tasks. */
import { assertEquals } from "@std/assert";
import type { AttemptOutcome } from "../../src/executor/port.ts";
import type { TaskDescriptor } from "../../src/task/descriptor.ts";
import { planOf } from "./plans.ts";
import { failure, success, World } from "./world.ts";

const rated = (limit: number, perMs: number, by: readonly string[] = []): Partial<TaskDescriptor> => ({
  rateLimit: { key: "api", limit, perMs, by },
});

function worldOf(
  more: Readonly<Record<string, Partial<TaskDescriptor>>>,
  options: { timeoutMs?: number } = {},
) {
  const plan = planOf(Object.fromEntries(Object.keys(more).map((name) => [name, []])), more);
  return new World({ pipelines: [{ name: "p", on: ["go"], plan, ...options }] });
}

Deno.test("Engine tasks of one rate limit start as often as it allows, over runs, the higher priority first", async () => {
  const world = worldOf({ a: rated(1, 100), b: { ...rated(1, 100), priority: 1 }, free: {} });
  await world.publish("go");
  await world.publish("go");
  const order: string[][] = [];
  for (let n = 0; n < 4; n++) {
    await world.clock.advance(n === 0 ? 0 : 100);
    order.push(world.running.filter((task) => task !== "free"));
  }
  assertEquals(order, [["b"], ["b", "b"], ["b", "b", "a"], ["b", "b", "a", "a"]]);
  assertEquals(world.running.filter((task) => task === "free").length, 2);
});

Deno.test("Engine a rate limit by a parameter limits each of its values", async () => {
  const world = worldOf({ a: rated(1, 100, ["customer"]) });
  for (const customer of [1, 1, 2]) await world.publish("go", { customer });
  await world.settle();
  assertEquals(world.attempts.map(({ params }) => params.customer), [1, 2]);
});

Deno.test("Engine a retry counts against the rate limit", async () => {
  const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: false };
  const world = worldOf({ a: { ...rated(1, 100), maxRetries: 1, backoff } });
  await world.publish("go");
  await world.publish("go");
  await world.settle();
  await world.finish("a", failure());
  await world.clock.advance(99);
  assertEquals(world.attempts.length, 0);
  await world.clock.advance(1);
  assertEquals(world.attempts.length, 1);
});

Deno.test("Engine a result that was remembered does not count against the rate limit", async () => {
  const plan = planOf({ a: [] }, { a: rated(1, 100) });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }], random: () => 0 }); // none says that it began
  await world.publish("go");
  await world.publish("go");
  await world.settle();
  await world.finish("a", { ...success(), cached: { runId: "r0", attempt: 1 } } as AttemptOutcome);
  assertEquals(world.running, ["a"]);
  await world.finish("a");
  await world.publish("go");
  await world.settle();
  assertEquals(world.running, [], "that one was begun");
});

Deno.test("Engine a run that waits for its rate can be cancelled and runs out of time, and gives its place up", async () => {
  const world = worldOf({ a: rated(1, 1_000) }, { timeoutMs: 500 });
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push((await world.publish("go")).runIds[0]!);
  await world.settle();
  await world.engine.cancel(ids[1]!);
  assertEquals((await world.engine.view(ids[1]!)).status, "cancelled");
  await world.finish("a");
  await world.clock.advance(500);
  assertEquals((await world.engine.view(ids[2]!)).error?.code, "run/timed-out");
  assertEquals([world.running, world.clock.pending], [[], 0], "nobody waits any more");
});

Deno.test("Engine.drain() does not wait for what waits for its rate", async () => {
  const world = worldOf({ a: rated(1, 1_000) });
  await world.publish("go");
  await world.publish("go");
  await world.settle();
  const drained = world.engine.drain(60_000);
  await world.finish("a");
  assertEquals(await drained, 1);
});

Deno.test("Engine.recover() what an earlier process started counts, also of runs that have ended or were cancelled", async () => {
  const world = worldOf({ a: rated(2, 1_000) });
  const { runIds: [cancelled] } = await world.publish("go");
  await world.publish("go");
  await world.settle();
  await world.engine.cancel(cancelled!);
  await world.finish("a", success());
  await world.clock.advance(900);
  world.crash();
  await world.engine.recover();
  await world.publish("go");
  await world.settle();
  assertEquals(world.running, []);
  await world.clock.advance(100);
  assertEquals(world.running, ["a"]);
});

Deno.test("Engine what had not said that it began when the process ended has begun by then", async () => {
  const plan = planOf({ a: [] }, { a: rated(1, 1_000) });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }], random: () => 0 });
  await world.publish("go");
  await world.clock.advance(900);
  world.crash();
  await world.engine.recover();
  await world.clock.advance(999);
  assertEquals(world.running, []);
  await world.clock.advance(1);
  assertEquals(world.attempts.map(({ attempt }) => attempt), [2]);
});

Deno.test("Engine a journal that cannot be read for a while holds up what has a rate limit, and nothing else", async () => {
  const world = worldOf({ a: rated(1, 10), free: {} });
  let failures = 2;
  const { starts } = world.journal;
  world.journal.starts = () =>
    failures-- > 0 ? Promise.reject(new Error("no disk")) : starts.call(world.journal);
  await world.publish("go");
  await world.settle();
  assertEquals(world.running, ["free"]);
  await world.clock.advance(2_000);
  assertEquals(world.running, ["free", "a"]);
});

Deno.test("Engine a thousand tasks of one rate limit cost a thousand times what one costs", async () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `t${index}`);
  const world = worldOf(Object.fromEntries(names.map((name) => [name, rated(10, 10)])));
  const { runIds: [runId] } = await world.publish("go");
  await world.finishAll();
  assertEquals((await world.engine.ended(runId!)).status, "succeeded");
});
