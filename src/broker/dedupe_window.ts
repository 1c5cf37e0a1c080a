/**
 * Which event ids were seen lately.
 *
 * @module
 */

/** How long an id is remembered: JetStream's default. */
export const DEDUPE_WINDOW_MS = 2 * 60_000;
/** How many ids are remembered at least, if so many come within the window; at most twice as many, or a batch more. */
export const DEDUPE_MIN_IDS = 32_768;

/** One id, or those of a batch. */
export type Ids = string | (() => readonly string[]);

/** Tells new ids from those seen within a time, in bounded memory. */
export class DedupeWindow {
  readonly #windowMs: number;
  readonly #minIds: number;
  /** Two generations, so that forgetting is dropping a map instead of a walk through it. */
  #young = new Generation(0);
  #old = new Generation(0);

  /** A window of `windowMs`, remembering at least `minIds` and at most twice as many. */
  constructor(windowMs: number = DEDUPE_WINDOW_MS, minIds: number = DEDUPE_MIN_IDS) {
    this.#windowMs = windowMs;
    this.#minIds = minIds;
  }

  /** Remembers an id; says whether it is new. A duplicate does not prolong its time. */
  admit(id: string, nowMs: number): boolean {
    const seenMs = this.#young.get(id) ?? this.#old.get(id);
    if (seenMs !== undefined && nowMs - seenMs < this.#windowMs) return false;
    this.#turnOver(nowMs);
    this.#young.set(id, nowMs);
    return true;
  }

  /** Remembers ids that were made for these events, so that nobody can have had them before. */
  note(ids: Ids, count: number, nowMs: number): void {
    this.#turnOver(nowMs);
    this.#young.note(ids, count, nowMs);
  }

  #turnOver(nowMs: number): void {
    if (this.#young.size < this.#minIds && nowMs - this.#young.sinceMs < this.#windowMs) return;
    this.#old = this.#young;
    this.#young = new Generation(nowMs);
  }
}

/** Ids with the time when they came. */
class Generation {
  readonly sinceMs: number;
  readonly #seen = new Map<string, number>();
  /** What was only noted: it takes ten times as long to put an id into a map, and most are never asked about. */
  #noted: { readonly ids: Ids; readonly nowMs: number }[] = [];
  #notes = 0;

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }

  get size(): number {
    return this.#seen.size + this.#notes;
  }

  get(id: string): number | undefined {
    if (this.#notes > 0) this.#sort();
    return this.#seen.get(id);
  }

  set(id: string, nowMs: number): void {
    this.#seen.set(id, nowMs);
  }

  note(ids: Ids, count: number, nowMs: number): void {
    this.#noted.push({ ids, nowMs });
    this.#notes += count;
  }

  #sort(): void {
    for (const { ids, nowMs } of this.#noted) {
      if (typeof ids === "string") this.#seen.set(ids, nowMs);
      else for (const id of ids()) this.#seen.set(id, nowMs);
    }
    this.#noted = [];
    this.#notes = 0;
  }
}
