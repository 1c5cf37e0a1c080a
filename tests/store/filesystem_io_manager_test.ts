import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { openFilesystemIOManager } from "../../src/store/filesystem_io_manager.ts";

const KEY = { runId: "run-1", task: "extract", resultId: "1" };
const VALUE = { rows: [1, 2, 3], text: "unchanged" };

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function streamOf(chunks: readonly unknown[]): ReadableStream {
  return ReadableStream.from(chunks);
}

function pathOf(dir: string): string {
  return `${dir}/runs/run-1/extract/1.result`;
}

Deno.test("openFilesystemIOManager() keeps a result as a header line and the payload", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await io.save(KEY, { a: "é" });
    const [head, ...rest] = (await Deno.readTextFile(pathOf(dir))).split("\n");
    assertEquals(JSON.parse(head!), {
      millrace: "result/1",
      codec: "json",
      bytes: 10,
      sha256: "b3a092a6af48807fa9482b2ee140105575daa26d5b24b3c0e60a7e2dee6683b1",
    });
    assertEquals(rest.join("\n"), '{"a":"é"}');
  }));

Deno.test("openFilesystemIOManager() keeps bytes as they are", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await io.save(KEY, new TextEncoder().encode("a,b\n1,2\n"));
    assert((await Deno.readTextFile(pathOf(dir))).endsWith("\na,b\n1,2\n"));
  }));

Deno.test("save() leaves no temporary file behind", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    for (const runId of ["a", "b"]) await io.save({ ...KEY, runId }, VALUE);
    await io.save({ ...KEY, runId: "a" }, "x".repeat(1_000_000));
    assertEquals([...Deno.readDirSync(`${dir}/runs/.tmp`)], []);
    await Deno.remove(`${dir}/runs`, { recursive: true });
    await io.save(KEY, VALUE);
    assertEquals(await io.listRuns(), ["run-1"]);
  }));

Deno.test("openFilesystemIOManager() finds the results of an earlier one", () =>
  inFolder(async (dir) => {
    {
      await using io = await openFilesystemIOManager({ dir });
      await io.save(KEY, VALUE);
    }
    await using io = await openFilesystemIOManager({ dir });
    assertEquals(await io.load(KEY), VALUE);
    assertEquals(await io.listRuns(), ["run-1"]);
  }));

Deno.test("load() detects every single changed byte", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await io.save(KEY, VALUE);
    const whole = await Deno.readFile(pathOf(dir));
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at]! ^= 1;
      await Deno.writeFile(pathOf(dir), damaged);
      const error = await assertRejects(() => io.load(KEY), MillraceError);
      assert(MillraceError.is(error, "store/corrupt"), `byte ${at}`);
      assertEquals(error.details.path, pathOf(dir));
      assertEquals(await io.exists(KEY), false);
    }
  }));

Deno.test("load() detects a file cut at any length, or with something after it", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await io.save(KEY, VALUE);
    const whole = await Deno.readFile(pathOf(dir));
    const cut = Array.from({ length: whole.length }, (_, length) => whole.slice(0, length));
    for (const damaged of [...cut, new Uint8Array([...whole, 10]), new Uint8Array(4_096)]) {
      await Deno.writeFile(pathOf(dir), damaged);
      const error = await assertRejects(() => io.load(KEY), MillraceError);
      assert(MillraceError.is(error, "store/corrupt"), `${damaged.length} bytes`);
      assertEquals(await io.exists(KEY), false);
    }
  }));

Deno.test("load() refuses a format of the future by name", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await io.save(KEY, VALUE);
    await Deno.writeTextFile(pathOf(dir), '{"millrace":"result/2"}\n');
    await assertRejects(() => io.load(KEY), MillraceError, 'its format is "result/2"');
  }));

Deno.test("list() ignores what is not a result", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await io.save(KEY, VALUE);
    const task = `${dir}/runs/run-1/extract`;
    for (const name of [".2.result", "3.result.tmp", "notes.txt", ".result"]) {
      await Deno.writeTextFile(`${task}/${name}`, "x");
    }
    await Deno.mkdir(`${task}/4.result`);
    await Deno.writeTextFile(`${dir}/runs/file`, "x");
    assertEquals(await io.list({ runId: "run-1" }), [KEY]);
    assertEquals(await io.listRuns(), ["run-1"]);
  }));

