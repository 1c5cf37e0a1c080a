/**
 * Results as files: `{dir}/runs/{runId}/{task}/{resultId}.result`; small ones of new keys in logs beside them.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import { assertKeys } from "../base/names.ts";
import { BackendIOManager } from "./backend_io_manager.ts";
import type {
  FoundResult,
  ResultBackend,
  ResultBlocks,
  ResultInfo,
  ResultKey,
  StoredResult,
} from "./port.ts";
import { ResultLogs } from "./filesystem_result_logs.ts";
import {
  begin,
  blocksOf,
  folders,
  guard,
  MAX_SYNC_BYTES,
  readLarge,
  readSmall,
  results,
  SUFFIX,
  syncFolder,
  writeAll,
  writeParts,
} from "./filesystem_result_files.ts";
import { resultUnavailable } from "./result_errors.ts";
import { fromResultFile, MAX_HEAD_BYTES, toHeadLine, toResultFile } from "./result_file.ts";

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

/** Up to this size, what is saved under a new key goes into a log. */
const MAX_LOGGED_BYTES = 4 * 1024;

/** How often a save starts over because a folder, or its temporary file, was cleared away under it. */
const MAX_TRIES = 10;

/**
 * How long a temporary file must have been left alone to be taken for a leftover, in ms: a stream may pause,
 * and another thread opens the folder.
 */
const LEFTOVER_MS = 10 * 60_000;

/**
 * Keeps results as files. Each is written under a temporary name and renamed, so that a name stands for a
 * complete result or for nothing. Several threads and processes may share one folder.
 */
export class FilesystemIOManager extends BackendIOManager {
  /** Takes an existing, writable folder; use {@linkcode openFilesystemIOManager}. */
  constructor(options: FilesystemIOManagerOptions) {
    super(new FilesystemBackend(options));
  }
}

class FilesystemBackend implements ResultBackend {
  readonly blockBytes = MAX_SYNC_BYTES;
  readonly #runsDir: string;
  readonly #fsync: boolean;
  /** Temporary names of this object, unlike those of any other on the same folder. */
  readonly #tempPrefix: string;
  #tempCount = 0;
  /** The folder of the latest save; many results in a row go to the same. */
  #latestFolder = "";
  readonly #logs: ResultLogs;

  constructor(options: FilesystemIOManagerOptions) {
    this.#runsDir = runsDirOf(options.dir);
    this.#fsync = options.fsync === "always";
    this.#logs = new ResultLogs(this.#runsDir, this.#fsync);
    this.#tempPrefix = `${tempDirOf(options.dir)}/${crypto.randomUUID()}`;
  }

