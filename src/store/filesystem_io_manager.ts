/**
 * Results as files: `{dir}/runs/{runId}/{task}/{resultId}.result`.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import { assertKeys } from "../base/names.ts";
import type { IOManager, ResultKey } from "./port.ts";
import { fromResultFile, isWholeResultFile, toResultFile } from "./result_file.ts";
import { assertKey, assertKeyPart, compareKeys, isKeyPart, resultNotFound } from "./result_key.ts";

/** What {@linkcode openFilesystemIOManager} takes. */
export interface FilesystemIOManagerOptions {
  /** The folder; made if it is missing. */
  readonly dir: string;
  /**
   * What a saved result survives: `batched` the end of the process, `always` the end of the machine too, for
   * an fsync of file and folder each (10 to 15 times slower). @default {"batched"}
   */
  readonly fsync?: "always" | "batched";
}

const SUFFIX = ".result";

/**
 * Up to this size a file is read and written in one go on this thread: that is twice as fast as handing it to
 * another one (28 µs against 60 µs a save, measured on Deno 2.9.6), and blocks for less than a millisecond.
 */
const MAX_SYNC_BYTES = 256 * 1024;

/** How often a save starts over because a folder, or its temporary file, was cleared away under it. */
const MAX_TRIES = 10;

/**
 * Keeps results as files. Each is written under a temporary name and renamed, so that a name stands for a
 * complete result or for nothing. Several threads and processes may share one folder.
 */
export class FilesystemIOManager implements IOManager {
  readonly #runsDir: string;
  readonly #fsync: boolean;
  /** Temporary names of this object, unlike those of any other on the same folder. */
  readonly #tempPrefix: string;
  #tempCount = 0;
  /** The folder of the latest save; many results in a row go to the same. */
  #latestFolder = "";

  /** Takes an existing, writable folder; use {@linkcode openFilesystemIOManager}. */
  constructor(options: FilesystemIOManagerOptions) {
    this.#runsDir = runsDirOf(options.dir);
    this.#fsync = options.fsync === "always";
    this.#tempPrefix = `${tempDirOf(options.dir)}/${crypto.randomUUID()}`;
  }

