/**
 * Those who wait for room, in order. A hundred thousand may: whoever goes, or leaves, costs no more than one.
 *
 * @module
 */

interface Waiter {
  readonly go: () => void;
  next: Waiter | undefined;
  before: Waiter | undefined;
  waits: boolean;
}

/** A line of those who wait. */
export class WaitingLine {
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #length = 0;

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  /** Joins the end of the line; the answer leaves it. */
  join(go: () => void): () => void {
    const waiter: Waiter = { go, next: undefined, before: this.#last, waits: true };
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
    this.#length++;
    return () => {
      if (waiter.waits) this.#remove(waiter);
    };
  }

  /** Lets the first one go. */
  next(): void {
    const first = this.#first;
    if (first === undefined) return;
    this.#remove(first);
    first.go();
  }

  /** Lets all go who wait now, in order. */
  all(): void {
    for (let left = this.#length; left > 0; left--) this.next();
  }

  #remove(waiter: Waiter): void {
    const { next, before } = waiter;
    if (before === undefined) this.#first = next;
    else before.next = next;
    if (next === undefined) this.#last = before;
    else next.before = before;
    waiter.waits = false;
    this.#length--;
  }
}
