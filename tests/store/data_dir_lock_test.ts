import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { lockDataDir, readOwner } from "../../src/store/data_dir_lock.ts";

const ME = { pid: Deno.pid, startedMs: 1_700_000_000_000 };

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await test(`${parent}/data`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** A process of its own that locks the folder, says so, and keeps it until it is killed. */
async function holdElsewhere(dir: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const module = import.meta.resolve("../../src/store/data_dir_lock.ts");
  const code = `
    const { lockDataDir } = await import(${JSON.stringify(module)});
    const lock = await lockDataDir(${JSON.stringify(dir)}, { pid: Deno.pid, startedMs: 5 });
    await lock.setUrl("http://127.0.0.1:8000");
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    pid: child.pid,
    async kill() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}

Deno.test("lockDataDir() makes the folder and says who owns it", () =>
  inFolder(async (dir) => {
    assertEquals(await readOwner(dir), undefined);
    await using lock = await lockDataDir(dir, ME);
    assertEquals(lock.dir, dir);
    assertEquals(await readOwner(dir), ME);
    await lock.setUrl("http://localhost:1");
    assertEquals(await readOwner(dir), { ...ME, url: "http://localhost:1" });
  }));

Deno.test("lockDataDir() refuses a second owner in the same process", () =>
  inFolder(async (dir) => {
    await using _lock = await lockDataDir(dir, ME);
    const error = await assertRejects(() => lockDataDir(dir, ME), MillraceError, `process ${Deno.pid}`);
    assert(MillraceError.is(error, "platform/data-dir-locked"));
    assertEquals(error.details, { dataDir: dir, pid: Deno.pid });
  }));

Deno.test("lockDataDir() names the process that has the folder, and takes over when it is killed", () =>
  inFolder(async (dir) => {
    const other = await holdElsewhere(dir);
    try {
      const url = "http://127.0.0.1:8000";
      const error = await assertRejects(() => lockDataDir(dir, ME), MillraceError, `${other.pid} at ${url}`);
      assert(MillraceError.is(error, "platform/data-dir-locked"));
      assertEquals(error.details, { dataDir: dir, pid: other.pid, url });
      assertEquals(await readOwner(dir), { pid: other.pid, startedMs: 5, url });
    } finally {
      await other.kill();
    }
    assert(
      (await Deno.readTextFile(`${dir}/owner.json`)).includes(`${other.pid}`),
      "the stale file is there",
    );
    assertEquals(await readOwner(dir), undefined);
    await using _lock = await lockDataDir(dir, ME);
    assertEquals(await readOwner(dir), ME);
  }));

Deno.test("release() lets others have the folder, once and for all", () =>
  inFolder(async (dir) => {
    const lock = await lockDataDir(dir, ME);
    await lock.release();
    await lock.release();
    await lock.setUrl("http://too.late");
    assertEquals(await readOwner(dir), undefined);
    await using next = await lockDataDir(dir, { pid: 1, startedMs: 2 });
    await lock.release();
    await assertRejects(() => lockDataDir(next.dir, ME), MillraceError);
    assertEquals(await readOwner(dir), { pid: 1, startedMs: 2 });
  }));

Deno.test("readOwner() never keeps lockDataDir() out", () =>
  inFolder(async (dir) => {
    await (await lockDataDir(dir, ME)).release();
    let looking = true;
    const look = async (): Promise<void> => {
      while (looking) await readOwner(dir);
    };
    const lock = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) await (await lockDataDir(dir, ME)).release();
      looking = false;
    };
    await Promise.all([lock(), look()]);
  }));

Deno.test("lockDataDir() says what is wrong with the folder", () =>
  inFolder(async (dir) => {
    await Deno.mkdir(dir);
    await Deno.writeTextFile(`${dir}/file`, "x");
    for (const unusable of [`${dir}/file`, "/proc/none"]) {
      const error = await assertRejects(() => lockDataDir(unusable, ME), MillraceError, unusable);
      assert(MillraceError.is(error, "platform/data-dir-unusable"));
    }
  }));
