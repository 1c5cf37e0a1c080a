import { assert, assertEquals } from "@std/assert";
import { liveChunks, type StreamPorts } from "../../src/executor/live_stream.ts";
import type { AttemptKey, StreamState } from "../../src/executor/port.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { createTrial } from "./attempt_harness.ts";

const source: AttemptKey = { runId: "r1", task: "rows", attempt: 2 };

/** A writer that the test moves on, and what a reader asked and loaded. */
function createWriter() {
  const asked: number[] = [];
  const loaded: string[] = [];
  let waiting: PromiseWithResolvers<StreamState> | undefined;
  let state: StreamState = { chunks: 0, done: false };
  let left = 0;
  const streams: StreamPorts = {
    read: (of, position, signal) => {
      assertEquals(of, source);
      asked.push(position);
      if (state.chunks > position || state.done) return Promise.resolve(state);
      waiting = Promise.withResolvers();
      const { promise, reject } = waiting;
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      return promise;
    },
    left: () => void left++,
    room: () => Promise.resolve(Infinity),
  };
  return {
    asked,
    loaded,
    streams,
    left: () => left,
    load: (resultId: string) => {
      loaded.push(resultId);
      return Promise.resolve(`chunk ${resultId}`);
    },
    /** Stores more, or all. */
    write(next: StreamState) {
      state = next;
      waiting?.resolve(next);
    },
  };
}

Deno.test("liveChunks gives chunks as they come, by the ids of the attempt that it reads", async () => {
  const { asked, loaded, left, streams, load, write } = createWriter();
  const chunks = liveChunks(source, load, streams, new AbortController().signal)[Symbol.asyncIterator]();
  const first = chunks.next();
  write({ chunks: 2, done: false });
  assertEquals(await first, { done: false, value: "chunk a2-000000" });
  assertEquals((await chunks.next()).value, "chunk a2-000001");
  const third = chunks.next();
  write({ chunks: 3, done: true });
  assertEquals((await third).value, "chunk a2-000002");
  assertEquals(await chunks.next(), { done: true, value: undefined });
  assertEquals(asked, [0, 2], "it asks only for what it does not know of");
  assertEquals(loaded, ["a2-000000", "a2-000001", "a2-000002"]);
  assertEquals(left(), 0, "who has read all of it holds nobody up");
});

Deno.test("liveChunks of a stream that ends without more, or without any, ends", async () => {
  for (const before of [0, 1]) {
    const { streams, load, write } = createWriter();
    write({ chunks: before, done: false });
    const read = Array.fromAsync(liveChunks(source, load, streams, new AbortController().signal));
    await Promise.resolve();
    write({ chunks: before, done: true });
    assertEquals((await read).length, before);
  }
});

Deno.test("liveChunks says so when it is left, and can be read again from the beginning", async () => {
  const { asked, left, streams, load, write } = createWriter();
  const chunks = liveChunks(source, load, streams, new AbortController().signal);
  write({ chunks: 2, done: false });
  for await (const _ of chunks) break;
  assertEquals([left(), asked], [1, [0]]);
  write({ chunks: 3, done: true });
  assertEquals((await Array.fromAsync(chunks)).length, 3);
});

Deno.test("liveChunks ends with the reason of the signal", async () => {
  const { streams, load } = createWriter();
  const controller = new AbortController();
  const read = Array.fromAsync(liveChunks(source, load, streams, controller.signal));
  controller.abort("called off");
  assertEquals(await read.catch((error) => error), "called off");
});

Deno.test("runAttempt asks for room beyond maxAhead, with what it has stored, and goes on once there is some", async () => {
  const rooms: number[] = [];
  const limits = [5, Infinity];
  const trial = await createTrial({}, undefined, {
    read: () => Promise.reject(new Error("nothing to read")),
    left: () => {},
    room: (chunks, maxAhead) => {
      rooms.push(chunks, maxAhead);
      return Promise.resolve(limits.shift()!);
    },
  });
  const numbers = Array.from({ length: 8 }, (_, n) => n);
  const outcome = await trial.run(
    defineTask({ name: "rows", stream: true, maxAhead: 3, run: () => numbers }),
  );
  assert(outcome.ok);
  assertEquals([outcome.chunks, rooms], [8, [3, 3, 5, 3]]);
});

Deno.test("runAttempt that has no room ends when it is called off, and has stored no more than it had", async () => {
  const trial = await createTrial({}, undefined, {
    read: () => Promise.reject(new Error("nothing to read")),
    left: () => {},
    room: (_chunks, _maxAhead, signal) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  const rows = defineTask({
    name: "rows",
    stream: true,
    maxAhead: 1,
    *run() {
      yield 1;
      queueMicrotask(() => trial.controller.abort());
      yield 2;
    },
  });
  const outcome = await trial.run(rows);
  assert(!outcome.ok);
  assertEquals([outcome.error.code, outcome.dirty], ["task/cancelled", undefined]);
  assertEquals((await trial.io.list({ runId: "r1" })).map(({ resultId }) => resultId), ["a1-000000"]);
});
