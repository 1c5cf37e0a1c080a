/**
 * Memoisation of one attempt: finds the earlier result that may stand for it, or notes what its own result is to
 * be remembered by. Only what is stored is looked at, and only its checksums.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { IOManager } from "../store/port.ts";
import { digestOf, memoKeyOf } from "../task/memo_key.ts";
import { resultIdsOf, type ResultSource } from "../task/result_id.ts";
import { isFailure } from "../task/task.ts";
import type { AttemptKey, AttemptOutcome, ExecutableTask, InputSource } from "./port.ts";

/** What only the task's own module can say of an attempt. */
export interface MemoWords {
  /** The parameters that the task takes, or what its `key` gave, as a text. */
  readonly text: string;
  /** Whether the content of its inputs counts too. */
  readonly inputs: boolean;
}

/** What memoisation needs of the world. */
export interface MemoPorts {
  readonly log: Logger;
  readonly io: Pick<IOManager, "stat">;
  /** The result that is remembered under a key, and kept from now on for the run of this attempt. */
  recall(attempt: AttemptKey, key: string): Promise<ResultSource | undefined>;
}

/** The memoisation of one attempt. */
export class AttemptMemo {
  readonly #executable: ExecutableTask;
  readonly #ports: MemoPorts;
  #key: string | undefined;

  constructor(executable: ExecutableTask, ports: MemoPorts) {
    this.#executable = executable;
    this.#ports = ports;
  }

  /** The earlier result that stands for the attempt, if there is one; if there is trouble, there is none. */
  async recall(words: MemoWords): Promise<ResultSource | undefined> {
    const { runId, task, attempt } = this.#executable;
    try {
      this.#key = await this.#keyOf(words);
      if (this.#key === undefined || this.#executable.memoAnew) return undefined;
      const found = await this.#ports.recall({ runId, task, attempt }, this.#key);
      return found !== undefined && await this.#digest(sourceOf(task, found)) !== undefined
        ? found
        : undefined;
    } catch (error) {
      this.#ports.log.warn("An earlier result could not be looked for; the task runs", {
        runId,
        task,
        attempt,
        error: messageOf(error),
      });
      return undefined;
    }
  }

  /** The outcome, with what its result is to be remembered by. */
  async noted(outcome: AttemptOutcome): Promise<AttemptOutcome> {
    if (this.#key === undefined || !outcome.ok || outcome.cached !== undefined) return outcome;
    const { runId, task, attempt } = this.#executable;
    const source = { runId, attempt, ...(outcome.chunks === undefined ? {} : { chunks: outcome.chunks }) };
    const digest = await this.#digest(sourceOf(task, source)).catch(() => undefined);
    return digest === undefined ? outcome : { ...outcome, memo: { key: this.#key, digest } };
  }

  async #keyOf({ text, inputs }: MemoWords): Promise<string | undefined> {
    const { task, memoCode: code } = this.#executable;
    if (code === undefined) return undefined;
    if (!inputs) return memoKeyOf({ task, code, text });
    const digests: Record<string, string> = {};
    for (const [param, source] of Object.entries(this.#executable.inputs)) {
      const digest = await this.#digest(source);
      if (digest === undefined) return undefined;
      digests[param] = digest;
    }
    return memoKeyOf({ task, code, text, inputs: digests });
  }

  /** What tells a result from others; `undefined` if there is none: a failure, or results that are gone. */
  async #digest(source: InputSource): Promise<string | undefined> {
    if (isFailure(source)) return undefined;
    if ("attempt" in source) return undefined; // still being written
    const { runId, task, resultIds } = source;
    const stored: string[] = [];
    for (const resultId of resultIds) {
      const info = await this.#ports.io.stat({ runId, task, resultId });
      if (info === undefined) return undefined;
      stored.push(`${info.codec}:${info.sha256}`);
    }
    const isValue = stored.length === 1 && !resultIds[0]!.includes("-");
    return digestOf(isValue ? stored[0]! : stored);
  }
}

/** Where an earlier result is. */
function sourceOf(task: string, { runId, attempt, chunks }: ResultSource): InputSource {
  return { runId, task, resultIds: resultIdsOf(attempt, chunks) };
}
