import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createLogger, type LogRecord } from "../../src/base/log.ts";
import { AttemptMemo } from "../../src/executor/attempt_memo.ts";
import { runAttempt } from "../../src/executor/attempt.ts";
import type { ExecutableTask, InputSource } from "../../src/executor/port.ts";
import { openMemoryIOManager } from "../../src/store/memory_io_manager.ts";
import { collect, defineTask } from "../../src/task/mod.ts";
import { resultIdsOf, type ResultSource } from "../../src/task/result_id.ts";
import type { Task, TaskFailure } from "../../src/task/task.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";
import { createTrial, IDLE } from "./attempt_harness.ts";

const FAILURE: TaskFailure = {
  "~millrace": "failure",
  task: "up",
  status: "failed",
  error: { code: "task/threw", message: "broken", details: {}, name: "Error" },
};

/** Attempts over one store and one index of what is remembered, each in a run of its own. */
async function memory(code = "version:1") {
  const io = await openMemoryIOManager();
  const memos = new Map<string, ResultSource>();
  const records: LogRecord[] = [];
  const clock = createVirtualClock(0);
  const log = createLogger((record) => records.push(record), clock.now);
  let runs = 0;
  const attempt = async (task: Task, executable: Partial<ExecutableTask> = {}) => {
    const full: ExecutableTask = {
      runId: `r${++runs}`,
      pipeline: "p",
      task: task.name,
      attempt: 1,
      params: {},
      metadata: {},
      hops: 0,
      traceparent: "",
      inputs: {},
      isolation: "worker",
      memoCode: code,
      ...executable,
    };
    const memo = new AttemptMemo(full, {
      log,
      io,
      recall: (_, key) => Promise.resolve(memos.get(key)),
    });
    const recall = (words: Parameters<AttemptMemo["recall"]>[0]) => memo.recall(words);
    const ports = {
      clock,
      log,
      io,
      streams: IDLE,
      notice: () => {},
      publish: () => Promise.resolve(),
      recall,
    };
    const outcome = await memo.noted(await runAttempt(task, full, ports, new AbortController().signal));
    assert(outcome.ok, JSON.stringify(outcome));
    const { chunks, cached, memo: note } = outcome;
    const source = cached ?? { runId: full.runId, attempt: 1, ...(chunks === undefined ? {} : { chunks }) };
    if (note !== undefined) memos.set(note.key, source);
    const resultIds = resultIdsOf(source.attempt, source.chunks);
    const values = await Promise.all(
      resultIds.map((resultId) => io.load({ runId: source.runId, task: task.name, resultId })),
    );
    return { hit: cached !== undefined, noted: note !== undefined, source, values };
  };
  const stored = async (task: string, ...values: unknown[]): Promise<InputSource> => {
    const runId = `r${++runs}`;
    const resultIds = resultIdsOf(1, values.length === 1 ? undefined : values.length);
    await Promise.all(values.map((value, at) => io.save({ runId, task, resultId: resultIds[at]! }, value)));
    return { runId, task, resultIds };
  };
  return { io, memos, records, attempt, stored };
}

const up = defineTask({ name: "up", run: (): unknown => 1 });
const many = defineTask({ name: "many", stream: true, run: (): unknown[] => [] });

Deno.test("AttemptMemo an earlier result stands for an attempt with the same content, wherever it is stored", async () => {
  const { attempt, stored } = await memory();
  let runs = 0;
  const task = defineTask({ name: "t", inputs: { up }, cache: true, run: ({ up }) => [up, ++runs] });
  const [one, same, other] = [
    await stored("up", { a: 1 }),
    await stored("up", { a: 1 }),
    await stored("up", 2),
  ];
  const first = await attempt(task, { inputs: { up: one } });
  const second = await attempt(task, { inputs: { up: same } });
  assertEquals([first.hit, second.hit, second.source, second.values], [false, true, first.source, [[
    { a: 1 },
    1,
  ]]]);
  assertEquals((await attempt(task, { inputs: { up: other } })).values, [[2, 2]]);
});

Deno.test("AttemptMemo streams are remembered as a whole, and read by all their chunks", async () => {
  const { attempt, stored } = await memory();
  const task = defineTask({
    name: "t",
    inputs: { all: collect(many) },
    cache: true,
    stream: true,
    *run({ all }) {
      yield* all;
    },
  });
  const chunks = await stored("many", 1, 2, 3);
  await attempt(task, { inputs: { all: chunks } });
  const hit = await attempt(task, { inputs: { all: await stored("many", 1, 2, 3) } });
  assertEquals([hit.hit, hit.values, hit.source.chunks], [true, [1, 2, 3], 3]);
  assertEquals((await attempt(task, { inputs: { all: await stored("many", 1, 3, 2) } })).hit, false);
});

Deno.test("AttemptMemo what a failure led to, and what failed, is not remembered", async () => {
  const { attempt, memos } = await memory();
  const task = defineTask({ name: "t", inputs: { up }, cache: { key: () => 1 }, run: () => 1 });
  assertEquals((await attempt(task, { inputs: { up: FAILURE } })).noted, false);
  const plain = defineTask({ name: "t", inputs: { up }, cache: true, run: () => 1 });
  assertEquals((await attempt(plain, { inputs: { up: FAILURE } })).noted, false);
  const broken = defineTask({
    name: "t",
    cache: true,
    run() {
      throw new Error("broken");
    },
  });
  await attempt(broken).catch(() => {});
  assertEquals(memos.size, 0);
});

