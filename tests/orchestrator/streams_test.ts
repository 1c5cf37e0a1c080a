import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { MillraceError } from "../../src/base/errors.ts";
import { Streams } from "../../src/orchestrator/streams.ts";

const source = { runId: "r1", task: "rows", attempt: 1 };
const reader = { runId: "r1", task: "sum", attempt: 1 };
const other = { runId: "r1", task: "max", attempt: 1 };

/** What a promise has come to by now: its value, its error's code, or nothing yet. */
async function now(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.catch((error) => MillraceError.is(error) ? error.code : error);
  return await Promise.race([settled, Promise.resolve().then(() => Promise.resolve()).then(() => "waiting")]);
}

Deno.test("Streams.read() waits for more chunks than were read, or for the end", async () => {
  const streams = new Streams();
  const first = streams.read(reader, source, 0);
  assertEquals(await now(first), "waiting");
  streams.stored(source, 2);
  assertEquals(await now(first), { chunks: 2, done: false });
  const second = streams.read(reader, source, 2);
  streams.stored(source, 1);
  assertEquals(await now(second), "waiting", "what is told late changes nothing");
  streams.ended(source, 2);
  assertEquals(await now(second), { chunks: 2, done: true });
});

Deno.test("Streams.read() rejects if the attempt comes to nothing, the reader ends, or the run does", async () => {
  for (const end of ["ended", "forget", "drop"] as const) {
    const streams = new Streams();
    const read = streams.read(reader, source, 0);
    if (end === "ended") streams.ended(source, undefined);
    if (end === "forget") streams.forget(reader);
    if (end === "drop") streams.drop("r1");
    const error = await assertRejects(() => read);
    assert(MillraceError.is(error, "task/cancelled"));
  }
});

Deno.test("Streams.room() without readers there is always some", async () => {
  const streams = new Streams();
  assertEquals(await streams.room(source, 10, 4), 14);
});

Deno.test("Streams.room() is what the slowest reader leaves; one that leaves or ends holds nobody up", async () => {
  const streams = new Streams();
  streams.stored(source, 4);
  await streams.read(reader, source, 0);
  await streams.read(other, source, 0);
  const room = streams.room(source, 4, 4);
  await streams.read(reader, source, 3);
  assertEquals(await now(room), "waiting");
  await streams.read(other, source, 1);
  assertEquals(await now(room), 5);
  const next = streams.room(source, 5, 4);
  assertEquals(await now(next), "waiting");
  streams.left(other, source);
  assertEquals(await now(next), 7);
  const last = streams.room(source, 7, 4);
  streams.forget(reader);
  assertEquals(await now(last), 11);
});

Deno.test("Streams.left() in one place while another one still waits changes nothing", async () => {
  const streams = new Streams();
  const read = streams.read(reader, source, 0);
  streams.left(reader, source);
  streams.stored(source, 1);
  assertEquals(await now(read), { chunks: 1, done: false });
});

Deno.test("Streams a second reading from the beginning does not hold the writer up", async () => {
  const streams = new Streams();
  streams.stored(source, 4);
  await streams.read(reader, source, 3);
  await streams.read(reader, source, 0);
  assertEquals(await now(streams.room(source, 4, 2)), 5);
});

Deno.test("Streams.ended() lets a writer go that waits for room", async () => {
  const streams = new Streams();
  await streams.read(reader, source, -1);
  streams.stored(source, 1);
  const room = streams.room(source, 1, 1);
  streams.ended(source, undefined);
  assertEquals(await now(room), Infinity);
});

Deno.test("Streams a writer is never further ahead than it may be, and nobody waits for nothing", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 30 }),
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
    async (maxAhead, total, paces) => {
      const streams = new Streams();
      const positions = paces.map(() => 0);
      let stored = 0;
      let over = false;
      const read = async (index: number): Promise<number> => {
        const own = { runId: "r1", task: `t${index}`, attempt: 1 };
        for (;;) {
          // Of a stream that is over the journal knows.
          const end = { chunks: total, done: true };
          const { chunks, done } = over ? end : await streams.read(own, source, positions[index]!);
          while (positions[index]! < chunks) {
            for (let turn = 0; turn < paces[index]!; turn++) await Promise.resolve();
            positions[index]!++;
          }
          if (done) return positions[index]!;
        }
      };
      const reading = paces.map((_, index) => read(index));
      let room = maxAhead;
      for (; stored < total; stored++) {
        if (stored >= room) room = await streams.room(source, stored, maxAhead);
        assert(stored - Math.min(...positions) <= maxAhead, `${stored} stored, read ${positions}`);
        streams.stored(source, stored + 1);
      }
      over = true;
      streams.ended(source, total);
      assertEquals(await Promise.all(reading), paces.map(() => total));
    },
  ));
});