  /** Closes the logs; no other file stays open between calls. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#logs[Symbol.dispose]();
    return Promise.resolve();
  }

  writeNew(key: ResultKey, stored: StoredResult): Promise<void> {
    if (stored.payload.length > MAX_LOGGED_BYTES) return this.write(key, stored);
    return guard(this.placeOf(key), () => this.#logs.append(key, stored), undefined);
  }

  async write(key: ResultKey, stored: StoredResult): Promise<void> {
    const path = this.placeOf(key);
    const temp = this.#newTemp();
    for (let tries = 1;; tries++) {
      try {
        if (tries > 1) await this.#makeFolders(key);
        else if (!this.#fsync) this.#expectFolder(key);
        return await this.#writeAndRename(temp, path, stored);
      } catch (error) {
        // The first result of a task finds no folder. So does a save whose folders were just cleared away.
        if (error instanceof Deno.errors.NotFound && tries < MAX_TRIES) continue;
        await Deno.remove(temp).catch(() => {});
        throw resultUnavailable(path, error);
      }
    }
  }

  async writeBlocks(key: ResultKey, { blocks, head }: ResultBlocks): Promise<void> {
    const path = this.placeOf(key);
    const temp = this.#newTemp();
    const onDisk = <T>(fn: () => Promise<T>): Promise<T> =>
      fn().catch((error) => {
        throw resultUnavailable(path, error);
      });
    await this.#makeFolders(key);
    try {
      {
        using file = await onDisk(() => Deno.open(temp, { write: true, create: true }));
        // The head is known when the last block is: until then there is room for it.
        await onDisk(() => writeAll(file, new Uint8Array(MAX_HEAD_BYTES)));
        for await (const block of blocks) await onDisk(() => writeAll(file, block));
        await onDisk(async () => {
          await file.seek(0, Deno.SeekMode.Start);
          await writeAll(file, toHeadLine(head(), true));
          if (this.#fsync) await file.sync();
        });
      }
      await onDisk(() => this.#rename(key, temp, path));
    } catch (error) {
      await Deno.remove(temp).catch(() => {});
      throw error;
    }
  }

  async find(key: ResultKey): Promise<FoundResult | undefined> {
    const path = this.placeOf(key);
    const logged = await guard(path, () => this.#logs.find(key), undefined);
    if (logged !== undefined) return logged;
    const file = await guard(path, () => readSmall(path), undefined);
    if (file !== undefined) return fromResultFile(file, path);
    const large = await guard(path, () => readLarge(path), undefined);
    return large && { head: large.head, payload: large.payload ?? blocksOf(path, large) };
  }

  async stat(key: ResultKey): Promise<ResultInfo | undefined> {
    const path = this.placeOf(key);
    const logged = await guard(path, () => this.#logs.stat(key), undefined);
    if (logged !== undefined) return logged;
    const begun = await guard(path, () => begin(path), undefined);
    return begun && { ...begun.head, createdMs: begun.createdMs };
  }

  async keys(runId: string, task: string | undefined): Promise<ResultKey[]> {
    const tasks = task === undefined ? await folders(`${this.#runsDir}/${runId}`) : [task];
    const keys = await guard(`${this.#runsDir}/${runId}`, () => this.#logs.keys(runId, task), []);
    for (const task of tasks) {
      for (const resultId of await results(`${this.#runsDir}/${runId}/${task}`)) {
        keys.push({ runId, task, resultId });
      }
    }
    return keys;
  }

  async runIds(): Promise<string[]> {
    const runIds: string[] = [];
    for (const [index, runId] of (await folders(this.#runsDir)).entries()) {
      // Some 13 µs a run: let others have the thread now and then.
      if (index % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
      if (await this.#hasResults(runId)) runIds.push(runId);
    }
    return runIds;
  }

  async delete(key: ResultKey): Promise<boolean> {
    const path = this.placeOf(key);
    const logged = await guard(path, () => this.#logs.delete(key), false);
    const deleted = await guard(path, () => Deno.remove(path).then(() => true), logged);
    // The folders go with their last result; a folder that still has one refuses.
    const runDir = `${this.#runsDir}/${key.runId}`;
    for (const folder of [`${runDir}/${key.task}`, runDir]) await Deno.remove(folder).catch(() => {});
    return deleted;
  }

  async clearRun(runId: string): Promise<number> {
    const count = (await this.keys(runId, undefined)).length;
    const folder = `${this.#runsDir}/${runId}`;
    await guard(folder, () => Deno.remove(folder, { recursive: true }), undefined);
    this.#logs.forget(runId);
    return count;
  }

  placeOf(key: ResultKey): string {
    return `${this.#runsDir}/${key.runId}/${key.task}/${key.resultId}${SUFFIX}`;
  }

  #newTemp(): string {
    return `${this.#tempPrefix}-${++this.#tempCount}`;
  }

  async #writeAndRename(temp: string, path: string, stored: StoredResult): Promise<void> {
    const { head, payload } = stored;
    if (!this.#fsync && payload.length <= MAX_SYNC_BYTES) {
      Deno.writeFileSync(temp, toResultFile(stored));
      Deno.renameSync(temp, path);
      return;
    }
    // Not put together first: a copy of a large payload costs as much as writing it.
    await writeParts(temp, [toHeadLine(head), payload], this.#fsync);
    await Deno.rename(temp, path);
    if (this.#fsync) await syncFolder(path.slice(0, path.lastIndexOf("/")));
  }

  /** Gives a written file its name; its folder may be cleared away at any moment. */
  async #rename(key: ResultKey, temp: string, path: string): Promise<void> {
    for (let tries = 1;; tries++) {
      try {
        await Deno.rename(temp, path);
        if (this.#fsync) await syncFolder(path.slice(0, path.lastIndexOf("/")));
        return;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || tries === MAX_TRIES) throw error;
        await this.#makeFolders(key);
      }
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
    const folder = `${this.#runsDir}/${runId}`;
    if (await guard(folder, () => this.#logs.keys(runId, undefined).length > 0, false)) return true;
    for (const task of await folders(folder)) {
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
    for await (const { name } of Deno.readDir(tempDir)) await removeLeftover(`${tempDir}/${name}`);
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

/** What an interrupted write left; a file that is still being written is not. */
async function removeLeftover(path: string): Promise<void> {
  try {
    const { mtime } = await Deno.lstat(path);
    if (mtime !== null && Date.now() - mtime.getTime() > LEFTOVER_MS) await Deno.remove(path);
  } catch (error) {
    ignoreNotFound(error);
  }
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
