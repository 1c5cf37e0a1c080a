/** What a run says of what holds it up. */
import { assertEquals } from "@std/assert";
import type { TaskView } from "../../src/task/run.ts";
import { planOf } from "./plans.ts";
import { failure, World } from "./world.ts";

function waits(tasks: Readonly<Record<string, TaskView>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tasks).flatMap(([name, { waitsFor }]) => waitsFor === undefined ? [] : [[name, waitsFor]]),
  );
}

async function start(plan: ReturnType<typeof planOf>, overlap?: "queue") {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan, ...(overlap === undefined ? {} : { overlap }) }],
  });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  return { world, view: () => world.engine.view(runId!), runId: runId! };
}

Deno.test("viewWithWaits() a task waits for those before it that have not ended", async () => {
  const { world, view } = await start(planOf({ a: [], b: [], c: ["a", "b"], d: ["c"] }));
  assertEquals(waits((await view()).tasks), {
    c: { tasks: ["a", "b"], more: 0 },
    d: { tasks: ["c"], more: 0 },
  });
  await world.finish("a");
  assertEquals(waits((await view()).tasks).c, { tasks: ["b"], more: 0 });
  for (const task of ["b", "c", "d"]) await world.finish(task);
  assertEquals(waits((await view()).tasks), {});
});

Deno.test("viewWithWaits() names the first few of many tasks, and counts the others", async () => {
  const many = Array.from({ length: 8 }, (_, n) => `t${n}`);
  const { view } = await start(
    planOf({ ...Object.fromEntries(many.map((name) => [name, []])), last: many }),
  );
  assertEquals(waits((await view()).tasks), { last: { tasks: many.slice(0, 5), more: 3 } });
});

Deno.test("viewWithWaits() a task waits for its next try, with the time of it", async () => {
  const { world, view } = await start(
    planOf({ a: [] }, {
      a: { maxRetries: 1, backoff: { baseMs: 1_000, factor: 1, maxMs: 1_000, jitter: false } },
    }),
  );
  await world.finish("a", failure());
  const { tasks } = await view();
  assertEquals([tasks.a?.status, tasks.a?.waitsFor], ["retrying", { untilMs: world.clock.now() + 1_000 }]);
});

Deno.test("viewWithWaits() a task waits for the permit of its concurrency key", async () => {
  const one = { concurrencyKey: { key: "api", limit: 1, by: [] } };
  const { world, view } = await start(planOf({ a: [], b: [] }, { a: one, b: one }));
  assertEquals(waits((await view()).tasks), { b: { concurrencyKey: "api" } });
  await world.finish("a");
  assertEquals(waits((await view()).tasks), {});
});

Deno.test("viewWithWaits() a task waits for its rate limit, with the time until which it does so at the least", async () => {
  const one = { rateLimit: { key: "api", limit: 1, perMs: 500, by: [] } };
  const { world, view } = await start(planOf({ a: [], b: [] }, { a: one, b: one }));
  assertEquals(waits((await view()).tasks), { b: { rateLimit: "api", untilMs: world.clock.now() + 500 } });
  await world.clock.advance(500);
  assertEquals([waits((await view()).tasks), world.running], [{}, ["a", "b"]]);
});

Deno.test("viewWithWaits() a run waits for its turn, and says how many go before it", async () => {
  const { world, view } = await start(planOf({ a: [] }), "queue");
  const { runIds: [second] } = await world.publish("go");
  const { runIds: [third] } = await world.publish("go");
  await world.settle();
  const before = async (id: string | undefined) => (await world.engine.view(id!)).runsBefore;
  assertEquals([(await view()).runsBefore, await before(second), await before(third)], [undefined, 1, 2]);
  await world.finish("a");
  assertEquals([await before(second), await before(third)], [undefined, 1]);
});
