import { assertEquals, assertThrows } from "@std/assert";
import { systemClock } from "../../src/base/system_clock.ts";
import { FilesystemLogStore, type LogQuery } from "../../src/store/filesystem_log_store.ts";
import { createVirtualClock } from "../../src/testing/mod.ts";

async function withStore(
  test: (
    store: FilesystemLogStore,
    dir: string,
    write: (task: string, attempt: number, ...timesMs: number[]) => void,
  ) => Promise<void>,
  clock = systemClock,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const store = new FilesystemLogStore(dir, clock);
  try {
    await test(store, dir, (task, attempt, ...timesMs) => {
      const writer = store.open({ runId: "r1", task, attempt });
      for (const timeMs of timesMs) {
        writer.append(JSON.stringify({ timeMs, level: "info", source: "log", text: `${task} ${timeMs}` }));
      }
      writer.close();
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const NEVER = new AbortController().signal;

async function texts(store: FilesystemLogStore, query: Partial<LogQuery> = {}): Promise<string[]> {
  const entries = await Array.fromAsync(store.read({ runId: "r1", ...query }, NEVER));
  return entries.map(({ attempt, text }) => `${attempt}: ${text}`);
}

Deno.test("FilesystemLogStore gives entries of all attempts in order of time, or of some", () =>
  withStore(async (store, _dir, write) => {
    write("a", 1, 1, 4, 6);
    write("b", 1, 2, 5);
    write("a", 2, 3, 7);
    assertEquals(await texts(store), ["1: a 1", "1: b 2", "2: a 3", "1: a 4", "1: b 5", "1: a 6", "2: a 7"]);
    assertEquals(await texts(store, { task: "a", attempt: 2 }), ["2: a 3", "2: a 7"]);
    assertEquals(await texts(store, { task: "b" }), ["1: b 2", "1: b 5"]);
    assertEquals(await texts(store, { runId: "r2" }), []);
    await store.clearRun("r1");
    await store.clearRun("r1");
    assertEquals(await texts(store), []);
  }));

Deno.test("FilesystemLogStore makes no file for an attempt that writes nothing, and none outside of its folder", () =>
  withStore(async (store, dir, write) => {
    write("a", 1);
    assertEquals(await Array.fromAsync(Deno.readDir(dir)), []);
    assertThrows(() => store.open({ runId: "../r1", task: "a", attempt: 1 }).append("{}"), Error, "runId");
  }));

Deno.test("FilesystemLogStore reads long logs in parts, and leaves out lines that are cut off or not its own", () =>
  withStore(async (store, dir, write) => {
    const times = Array.from({ length: 20_000 }, (_, n) => n);
    write("a", 1, ...times);
    await Deno.writeTextFile(`${dir}/logs/r1/notes.txt`, "not ours");
    await Deno.writeTextFile(
      `${dir}/logs/r1/b.1.ndjson`,
      '7\nnull\n{"text":1}\n{"timeMs":5,"text":"b"}\n{"timeMs":',
    );
    const found = await texts(store);
    assertEquals(found.length, 20_001);
    assertEquals(found.filter((text) => text === "1: b").length, 1);
  }));

Deno.test("FilesystemLogStore follows until the end was said, and has what was written before it", async () => {
  const clock = createVirtualClock();
  await withStore(async (store, dir, write) => {
    let ended = false;
    write("a", 1, 1);
    const entries = store.read({ runId: "r1" }, NEVER, () => ended);
    const next = async () => (await entries.next()).value?.text;
    assertEquals(await next(), "a 1");
    const second = next();
    write("b", 1, 2);
    await Deno.writeTextFile(`${dir}/logs/r1/b.1.ndjson`, '{"timeMs":3,"te', { append: true });
    while (clock.pending === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    await clock.advance(200);
    assertEquals(await second, "b 2");
    const third = next();
    while (clock.pending === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    await Deno.writeTextFile(`${dir}/logs/r1/b.1.ndjson`, 'xt":"whole"}\n', { append: true });
    ended = true;
    await clock.advance(200);
    assertEquals(await third, "whole");
    assertEquals(await next(), undefined);
  }, clock);
});

Deno.test("FilesystemLogStore stops following at once when its reader leaves", async () => {
  const clock = createVirtualClock();
  await withStore(async (store) => {
    const controller = new AbortController();
    const entries = store.read({ runId: "r1" }, controller.signal, () => false);
    const next = entries.next();
    while (clock.pending === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    controller.abort();
    assertEquals((await next).done, true);
    assertEquals(clock.pending, 0);
  }, clock);
});
