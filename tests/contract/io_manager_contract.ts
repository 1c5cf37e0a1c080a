/**
 * What every I/O manager must do.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { MillraceError } from "../../src/base/errors.ts";
import type { IOManager, ResultKey } from "../../src/store/port.ts";

/** Gives an empty store to a test, and takes it away afterwards. */
export type WithIOManager = (test: (io: IOManager) => Promise<void>) => Promise<void>;

const KEY: ResultKey = { runId: "run-1", task: "extract", resultId: "1" };

/** Registers the tests of the port for one adapter; `ignore` if there is nothing to test it on. */
export function testIOManager(name: string, withIO: WithIOManager, ignore: boolean = false): void {
  const test = (behaviour: string, fn: (io: IOManager) => Promise<void>): void =>
    Deno.test({ name: `${name} ${behaviour}`, ignore, fn: () => withIO(fn) });

  const values: Record<string, unknown> = {
    "JSON": { rows: [{ id: 1, name: "é😀\u0000" }], none: null },
    "undefined": undefined,
    "null": null,
    "an empty string": "",
    "what JSON cannot keep": { at: new Date(5), n: 2n ** 65n, m: new Map([["a", -0]]), u: undefined },
    "bytes": new Uint8Array([0, 10, 13, 255]),
    "no bytes": new Uint8Array(),
    "a megabyte": "x".repeat(1_000_000),
  };
  for (const [what, value] of Object.entries(values)) {
    test(`load() gives back ${what}`, async (io) => {
      await io.save(KEY, value);
      assertEquals(await io.load(KEY), value);
    });
  }

  test("load() gives back any value under any key", async (io) => {
    const part = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/);
    const key = fc.record({ runId: part, task: part, resultId: part }, { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(key, fc.jsonValue(), async (key, value) => {
        const json = JSON.parse(JSON.stringify(value));
        await io.save(key, json);
        assertEquals(await io.load(key), json);
        assert(
          (await io.list({ runId: key.runId, task: key.task })).some((k) => k.resultId === key.resultId),
        );
      }),
      { numRuns: 100 },
    );
  });

  test("load() gives a copy: neither side sees what the other changes", async (io) => {
    const value = { rows: [1] };
    const bytes = new Uint8Array([1]);
    await io.save(KEY, value);
    await io.save({ ...KEY, resultId: "2" }, bytes);
    value.rows.push(2);
    bytes[0] = 9;
    const first = await io.load(KEY) as typeof value;
    first.rows.push(3);
    assertEquals(await io.load(KEY), { rows: [1] });
    assertEquals(await io.load({ ...KEY, resultId: "2" }), new Uint8Array([1]));
  });

  test("load() gives bytes a buffer of their own", async (io) => {
    await io.save(KEY, new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
    const loaded = await io.load(KEY) as Uint8Array;
    assertEquals(loaded.buffer.byteLength, 2);
  });

  test("save() replaces what the key held", async (io) => {
    await io.save(KEY, "a long first value");
    await io.save(KEY, 2);
    assertEquals(await io.load(KEY), 2);
    assertEquals((await io.list({ runId: KEY.runId })).length, 1);
  });

  test("save() refuses what no codec can keep, and keeps what was there", async (io) => {
    await io.save(KEY, 1);
    const error = await assertRejects(() => io.save(KEY, { run: () => 1 }), MillraceError);
    assert(MillraceError.is(error, "store/unencodable"));
    assertEquals(error.details.path, "$.run");
    assertEquals(await io.load(KEY), 1);
  });

  test("save() leaves one whole value of many that race for one key", async (io) => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => io.save(KEY, `${i}`.repeat(1_000))));
    assertEquals((await io.load(KEY) as string).length % 1_000, 0);
    assertEquals((await io.list({ runId: KEY.runId })).length, 1);
  });

  test("save() of many kinds that race for one key leaves one of them, whole, and nobody sees another", async (io) => {
    const large = (n: number): unknown => ({ n, text: `${n}`.repeat(150_000) });
    const stream = (n: number): ReadableStream =>
      ReadableStream.from(Array.from({ length: 5 }, () => new Uint8Array(60_000).fill(n)));
    const isWhole = async (value: unknown): Promise<boolean> => {
      if (typeof value === "number") return true;
      if (!(value instanceof ReadableStream)) {
        const { n, text } = value as { n: number; text: string };
        return text === `${n}`.repeat(150_000);
      }
      const bytes = await new Response(value).bytes();
      return bytes.length === 300_000 && bytes.every((byte) => byte === bytes[0]);
    };
    await io.save(KEY, 0);
    let saving = true;
    const seen: boolean[] = [];
    const read = async (): Promise<void> => {
      while (saving) {
        await new Promise((resolve) => setImmediate(resolve)); // let the savers have the thread
        try {
          seen.push(await isWhole(await io.load(KEY)));
        } catch (error) {
          // A stream cannot begin again by itself.
          assert(MillraceError.is(error, "store/replaced"), String(error));
        }
      }
    };
    const save = async (): Promise<void> => {
      const values = Array.from({ length: 12 }, (_, n) => [n, large(n), stream(n)][n % 3]);
      await Promise.all(values.map((value) => io.save(KEY, value)));
      saving = false;
    };
    await Promise.all([save(), read(), read()]);
    assert(seen.length > 0 && seen.every((whole) => whole));
    assert(await isWhole(await io.load(KEY)));
    await io.save(KEY, large(7));
    await io.save(KEY, 8);
    assertEquals([await io.load(KEY), (await io.list({ runId: KEY.runId })).length], [8, 1]);
  });

  test("load() gives back ten megabytes, as text, as bytes and of types that JSON has not", async (io) => {
    const bytes = Uint8Array.from({ length: 10_000_000 }, (_, i) => i % 251);
    for (const value of [bytes, "é".repeat(5_000_000), { floats: new Float64Array(1_250_000).fill(0.5) }]) {
      await io.save(KEY, value);
      assertEquals(await io.exists(KEY), true);
      const loaded = await io.load(KEY);
      // (A message with the difference would take minutes.)
      assert(isDeepStrictEqual(loaded, value));
    }
  });

  test("clearRun() of one run leaves runs whose names begin alike", async (io) => {
    for (const runId of ["a", "a.", "a-", "a_1", "A", "aa"]) {
      await io.save({ ...KEY, runId }, "x".repeat(300_000));
    }
    assertEquals(await io.clearRun("a"), 1);
    assertEquals(await io.listRuns(), ["A", "a-", "a.", "a_1", "aa"]);
    for (const runId of await io.listRuns()) {
      assertEquals((await io.load({ ...KEY, runId }) as string).length, 300_000);
    }
  });

  test("clearRun() and delete() of what is being replaced lose nobody else's result", async (io) => {
    const other = { ...KEY, resultId: "other" };
    await io.save(other, "x".repeat(300_000));
    await Promise.all([
      ...Array.from({ length: 10 }, (_, i) => io.save(KEY, `${i}`.repeat(300_000))),
      ...Array.from({ length: 10 }, () => io.delete(KEY)),
    ]);
    await io.save(KEY, "end");
    assertEquals([await io.load(KEY), await io.load(other)], ["end", "x".repeat(300_000)]);
    assertEquals(await io.clearRun(KEY.runId), 2);
    assertEquals(await io.listRuns(), []);
  });

  test("load() gives back as a stream what was saved as one, byte for byte", async (io) => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(pieces, async (pieces) => {
        await io.save(KEY, ReadableStream.from(pieces.map((piece) => piece.slice())));
        assertEquals(await bytesOf(io, KEY), Uint8Array.from(pieces.flatMap((piece) => [...piece])));
      }),
      { numRuns: 30 },
    );
  });

  test("save() of a stream holds a few blocks of it, and so does load()", async (io) => {
    const [count, size] = [300, 20_000];
    let made = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (made === count) controller.close();
        else controller.enqueue(new Uint8Array(size).fill(made++));
      },
    }, { highWaterMark: 0 });
    await io.save(KEY, source);
    assertEquals(await io.exists(KEY), true);
    const info = await io.stat(KEY);
    assertEquals([info?.codec, info?.bytes], ["stream", count * size]);
    let at = 0;
    for await (const piece of await io.load(KEY) as ReadableStream<Uint8Array>) {
      assert(piece.length <= 1_000_000);
      assertEquals(piece[0], Math.floor(at / size) % 256);
      at += piece.length;
    }
    assertEquals(at, count * size);
    // Left in the middle: nothing stays open.
    for await (const _ of await io.load(KEY) as ReadableStream<Uint8Array>) break;
    await io.load(KEY); // nor is anything opened before it is read
  });

  test("save() of a stream that fails rejects with its error, and keeps what was there", async (io) => {
    await io.save(KEY, "before");
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(200_000);
      await Promise.resolve();
      throw new RangeError("no more");
    };
    await assertRejects(() => io.save(KEY, ReadableStream.from(failing())), RangeError, "no more");
    assertEquals(await io.load(KEY), "before");
    assertEquals((await io.list({ runId: KEY.runId })).length, 1);
  });

  test("save() of a stream refuses chunks that are no bytes, and cancels the source", async (io) => {
    let cancelled = false;
    const source = new ReadableStream({
      pull: (controller) => controller.enqueue("text"),
      cancel: () => void (cancelled = true),
    });
    const error = await assertRejects(() => io.save(KEY, source), MillraceError);
    assert(MillraceError.is(error, "store/unencodable"));
    assertEquals([error.details.path, cancelled], ["$[0]", true]);
    assertEquals(await io.listRuns(), []);
  });

  test("stat() tells codec, size, checksum and time without loading", async (io) => {
    assertEquals(await io.stat(KEY), undefined);
    const before = Date.now();
    await io.save(KEY, { a: 1 });
    const { createdMs, ...info } = (await io.stat(KEY))!;
    assertEquals(info, {
      codec: "json",
      bytes: 7,
      sha256: "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
    });
    // The clock of a disk or a server is another one, and coarser.
    assert(Math.abs(createdMs - before) < 60_000, `${createdMs} is not about ${before}`);
    await io.save({ ...KEY, resultId: "2" }, { a: 1 });
    assertEquals((await io.stat({ ...KEY, resultId: "2" }))?.sha256, info.sha256);
    await io.save(KEY, "x".repeat(1_000_000));
    assertEquals((await io.stat(KEY))?.bytes, 1_000_002);
  });

  test("load() rejects a key that was never saved", async (io) => {
    const error = await assertRejects(() => io.load(KEY), MillraceError, '"extract"');
    assert(MillraceError.is(error, "store/not-found"));
    assertEquals(error.details, KEY);
  });

  test("exists() tells whether a result is there", async (io) => {
    assertEquals(await io.exists(KEY), false);
    await io.save(KEY, undefined);
    assertEquals(await io.exists(KEY), true);
    assertEquals(await io.exists({ ...KEY, resultId: "2" }), false);
  });

  test("list() sorts by task and result id, and tells tasks apart", async (io) => {
    const keys = [["b", "1"], ["a", "10"], ["a", "2"], ["a.b", "1"], ["A", "1"]];
    for (const [task, resultId] of keys) await io.save({ runId: "r", task: task!, resultId: resultId! }, 0);
    await io.save({ runId: "r2", task: "a", resultId: "1" }, 0);
    const listed = (await io.list({ runId: "r" })).map((key) => `${key.runId} ${key.task} ${key.resultId}`);
    assertEquals(listed, ["r A 1", "r a 10", "r a 2", "r a.b 1", "r b 1"]);
    assertEquals(await io.list({ runId: "r", task: "a.b" }), [{ runId: "r", task: "a.b", resultId: "1" }]);
  });

  test("list() and listRuns() are empty where there is nothing", async (io) => {
    assertEquals(await io.list({ runId: "none" }), []);
    assertEquals(await io.list({ runId: "none", task: "a" }), []);
    assertEquals(await io.listRuns(), []);
  });

  test("listRuns() gives the runs that have results, sorted", async (io) => {
    for (const runId of ["b", "a", "c"]) await io.save({ ...KEY, runId }, 1);
    await io.delete({ ...KEY, runId: "b" });
    assertEquals(await io.listRuns(), ["a", "c"]);
  });

  test("delete() takes one result and says whether it was there", async (io) => {
    await io.save(KEY, 1);
    await io.save({ ...KEY, resultId: "2" }, 2);
    assertEquals(await io.delete(KEY), true);
    assertEquals(await io.delete(KEY), false);
    assertEquals(await io.list({ runId: KEY.runId }), [{ ...KEY, resultId: "2" }]);
  });

  test("clearRun() takes all results of one run and gives their number", async (io) => {
    for (const resultId of ["1", "2", "3"]) await io.save({ ...KEY, resultId }, 1);
    await io.save({ ...KEY, task: "load" }, 1);
    await io.save({ ...KEY, runId: "other" }, 1);
    assertEquals(await io.clearRun(KEY.runId), 4);
    assertEquals(await io.clearRun(KEY.runId), 0);
    assertEquals(await io.listRuns(), ["other"]);
    await io.save(KEY, "again");
    assertEquals(await io.load(KEY), "again");
  });

  test("refuses keys that are no safe names, in every method", async (io) => {
    const bad = [
      "",
      ".",
      "..",
      ".a",
      "a/b",
      "a\\b",
      "../x",
      "a b",
      "é",
      "a\u0000",
      "x".repeat(129),
      "a:b",
      "%2e",
    ];
    for (const value of bad) {
      for (const part of ["runId", "task", "resultId"] as const) {
        const key = { ...KEY, [part]: value };
        for (
          const call of [
            () => io.save(key, 1),
            () => io.load(key),
            () => io.stat(key),
            () => io.exists(key),
            () => io.delete(key),
          ]
        ) {
          const error = await assertRejects(call, MillraceError);
          assert(MillraceError.is(error, "store/invalid-key"));
          assertEquals(error.details, { part, value });
        }
      }
      await assertRejects(() => io.list({ runId: value }), MillraceError);
      await assertRejects(() => io.list({ runId: "r", task: value }), MillraceError);
      await assertRejects(() => io.clearRun(value), MillraceError);
    }
    assertEquals(await io.listRuns(), []);
  });

  test("refuses any string that is not a safe name", async (io) => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: "binary" }), async (runId) => {
      if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/.test(runId)) return;
      await assertRejects(() => io.save({ ...KEY, runId }, 1), MillraceError);
    }));
  });
}

async function bytesOf(io: IOManager, key: ResultKey): Promise<Uint8Array> {
  return await new Response(await io.load(key) as ReadableStream<Uint8Array>).bytes();
}