Deno.test("openFilesystemIOManager() clears leftovers of interrupted writes and never lists them", () =>
  inFolder(async (dir) => {
    await Deno.mkdir(`${dir}/runs/.tmp`, { recursive: true });
    for (const name of ["left", "being-written"]) {
      await Deno.writeTextFile(`${dir}/runs/.tmp/${name}`, '{"millrace":"result/1","codec":"js');
    }
    const hourAgo = new Date(Date.now() - 3_600_000);
    await Deno.utime(`${dir}/runs/.tmp/left`, hourAgo, hourAgo);
    await Deno.mkdir(`${dir}/runs/run-2/extract`, { recursive: true });
    await using io = await openFilesystemIOManager({ dir });
    assertEquals(Array.from(Deno.readDirSync(`${dir}/runs/.tmp`), ({ name }) => name), ["being-written"]);
    assertEquals(await io.listRuns(), []);
    assertEquals(await io.list({ runId: "run-2" }), []);
  }));

Deno.test("save() survives that others open the folder and clear leftovers and runs meanwhile", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir, fsync: "always" });
    let saving = true;
    const disturb = async (): Promise<void> => {
      while (saving) {
        const other = await openFilesystemIOManager({ dir });
        await other.clearRun("run-other");
        await other.delete({ ...KEY, resultId: "none" });
      }
    };
    const save = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 50 }, (_, i) => io.save({ ...KEY, resultId: `${i}` }, i)));
      saving = false;
    };
    await Promise.all([save(), disturb()]);
    assertEquals((await io.list({ runId: "run-1" })).length, 50);
  }));

Deno.test("save() of a stream leaves nothing behind if the stream or the disk fails", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await Deno.mkdir(pathOf(dir), { recursive: true });
    const error = await assertRejects(() => io.save(KEY, streamOf([new Uint8Array(10)])), MillraceError);
    assert(MillraceError.is(error, "store/unavailable"));
    await assertRejects(
      () => io.save({ ...KEY, resultId: "2" }, streamOf([new Uint8Array(10), 5])),
      MillraceError,
    );
    assertEquals([...Deno.readDirSync(`${dir}/runs/.tmp`)], []);
  }));

Deno.test("load() of a stream detects every single changed byte, at the end of the stream at the latest", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await io.save(KEY, streamOf([new TextEncoder().encode("a,b\n1,2\n")]));
    const whole = await Deno.readFile(pathOf(dir));
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at]! ^= 1;
      await Deno.writeFile(pathOf(dir), damaged);
      const error = await assertRejects(
        async () => await new Response(await io.load(KEY) as ReadableStream).bytes(),
        MillraceError,
      );
      assert(MillraceError.is(error, "store/corrupt"), `byte ${at}`);
      assertEquals(await io.exists(KEY), false);
    }
  }));

Deno.test("load() of a long stream detects a file that was cut, changed or replaced", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    const save = (fill: number): Promise<void> =>
      io.save(KEY, streamOf(Array.from({ length: 10 }, () => new Uint8Array(100_000).fill(fill))));
    const read = async (): Promise<Uint8Array> =>
      await new Response(await io.load(KEY) as ReadableStream).bytes();
    await save(1);
    assertEquals((await read()).length, 1_000_000);
    using file = await Deno.open(pathOf(dir), { write: true });
    await file.seek(900_000, Deno.SeekMode.Start);
    await file.write(new Uint8Array([2]));
    assert(MillraceError.is(await assertRejects(read), "store/corrupt"));
    await file.truncate(900_000);
    assert(MillraceError.is(await assertRejects(read), "store/corrupt"));
    await save(1);
    const stream = await io.load(KEY) as ReadableStream;
    await save(3);
    assert(MillraceError.is(await assertRejects(() => new Response(stream).bytes()), "store/replaced"));
    assertEquals((await read())[0], 3);
  }));

Deno.test("save() reports a disk that refuses as store/unavailable, with the cause", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await Deno.writeTextFile(`${dir}/runs/run-1`, "a file where a folder should be");
    await Deno.mkdir(`${dir}/runs/run-2`);
    await Deno.writeTextFile(`${dir}/runs/run-2/extract`, "another one");
    for (const runId of ["run-1", "run-2"]) {
      const error = await assertRejects(() => io.save({ ...KEY, runId }, VALUE), MillraceError);
      assert(MillraceError.is(error, "store/unavailable"));
      assert(error.retryable);
      assert(error.cause instanceof Error);
    }
    assertEquals([...Deno.readDirSync(`${dir}/runs/.tmp`)], []);
  }));

