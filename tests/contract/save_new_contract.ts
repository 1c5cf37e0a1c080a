/**
 * What every I/O manager must do with results under new keys.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { HeldResults } from "../../src/executor/held_results.ts";
import type { IOManager, ResultKey } from "../../src/store/port.ts";
import type { WithIOManager } from "./io_manager_contract.ts";

const KEY: ResultKey = { runId: "run-1", task: "extract", resultId: "1" };

/** Registers the tests of `saveNew` for one adapter; `ignore` if there is nothing to test it on. */
export function testSaveNew(name: string, withIO: WithIOManager, ignore: boolean = false): void {
  const test = (behaviour: string, fn: (io: IOManager) => Promise<void>): void =>
    Deno.test({ name: `${name} ${behaviour}`, ignore, fn: () => withIO(fn) });
  const values: Record<string, unknown> = {
    "JSON": { rows: [{ id: 1, name: "é😀\u0000\n" }], none: null },
    "undefined": undefined,
    "what JSON cannot keep": { at: new Date(5), n: 2n ** 65n, m: new Map([["a", -0]]), u: undefined },
    "bytes": new Uint8Array([0, 10, 13, 255]),
    "no bytes": new Uint8Array(),
    "a megabyte": "x".repeat(1_000_000),
  };

  for (const [what, value] of Object.entries(values)) {
    test(`saveNew() keeps ${what} as save() does`, async (io) => {
      await io.saveNew(KEY, value);
      assertEquals(await io.load(KEY), value);
      assertEquals([await io.exists(KEY), await io.list({ runId: "run-1" })], [true, [KEY]]);
      await io.save({ ...KEY, task: "other" }, value);
      const [one, other] = [await io.stat(KEY), await io.stat({ ...KEY, task: "other" })];
      assertEquals([one?.codec, one?.bytes, one?.sha256], [other?.codec, other?.bytes, other?.sha256]);
    });
  }

  test("saveNew() and save() fill one store, whose results can be listed and deleted alike", async (io) => {
    const keys = ["a", "b", "c"].flatMap((task) =>
      ["1", "2"].map((resultId) => ({ runId: "r", task, resultId }))
    );
    for (const [index, key] of keys.entries()) {
      if (index % 2 === 0) await io.saveNew(key, index);
      else await io.save(key, index);
    }
    assertEquals(await io.list({ runId: "r" }), keys);
    assertEquals(await io.list({ runId: "r", task: "b" }), keys.slice(2, 4));
    assertEquals(await io.listRuns(), ["r"]);
    for (const key of keys.slice(0, 2)) {
      assertEquals([await io.delete(key), await io.delete(key)], [true, false]);
      await assertRejects(() => io.load(key), MillraceError, "must have been saved");
      assertEquals([await io.exists(key), await io.stat(key)], [false, undefined]);
    }
    assertEquals(await io.list({ runId: "r" }), keys.slice(2));
    assertEquals(await io.clearRun("r"), 4);
    assertEquals([await io.list({ runId: "r" }), await io.listRuns(), await io.clearRun("r")], [[], [], 0]);
  });

  for (const [what, value] of Object.entries(values).filter(([what]) => what !== "a megabyte")) {
    test(`load() does not read ${what} again that was held when it was saved`, async (io) => {
      const recent = new HeldResults();
      await io.saveNew(KEY, value, recent);
      await io.delete(KEY);
      assertEquals(await io.load(KEY, recent), value);
      const error = await assertRejects(() => io.load(KEY), MillraceError);
      assertEquals(error.code, "store/not-found");
      assertEquals(await io.exists(KEY), false);
    });
  }

  test("load() gives a copy of what is held, to each one its own", async (io) => {
    const recent = new HeldResults();
    const value = { rows: [1] };
    const bytes = new Uint8Array([1, 2]);
    await io.saveNew(KEY, value, recent);
    await io.saveNew({ ...KEY, resultId: "2" }, bytes, recent);
    value.rows.push(2);
    bytes[0] = 9;
    for (let time = 0; time < 2; time++) {
      const loaded = await io.load(KEY, recent) as typeof value;
      const loadedBytes = await io.load({ ...KEY, resultId: "2" }, recent) as Uint8Array;
      assertEquals([loaded, loadedBytes], [{ rows: [1] }, new Uint8Array([1, 2])]);
      loaded.rows.push(3);
      loadedBytes[1] = 9;
    }
    assertEquals(await io.load(KEY), { rows: [1] });
  });

  test("saveNew() holds no stream, and nothing that it does not save", async (io) => {
    const recent = new HeldResults();
    await io.saveNew(KEY, ReadableStream.from([new Uint8Array([1])]), recent);
    await assertRejects(() => io.saveNew({ ...KEY, resultId: "2" }, () => 1, recent), MillraceError);
    assertEquals(recent.bytes, 0);
    const loaded = await io.load(KEY, recent) as ReadableStream<Uint8Array>;
    assertEquals(await new Response(loaded).bytes(), new Uint8Array([1]));
  });

  test("saveNew() goes on after its run was cleared away", async (io) => {
    await io.saveNew(KEY, 1);
    await io.clearRun("run-1");
    await io.saveNew({ ...KEY, resultId: "2" }, 2);
    assertEquals(await io.load({ ...KEY, resultId: "2" }), 2);
    assertEquals(await io.list({ runId: "run-1" }), [{ ...KEY, resultId: "2" }]);
  });

  test("saveNew() gives a copy: neither side sees what the other changes", async (io) => {
    const value = { rows: [1] };
    const bytes = new Uint8Array([1, 2]);
    await io.saveNew(KEY, value);
    await io.saveNew({ ...KEY, resultId: "2" }, bytes);
    value.rows.push(2);
    bytes[0] = 9;
    (await io.load(KEY) as typeof value).rows.push(3);
    (await io.load({ ...KEY, resultId: "2" }) as Uint8Array)[1] = 9;
    assertEquals(await io.load(KEY), { rows: [1] });
    assertEquals(await io.load({ ...KEY, resultId: "2" }), new Uint8Array([1, 2]));
  });

  test("saveNew() refuses what no codec can keep, and keys that name no result", async (io) => {
    await assertRejects(() => io.saveNew(KEY, () => 1), MillraceError, "Cannot");
    await assertRejects(() => io.saveNew({ ...KEY, task: "../x" }, 1), MillraceError, "must be letters");
    assertEquals(await io.listRuns(), []);
  });
}
