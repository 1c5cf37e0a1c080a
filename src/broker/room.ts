/**
 * The room that an event still has to get.
 *
 * @module
 */

/** How many subscriptions have no room for an event yet, and who wants to know when all have. */
export class Room {
  #missing = 0;
  #free: (() => void) | undefined;

  /** One more has none. */
  wait(): void {
    this.#missing++;
  }

  /** One of them has taken the event. */
  admit(): void {
    if (--this.#missing === 0) this.#free?.();
  }

  /** Calls `free` once no subscription is without room. */
  onFree(free: () => void): void {
    if (this.#missing === 0) free();
    else this.#free = free;
  }

  /** Resolves then. */
  get free(): Promise<void> {
    return new Promise((resolve) => this.onFree(resolve));
  }
}
