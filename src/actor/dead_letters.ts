/**
 * Dead letters: messages that nobody handled, the latest of them and how many there were.
 *
 * @module
 */
import type { DeadLetter, DeadLetterReason } from "./counters.ts";

/** How many dead letters are remembered. */
const KEPT = 256;

/** The dead letters of one thread. */
export class DeadLetters {
  readonly #latest: DeadLetter[] = [];
  readonly #byReason: Partial<Record<DeadLetterReason, number>> = {};

  /** The latest, oldest first. */
  get latest(): readonly DeadLetter[] {
    return this.#latest;
  }

  /** How many there were, by reason. */
  get byReason(): Readonly<Partial<Record<DeadLetterReason, number>>> {
    return { ...this.#byReason };
  }

  /** Remembers one. */
  add(letter: DeadLetter): void {
    this.#latest.push(letter);
    if (this.#latest.length > KEPT) this.#latest.shift();
    this.#byReason[letter.reason] = (this.#byReason[letter.reason] ?? 0) + 1;
  }
}
