import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { MillraceError } from "../../src/base/errors.ts";
import { HeldResults } from "../../src/executor/held_results.ts";
import { loadInputs } from "../../src/executor/inputs.ts";
import { openMemoryIOManager } from "../../src/store/memory_io_manager.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { collect, from } from "../../src/task/edge.ts";
import { chunkIdOf, resultIdOf } from "../../src/task/result_id.ts";
import type { StreamPorts } from "../../src/executor/live_stream.ts";
import type { InputSource } from "../../src/executor/port.ts";
import type { IOManager, RecentResults, ResultKey } from "../../src/store/port.ts";
import type { Task, TaskFailure } from "../../src/task/task.ts";

const value = defineTask({ name: "value", run: () => ({ n: 1 }) });
const rows = defineTask({ name: "rows", stream: true, run: () => [1, 2, 3] });
const fragile = defineTask({ name: "fragile", failSafe: true, run: () => 1 });

const chunkIds = [0, 1, 2].map((chunk) => chunkIdOf(1, chunk));
const valueSource = { runId: "r1", task: "value", resultIds: [resultIdOf(2)] };
const rowsSource = { runId: "r0", task: "rows", resultIds: chunkIds };

async function filledStore() {
  const io = await openMemoryIOManager();
  await io.save({ runId: "r1", task: "value", resultId: resultIdOf(2) }, { n: 1 });
  for (const [index, resultId] of chunkIds.entries()) {
    await io.save({ runId: "r0", task: "rows", resultId }, index + 1);
  }
  return io;
}

/** No stream is read while it is written here. */
const streams: StreamPorts = {
  read: () => Promise.reject(new Error("nothing is being written")),
  left: () => {},
  room: () => Promise.reject(new Error("nothing is being written")),
};

function load(
  task: Task,
  inputs: Readonly<Record<string, InputSource>>,
  io: Pick<IOManager, "load">,
  recent?: RecentResults,
) {
  const ports = { io, streams, ...(recent === undefined ? {} : { recent }) };
  return loadInputs(task, { runId: "r1", inputs }, ports, new AbortController().signal);
}

async function all(chunks: unknown): Promise<unknown[]> {
  return await Array.fromAsync(chunks as AsyncIterable<unknown>);
}

Deno.test("loadInputs loads a value from the run, task and attempt that it is told", async () => {
  const task = defineTask({ name: "t", inputs: { value }, run: () => {} });
  assertEquals(await load(task, { value: valueSource }, await filledStore()), { value: { n: 1 } });
});

Deno.test("loadInputs gives the chunks of a stream in order, as often as they are asked for", async () => {
  const task = defineTask({ name: "t", inputs: { rows }, run: () => {} });
  const inputs = await load(task, { rows: rowsSource }, await filledStore());
  assertEquals(await all(inputs.rows), [1, 2, 3]);
  assertEquals(await all(inputs.rows), [1, 2, 3]);
});

Deno.test("loadInputs loads a chunk when it is asked for, and no more than are asked for", async () => {
  const io = await filledStore();
  const loaded: string[] = [];
  const loadOne = io.load.bind(io);
  io.load = (key) => {
    loaded.push(key.resultId);
    return loadOne(key);
  };
  const task = defineTask({ name: "t", inputs: { rows }, run: () => {} });
  const inputs = await load(task, { rows: rowsSource }, io);
  assertEquals(loaded, []);
  for await (const _ of inputs.rows as AsyncIterable<unknown>) break;
  assertEquals(loaded, chunkIds.slice(0, 1));
});

Deno.test("loadInputs collects the chunks of a stream into an array", async () => {
  const task = defineTask({ name: "t", inputs: { all: collect(rows) }, run: () => {} });
  const io = await filledStore();
  assertEquals(await load(task, { all: rowsSource }, io), { all: [1, 2, 3] });
  assertEquals(await load(task, { all: { ...rowsSource, resultIds: [] } }, io), { all: [] });
});

Deno.test("loadInputs gives what comes out of the schema of from(), and names the path that does not fit", async () => {
  const io = await filledStore();
  const good = defineTask({
    name: "t",
    inputs: { v: from("value", z.object({ n: z.number().transform((n) => n + 1) })) },
    run: () => {},
  });
  assertEquals(await load(good, { v: valueSource }, io), { v: { n: 2 } });
  const bad = defineTask({
    name: "t",
    inputs: { v: from("value", z.object({ n: z.string() })) },
    run: () => {},
  });
  const error = await assertRejects(
    () => load(bad, { v: valueSource }, io),
    MillraceError,
    `Cannot run task "t" as its input "v" must fit the schema given to from(): at 'n':`,
  );
  assert(MillraceError.is(error, "task/input-invalid"));
  assertEquals([error.details.task, error.details.param], ["t", "v"]);
});

Deno.test("loadInputs passes the failure of a fail-safe task on as it is", async () => {
  const failure: TaskFailure = {
    "~millrace": "failure",
    task: "fragile",
    status: "failed",
    error: { code: "task/threw", message: "no", details: {} },
  };
  const task = defineTask({ name: "t", inputs: { fragile }, run: () => {} });
  assertEquals(await load(task, { fragile: failure }, await filledStore()), { fragile: failure });
});

Deno.test("loadInputs rejects with what the store says of a result that is not there", async () => {
  const task = defineTask({ name: "t", inputs: { value, rows }, run: () => {} });
  const error = await assertRejects(async () =>
    await load(
      task,
      { value: { ...valueSource, resultIds: ["a9"] }, rows: rowsSource },
      await filledStore(),
    )
  );
  assert(MillraceError.is(error, "store/not-found"));
});

Deno.test("loadInputs refuses chunks where one value is taken by name", async () => {
  const task = defineTask({ name: "t", inputs: { r: from("rows", z.number()) }, run: () => {} });
  for (
    const source of [rowsSource, { ...rowsSource, resultIds: [] }, { runId: "r0", task: "rows", attempt: 1 }]
  ) {
    const error = await assertRejects(async () => await load(task, { r: source }, await filledStore()));
    assert(MillraceError.is(error, "task/input-invalid"));
    assertEquals([error.details.param, error.retryable], ["r", false]);
  }
});

Deno.test("loadInputs offers what was just saved for one value of its own run, and for nothing else", async () => {
  const store = await filledStore();
  const recent = new HeldResults();
  const offered: string[] = [];
  const io = {
    load(key: ResultKey, given?: RecentResults) {
      if (given === recent) offered.push(`${key.runId}/${key.task}/${key.resultId}`);
      return store.load(key, given);
    },
  };
  const taking = (input: Task) => defineTask({ name: "t", inputs: { input }, run: () => {} });
  assertEquals(await load(taking(value), { input: valueSource }, io, recent), { input: { n: 1 } });
  assertEquals(offered, ["r1/value/a2"]);
  const earlier = { runId: "r0", task: "value", resultIds: [resultIdOf(1)] };
  await store.save({ runId: "r0", task: "value", resultId: resultIdOf(1) }, 0);
  assertEquals(await load(taking(value), { input: earlier }, io, recent), { input: 0 });
  const own = { ...rowsSource, runId: "r1" };
  for (const resultId of chunkIds) await store.save({ runId: "r1", task: "rows", resultId }, 7);
  assertEquals(await all((await load(taking(rows), { input: own }, io, recent)).input), [7, 7, 7]);
  const collecting = defineTask({ name: "t", inputs: { input: collect(rows) }, run: () => {} });
  assertEquals(await load(collecting, { input: own }, io, recent), { input: [7, 7, 7] });
  assertEquals(offered, ["r1/value/a2"]);
});
