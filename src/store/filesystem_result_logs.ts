/**
 * Small results in logs: `{dir}/runs/{runId}/results-{writer}.log`. A file for each would cost a hundred times
 * the write: making a name takes some 100 µs, appending to a file that is open takes one (Deno 2.9.6, ext4).
 *
 * Each writer has a log of its own in each run, so that nobody has to wait for anybody; everybody reads all.
 *
 * @module
 */
import type { FoundResult, ResultInfo, ResultKey, StoredResult } from "./port.ts";
import { corrupt } from "./result_errors.ts";
import { readLog, toDeletedRecord, toLogRecord } from "./result_log.ts";
import type { LogRecord } from "./result_log.ts";

/** How much of the results is kept in memory, over all runs: what was just saved is loaded next. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** How many runs are known at once; and what an entry takes besides its payload, in bytes. */
const MAX_RUNS = 16;
const ENTRY_BYTES = 768;

const LOG_NAME = /^results-[0-9a-f-]+\.log$/;

interface Entry {
  readonly path: string;
  readonly atMs: number;
  readonly found: NonNullable<LogRecord["found"]>;
  /** If there is room for it. */
  readonly payload: Uint8Array<ArrayBuffer> | undefined;
}

/** What is known of the logs of one run. */
interface Run {
  /** How far each log has been read, by path. */
  readonly read: Map<string, number>;
  /** By `task/resultId`; `undefined` for what was deleted, which stays so. */
  readonly entries: Map<string, Entry | undefined>;
  /** A log that cannot be read to its end. */
  corrupt: string | undefined;
  /** When its logs were last seen to be there, in ms. */
  seenMs: number;
  bytes: number;
  /** The log that this writer appends to. */
  own: { readonly path: string; readonly file: Deno.FsFile; length: number } | undefined;
}

/** The logs of all runs, as one writer sees them. */
export class ResultLogs implements Disposable {
  readonly #runsDir: string;
  readonly #fsync: boolean;
  #name = newName();
  /** The one used last is the last one. */
  readonly #runs = new Map<string, Run>();
  #keptBytes = 0;

  constructor(runsDir: string, fsync: boolean) {
    this.#runsDir = runsDir;
    this.#fsync = fsync;
  }

