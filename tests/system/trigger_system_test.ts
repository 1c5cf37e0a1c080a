import { assertEquals, assertLess } from "@std/assert";
import { openPlatform, type Platform } from "@millrace/millrace";

async function withDataDir(test: (open: () => Promise<Platform>) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const modules = [import.meta.resolve("./fixtures/held_back_pipelines.ts")];
  try {
    await test(() => openPlatform({ dataDir, modules, executors: 0, log: () => {} }));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("close does not wait for an event that a debounced trigger holds back, and loses no thread over it", () =>
  withDataDir(async (open) => {
    await using app = await open();
    await app.publish("in.one", {});
    const startMs = performance.now();
    assertEquals(await app.close(), { lostThreads: 0, unfinishedRuns: 0 });
    assertLess(performance.now() - startMs, 4_500);
  }));

Deno.test("remove of a debounced trigger forgets what it holds back", () =>
  withDataDir(async (open) => {
    await using app = await open();
    await app.publish("in.one", {});
    assertEquals(await app.scheduler.remove("calm"), true);
    assertEquals(await app.close(), { lostThreads: 0, unfinishedRuns: 0 });
  }));
