/**
 * Who waits for the end of which run.
 *
 * @module
 */
import type { RunEnd } from "../task/run.ts";

/** Tells everybody who waits for a run how it ended, once. */
export class EndWaiters {
  readonly #waiters = new Map<string, Set<(end: RunEnd) => void>>();

  /**
   * Resolves once the run has ended.
   *
   * @param known Asks whether it has ended before; who waits is noted first, as it may end meanwhile.
   */
  async ended(runId: string, known: () => Promise<RunEnd | undefined>): Promise<RunEnd> {
    const { promise, resolve } = Promise.withResolvers<RunEnd>();
    let waiters = this.#waiters.get(runId);
    if (waiters === undefined) this.#waiters.set(runId, waiters = new Set());
    waiters.add(resolve);
    try {
      return await known() ?? await promise;
    } finally {
      waiters.delete(resolve);
      if (waiters.size === 0 && this.#waiters.get(runId) === waiters) this.#waiters.delete(runId);
    }
  }

  /** The run has ended. */
  tell(end: RunEnd): void {
    for (const resolve of this.#waiters.get(end.runId) ?? []) resolve(end);
    this.#waiters.delete(end.runId);
  }
}
