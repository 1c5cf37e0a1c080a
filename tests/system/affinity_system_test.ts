import { assertEquals, assertNotEquals } from "@std/assert";
import { openPlatform, type Platform } from "@millrace/millrace";

const modules = [import.meta.resolve("./fixtures/affine_pipelines.ts")];

async function withPlatform(test: (app: Platform) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await using app = await openPlatform({ dataDir, modules, executors: 2, log: () => {} });
    await test(app);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("a chain runs in one thread although there are two", () =>
  withPlatform(async (app) => {
    const run = await app.run({ tags: ["chain"] });
    assertEquals((await run.finished).status, "succeeded");
    const threads = await app.result(run.id, "link_10") as string[];
    assertEquals(threads, Array(11).fill(threads[0]));
  }));

Deno.test("what fans out runs in two threads at once, and what follows stays where it is", () =>
  withPlatform(async (app) => {
    const run = await app.run({ tags: ["fan_out"] });
    assertEquals((await run.finished).status, "succeeded");
    const [first, left] = await app.result(run.id, "left") as string[];
    const [same, right, ...further] = await app.result(run.id, "after_right_10") as string[];
    assertEquals(same, first);
    assertEquals(first, left, "one of the two stays where the task before has ended");
    assertNotEquals(left, right);
    assertEquals(further, Array(10).fill(right));
  }));
