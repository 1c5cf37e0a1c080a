/**
 * The credit window of one sender towards one actor in another host: how many of its messages may be under
 * way or waiting there. It bounds memory where `postMessage` does not.
 *
 * @module
 */

/** How many messages of one host may be on their way to, or in the mailbox of, one actor (ACTORS D8). */
export const WINDOW = 256;

/** A counting gate with a queue of those who wait. */
export class Gate {
  #used = 0;
  readonly #waiting: (() => void)[] = [];

  /** Whether a new sender has to wait. */
  get full(): boolean {
    return this.#used >= WINDOW || this.#waiting.length > 0;
  }

  /** One goes through. */
  enter(): void {
    this.#used++;
  }

  /** So many have arrived: as many of those who wait go on. */
  leave(count: number): void {
    this.#used = Math.max(0, this.#used - count);
    for (let free = WINDOW - this.#used; free > 0 && this.#waiting.length > 0; free--) {
      this.#waiting.shift()!();
    }
  }

  /** Calls `go` when it may enter; the answer calls the waiting off. */
  wait(go: () => void): () => void {
    this.#waiting.push(go);
    return () => {
      const index = this.#waiting.indexOf(go);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  /** Lets everybody go who waits: they find the other side gone. */
  release(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