Deno.test("openFilesystemIOManager() says what is wrong with the folder", () =>
  inFolder(async (dir) => {
    const file = `${dir}/file`;
    await Deno.writeTextFile(file, "x");
    for (const unusable of [file, `${file}/below`, "/proc/none"]) {
      const error = await assertRejects(
        () => openFilesystemIOManager({ dir: unusable }),
        MillraceError,
        unusable,
      );
      assert(MillraceError.is(error, "platform/data-dir-unusable"));
      assertEquals(error.details.dataDir, unusable);
    }
  }));

Deno.test("openFilesystemIOManager() refuses wrong options", async () => {
  // @ts-expect-error: an unknown option
  await assertRejects(() => openFilesystemIOManager({ dir: "x", fsinc: "always" }), TypeError, '"fsync"');
  // @ts-expect-error: an unknown level
  await assertRejects(() => openFilesystemIOManager({ dir: "x", fsync: "never" }), TypeError, "never");
  await assertRejects(() => openFilesystemIOManager({ dir: "" }), TypeError, "dir");
});

Deno.test("save() on a full disk says so, keeps what was there, and leaves nothing behind", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await using durable = await openFilesystemIOManager({ dir, fsync: "always" });
    for (const resultId of ["small", "large", "stream", "durable"]) {
      await io.save({ ...KEY, resultId }, "before");
    }
    const saves = {
      small: () => io.save({ ...KEY, resultId: "small" }, VALUE),
      large: () => io.save({ ...KEY, resultId: "large" }, "x".repeat(1_000_000)),
      stream: () => io.save({ ...KEY, resultId: "stream" }, streamOf([new Uint8Array(1_000_000)])),
      durable: () => durable.save({ ...KEY, resultId: "durable" }, VALUE),
    };
    for (const [resultId, save] of Object.entries(saves)) {
      const error = await onFullDisk(() => assertRejects(save, MillraceError, "No space left on device"));
      assert(MillraceError.is(error, "store/unavailable") && error.retryable, resultId);
      assertEquals(await io.load({ ...KEY, resultId }), "before");
    }
    assertEquals([...Deno.readDirSync(`${dir}/runs/.tmp`)], []);
    await saves.stream();
  }));

Deno.test("save() and openFilesystemIOManager() in a folder that refuses to be written say so", () =>
  inFolder(async (dir) => {
    await using io = await openFilesystemIOManager({ dir });
    await io.save(KEY, VALUE);
    await onDiskThatThrows(new Deno.errors.PermissionDenied("Permission denied (os error 13)"), async () => {
      const error = await assertRejects(() => io.save(KEY, 1), MillraceError, "Permission denied");
      assert(MillraceError.is(error, "store/unavailable"));
      const refused = await assertRejects(() => openFilesystemIOManager({ dir }), MillraceError);
      assert(MillraceError.is(refused, "platform/data-dir-unusable"));
    });
    assertEquals(await io.load(KEY), VALUE);
  }));

/** Every write to a file writes a little, and throws. Who runs these tests may be allowed to write anywhere. */
async function onDiskThatThrows<T>(error: Error, test: () => Promise<T>): Promise<T> {
  const { writeFile, writeFileSync } = Deno;
  const { write } = Deno.FsFile.prototype;
  const part = new Uint8Array(3);
  const fail = (): never => {
    throw error;
  };
  Deno.writeFileSync = (path) => {
    writeFileSync(path, part);
    fail();
  };
  Deno.writeFile = (path) => writeFile(path, part).then(fail); // the probe of an opening
  Deno.FsFile.prototype.write = function () {
    return write.call(this, part).then(fail);
  };
  try {
    return await test();
  } finally {
    Object.assign(Deno, { writeFile, writeFileSync });
    Deno.FsFile.prototype.write = write;
  }
}

function onFullDisk<T>(test: () => Promise<T>): Promise<T> {
  return onDiskThatThrows(new Error("No space left on device (os error 28)"), test);
}
