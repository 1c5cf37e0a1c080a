/** Tasks that read a stream while it is written: when they start, what they read, and what becomes of them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import type { TaskDescriptor } from "../../src/task/descriptor.ts";
import { planOf } from "./plans.ts";
import { failure, success, World, type WorldOptions } from "./world.ts";

const stream = { stream: true };
const backoff = { baseMs: 100, factor: 1, maxMs: 100, jitter: false };

/** A world in which `rows` streams into `sum`, and a run of it. */
async function begin(
  more: Readonly<Record<string, Partial<TaskDescriptor>>> = {},
  edges: Readonly<Record<string, readonly string[]>> = { rows: [], sum: ["rows"] },
  options: Partial<WorldOptions> = {},
) {
  const plan = planOf(edges, { ...more, rows: { ...stream, ...more.rows } });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }], ...options });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  const key = (task: string, attempt = 1) => ({ runId: runId!, task, attempt });
  return {
    world,
    runId: runId!,
    key,
    /** An attempt has stored so many chunks. */
    chunk: async (chunks: number, task = "rows", attempt = 1) => {
      world.engine.notice(key(task, attempt), { kind: "chunk", chunk: chunks - 1 });
      await world.settle();
    },
    view: async () => (await world.engine.view(runId!)).tasks,
    hands: () => world.attempts.map(({ task, attempt }) => `${task}/${attempt}`),
    inputsOf: (task: string) => world.attempts.find((attempt) => attempt.task === task)!.inputs,
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await assertRejects(() => promise);
  return MillraceError.is(error) ? error.code : undefined;
}

Deno.test("Engine a task that takes chunks starts on the first one, and reads the attempt that runs", async () => {
  const { chunk, hands, inputsOf, key, world, view } = await begin();
  assertEquals(hands(), ["rows/1"]);
  await chunk(1);
  await chunk(2);
  assertEquals(hands(), ["rows/1", "sum/1"]);
  assertEquals(inputsOf("sum"), { rows: key("rows") });
  await world.finish("rows", success(2));
  await world.finish("sum");
  const { rows, sum } = await view();
  assertEquals([rows!.resultIds.length, sum!.status], [2, "succeeded"]);
});

Deno.test("Engine a task that collects, or also comes after, starts on the end of the stream", async () => {
  const edges = { rows: [], sum: ["rows"], late: ["rows"], other: [] };
  const { chunk, hands, world } = await begin({
    sum: { inputs: [{ param: "rows", task: "rows", collect: true }] },
    late: { after: ["rows"] },
  }, edges);
  await chunk(1);
  assertEquals(hands(), ["other/1", "rows/1"]);
  await world.finish("rows", success(1));
  assertEquals(hands(), ["other/1", "late/1", "sum/1"]);
});

Deno.test("Engine a task that takes chunks and a value waits for both", async () => {
  const { chunk, hands, world, inputsOf, runId } = await begin({}, {
    rows: [],
    rate: [],
    sum: ["rows", "rate"],
  });
  await chunk(1);
  assertEquals(hands(), ["rate/1", "rows/1"]);
  await world.finish("rate");
  assertEquals(hands(), ["rows/1", "sum/1"]);
  assertEquals(inputsOf("sum").rate, { runId, task: "rate", resultIds: ["a1"] });
});

Deno.test("Engine a stream that ends without a chunk gives its readers no chunk", async () => {
  const { hands, world, inputsOf, runId } = await begin();
  await world.finish("rows", success(0));
  assertEquals(hands(), ["sum/1"]);
  assertEquals(inputsOf("sum"), { rows: { runId, task: "rows", resultIds: [] } });
});

Deno.test("Engine.streams.read() waits for chunks, and knows the end", async () => {
  const { chunk, key, world } = await begin();
  await chunk(1);
  const { engine } = world;
  assertEquals(await engine.streams.read(key("sum"), key("rows"), 0), { chunks: 1, done: false });
  const read = engine.streams.read(key("sum"), key("rows"), 1);
  await world.finish("rows", success(3));
  assertEquals(await read, { chunks: 3, done: true });
  assertEquals(await engine.streams.read(key("sum"), key("rows"), 0), { chunks: 3, done: true });
});

Deno.test("Engine.streams.read() refuses who is called off, and what came to nothing", async () => {
  const { chunk, key, world } = await begin();
  await chunk(1);
  const { engine } = world;
  assertEquals(await codeOf(engine.streams.read(key("sum", 2), key("rows"), 0)), "task/cancelled");
  assertEquals(await codeOf(engine.streams.read(key("sum"), key("rows", 2), 0)), "task/cancelled");
  assertEquals(
    await codeOf(engine.streams.read({ ...key("sum"), runId: "no" }, key("rows"), 0)),
    "task/cancelled",
  );
  const read = engine.streams.read(key("sum"), key("rows"), 1);
  const refused = codeOf(read);
  await engine.cancel(key("sum").runId);
  assertEquals(await refused, "task/cancelled");
});

