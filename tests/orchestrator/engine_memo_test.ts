/** Results that stand for attempts of later runs. */
import { assertEquals } from "@std/assert";
import type { AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import { planOf } from "./plans.ts";
import { failure, success, World } from "./world.ts";

const cache = { keyed: false, version: "1" } as const;
const plan = planOf({ a: [], b: ["a"] }, { a: { cache: { ...cache, ttlMs: 1_000 } } });
const KEY = "k";

/** What an executor reports of an attempt that is to be remembered. */
function remembered(world: World): (attempt: ExecutableTask) => Promise<AttemptOutcome> {
  return async ({ runId, task, attempt, memoCode }) => {
    if (memoCode === undefined) return success();
    const cached = await world.engine.recall({ runId, task, attempt }, KEY);
    if (cached !== undefined) return { ok: true, durationMs: 1, cached };
    return { ok: true, durationMs: 1, memo: { key: KEY, digest: "d" } };
  };
}

async function ran(world: World): Promise<string> {
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  const outcome = await remembered(world)(world.attempts[0]!);
  await world.finish("a", outcome);
  await world.finishAll();
  return runId!;
}

Deno.test("Engine a remembered result stands for an attempt until its time is over", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  const first = await ran(world);
  const { runIds: [second] } = await world.publish("go");
  await world.settle();
  assertEquals(world.attempts[0]!.memoCode, "version:1");
  await world.finish("a", await remembered(world)(world.attempts[0]!));
  assertEquals([world.attempts[0]!.inputs, world.attempts[0]!.memoCode], [
    { a: { runId: first, task: "a", resultIds: ["a1"] } },
    undefined,
  ]);
  await world.finishAll();
  const { tasks } = await world.engine.view(second!);
  assertEquals([tasks.a!.status, tasks.a!.cached, tasks.a!.from, tasks.a!.attempts, tasks.b!.cached], [
    "succeeded",
    { runId: first },
    undefined,
    1,
    undefined,
  ]);
  const told = world.shown.filter(({ topic, source }) =>
    topic === "task.p.a.succeeded" && source === `run/${second}`
  );
  assertEquals(told.map(({ data }) => JSON.parse(data).cached), [{ runId: first }]);
  assertEquals(await world.journal.latestResult("a"), { runId: first, resultIds: ["a1"] });
  await world.clock.advance(1_001);
  const third = await ran(world);
  assertEquals((await world.engine.view(third)).tasks.a!.cached, undefined);
  assertEquals((await world.engine.view(await ran(world))).tasks.a!.cached, { runId: third });
});

Deno.test("Engine a remembered result is known after a crash, and one of a re-run is its maker's", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  const first = await ran(world);
  world.crash();
  await world.engine.recover();
  const { runIds: [second] } = await world.publish("go");
  await world.settle();
  await world.finish("a", await remembered(world)(world.attempts[0]!));
  await world.finishAll(() => failure(false));
  const rerun = { runId: second, from: "failure" };
  const { runIds: [third] } = await world.publish("run.request", { rerun });
  await world.finishAll();
  const { status, tasks } = await world.engine.view(third!);
  assertEquals([status, tasks.a!.from, tasks.a!.cached], ["succeeded", { runId: first }, undefined]);
});

Deno.test("Engine a task that a re-run names runs in any case, one that follows may be remembered", async () => {
  const both = planOf({ a: [], b: ["a"] }, { a: { cache }, b: { cache } });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: both }] });
  const { runIds: [first] } = await world.publish("go");
  await world.finishAll();
  const anew = async (from: unknown) => {
    await world.publish("run.request", { rerun: { runId: first, from } });
    const given: Record<string, boolean> = {};
    await world.finishAll(({ task, memoAnew = false }) => {
      given[task] = memoAnew;
      return success();
    });
    return given;
  };
  assertEquals(await anew({ tasks: ["a"] }), { a: true, b: false });
  assertEquals(await anew("start"), { a: true, b: true });
});

Deno.test("Engine.recall() answers the attempt that runs, and no other", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
  const first = await ran(world);
  const { runIds: [second] } = await world.publish("go");
  await world.settle();
  const recall = (runId: string, attempt: number) => world.engine.recall({ runId, task: "a", attempt }, KEY);
  assertEquals(await recall(second!, 2), undefined);
  assertEquals(await recall(first, 1), undefined);
  assertEquals(await recall(second!, 1), { runId: first, attempt: 1 });
  world.journal.memo = () => Promise.resolve(undefined);
  assertEquals(await recall(second!, 1), undefined);
});
