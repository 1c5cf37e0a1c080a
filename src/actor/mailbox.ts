/**
 * A bounded FIFO and the senders that wait for space in it.
 *
 * @module
 */

/** A queue with a bound; what exceeds it waits outside, in order. */
export class Mailbox<Entry> {
  readonly #capacity: number;
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  readonly #waiting: (() => void)[] = [];
  #highWater = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many entries wait. */
  get depth(): number {
    return this.#entries.length - this.#head;
  }

  /** The most that ever waited. */
  get highWater(): number {
    return this.#highWater;
  }

  /** Whether a new sender has to wait: no space, or others wait already. */
  get full(): boolean {
    return this.depth >= this.#capacity || this.#waiting.length > 0;
  }

  /** Adds an entry. The caller has asked `full`, or the entry's sender is bounded by a window of its own. */
  push(entry: Entry): void {
    this.#entries.push(entry);
    if (this.depth > this.#highWater) this.#highWater = this.depth;
  }

  /** Takes the oldest entry, and lets the first who waits in. */
  shift(): Entry | undefined {
    if (this.depth === 0) return undefined;
    const entry = this.#entries[this.#head];
    this.#entries[this.#head++] = undefined;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head >= 1024) {
      // Moving the rest once per 1,024 keeps taking O(1) on average.
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    if (this.depth < this.#capacity) this.#waiting.shift()?.();
    return entry;
  }

  /** Calls `enter` once there is space; the answer calls the waiting off. */
  wait(enter: () => void): () => void {
    this.#waiting.push(enter);
    return () => {
      const index = this.#waiting.indexOf(enter);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  /** Lets everybody in who waits: they find the mailbox closed. */
  release(): void {
    for (const enter of this.#waiting.splice(0)) enter();
  }
}