Deno.test("Engine a stream that fails calls its reader off, which starts again with the next attempt, and no failure counts", async () => {
  const { chunk, hands, inputsOf, key, view, world } = await begin({ rows: { maxRetries: 1, backoff } });
  await chunk(2);
  const read = codeOf(world.engine.streams.read(key("sum"), key("rows"), 2));
  await world.finish("rows", failure());
  assertEquals(await read, "task/cancelled");
  assertEquals(world.calledOff, [key("sum")]);
  assertEquals((await view()).sum!.status, "pending");
  world.report(key("sum"), failure()); // what is called off ends somehow
  await world.clock.advance(100);
  assertEquals(hands(), ["rows/2"]);
  await chunk(1, "rows", 2);
  assertEquals(hands(), ["rows/2", "sum/2"]);
  assertEquals(inputsOf("sum"), { rows: key("rows", 2) });
  await world.finish("rows", success(1));
  await world.finish("sum");
  const { rows, sum } = await view();
  assertEquals([rows!.status, sum!.status, sum!.attempts], ["succeeded", "succeeded", 2]);
  assertEquals(world.topics.filter((topic) => topic.startsWith("task.p.sum.")), [
    "task.p.sum.started",
    "task.p.sum.retrying",
    "task.p.sum.started",
    "task.p.sum.succeeded",
  ]);
});

Deno.test("Engine a reader that is done before its stream has succeeded once that one has", async () => {
  const { chunk, hands, key, view, world } = await begin({ rows: { maxRetries: 1, backoff } }, {
    rows: [],
    sum: ["rows"],
    report: ["sum"],
  });
  await chunk(1);
  await world.finish("sum");
  world.report(key("sum"), failure()); // told twice, and otherwise
  await world.settle();
  assertEquals([hands(), (await view()).sum!.status], [["rows/1"], "running"]);
  await world.finish("rows", failure());
  await world.clock.advance(100);
  await chunk(1, "rows", 2);
  assertEquals(hands(), ["rows/2", "sum/2"], "what it made of the first attempt is worth nothing");
  await world.finish("sum");
  await world.finish("rows", success(1));
  assertEquals(hands(), ["report/1"]);
  assertEquals((await view()).sum!.resultIds, ["a2"]);
});

Deno.test("Engine a reader that fails tries again while the stream goes on", async () => {
  const { chunk, hands, inputsOf, key, world } = await begin({ sum: { maxRetries: 1, backoff } });
  await chunk(1);
  await world.finish("sum", failure());
  await world.clock.advance(100);
  assertEquals(hands(), ["rows/1", "sum/2"]);
  assertEquals(inputsOf("sum"), { rows: key("rows") });
});

Deno.test("Engine a reader whose wait is over starts no sooner than there is something to read", async () => {
  const { chunk, hands, inputsOf, key, view, world } = await begin({
    rows: { maxRetries: 1, backoff: { ...backoff, baseMs: 500, maxMs: 500 } },
    sum: { maxRetries: 1, backoff },
  });
  await chunk(1);
  await world.finish("sum", failure());
  await world.finish("rows", failure());
  await world.clock.advance(499);
  assertEquals([hands(), (await view()).sum!.status], [[], "retrying"]);
  await world.clock.advance(1);
  assertEquals(hands(), ["rows/2"]);
  await chunk(1, "rows", 2);
  assertEquals(hands(), ["rows/2", "sum/2"]);
  assertEquals(inputsOf("sum"), { rows: key("rows", 2) });
});

Deno.test("Engine a stream that fails for good skips its readers, or gives them the failure", async () => {
  for (const failSafe of [false, true]) {
    const { chunk, hands, inputsOf, view, world } = await begin({ rows: { failSafe } });
    await chunk(1);
    await world.finish("rows", failure());
    assertEquals([failSafe, hands()], [failSafe, failSafe ? ["sum/2"] : []]);
    if (failSafe) assertEquals((inputsOf("sum").rows as { status: string }).status, "failed");
    else assertEquals((await view()).sum!.status, "skipped");
  }
});

