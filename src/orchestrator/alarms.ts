/**
 * Alarms that end with whoever set them.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";

/** Alarms of one owner. */
export class Alarms {
  readonly #clock: Clock;
  readonly #cancels = new Set<Cancel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `fn` once, `delayMs` milliseconds from now, unless it is called off or {@linkcode clear} comes first. */
  after(delayMs: number, fn: () => void): Cancel {
    const cancel = this.#clock.after(Math.max(0, delayMs), () => {
      this.#cancels.delete(cancel);
      fn();
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  /** Resolves `delayMs` milliseconds from now; never, if {@linkcode clear} comes first. */
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** Calls all alarms off. */
  clear(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
