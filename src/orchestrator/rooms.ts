/**
 * Rooms: where attempts with the same key must find room before they start.
 *
 * @module
 */

/** What attempts share. */
export interface Room {
  /** From when on there is room for one more, in ms since 1970; `Infinity`: not before one of them says something. */
  freeMs(limit: number, perMs: number): number;
  /** An attempt goes in. */
  enter(attempt: string): void;
  /** Nothing of it runs any more, or it does not start after all. */
  leave(attempt: string): void;
  /** Whether nothing in it counts any more. */
  isEmpty(nowMs: number): boolean;
}

/** How many are under way. */
export class RunningRoom implements Room {
  readonly #running = new Set<string>();

  /** See the port. */
  freeMs(limit: number): number {
    return this.#running.size < limit ? -Infinity : Infinity;
  }

  /** See the port. */
  enter(attempt: string): void {
    this.#running.add(attempt);
  }

  /** See the port. */
  leave(attempt: string): void {
    this.#running.delete(attempt);
  }

  /** See the port. */
  isEmpty(): boolean {
    return this.#running.size === 0;
  }
}

/**
 * How many start within a time: a log of starts. An attempt counts from the decision to start it until that time
 * has passed since it has really begun, which may be later, as it waits for an executor. So no window of that
 * length, wherever it is laid, ever holds more starts than the limit. (A leaky bucket, GCRA, would need no log, but
 * lets nearly twice the limit start in some windows, or no two at the same time.)
 */
export class StartsRoom implements Room {
  /** Those of which it is not known when they begin. */
  readonly #open = new Set<string>();
  /** When the others began, in order. */
  readonly #begunMs: number[] = [];
  /** The longest time that anybody has named: for so long a start counts. */
  #perMs = 0;

  /** See the port. */
  freeMs(limit: number, perMs: number): number {
    this.#perMs = Math.max(this.#perMs, perMs);
    const left = limit - this.#open.size;
    if (left <= 0) return Infinity;
    const before = this.#begunMs.at(-left);
    return before === undefined ? -Infinity : before + perMs;
  }

  /** See the port. */
  enter(attempt: string): void {
    this.#open.add(attempt);
  }

  /** See the port. */
  leave(attempt: string): void {
    this.#open.delete(attempt);
  }

  /** An attempt has begun, or, without a time, it never will; says whether that was news. */
  begun(attempt: string, atMs: number | undefined): boolean {
    const isNews = this.#open.delete(attempt);
    if (isNews && atMs !== undefined) this.#add(atMs);
    return isNews;
  }

  /** An attempt of an earlier process has begun. */
  restore(atMs: number, perMs: number): void {
    this.#perMs = Math.max(this.#perMs, perMs);
    this.#add(atMs);
  }

  /** See the port. */
  isEmpty(nowMs: number): boolean {
    return this.#open.size === 0 && (this.#begunMs.at(-1) ?? -Infinity) <= nowMs - this.#perMs;
  }

  /** News may come in another order than what it tells. */
  #add(atMs: number): void {
    const begun = this.#begunMs;
    let index = begun.length;
    while (index > 0 && begun[index - 1]! > atMs) index--;
    begun.splice(index, 0, atMs);
    let past = 0;
    while (begun[past]! <= atMs - this.#perMs) past++;
    if (2 * past > begun.length) begun.splice(0, past);
  }
}
