/** An attempt in a sandbox, and the desk that serves it, without a process between them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { serveSandbox } from "../../src/executor/desk.ts";
import type { AttemptNotice, AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import { runAttempt } from "../../src/executor/attempt.ts";
import { packValue, type SandboxCall, type SandboxItem, SandboxLine } from "../../src/executor/sandbox.ts";
import { createLogger } from "../../src/base/log.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { openMemoryIOManager } from "../../src/store/memory_io_manager.ts";
import { defineTask } from "../../src/task/define_task.ts";
import type { ResultSource } from "../../src/task/result_id.ts";
import type { Task } from "../../src/task/task.ts";
import { IDLE } from "./attempt_harness.ts";
import type { StreamPorts } from "../../src/executor/live_stream.ts";
import { createVirtualClock } from "../../src/testing/mod.ts";

function executableOf(task: string, more: Partial<ExecutableTask> = {}): ExecutableTask {
  const fixed = {
    traceparent: "",
    runId: "r1",
    pipeline: "p",
    attempt: 1,
    params: {},
    metadata: {},
    hops: 0,
    inputs: {},
  };
  return { ...fixed, task, isolation: "process", permissions: {}, ...more };
}

async function createRig(
  publish = (_topic: string, _data: unknown) => Promise.resolve(),
  found?: ResultSource,
  streams: StreamPorts = IDLE,
) {
  const io = await openMemoryIOManager();
  const notices: AttemptNotice[] = [];
  const serve = (executable: ExecutableTask, items: AsyncIterable<SandboxItem>, line?: SandboxLine) =>
    serveSandbox(executable, items, {
      io,
      streams,
      signal: new AbortController().signal,
      notice: (notice) => void notices.push(notice),
      recall: () => Promise.resolve(found),
      publish,
      reply: (reply) => line?.replied(reply),
    });
  return {
    io,
    notices,
    serve,
    run(task: Task, more: Partial<ExecutableTask> = {}): Promise<AttemptOutcome> {
      const clock = createVirtualClock();
      const line = new SandboxLine();
      const executable = executableOf(task.name, more);
      const ports = { clock, log: createLogger(() => {}, clock.now), ...line.ports };
      return serve(
        executable,
        line.items(runAttempt(task, executable, ports, new AbortController().signal)),
        line,
      );
    },
  };
}

Deno.test("SandboxLine and serveSandbox carry inputs, results, chunks and notices of an attempt", async () => {
  const rig = await createRig();
  const source = defineTask({ name: "source", run: () => new Set([1]) });
  const task = defineTask({
    name: "task",
    stream: true,
    inputs: { source },
    async *run({ source }, { progress }) {
      progress(1);
      yield* [source, new Uint8Array([1, 2])];
    },
  });
  await rig.io.save({ runId: "r0", task: "source", resultId: "a1" }, new Set([1]));
  const inputs = { source: { runId: "r0", task: "source", resultIds: ["a1"] } };
  assertEquals(await rig.run(task, { inputs }), { ok: true, chunks: 2, durationMs: 0 });
  assertEquals(await rig.io.load({ runId: "r1", task: "task", resultId: "a1-000000" }), new Set([1]));
  assertEquals(
    await rig.io.load({ runId: "r1", task: "task", resultId: "a1-000001" }),
    new Uint8Array([1, 2]),
  );
  assertEquals(rig.notices.map(({ kind }) => kind), ["progress", "chunk", "chunk"]);
});

Deno.test("SandboxLine and serveSandbox carry streams that are read while they are written", async () => {
  const asked: unknown[] = [];
  const rig = await createRig(undefined, undefined, {
    read: (source, position) => {
      asked.push([source.attempt, position]);
      return Promise.resolve({ chunks: position + 1, done: position === 2 });
    },
    left: (source) => void asked.push(["left", source.task]),
    room: (chunks, maxAhead) => {
      asked.push(["room", chunks, maxAhead]);
      return Promise.resolve(chunks + 2);
    },
  });
  const source = defineTask({ name: "source", stream: true, run: () => [1] });
  const task = defineTask({
    name: "task",
    stream: true,
    maxAhead: 1,
    inputs: { source },
    async *run({ source }) {
      for await (const _ of source) break;
      yield* source;
    },
  });
  for (const n of [0, 1, 2]) {
    await rig.io.save({ runId: "r0", task: "source", resultId: `a3-00000${n}` }, n);
  }
  const inputs = { source: { runId: "r0", task: "source", attempt: 3 } };
  assertEquals(await rig.run(task, { inputs }), { ok: true, chunks: 3, durationMs: 0 });
  assertEquals(asked, [[3, 0], ["left", "source"], [3, 1], ["room", 1, 1], [3, 2]]);
  const ids = await rig.io.list({ runId: "r1" });
  assertEquals(await Promise.all(ids.slice(1).map((id) => rig.io.load(id))), [0, 1, 2]);
});

Deno.test("SandboxLine and serveSandbox carry streams of bytes in and out, a block at a time", async () => {
  const rig = await createRig();
  const csv = defineTask({ name: "csv", run: () => new ReadableStream<Uint8Array>() });
  const task = defineTask({
    name: "task",
    inputs: { csv, again: csv },
    async run({ csv, again }) {
      for await (const _ of again) break; // the rest is dropped
      let sum = 0;
      return csv.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform: (block, controller) => {
            sum += block.length;
            controller.enqueue(block.map((byte) => byte + 1));
          },
          flush: (controller) => controller.enqueue(new TextEncoder().encode(`${sum}`)),
        }),
      );
    },
  });
  const key = { runId: "r0", task: "csv", resultId: "a1" };
  await rig.io.save(
    key,
    ReadableStream.from([new Uint8Array(100_000).fill(1), new Uint8Array(100_000).fill(2)]),
  );
  const source = { runId: "r0", task: "csv", resultIds: ["a1"] };
  assertEquals(await rig.run(task, { inputs: { csv: source, again: source } }), { ok: true, durationMs: 0 });
  const stream = await rig.io.load({ runId: "r1", task: "task", resultId: "a1" }) as ReadableStream<
    Uint8Array
  >;
  const bytes = await new Response(stream).bytes();
  assertEquals([bytes.length, bytes[99_999], bytes[100_000]], [200_006, 2, 3]);
  assertEquals(new TextDecoder().decode(bytes.subarray(200_000)), "200000");
});

Deno.test("SandboxLine and serveSandbox tell why a stream of bytes could not be saved", async () => {
  const rig = await createRig();
  const failing = async function* (): AsyncGenerator<unknown> {
    yield new Uint8Array(1);
    await Promise.resolve();
    throw new RangeError("no more");
  };
  const streams: Record<string, () => ReadableStream> = {
    "no more": () => ReadableStream.from(failing()),
    "must be a Uint8Array": () => ReadableStream.from([new Uint8Array(1), { a: 1 }]),
  };
  for (const [message, run] of Object.entries(streams)) {
    const outcome = await rig.run(defineTask({ name: "task", run }));
    assert(!outcome.ok && outcome.error.message.includes(message), JSON.stringify(outcome));
  }
  assertEquals(await rig.io.listRuns(), []);
});

Deno.test("SandboxLine keeps the latest progress alone while nobody looks", async () => {
  const line = new SandboxLine();
  const progress = (done: number): AttemptNotice => ({ kind: "progress", done });
  const chunk: AttemptNotice = { kind: "chunk", chunk: 0 };
  for (const notice of [progress(1), progress(2), chunk, progress(3), progress(4)]) line.ports.notice(notice);
  const outcome: AttemptOutcome = { ok: true, durationMs: 0 };
  const items = await Array.fromAsync(line.items(Promise.resolve(outcome)));
  assertEquals(items, [
    ...[progress(2), chunk, progress(4)].map((notice) => ({ kind: "notice", notice }) as const),
    { kind: "outcome", outcome },
  ]);
});

Deno.test("SandboxLine tells a task what its event was refused for", async () => {
  const refusal = new MillraceError("event/reserved-topic", "no", { details: { topic: "run.x" } });
  const rig = await createRig(() => Promise.reject(refusal));
  const task = defineTask({ name: "task", run: (_inputs, { publish }) => publish("run.x", {}) });
  const outcome = await rig.run(task);
  assertEquals([outcome.ok, outcome.ok || outcome.error.code], [false, "event/reserved-topic"]);
});

Deno.test("serveSandbox an earlier result stands for an attempt, but only one that was found for it", async () => {
  const found = { runId: "r0", attempt: 2 };
  const task = defineTask({ name: "task", cache: true, run: () => 1 });
  const rig = await createRig(undefined, found);
  assertEquals(await rig.run(task, { memoCode: "1" }), { ok: true, durationMs: 0, cached: found });
  const memo = { key: "k", digest: "d" };
  const claiming = (more: object) =>
    (async function* (): AsyncGenerator<SandboxItem> {
      yield { kind: "outcome", outcome: { ok: true, durationMs: 0, ...more } };
    })();
  await assertRejects(() =>
    rig.serve(executableOf("task"), claiming({ cached: { runId: "r9", attempt: 1 }, memo }))
  );
  const none = await createRig();
  assertEquals(await none.run(task, { memoCode: "1" }), { ok: true, durationMs: 0 });
});

const key = (runId: string, task: string, resultId: string) => ({ runId, task, resultId });
const foreign: readonly SandboxCall[] = [
  { verb: "load", key: key("r0", "secret", "a1") },
  { verb: "load", key: key("r0", "source", "a2") },
  { verb: "load", key: key("r0", "live", "a1-000000") },
  { verb: "read", source: { runId: "r0", task: "live", attempt: 1 }, position: 0 },
  { verb: "read", source: { runId: "r0", task: "source", attempt: 1 }, position: 0 },
  { verb: "save", key: key("r0", "task", "a1"), value: packValue(1) },
  { verb: "save", key: key("r1", "other", "a1"), value: packValue(1) },
  { verb: "save", key: key("r1", "task", "a2"), value: packValue(1) },
  { verb: "save", key: key("r1", "task", "a11-000000"), value: packValue(1) },
];

for (const call of foreign) {
  Deno.test(`serveSandbox refuses to ${call.verb} ${JSON.stringify(call)}`, async () => {
    const rig = await createRig();
    for (const task of ["secret", "source"]) await rig.io.save(key("r0", task, "a1"), "kept");
    const replies: unknown[] = [];
    const inputs = {
      source: { runId: "r0", task: "source", resultIds: ["a1"] },
      live: { runId: "r0", task: "live", attempt: 2 },
    };
    const outcome = { ok: false, error: {}, retryable: false, durationMs: 0 } as unknown as AttemptOutcome;
    const items = (async function* (): AsyncGenerator<SandboxItem> {
      yield { kind: "call", id: 1, call };
      await new Promise((resolve) => setTimeout(resolve, 0));
      yield { kind: "outcome", outcome };
    })();
    await serveSandbox(executableOf("task", { inputs }), items, {
      io: rig.io,
      streams: { ...IDLE, read: () => Promise.resolve({ chunks: 9, done: true }) },
      signal: new AbortController().signal,
      notice: () => {},
      recall: () => Promise.resolve(undefined),
      publish: () => Promise.resolve(),
      reply: (reply) => void replies.push("error" in reply ? reply.error.code : reply.value),
    });
    assertEquals(replies, ["task/permission-denied"]);
    assertEquals(await rig.io.list({ runId: "r1" }), []);
  });
}

Deno.test("serveSandbox believes no success without a result", async () => {
  const rig = await createRig();
  const items = (async function* (): AsyncGenerator<SandboxItem> {
    yield { kind: "outcome", outcome: { ok: true, durationMs: 1 } };
  })();
  await assertRejects(() => rig.serve(executableOf("task"), items), Error, "without a result");
});
