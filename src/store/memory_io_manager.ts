/**
 * Results in memory, for tests and programs that keep nothing.
 *
 * @module
 */
import { systemClock } from "../base/system_clock.ts";
import { BackendIOManager } from "./backend_io_manager.ts";
import type {
  FoundResult,
  ResultBackend,
  ResultBlocks,
  ResultInfo,
  ResultKey,
  StoredResult,
} from "./port.ts";

const BLOCK_BYTES = 64 * 1024;

interface Kept {
  readonly key: ResultKey;
  /** Values are kept in their stored form: they are copied, and what no file can keep is refused here too. */
  readonly stored: StoredResult;
  readonly createdMs: number;
}

/** Keeps results in memory, with the semantics of files: what is loaded is a copy of what was saved. */
export class MemoryIOManager extends BackendIOManager {
  /** Makes an empty store; `now` tells when a result is saved, in ms since 1970. */
  constructor(now: () => number = systemClock.now) {
    super(new MemoryBackend(now));
  }
}

class MemoryBackend implements ResultBackend {
  readonly blockBytes = BLOCK_BYTES;
  readonly #now: () => number;
  /** Run id → "task/resultId" → result. */
  readonly #runs = new Map<string, Map<string, Kept>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Nothing to release; the results stay until the object goes. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  write(key: ResultKey, { head, payload }: StoredResult): Promise<void> {
    this.#keep(key, { head, payload: payload.slice() });
    return Promise.resolve();
  }

  async writeBlocks(key: ResultKey, { blocks, head }: ResultBlocks): Promise<void> {
    const payload = await new Blob(await Array.fromAsync(blocks)).bytes();
    this.#keep(key, { head: head(), payload });
  }

  find(key: ResultKey): Promise<FoundResult | undefined> {
    const kept = this.#get(key)?.stored;
    if (kept === undefined) return Promise.resolve(undefined);
    const { head, payload } = kept;
    return Promise.resolve({ head, payload: head.codec === "stream" ? blocksOf(payload) : payload.slice() });
  }

  stat(key: ResultKey): Promise<ResultInfo | undefined> {
    const kept = this.#get(key);
    return Promise.resolve(kept && { ...kept.stored.head, createdMs: kept.createdMs });
  }

  keys(runId: string, task: string | undefined): Promise<ResultKey[]> {
    const keys = Array.from(this.#runs.get(runId)?.values() ?? [], ({ key }) => ({ ...key }));
    return Promise.resolve(keys.filter((key) => task === undefined || key.task === task));
  }

  runIds(): Promise<string[]> {
    return Promise.resolve([...this.#runs.keys()]);
  }

  delete(key: ResultKey): Promise<boolean> {
    const run = this.#runs.get(key.runId);
    const deleted = run?.delete(nameOf(key)) ?? false;
    if (run?.size === 0) this.#runs.delete(key.runId);
    return Promise.resolve(deleted);
  }

  clearRun(runId: string): Promise<number> {
    const count = this.#runs.get(runId)?.size ?? 0;
    this.#runs.delete(runId);
    return Promise.resolve(count);
  }

  placeOf(key: ResultKey): string {
    return `${key.runId}/${nameOf(key)}`;
  }

  #get(key: ResultKey): Kept | undefined {
    return this.#runs.get(key.runId)?.get(nameOf(key));
  }

  #keep({ runId, task, resultId }: ResultKey, stored: StoredResult): void {
    let run = this.#runs.get(runId);
    if (run === undefined) this.#runs.set(runId, run = new Map());
    const key = { runId, task, resultId };
    run.set(nameOf(key), { key, stored, createdMs: this.#now() });
  }
}

/** Opens an empty store of results in memory. */
export function openMemoryIOManager(): Promise<MemoryIOManager> {
  return Promise.resolve(new MemoryIOManager());
}

function nameOf(key: ResultKey): string {
  return `${key.task}/${key.resultId}`;
}

async function* blocksOf(payload: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < payload.length; at += BLOCK_BYTES) yield payload.slice(at, at + BLOCK_BYTES);
}