Deno.test("Engine a stream over a stream: who reads the second one is called off with it", async () => {
  const { chunk, hands, world, view } = await begin({ rows: { maxRetries: 1, backoff }, clean: stream }, {
    rows: [],
    clean: ["rows"],
    sum: ["clean"],
  });
  await chunk(1);
  await chunk(1, "clean");
  assertEquals(hands(), ["rows/1", "clean/1", "sum/1"]);
  await world.finish("rows", failure());
  assertEquals(world.calledOff.map(({ task }) => task), ["clean", "sum"]);
  await world.clock.advance(100);
  await chunk(1, "rows", 2);
  await chunk(1, "clean", 2);
  assertEquals(hands(), ["rows/2", "clean/2", "sum/2"]);
  await world.finish("sum");
  await world.finish("clean", success(1));
  assertEquals((await view()).clean!.status, "running", "each waits for what it has read");
  await world.finish("rows", success(1));
  const { rows, clean, sum } = await view();
  assertEquals([rows, clean, sum].map((task) => task!.status), ["succeeded", "succeeded", "succeeded"]);
});

Deno.test("Engine.streams.room() holds a stream up that is too far ahead of who reads it", async () => {
  const { chunk, key, world } = await begin();
  const { engine } = world;
  await chunk(1);
  assertEquals(await engine.streams.room(key("rows"), 1, 2), 3, "nobody reads: the store is the buffer");
  await engine.streams.read(key("sum"), key("rows"), 0);
  await chunk(3);
  let room: number | undefined;
  void engine.streams.room(key("rows"), 3, 2).then((limit) => room = limit);
  await world.settle();
  assertEquals(room, undefined);
  await engine.streams.read(key("sum"), key("rows"), 2);
  await world.settle();
  assertEquals(room, 4);
  void engine.streams.room(key("rows"), 4, 2).then((limit) => room = limit);
  await world.finish("sum");
  assertEquals(room, 6, "a reader that is done holds nobody up");
  assertEquals(await engine.streams.room(key("rows", 9), 4, 2), Infinity, "what is called off may end");
});

Deno.test("Engine.streams.left() a reader that has had enough holds nobody up", async () => {
  const { chunk, key, world } = await begin();
  await chunk(1);
  await world.engine.streams.read(key("sum"), key("rows"), 0);
  const room = world.engine.streams.room(key("rows"), 1, 1);
  world.engine.streams.left(key("sum"), key("rows"));
  assertEquals(await room, 2);
});

Deno.test("Engine.recover() a reader of an attempt that is lost starts again, even if it was done", async () => {
  const { chunk, hands, inputsOf, key, view, world } = await begin();
  await chunk(1);
  await world.finish("sum"); // stored, and held
  world.crash();
  await world.engine.recover();
  await world.settle();
  assertEquals(hands(), ["rows/2"]);
  await chunk(1, "rows", 2);
  assertEquals(hands(), ["rows/2", "sum/2"]);
  assertEquals(inputsOf("sum"), { rows: key("rows", 2) });
  await world.finish("rows", success(1));
  await world.finish("sum");
  assertEquals((await view()).sum!.resultIds, ["a2"]);
});

Deno.test("Engine.recover() a reader that was done is adopted with the stream that it has read", async () => {
  const { chunk, key, view, world, hands } = await begin();
  await chunk(1);
  await world.finish("sum");
  world.store(key("rows"), 2);
  world.crash();
  await world.engine.recover();
  await world.settle();
  const { rows, sum } = await view();
  assertEquals([hands(), rows!.resultIds.length, sum!.resultIds], [[], 2, ["a1"]]);
});

Deno.test("Engine.recover() a reader that was not done reads what the stream has stored", async () => {
  const { chunk, hands, inputsOf, key, runId, world } = await begin();
  await chunk(1);
  world.store(key("rows"), 2);
  world.crash();
  await world.engine.recover();
  await world.settle();
  assertEquals(hands(), ["sum/2"]);
  assertEquals(inputsOf("sum"), { rows: { runId, task: "rows", resultIds: ["a1-000000", "a1-000001"] } });
});

Deno.test("Engine.drain() starts no reader, and lets a stream and who reads it end", async () => {
  const { chunk, hands, view, world } = await begin({}, { rows: [], sum: ["rows"], max: ["rows"] });
  await chunk(1);
  await world.finish("max");
  const drained = world.engine.drain(60_000);
  await world.finish("rows", success(1));
  assertEquals(hands(), ["sum/1"]);
  await world.finish("sum");
  assertEquals(await drained, 0);
  const { max, sum } = await view();
  assertEquals([max!.status, sum!.status], ["succeeded", "succeeded"]);
});

Deno.test("Engine a plan without readers journals no first chunk, nor does a stream more than one", async () => {
  const plain = await begin({}, { rows: [] });
  await plain.chunk(1);
  const typesOf = (world: World) => [...world.facts.values()].flat().map(({ type }) => type);
  assert(!typesOf(plain.world).includes("streaming"));
  const read = await begin();
  for (const chunks of [1, 2, 3]) await read.chunk(chunks);
  assertEquals(typesOf(read.world).filter((type) => type === "streaming").length, 1);
});
