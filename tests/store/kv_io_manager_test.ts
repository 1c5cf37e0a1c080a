import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { KvIOManager, openKvIOManager } from "../../src/store/kv_io_manager.ts";

const KEY = { runId: "run-1", task: "extract", resultId: "1" };
const LARGE = "x".repeat(1_000_000);

/** A store, and a look behind it. */
async function withStore(test: (io: KvIOManager, kv: Deno.Kv, path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/results.kv`;
  try {
    await using io = await openKvIOManager({ path });
    using kv = await Deno.openKv(path);
    await test(io, kv, path);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function count(kv: Deno.Kv, what: "result" | "chunk" | "loose"): Promise<number> {
  return (await Array.fromAsync(kv.list({ prefix: [what] }))).length;
}

Deno.test("save() keeps a small value at its key and a large one in chunks, and leaves no chunk behind", () =>
  withStore(async (io, kv) => {
    await io.save(KEY, 1);
    assertEquals([await count(kv, "result"), await count(kv, "chunk")], [1, 0]);
    await io.save(KEY, LARGE);
    assertEquals(await count(kv, "chunk"), Math.ceil(1_000_002 / 65_536));
    await io.save(KEY, ReadableStream.from([new Uint8Array(70_000)]));
    assertEquals(await count(kv, "chunk"), 2);
    await io.save(KEY, 2);
    assertEquals([await io.load(KEY), await count(kv, "chunk")], [2, 0]);
    await io.save(KEY, LARGE);
    await io.delete(KEY);
    for (const resultId of ["1", "2", "3"]) await io.save({ ...KEY, resultId }, LARGE);
    assertEquals(await io.clearRun(KEY.runId), 3);
    assertEquals([await count(kv, "result"), await count(kv, "chunk"), await count(kv, "loose")], [0, 0, 0]);
  }));

Deno.test("save() of one turn shares transactions, whatever their number", () =>
  withStore(async (_, kv, path) => {
    let commits = 0;
    const counting = new Proxy(kv, {
      get(target, name) {
        if (name !== "atomic") return Reflect.get(target, name).bind(target);
        return () => {
          commits++;
          return target.atomic();
        };
      },
    });
    const io = new KvIOManager(counting, path);
    await Promise.all(Array.from({ length: 250 }, (_, i) => io.save({ ...KEY, resultId: `${i}` }, i)));
    assertEquals(commits, 3); // of 100 checks each
    commits = 0;
    // Also by their size: 800 KiB each.
    await Promise.all(
      Array.from(
        { length: 30 },
        (_, i) => io.save({ ...KEY, task: "b", resultId: `${i}` }, "x".repeat(60_000)),
      ),
    );
    assertEquals(commits, 3);
    assertEquals(await io.load({ ...KEY, resultId: "249" }), 249);
    assertEquals(await io.load({ ...KEY, task: "b", resultId: "29" }), "x".repeat(60_000));
  }));

Deno.test("load() detects a chunk that is missing or changed", () =>
  withStore(async (io, kv) => {
    const chunks = async (): Promise<Deno.KvKey[]> =>
      (await Array.fromAsync(kv.list({ prefix: ["chunk"] }))).map(({ key }) => key);
    await io.save(KEY, LARGE);
    await kv.set((await chunks())[3]!, new Uint8Array(65_536));
    assert(MillraceError.is(await assertRejects(() => io.load(KEY)), "store/corrupt"));
    await kv.delete((await chunks())[3]!);
    const error = await assertRejects(() => io.load(KEY), MillraceError);
    assert(MillraceError.is(error, "store/corrupt"));
    assertEquals(error.details.path, "kv:run-1/extract/1");
    assertEquals(await io.exists(KEY), false);
  }));

Deno.test("load() of a stream that is replaced while it is read fails with store/replaced", () =>
  withStore(async (io) => {
    const blocks = (fill: number): ReadableStream =>
      ReadableStream.from(Array.from({ length: 50 }, () => new Uint8Array(65_536).fill(fill)));
    await io.save(KEY, blocks(1));
    const reader = (await io.load(KEY) as ReadableStream<Uint8Array>).getReader();
    assertEquals((await reader.read()).value?.[0], 1);
    await io.save(KEY, blocks(2));
    const error = await assertRejects(async () => {
      while (!(await reader.read()).done);
    });
    assert(MillraceError.is(error, "store/replaced"));
  }));

Deno.test("openKvIOManager() clears what interrupted saves have left, and nothing that is being written", () =>
  withStore(async (io, kv, path) => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 30; i++) yield new Uint8Array(65_536);
      begun.resolve();
      await go.promise;
      yield new Uint8Array(1);
    };
    const saving = io.save(KEY, ReadableStream.from(slow()));
    await begun.promise;
    const left = ["loose", "run-2", "gone"];
    await kv.atomic().set(left, Date.now() - 3_600_000).set(["chunk", "run-2", "gone", 0], new Uint8Array(1))
      .commit();
    await (await openKvIOManager({ path }))[Symbol.asyncDispose]();
    assertEquals((await kv.get(left)).value, null);
    assertEquals((await kv.get(["chunk", "run-2", "gone", 0])).value, null);
    go.resolve();
    await saving;
    assertEquals((await io.stat(KEY))?.bytes, 30 * 65_536 + 1);
  }));

Deno.test("save() that was taken for a leftover fails, may be tried again, and leaves nothing", () =>
  withStore(async (io, kv, path) => {
    await io.save(KEY, "before");
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 30; i++) yield new Uint8Array(65_536);
      const [mark] = await Array.fromAsync(kv.list({ prefix: ["loose"] }));
      await kv.set(mark!.key, Date.now() - 3_600_000);
      await (await openKvIOManager({ path }))[Symbol.asyncDispose]();
    };
    const error = await assertRejects(() => io.save(KEY, ReadableStream.from(source())), MillraceError);
    assert(MillraceError.is(error, "store/unavailable") && error.retryable);
    assertEquals([await io.load(KEY), await count(kv, "chunk"), await count(kv, "loose")], ["before", 0, 0]);
  }));

Deno.test("KvIOManager fails with store/unavailable once its database is gone", () =>
  withStore(async (_, kv, path) => {
    const closed = await Deno.openKv(path);
    const io = new KvIOManager(closed, path);
    closed.close();
    for (
      const call of [
        () => io.save(KEY, 1),
        () => io.save(KEY, LARGE),
        () => io.load(KEY),
        () => io.listRuns(),
      ]
    ) {
      const error = await assertRejects(call, MillraceError);
      assert(MillraceError.is(error, "store/unavailable"), error.message);
    }
    assertEquals(await count(kv, "result"), 0);
  }));

Deno.test("openKvIOManager() refuses wrong options, and what is no database", async () => {
  // @ts-expect-error: an unknown option
  await assertRejects(() => openKvIOManager({ pth: "x" }), TypeError, "pth");
  await assertRejects(() => openKvIOManager({ path: "" }), TypeError, "path");
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "no database at all, but long enough to be looked at".repeat(100));
    const error = await assertRejects(() => openKvIOManager({ path: file }), MillraceError);
    assert(MillraceError.is(error, "store/unavailable"));
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("mod.ts loads without unstable flags, where openKvIOManager() fails with store/kv-off", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const { imports } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
    await Deno.writeTextFile(`${dir}/deno.json`, JSON.stringify({ imports }));
    const code = `
      const { openKvIOManager } = await import(${JSON.stringify(import.meta.resolve("../../mod.ts"))});
      console.log(await openKvIOManager({ path: ":memory:" }).catch((error) => error.code + ": " + error.message));`;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-lock", "--config", `${dir}/deno.json`, code],
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert(said.startsWith("store/kv-off: "), new TextDecoder().decode(stderr));
    assert(said.includes("--unstable-kv"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
