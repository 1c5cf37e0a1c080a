/**
 * The timers of one incarnation of an actor. A tick is a turn like any other, and never one of a timer that
 * was set anew or called off meanwhile.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";

/** A tick that waits for its turn. */
export interface Tick {
  /** Called in the turn. */
  run(): void | Promise<void>;
}

/** Timers by key: setting a key again replaces its timer. */
export class Timers {
  readonly #clock: Clock;
  readonly #enqueue: (tick: Tick) => void;
  readonly #timers = new Map<string, { cancel: Cancel }>();
  #over = false;

  /** @param enqueue Puts a tick into the mailbox. */
  constructor(clock: Clock, enqueue: (tick: Tick) => void) {
    this.#clock = clock;
    this.#enqueue = enqueue;
  }

  /** How many are set. */
  get size(): number {
    return this.#timers.size;
  }

  /** Calls `fn` in a turn of its own, once, in `delayMs`; or each time `everyMs` after the turn before ended. */
  set(key: string, delayMs: number, fn: () => void | Promise<void>, everyMs?: number): void {
    if (!(delayMs >= 0 && delayMs < Infinity) || everyMs !== undefined && !(everyMs > 0)) {
      throw new RangeError(
        `Cannot set timer "${key}" as its delay must be finite, >= 0, and its period > 0: ` +
          `current value is ${everyMs ?? delayMs}`,
      );
    }
    if (this.#over) return;
    this.cancel(key);
    const timer = { cancel: (): void => {} };
    this.#timers.set(key, timer);
    const isCurrent = (): boolean => this.#timers.get(key) === timer;
    const arm = (afterMs: number): void => {
      timer.cancel = this.#clock.after(afterMs, () => this.#enqueue({ run }));
    };
    const run = async (): Promise<void> => {
      if (!isCurrent()) return;
      if (everyMs === undefined) this.#timers.delete(key);
      try {
        await fn();
      } finally {
        if (everyMs !== undefined && isCurrent()) arm(everyMs);
      }
    };
    arm(delayMs);
  }

  /** Calls a timer off; says whether it was set. */
  cancel(key: string): boolean {
    this.#timers.get(key)?.cancel();
    return this.#timers.delete(key);
  }

  /** Calls all off; what is left of the incarnation sets no more. */
  end(): void {
    this.#over = true;
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
