import { assert, assertEquals, assertRejects } from "@std/assert";
import { createExecutorPool, MillraceError, type StandalonePool } from "@millrace/millrace";
import { add, chunks, endless } from "./fixtures/pool_tasks.ts";

const modules = [import.meta.resolve("./fixtures/pool_tasks.ts")];

async function withPool(test: (pool: StandalonePool) => Promise<void>, executors = 2): Promise<void> {
  await using pool = await createExecutorPool({ modules, executors, log: () => {} });
  await test(pool);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, MillraceError)).code;
}

Deno.test("createExecutorPool runs tasks with values, and gives back what they give", () =>
  withPool(async (pool) => {
    const sum: number = await pool.run(add, { a: 1, b: 2 });
    assertEquals(sum, 3);
    assertEquals(await pool.run("nothing"), undefined);
    const value = { at: new Date(5), big: 2n ** 70n, bytes: new Uint8Array([1, 2]), none: undefined };
    assertEquals(await pool.run("later", { value }), { got: value });
    assertEquals(await pool.run(chunks), [1, new Map([["k", 2]])]);
    assertEquals(await pool.run("checked", {}, { params: { n: "7" } }), 7);
    assertEquals(await pool.run("context", {}, { params: { x: 1 } }), {
      ...{ task: "context", attempt: 1, params: { x: 1 }, pipeline: "adhoc" },
    });
  }));

Deno.test("createExecutorPool answers ten thousand calls at once, each with its own answer", () =>
  withPool(async (pool) => {
    const sums = await Promise.all(Array.from({ length: 10_000 }, (_, n) => pool.run(add, { a: n, b: 1 })));
    assertEquals(sums, Array.from({ length: 10_000 }, (_, n) => n + 1));
    assertEquals(pool.status, { total: 2, busy: 0, queued: 0, lost: 0 });
  }));

Deno.test("createExecutorPool rejects with what went wrong", () =>
  withPool(async (pool) => {
    const thrown = await assertRejects(() => pool.run("throws"));
    assert(thrown instanceof Error && thrown.message.includes("too far"));
    assertEquals(await codeOf(pool.run("unheardOf")), "task/unknown");
    assertEquals(await codeOf(pool.run("checked", {}, { params: { n: 11 } })), "task/output-invalid");
    assertEquals(await codeOf(pool.run("checked", {}, { params: {} })), "task/input-invalid");
    assertEquals(await codeOf(pool.run("aFunction")), "store/unencodable");
    assertEquals(await codeOf(pool.run("later", { value: () => 1 })), "store/unencodable");
    assertEquals(await pool.run(add, { a: 2, b: 2 }), 4);
  }));

Deno.test("createExecutorPool ends what takes too long and what is called off, and goes on", () =>
  withPool(async (pool) => {
    assertEquals(await codeOf(pool.run(endless, {}, { timeoutMs: 50 })), "task/timed-out");
    const controller = new AbortController();
    const waiting = pool.run("waits", {}, { signal: controller.signal });
    const refused = assertRejects(() => waiting, MillraceError);
    controller.abort();
    assertEquals((await refused).code, "task/cancelled");
    await assertRejects(() => pool.run("nothing", {}, { signal: controller.signal }), DOMException);
    assertEquals(await pool.run(add, { a: 2, b: 2 }), 4);
  }));

Deno.test("createExecutorPool replaces an executor that is lost, and runs elsewhere what that had not begun", () =>
  withPool(async (pool) => {
    const lost = codeOf(pool.run("exits"));
    const sums = await Promise.all(Array.from({ length: 100 }, (_, n) => pool.run(add, { a: n, b: 0 })));
    assertEquals(sums.length, 100);
    assertEquals(await lost, "executor/lost");
    assertEquals(await pool.run(add, { a: 2, b: 2 }), 4);
  }, 1));

Deno.test("close of a pool rejects what still waits, and what comes after it", async () => {
  const pool = await createExecutorPool({ modules, executors: 1, log: () => {} });
  const open = [pool.run("waits"), pool.run("waits")].map((call) => assertRejects(() => call, MillraceError));
  const report = await pool.close();
  await Promise.all(open);
  assertEquals(report, { lostThreads: 0 });
  assertEquals(await codeOf(pool.run("nothing")), "platform/closed");
  assertEquals(await pool.close(), report);
});

Deno.test("createExecutorPool refuses wrong options and modules that cannot be loaded", async () => {
  await assertRejects(() => createExecutorPool({ modules, threads: 2 } as never), TypeError, "threads");
  await assertRejects(() => createExecutorPool({ modules, executors: 0 }), RangeError, "executors");
  await assertRejects(
    () => createExecutorPool({ modules: ["file:///nowhere.ts"], log: () => {} }),
    MillraceError,
  );
});

Deno.test("createExecutorPool refuses a task that asks for a process: it would have the rights of the program", () =>
  withPool(async (pool) => {
    for (const name of ["no_rights", "apart"]) {
      await assertRejects(() => pool.run(name), Error, "asks for a process of its own");
    }
  }));

Deno.test("createExecutorPool refuses wrong options of a call", () =>
  withPool(async (pool) => {
    const call = { a: 1, b: 2 };
    await assertRejects(() => pool.run(add, call, { timeout: 1 } as never), TypeError, "timeout");
    for (const timeoutMs of [0, -1, NaN]) {
      await assertRejects(() => pool.run(add, call, { timeoutMs }), RangeError, "timeoutMs");
    }
  }));
