import { assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { HeldResults } from "../../src/executor/held_results.ts";
import { BackendIOManager } from "../../src/store/backend_io_manager.ts";
import { openFilesystemIOManager } from "../../src/store/filesystem_io_manager.ts";
import type { ResultBackend, ResultKey, StoredResult } from "../../src/store/port.ts";

const KEY: ResultKey = { runId: "r1", task: "t", resultId: "a1" };

/** A backend that does what a test says, and nothing else. */
function backendThat(does: Partial<ResultBackend>): ResultBackend {
  const refuse = (): never => {
    throw new Error("nobody asked for that");
  };
  return {
    blockBytes: 1,
    write: refuse,
    writeBlocks: refuse,
    find: refuse,
    stat: refuse,
    keys: refuse,
    runIds: refuse,
    delete: refuse,
    clearRun: refuse,
    placeOf: ({ task }) => task,
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...does,
  };
}

Deno.test("BackendIOManager holds a result only once its backend has kept it", async () => {
  const recent = new HeldResults();
  const written = Promise.withResolvers<void>();
  await using io = new BackendIOManager(backendThat({ write: () => written.promise }));
  const saved = io.saveNew(KEY, 1, recent);
  assertEquals(recent.bytes, 0);
  written.resolve();
  await saved;
  assertEquals(await io.load(KEY, recent), 1);
});

Deno.test("BackendIOManager holds nothing that its backend could not keep", async () => {
  const recent = new HeldResults();
  await using io = new BackendIOManager(
    backendThat({ writeNew: () => Promise.reject(new Error("the disk is full")) }),
  );
  await assertRejects(() => io.saveNew(KEY, 1, recent), Error, "the disk is full");
  assertEquals(recent.find(KEY), undefined);
});

Deno.test("BackendIOManager checks what is held as it does what is read", async () => {
  const held = (payload: string): StoredResult => ({
    head: { codec: "json", bytes: 1, sha256: "0".repeat(64) },
    payload: new TextEncoder().encode(payload),
  });
  await using io = new BackendIOManager(backendThat({}));
  const recent = { note: () => () => {}, find: () => held("1") };
  const error = await assertRejects(() => io.load(KEY, recent), MillraceError);
  assertEquals(error.code, "store/corrupt");
});

Deno.test("a result that is damaged while it is held is noticed by everybody else", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const recent = new HeldResults();
    await using io = await openFilesystemIOManager({ dir });
    await io.saveNew(KEY, "x".repeat(10_000), recent);
    await Deno.writeTextFile(`${dir}/runs/r1/t/a1.result`, "y", { append: true });
    assertEquals(await io.load(KEY, recent), "x".repeat(10_000));
    await using other = await openFilesystemIOManager({ dir });
    for (const reader of [io, other]) {
      const error = await assertRejects(() => reader.load(KEY), MillraceError);
      assertEquals(error.code, "store/corrupt");
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