Deno.test("AttemptMemo a result that is gone, or an index that is, makes the task run", async () => {
  const { attempt, io, memos, records } = await memory();
  const task = defineTask({ name: "t", cache: true, run: () => 1 });
  const first = await attempt(task);
  await io.clearRun(first.source.runId);
  const second = await attempt(task);
  assertEquals([second.hit, second.noted], [false, true]);
  assertEquals((await attempt(task)).hit, true);
  memos.get = () => {
    throw new Error("no journal");
  };
  assertEquals([(await attempt(task)).hit, records.at(-1)?.level], [false, "warn"]);
});

Deno.test("AttemptMemo what is to run in any case runs, and is remembered", async () => {
  const { attempt } = await memory();
  let runs = 0;
  const task = defineTask({ name: "t", cache: true, run: () => ++runs });
  await attempt(task);
  const anew = await attempt(task, { memoAnew: true });
  assertEquals([anew.hit, anew.noted, anew.values], [false, true, [2]]);
  assertEquals((await attempt(task)).values, [2]);
});

Deno.test("AttemptMemo a key function says what matters, and nothing else does", async () => {
  const { attempt, stored } = await memory();
  const task = defineTask({
    name: "t",
    inputs: { up },
    cache: { key: ({ up }, params) => [(up as { id: number }).id, params.day] },
    run: () => 1,
  });
  const [a, b, c] = [
    await stored("up", { id: 1, x: 1 }),
    await stored("up", { id: 1, x: 2 }),
    await stored("up", { id: 2 }),
  ];
  const params = { day: 1, other: 1 };
  assertEquals((await attempt(task, { inputs: { up: a }, params })).hit, false);
  assertEquals((await attempt(task, { inputs: { up: b }, params: { day: 1, other: 2 } })).hit, true);
  assertEquals((await attempt(task, { inputs: { up: c }, params })).hit, false);
  assertEquals((await attempt(task, { inputs: { up: a }, params: { day: 2 } })).hit, false);
});

Deno.test("AttemptMemo never serves a result whose inputs, parameters or code differ", async () => {
  const value = fc.constantFrom<unknown>(
    0,
    -0,
    "0",
    null,
    undefined,
    1n,
    { a: 1 },
    [1],
    new Date(0),
    {},
    [],
    "",
  );
  const call = fc.record({
    up: value,
    chunks: fc.array(value, { maxLength: 3 }).filter(({ length }) => length !== 1),
    params: fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom(1, 2, "1"), { maxKeys: 2 }),
    code: fc.constantFrom("1", "2"),
  });
  const few = fc.array(call, { minLength: 1, maxLength: 4 });
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(few, fc.array(fc.nat(), { maxLength: 12 }), async (calls, order) => {
      const { attempt, stored } = await memory();
      let run = (_inputs: unknown, _ctx: unknown): unknown => undefined;
      const task = defineTask({
        name: "t",
        inputs: { up, all: collect(many) },
        cache: true,
        run: (inputs, ctx) => run(inputs, ctx),
      });
      for (const index of order) {
        const { up, chunks, params, code } = calls[index % calls.length]!;
        const wanted = { up, all: chunks, params: { ...params }, code };
        run = () => wanted;
        const inputs = { up: await stored("up", up), all: await stored("many", ...chunks) };
        const { hit, values } = await attempt(task, { inputs, params, memoCode: code });
        assertEquals(values, [wanted]);
        if (hit) hits++;
      }
    }),
    { numRuns: 60 },
  );
  assert(hits > 50, `enough was served: ${hits}`);
});

Deno.test("runAttempt() looks for an earlier result before it loads anything, and stores nothing if there is one", async () => {
  const found = { runId: "r0", attempt: 3 };
  const trial = await createTrial({ load: () => Promise.reject(new Error("loaded")) }, found);
  const task = defineTask({ name: "t", inputs: { up }, cache: true, run: () => 1 });
  const executable = { memoCode: "1", inputs: { up: { runId: "r0", task: "up", resultIds: ["a1"] } } };
  assertEquals(await trial.run(task, executable), { ok: true, durationMs: 0, cached: found });
  assertEquals(trial.recalled, [{ text: "", inputs: true }]);
  assertEquals(await trial.io.list({ runId: "r1" }), []);
});

Deno.test("runAttempt() a key that throws, or computes without end, fails the attempt", async () => {
  const trial = await createTrial();
  const throwing = defineTask({
    name: "t",
    cache: {
      key() {
        throw new RangeError("no key");
      },
    },
    run: () => 1,
  });
  const thrown = await trial.run(throwing, { memoCode: "1" });
  assert(!thrown.ok && thrown.error.message === "no key");
  const endless = defineTask({
    name: "t",
    timeoutMs: 20,
    cache: {
      key() {
        for (;;);
      },
    },
    run: () => 1,
  });
  const stopped = await trial.run(endless, { memoCode: "1" });
  assert(!stopped.ok && stopped.error.code === "task/timed-out");
});
