/**
 * The logs of attempts as files, `logs/{runId}/{task}.{attempt}.ndjson`, one JSON document a line. A line is there
 * as soon as it is written, whatever the thread does that wrote it, and after the end of the process.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { LogEntry, LogLine } from "../task/log_entry.ts";
import { assertKeyPart } from "./result_key.ts";

/** Which attempt a log is of. */
export interface LogKey {
  readonly runId: string;
  readonly task: string;
  readonly attempt: number;
}

/** Which entries to read. */
export interface LogQuery {
  readonly runId: string;
  readonly task?: string | undefined;
  readonly attempt?: number | undefined;
}

/** Writes the log of one attempt. */
export interface LogWriter {
  /** Writes a line, at once. */
  append(json: string): void;
  /** Lets go of the file. */
  close(): void;
}

/** How often a log that is followed is looked at, in ms: a thread that hangs cannot tell that it has written. */
const LOOK_MS = 200;
/** How much of a log is held at a time. More than the longest line. */
const CHUNK_BYTES = 2 ** 18;
const FILE = /^([A-Za-z][A-Za-z0-9_-]*)\.(\d+)\.ndjson$/;

/** The logs of a data folder. */
export class FilesystemLogStore {
  readonly #dir: string;
  readonly #clock: Clock;

  constructor(dataDir: string, clock: Clock) {
    this.#dir = `${dataDir}/logs`;
    this.#clock = clock;
  }

  /** Opens the log of an attempt for writing. The file is made with its first line: most attempts write none. */
  open({ runId, task, attempt }: LogKey): LogWriter {
    const encoder = new TextEncoder();
    let file: Deno.FsFile | undefined;
    return {
      append: (json) => {
        if (file === undefined) {
          const folder = this.#folder(runId);
          Deno.mkdirSync(folder, { recursive: true });
          file = Deno.openSync(`${folder}/${task}.${attempt}.ndjson`, { append: true, create: true });
        }
        const bytes = encoder.encode(json + "\n");
        for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
      },
      close: () => {
        file?.close();
        file = undefined;
      },
    };
  }

  /**
   * What the attempts of a run wrote, in order of time. With `ended` it waits for more until that says that the
   * run has ended; `signal` ends it at once.
   */
  async *read(query: LogQuery, signal: AbortSignal, ended?: () => boolean): AsyncGenerator<LogEntry> {
    const logs = new Map<string, LogReader>();
    for (;;) {
      // Asked first: what was written before the end is read after it.
      const isLast = ended?.() ?? true;
      for (const [path, key] of await this.#files(query)) {
        if (!logs.has(path)) logs.set(path, new LogReader(path, key));
      }
      yield* merged([...logs.values()]);
      if (isLast || signal.aborted) return;
      await this.#pause(signal);
    }
  }

  /** Deletes what the attempts of a run wrote. */
  async clearRun(runId: string): Promise<void> {
    await Deno.remove(this.#folder(runId), { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  #folder(runId: string): string {
    assertKeyPart("runId", runId);
    return `${this.#dir}/${runId}`;
  }

  async #files({ runId, task, attempt }: LogQuery): Promise<[path: string, key: LogKey][]> {
    const folder = this.#folder(runId);
    const files: [string, LogKey][] = [];
    try {
      for await (const { name } of Deno.readDir(folder)) {
        const [, its = "", number = ""] = FILE.exec(name) ?? [];
        const key = { runId, task: its, attempt: Number(number) };
        if (its === "" || (task ?? its) !== its || (attempt ?? key.attempt) !== key.attempt) continue;
        files.push([`${folder}/${name}`, key]);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return files;
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(LOOK_MS, resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    cancel();
  }
}

/** Reads one log from where it has come to. */
class LogReader {
  readonly #path: string;
  readonly #key: LogKey;
  #offset = 0;
  #entries: LogEntry[] = [];

  constructor(path: string, key: LogKey) {
    this.#path = path;
    this.#key = key;
  }

  /** The next entry, which `take` takes. */
  get head(): LogEntry {
    return this.#entries[0]!;
  }

  take(): LogEntry {
    return this.#entries.shift()!;
  }

  /** Reads on if nothing is left; says whether there is something. */
  async fill(): Promise<boolean> {
    if (this.#entries.length > 0) return true;
    const bytes = await this.#chunk();
    const end = bytes.lastIndexOf(10) + 1; // a line that is not whole yet is read the next time
    this.#offset += end;
    const { task, attempt } = this.#key;
    for (const line of new TextDecoder().decode(bytes.subarray(0, end)).split("\n")) {
      const read = lineOf(line);
      if (read !== undefined) this.#entries.push({ task, attempt, ...read });
    }
    return this.#entries.length > 0;
  }

  async #chunk(): Promise<Uint8Array> {
    try {
      const { size } = await Deno.stat(this.#path);
      if (size <= this.#offset) return new Uint8Array();
      using file = await Deno.open(this.#path);
      await file.seek(this.#offset, Deno.SeekMode.Start);
      const buffer = new Uint8Array(Math.min(size - this.#offset, CHUNK_BYTES));
      let filled = 0;
      while (filled < buffer.length) {
        const count = await file.read(buffer.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return buffer.subarray(0, filled);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new Uint8Array(); // deleted while it was read
      throw error;
    }
  }
}

/** A line that was cut off by the end of the process, or is not ours, is left out. */
function lineOf(json: string): LogLine | undefined {
  try {
    const line = JSON.parse(json);
    return typeof line?.text === "string" && typeof line.timeMs === "number" ? line : undefined;
  } catch {
    return undefined;
  }
}

/** All that is there now, in order of time. */
async function* merged(logs: readonly LogReader[]): AsyncGenerator<LogEntry> {
  const waiting: LogReader[] = [];
  /** Where the next entry of a log belongs; of two at the same time, the one that was there goes first. */
  const insert = (log: LogReader): void => {
    let [low, high] = [0, waiting.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (waiting[middle]!.head.timeMs > log.head.timeMs) low = middle + 1;
      else high = middle;
    }
    waiting.splice(low, 0, log);
  };
  for (const log of logs) if (await log.fill()) insert(log);
  for (let log = waiting.pop(); log !== undefined; log = waiting.pop()) {
    yield log.take();
    if (await log.fill()) insert(log);
  }
}
