/**
 * Places: which executor has ended which attempt, so that what takes only its result can run where it still is.
 *
 * @module
 */
import { resultIdOf } from "../task/result_id.ts";
import { isFailure } from "../task/task.ts";
import type { AttemptKey, ExecutableTask } from "./port.ts";

/** How many attempts are remembered: more than executors are given at once; far more than what they hold on to. */
const MAX_PLACES = 4_096;

/** Where the last attempts have ended. */
export class Places {
  /** Result → executor, the oldest first. */
  readonly #executors = new Map<string, string>();
  readonly #max: number;

  /** Remembers the last `max`. */
  constructor(max: number = MAX_PLACES) {
    this.#max = max;
  }

  /** An attempt has ended in an executor. */
  ended({ runId, task, attempt }: AttemptKey, executor: string): void {
    this.#executors.set(`${runId}/${task}/${resultIdOf(attempt)}`, executor);
    if (this.#executors.size <= this.#max) return;
    this.#executors.delete(this.#executors.keys().next().value!);
  }

  /** The executor that has ended an attempt, as {@linkcode originOf} names it. */
  of(origin: string): string | undefined {
    return this.#executors.get(origin);
  }
}

/**
 * The attempt whose one result is all that a task takes; `undefined` if there is none, are several, or is a
 * stream.
 */
export function originOf({ inputs }: Pick<ExecutableTask, "inputs">): string | undefined {
  let origin: string | undefined;
  for (const source of Object.values(inputs)) {
    if (isFailure(source) || "attempt" in source || source.resultIds.length !== 1) return undefined;
    const resultId = source.resultIds[0]!;
    const name = `${source.runId}/${source.task}/${resultId}`;
    if (resultId.includes("-") || origin !== undefined && origin !== name) return undefined;
    origin = name;
  }
  return origin;
}
