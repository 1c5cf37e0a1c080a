/**
 * Which event ids were seen lately.
 *
 * @module
 */

/** How long an id is remembered: JetStream's default. */
export const DEDUPE_WINDOW_MS = 2 * 60_000;
/** How many ids are remembered at least, if so many come within the window; at most twice as many. */
export const DEDUPE_MIN_IDS = 32_768;

/** Tells new ids from those seen within a time, in bounded memory. */
export class DedupeWindow {
  readonly #windowMs: number;
  readonly #minIds: number;
  /** Two generations, so that forgetting is dropping a map instead of a walk through it. */
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #youngSinceMs = 0;

  /** A window of `windowMs`, remembering at least `minIds` and at most twice as many. */
  constructor(windowMs: number = DEDUPE_WINDOW_MS, minIds: number = DEDUPE_MIN_IDS) {
    this.#windowMs = windowMs;
    this.#minIds = minIds;
  }

  /** Remembers an id; says whether it is new. A duplicate does not prolong its time. */
  admit(id: string, nowMs: number): boolean {
    const seenMs = this.#young.get(id) ?? this.#old.get(id);
    if (seenMs !== undefined && nowMs - seenMs < this.#windowMs) return false;
    if (this.#young.size >= this.#minIds || nowMs - this.#youngSinceMs >= this.#windowMs) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSinceMs = nowMs;
    }
    this.#young.set(id, nowMs);
    return true;
  }
}
