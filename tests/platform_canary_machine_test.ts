/**
 * What Millrace relies on in Deno's files, databases, timers and tools, one fact a test. When one of these fails
 * after an update of Deno, the comment says what that lets us, or makes us, do.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import v8 from "node:v8";
import { DatabaseSync } from "node:sqlite";
import { runDeno, startProgram } from "./fixtures_canary/children.ts";

async function inFolder(fn: (dir: string) => void | Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await fn(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const READ_WRITE = { read: true, write: true, create: true };

// If both get it: src/store/data_dir_lock.ts must remember which folders this process holds.
Deno.test("FsFile.tryLock(): an exclusive lock keeps another handle of the same process out", () =>
  inFolder(async (dir) => {
    using first = await Deno.open(`${dir}/lock`, READ_WRITE);
    assertEquals(await first.tryLock(true), true);
    using second = await Deno.open(`${dir}/lock`);
    assertEquals([await second.tryLock(true), await second.tryLock(false)], [false, false]);
  }));

// If they exclude each other: `readOwner` in src/store/data_dir_lock.ts makes others who look see an owner.
Deno.test("FsFile.tryLock(): shared locks let each other be, on files opened to read only", () =>
  inFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/lock`, "");
    using first = await Deno.open(`${dir}/lock`);
    using second = await Deno.open(`${dir}/lock`);
    assertEquals([await first.tryLock(false), await second.tryLock(false)], [true, true]);
  }));

// If it stays: after a crash a data folder is locked for ever; src/store/data_dir_lock.ts must ask for the pid.
Deno.test("FsFile.tryLock(): a lock keeps other processes out until its holder is killed", () =>
  inFolder(async (dir) => {
    await using holder = startProgram("lock_holder.ts", `${dir}/lock`);
    assertEquals(new TextDecoder().decode(await holder.read()), "true");
    using file = await Deno.open(`${dir}/lock`);
    assertEquals(await file.tryLock(true), false);
    await holder.kill();
    assertEquals(await file.tryLock(true), true);
  }));

// If a row is missing: `fsync: "batched"` of src/base/sqlite_file.ts breaks its word.
Deno.test("node:sqlite: what was committed in WAL mode with synchronous NORMAL survives kill -9", () =>
  inFolder(async (dir) => {
    await using writer = startProgram("row_writer.ts", `${dir}/rows.sqlite`);
    let acknowledged = 0;
    while (acknowledged < 1_000) acknowledged += (await writer.read()).length;
    acknowledged += (await writer.kill()).length;
    using db = new DatabaseSync(`${dir}/rows.sqlite`);
    const { rows } = db.prepare("SELECT count(*) AS rows FROM rows").get()!;
    // One more at most: committed, and killed before it could say so.
    assert(Number(rows) === acknowledged || Number(rows) === acknowledged + 1, `${rows} of ${acknowledged}`);
    assertEquals(db.prepare("PRAGMA integrity_check").get()?.integrity_check, "ok");
  }));

// If they change: `resultCode` in src/base/sqlite_file.ts cannot tell bad data from a bad disk.
Deno.test("node:sqlite: a statement's error carries the result code of SQLite, one of exec() does not", () => {
  using db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE t (n INTEGER NOT NULL UNIQUE) STRICT; INSERT INTO t VALUES (1)");
  const again = "INSERT INTO t VALUES (1)";
  const ofStatement = assertThrows(() => db.prepare(again).run()) as { code?: unknown; errcode?: number };
  assertEquals([ofStatement.code, ofStatement.errcode! & 0xff], ["ERR_SQLITE_ERROR", 19]);
  const ofExec = assertThrows(() => db.exec(again)) as { code?: unknown; errcode?: number };
  assertEquals([ofExec.code, ofExec.errcode], ["ERR_SQLITE_ERROR", undefined]);
});

// If it throws: src/store/filesystem_io_manager.ts cannot make a rename durable with `fsync: "always"`.
Deno.test("FsFile.sync(): a folder can be opened and synced, a rename replaces what was there", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/old`, "old");
    await Deno.writeTextFile(`${dir}/new`, "new");
    await Deno.rename(`${dir}/new`, `${dir}/old`);
    using folder = await Deno.open(dir);
    await folder.sync();
    assertEquals(await Deno.readTextFile(`${dir}/old`), "new");
  }));

// If it rejects or comes later: `serveHttp` in src/http/serve.ts cannot look for the next free port as it does.
Deno.test("Deno.serve(): a port that is taken throws AddrInUse at once", async () => {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, () => new Response());
  try {
    assertThrows(
      () => Deno.serve({ ...options, port: server.addr.port }, () => new Response()),
      Deno.errors.AddrInUse,
    );
  } finally {
    await server.shutdown();
  }
});

// If I/O starves: src/actor/loop.ts must yield otherwise, or busy actors keep frames of other hosts waiting.
Deno.test("setImmediate(): a chain of turns lets I/O through, and promises go first", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen: string[] = [];
  let turns = 0;
  port2.onmessage = () => seen.push("message");
  void Deno.stat(new URL(import.meta.url)).then(() => seen.push("file"));
  port1.postMessage("now");
  while (seen.length < 2 && turns < 1_000_000) {
    let promised = false;
    void Promise.resolve().then(() => Promise.resolve()).then(() => promised = true);
    await new Promise<void>((resolve) =>
      setImmediate(() => {
        assert(promised);
        resolve();
      })
    );
    turns++;
  }
  port1.close();
  port2.close();
  assertEquals(seen.sort(), ["file", "message"]);
});

// If it fails: src/actor/process_host.ts has no channel of its own, and must share the standard output with tasks.
Deno.test("process: a child reads and writes further file descriptors without any permission", async () => {
  const folder = new URL("./fixtures_canary/", import.meta.url);
  const args = ["run", "--no-prompt", "--deny-read", "--deny-write", "--deny-net", "two_sockets.ts"];
  const stdio = ["ignore", "ignore", "inherit", "pipe", "pipe"] as const;
  const child = spawn(Deno.execPath(), args, { cwd: folder.pathname, stdio: [...stdio] });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  const [to, from] = child.stdio.slice(3) as [Duplex, Duplex];
  const said = new Promise<Uint8Array>((resolve) => from.once("data", resolve));
  to.write("there and back");
  assertEquals(new TextDecoder().decode(await said), "there and back");
  child.kill("SIGKILL");
  await gone;
  for (const end of [to, from]) end.destroy();
});

// If it adds nothing now: `limitFlags` in src/actor/host_limits.ts need not deny by name what is not granted.
Deno.test("process: node:child_process grants everything to a `deno run` that mentions no permission", () => {
  const code = "data:text/javascript,console.log((await Deno.permissions.query({name:'read'})).state)";
  const stateWith = (...flags: string[]) =>
    spawnSync(Deno.execPath(), ["run", "--no-prompt", ...flags, code], { encoding: "utf8" }).stdout.trim();
  assertEquals(stateWith(), "granted");
  assertEquals([stateWith("--deny-read"), stateWith("-A", "--deny-read")], ["denied", "denied"]);
});

// If it stays: `watchParent` in src/actor/process_host.ts leaves a spinning process behind when its parent dies.
Deno.test("process: a thread of a process that computes without end can end it, without any permission", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "self_killer.ts"],
    cwd: new URL("./fixtures_canary/", import.meta.url),
    signal: AbortSignal.timeout(15_000),
  });
  assertEquals((await child.output()).signal, "SIGKILL");
});

// If `serialize()` does so now: src/actor/process_codec.ts can do without a serializer of its own.
Deno.test("node:v8: Serializer keeps what two views share, as structured clone does, and serialize() does not", () => {
  const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
  const views = [new Uint8Array(buffer), new DataView(buffer, 2)];
  const serializer = new v8.Serializer();
  serializer.writeHeader();
  serializer.writeValue(views);
  const kept = new v8.Deserializer(serializer.releaseBuffer());
  kept.readHeader();
  const buffersOf = (read: unknown) => new Set((read as typeof views).map((view) => view.buffer)).size;
  assertEquals([buffersOf(kept.readValue()), buffersOf(structuredClone(views))], [1, 1]);
  const [bytes, view] = v8.deserialize(v8.serialize(views)) as typeof views;
  assert(bytes!.buffer !== view!.buffer || view!.byteOffset - bytes!.byteOffset !== 2);
});

// If it waits for weeks now: `systemClock` in src/base/system_clock.ts need not cut long alarms up.
Deno.test("setTimeout(): a delay beyond 31 bits is not kept, but goes off at once", async () => {
  const { stdout } = await runDeno(["eval", "setTimeout(() => console.log('now'), 2 ** 31 + 1_000)"]);
  assertEquals(stdout, "now\n");
});

// If it fails: users' tests, our examples in the documentation and modules beside a checkout cannot import us.
Deno.test("deno.json: a module of the package imports the package by its name, the same modules", async () => {
  const [byName, byPath] = [await import("@millrace/millrace"), await import("../mod.ts")];
  assert(byName.MillraceError === byPath.MillraceError);
});

// If it passes: no test of ours is watched for leaks any more; `test` in deno.json must say so in a new way.
Deno.test("deno test: with our deno.json a test that leaves a timer behind fails", async () => {
  const { code, stdout } = await runDeno(["test", "--no-check", "leaked_timer.ts"]);
  assertEquals(code, 1);
  assert(stdout.includes("A timer was started in this test, but never completed"), stdout);
});

// If it fails: tests/support/no_leaked_workers.ts is not needed any more.
Deno.test("deno test: a test that leaves a worker behind passes, as far as Deno is concerned", async () => {
  const { code, stdout } = await runDeno(["test", "-A", "--no-check", "leaked_worker.ts"]);
  assertEquals(code, 0, stdout);
});