  /** Appends a result under a key that nothing was ever saved under. */
  append(key: ResultKey, stored: StoredResult): void {
    const run = this.#run(key.runId);
    const atMs = Date.now();
    const { record, at } = toLogRecord(key, stored, atMs);
    const begin = this.#write(key.runId, run, record);
    this.#enter(run, run.own!.path, {
      ...{ task: key.task, resultId: key.resultId, atMs },
      found: { head: stored.head, at: begin + at },
    }, record.subarray(at, record.length - 1));
    this.#forgetSome();
  }

  /** Finds a result. What is known already is not read again: it does not change, but may be cleared away. */
  find(key: ResultKey): FoundResult | undefined {
    const entry = this.#look(key);
    if (entry === undefined) return undefined;
    const { head, at } = entry.found;
    if (entry.payload !== undefined) return { head, payload: entry.payload };
    using file = Deno.openSync(entry.path);
    return { head, payload: readAt(file, at, head.bytes) };
  }

  /** Finds what is known of a result. */
  stat(key: ResultKey): ResultInfo | undefined {
    const entry = this.#look(key);
    return entry && { ...entry.found.head, createdMs: entry.atMs };
  }

  /** The results of a run or of one of its tasks. */
  keys(runId: string, wanted: string | undefined): ResultKey[] {
    const run = this.#run(runId);
    this.#refresh(runId, run);
    const keys: ResultKey[] = [];
    for (const [name, entry] of run.entries) {
      const [task, resultId] = name.split("/") as [string, string];
      if (entry !== undefined && (wanted === undefined || wanted === task)) {
        keys.push({ runId, task, resultId });
      }
    }
    return keys;
  }

  /** Deletes a result; says whether it was there. */
  delete(key: ResultKey): boolean {
    if (this.#look(key) === undefined) return false;
    const run = this.#run(key.runId);
    this.#write(key.runId, run, toDeletedRecord(key, Date.now()));
    run.entries.set(nameOf(key), undefined);
    return true;
  }

  /** Knows nothing of a run any more, and holds nothing of it open. */
  forget(runId: string): void {
    const run = this.#runs.get(runId);
    if (run !== undefined) this.#empty(run);
    this.#runs.delete(runId);
  }

  [Symbol.dispose](): void {
    for (const runId of [...this.#runs.keys()]) this.forget(runId);
  }

  #run(runId: string): Run {
    const known = this.#runs.get(runId);
    const run = known ??
      { read: new Map(), entries: new Map(), corrupt: undefined, seenMs: 0, bytes: 0, own: undefined };
    if (known !== undefined) this.#runs.delete(runId);
    this.#runs.set(runId, run);
    return run;
  }

  #look(key: ResultKey): Entry | undefined {
    const run = this.#run(key.runId);
    const name = nameOf(key);
    const known = run.entries.get(name);
    if (known !== undefined && !isSeen(run, known.path)) this.#empty(run);
    if (!run.entries.has(name)) {
      this.#refresh(key.runId, run);
      this.#forgetSome();
    }
    const entry = run.entries.get(name);
    if (entry === undefined && !run.entries.has(name) && run.corrupt !== undefined) {
      throw corrupt(run.corrupt, "it has something in it that is no result");
    }
    return entry;
  }

  /** Gives where the record begins. */
  #write(runId: string, run: Run, record: Uint8Array): number {
    // Somebody may have cleared the run away meanwhile: what goes into a file without a name is lost.
    if (run.own !== undefined && run.own.file.statSync().nlink === 0) this.#empty(run);
    const own = run.own ??= this.#open(runId);
    const begin = own.length;
    try {
      for (let written = 0; written < record.length;) {
        written += own.file.writeSync(record.subarray(written));
      }
      if (this.#fsync) own.file.syncDataSync();
    } catch (error) {
      this.#undo(run);
      throw error;
    }
    own.length += record.length;
    run.read.set(own.path, own.length);
    return begin;
  }

  /** What was written in part must not stand before what comes next. */
  #undo(run: Run): void {
    const { file, length } = run.own!;
    try {
      file.truncateSync(length);
    } catch {
      this.#name = newName(); // what comes next goes into other logs
    }
    file.close();
    run.own = undefined;
  }

  #empty(run: Run): void {
    run.own?.file.close();
    run.own = undefined;
    this.#keptBytes -= run.bytes;
    run.bytes = 0;
    run.entries.clear();
    run.read.clear();
    run.corrupt = undefined;
  }

  #open(runId: string): NonNullable<Run["own"]> {
    const folder = `${this.#runsDir}/${runId}`;
    const path = `${folder}/${this.#name}`;
    Deno.mkdirSync(folder, { recursive: true });
    const file = Deno.openSync(path, { append: true, create: true });
    if (this.#fsync && Deno.build.os !== "windows") {
      for (const parent of [folder, this.#runsDir]) {
        using opened = Deno.openSync(parent);
        opened.syncSync();
      }
    }
    return { path, file, length: file.statSync().size };
  }

  /** Reads what was appended since. */
  #refresh(runId: string, run: Run): void {
    const folder = `${this.#runsDir}/${runId}`;
    let names: string[];
    try {
      names = [...Deno.readDirSync(folder)].flatMap(({ isFile, name }) =>
        isFile && LOG_NAME.test(name) ? [name] : []
      );
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    for (const name of names) this.#readOn(run, `${folder}/${name}`);
  }

  #readOn(run: Run, path: string): void {
    const from = run.read.get(path) ?? 0;
    using file = Deno.openSync(path);
    const { size } = file.statSync();
    if (size <= from) return;
    const bytes = readAt(file, from, size - from);
    const { records, end, corrupt } = readLog(bytes);
    for (const record of records) {
      const { found } = record;
      const payload = found && bytes.subarray(found.at, found.at + found.head.bytes);
      this.#enter(
        run,
        path,
        found === undefined ? record : { ...record, found: { ...found, at: from + found.at } },
        payload,
      );
    }
    run.read.set(path, from + end);
    if (corrupt) run.corrupt = path;
  }

  #enter(run: Run, path: string, record: LogRecord, payload: Uint8Array<ArrayBuffer> | undefined): void {
    const name = nameOf(record);
    const { found, atMs } = record;
    if (found === undefined) run.entries.set(name, undefined);
    if (run.entries.has(name)) return; // the first one stays, and what is deleted stays deleted
    const kept = this.#keptBytes < MAX_KEPT_BYTES ? payload : undefined;
    const bytes = ENTRY_BYTES + (kept?.length ?? 0);
    run.bytes += bytes;
    this.#keptBytes += bytes;
    run.entries.set(name, { path, atMs, found: found!, payload: kept });
  }

  #forgetSome(): void {
    for (const runId of this.#runs.keys()) {
      const isLast = this.#runs.size === 1;
      if (isLast || this.#keptBytes < MAX_KEPT_BYTES && this.#runs.size <= MAX_RUNS) return;
      this.forget(runId);
    }
  }
}

/** Whether a log of the run is still there; asked for once in a millisecond, as many are read at a time. */
function isSeen(run: Run, path: string): boolean {
  const nowMs = Date.now();
  if (run.seenMs === nowMs) return true;
  try {
    Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  run.seenMs = nowMs;
  return true;
}

function newName(): string {
  return `results-${crypto.randomUUID()}.log`;
}

function readAt(file: Deno.FsFile, at: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(at, Deno.SeekMode.Start);
  let read = 0;
  while (read < length) {
    const count = file.readSync(bytes.subarray(read));
    if (count === null) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

function nameOf({ task, resultId }: { readonly task: string; readonly resultId: string }): string {
  return `${task}/${resultId}`;
}