  /**
   * Saves a value, replacing what the key held.
   *
   * @throws {MillraceError} `store/invalid-key`, `store/unencodable`, `store/unavailable` if the disk refuses.
   */
  async save(key: ResultKey, value: unknown): Promise<void> {
    assertKey(key);
    const path = this.#pathOf(key);
    const file = toResultFile(value);
    const temp = `${this.#tempPrefix}-${++this.#tempCount}`;
    for (let tries = 1;; tries++) {
      try {
        if (tries > 1) await this.#makeFolders(key);
        else if (!this.#fsync) this.#expectFolder(key);
        await this.#write(temp, path, file);
        return;
      } catch (error) {
        // The first result of a task finds no folder. So does a save whose folders were just cleared away,
        // and one whose temporary file was taken for a leftover by somebody who opened the same folder.
        if (error instanceof Deno.errors.NotFound && tries < MAX_TRIES) continue;
        await Deno.remove(temp).catch(() => {});
        throw unavailable(path, error);
      }
    }
  }

  /**
   * Loads a value.
   *
   * @throws {MillraceError} `store/not-found`, `store/corrupt`, `store/unavailable` if the disk refuses.
   */
  async load(key: ResultKey): Promise<unknown> {
    assertKey(key);
    const path = this.#pathOf(key);
    const file = await read(path);
    if (file === undefined) throw resultNotFound(key);
    return fromResultFile(file, path);
  }

  /** Whether a complete, checksum-valid result is there; reads all of it. */
  async exists(key: ResultKey): Promise<boolean> {
    assertKey(key);
    const file = await read(this.#pathOf(key));
    return file !== undefined && isWholeResultFile(file);
  }

  /** The results of a run, or of one of its tasks, sorted by task and result id. */
  async list(filter: { readonly runId: string; readonly task?: string }): Promise<readonly ResultKey[]> {
    const { runId } = filter;
    assertKeyPart("runId", runId);
    if (filter.task !== undefined) assertKeyPart("task", filter.task);
    const tasks = filter.task === undefined ? await folders(`${this.#runsDir}/${runId}`) : [filter.task];
    const keys: ResultKey[] = [];
    for (const task of tasks) {
      for (const resultId of await results(`${this.#runsDir}/${runId}/${task}`)) {
        keys.push({ runId, task, resultId });
      }
    }
    return keys.sort(compareKeys);
  }

  /** The runs that have results, sorted. */
  async listRuns(): Promise<readonly string[]> {
    const runIds: string[] = [];
    for (const [index, runId] of (await folders(this.#runsDir)).entries()) {
      // Some 13 µs a run: let others have the thread now and then.
      if (index % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
      if (await this.#hasResults(runId)) runIds.push(runId);
    }
    return runIds.sort();
  }

  /** Deletes one result; says whether it was there. */
  async delete(key: ResultKey): Promise<boolean> {
    assertKey(key);
    const path = this.#pathOf(key);
    const deleted = await guard(path, () => Deno.remove(path).then(() => true), false);
    // The folders go with their last result; a folder that still has one refuses.
    const runDir = `${this.#runsDir}/${key.runId}`;
    for (const folder of [`${runDir}/${key.task}`, runDir]) await Deno.remove(folder).catch(() => {});
    return deleted;
  }

  /** Deletes all results of a run; gives their number. */
  async clearRun(runId: string): Promise<number> {
    const count = (await this.list({ runId })).length;
    const folder = `${this.#runsDir}/${runId}`;
    await guard(folder, () => Deno.remove(folder, { recursive: true }), undefined);
    return count;
  }

  /** Nothing to release: no file stays open between calls. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #pathOf(key: ResultKey): string {
    return `${this.#runsDir}/${key.runId}/${key.task}/${key.resultId}${SUFFIX}`;
  }

  async #write(temp: string, path: string, bytes: Uint8Array): Promise<void> {
    if (this.#fsync) {
      await writeThrough(temp, bytes);
      await Deno.rename(temp, path);
      await syncFolder(path.slice(0, path.lastIndexOf("/")));
    } else if (bytes.length <= MAX_SYNC_BYTES) {
      Deno.writeFileSync(temp, bytes);
      Deno.renameSync(temp, path);
    } else {
      await Deno.writeFile(temp, bytes);
      await Deno.rename(temp, path);
    }
  }

  /** Most tasks have one result: making its folder first is cheaper than finding that it is missing. */
  #expectFolder({ runId, task }: ResultKey): void {
    const folder = `${this.#runsDir}/${runId}/${task}`;
    if (folder === this.#latestFolder) return;
    Deno.mkdirSync(folder, { recursive: true });
    this.#latestFolder = folder;
  }

  async #makeFolders(key: ResultKey): Promise<void> {
    const runDir = `${this.#runsDir}/${key.runId}`;
    for (const folder of [`${this.#runsDir}/${TEMP}`, `${runDir}/${key.task}`]) {
      await guard(folder, () => Deno.mkdir(folder, { recursive: true }), undefined);
    }
    if (this.#fsync) {
      await guard(runDir, () => syncFolder(runDir).then(() => syncFolder(this.#runsDir)), undefined);
    }
  }

  async #hasResults(runId: string): Promise<boolean> {
    for (const task of await folders(`${this.#runsDir}/${runId}`)) {
      if ((await results(`${this.#runsDir}/${runId}/${task}`)).length > 0) return true;
    }
    return false;
  }
}

/**
 * Opens results kept as files, and clears away what interrupted writes left behind.
 *
 * @throws {MillraceError} `platform/data-dir-unusable` if the folder cannot be made or written.
 */
export async function openFilesystemIOManager(
  options: FilesystemIOManagerOptions,
): Promise<FilesystemIOManager> {
  assertKeys("a filesystem I/O manager", options, ["dir", "fsync"]);
  const { dir, fsync = "batched" } = options;
  if (typeof dir !== "string" || dir === "") {
    throw new TypeError(`Cannot open results as dir must be a path: current value is ${JSON.stringify(dir)}`);
  }
  if (fsync !== "always" && fsync !== "batched") {
    throw new TypeError(
      `Cannot open results as fsync must be "always" or "batched": current value is ${fsync}`,
    );
  }
  const tempDir = tempDirOf(dir);
  try {
    await Deno.mkdir(tempDir, { recursive: true });
    for await (const { name } of Deno.readDir(tempDir)) {
      // Somebody may be writing it just now; then that save starts over.
      await Deno.remove(`${tempDir}/${name}`).catch(ignoreNotFound);
    }
    const probe = `${tempDir}/${crypto.randomUUID()}`;
    await Deno.writeFile(probe, new Uint8Array(1));
    await Deno.remove(probe).catch(ignoreNotFound);
  } catch (error) {
    const reason = messageOf(error);
    throw new MillraceError(
      "platform/data-dir-unusable",
      `Cannot keep results in "${dir}" as it must be a folder that can be written: ${reason}`,
      { details: { dataDir: dir, reason }, cause: error },
    );
  }
  return new FilesystemIOManager(options);
}

/** No run id starts with a dot, so no run is called so. One folder for all: cheap to clear on opening. */
const TEMP = ".tmp";

function runsDirOf(dir: string): string {
  return `${dir}/runs`;
}

function tempDirOf(dir: string): string {
  return `${runsDirOf(dir)}/${TEMP}`;
}

function read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return guard(path, async () => {
    const small = Deno.statSync(path).size <= MAX_SYNC_BYTES;
    return small ? Deno.readFileSync(path) : await Deno.readFile(path);
  }, undefined);
}

/** Names of folders that can be parts of a key; read in one go, which is six times as fast. */
function folders(path: string): Promise<string[]> {
  return guard(path, () => {
    const names: string[] = [];
    for (const entry of Deno.readDirSync(path)) {
      if (entry.isDirectory && isKeyPart(entry.name)) names.push(entry.name);
    }
    return names;
  }, []);
}

/** Ids of the results in a task's folder. */
function results(path: string): Promise<string[]> {
  return guard(path, () => {
    const ids: string[] = [];
    for (const { isFile, name } of Deno.readDirSync(path)) {
      const id = name.slice(0, -SUFFIX.length);
      if (isFile && name.endsWith(SUFFIX) && isKeyPart(id)) ids.push(id);
    }
    return ids;
  }, []);
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  await file.sync();
}

/** A new name is durable only once its folder is. Windows cannot do that, and need not. */
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}

/** What `fn` gives, or `absent` if there is no such file; any other error is `store/unavailable`. */
async function guard<T>(path: string, fn: () => T | Promise<T>, absent: T): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return absent;
    throw unavailable(path, error);
  }
}

function unavailable(path: string, error: unknown): MillraceError {
  if (MillraceError.is(error)) return error;
  const reason = messageOf(error);
  return new MillraceError(
    "store/unavailable",
    `Cannot reach the result ${path} as the disk must let it be read and written: ${reason}`,
    { details: { path, reason }, cause: error },
  );
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
