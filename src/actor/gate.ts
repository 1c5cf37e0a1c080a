/**
 * The credit window of one host towards one actor in another host: how many of its messages, and bytes, may be
 * under way or waiting there. It bounds memory where `postMessage` does not.
 *
 * @module
 */
import { WaitingLine } from "./waiting_line.ts";

/**
 * How many messages of one host may be on their way to, or in the mailbox of, one actor. Four frames of 256:
 * fewer and the sender waits for acknowledgements instead of sending (measured; PERFORMANCE lesson 9).
 */
export const WINDOW = 1_024;
/** How many bytes (approximately) the same may be: NATS bounds both too (ACTORS D5). */
export const WINDOW_BYTES = 16 * 2 ** 20;

/** A counting gate with a queue of those who wait. */
export class Gate {
  #used = 0;
  #bytes = 0;
  /** What each message under way weighs, oldest first: they are acknowledged in order. */
  readonly #weights = new Uint32Array(WINDOW);
  #oldest = 0;
  readonly #waiting = new WaitingLine();
  readonly #want: () => void;
  #wanted = false;

  /** @param want Called when the other side is to acknowledge what it has taken. */
  constructor(want: () => void) {
    this.#want = want;
  }

  /** Whether a new sender has to wait; while anybody waits it is. */
  get full(): boolean {
    return this.#used >= WINDOW || this.#bytes >= WINDOW_BYTES;
  }

  /** How many messages are under way. */
  get used(): number {
    return this.#used;
  }

  /** How many senders wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** One goes through. */
  enter(bytes: number): void {
    // A single message may weigh more than 4 GiB in theory; the sum must come out even.
    const weight = Math.min(bytes, 0xffff_ffff) >>> 0;
    this.#weights[(this.#oldest + this.#used) % WINDOW] = weight;
    this.#used++;
    this.#bytes += weight;
  }

  /** So many have arrived: those who wait go on as far as there is room. */
  leave(count: number): void {
    const leaving = Math.min(count, this.#used);
    for (let index = 0; index < leaving; index++) {
      this.#bytes -= this.#weights[this.#oldest]!;
      this.#oldest = (this.#oldest + 1) % WINDOW;
    }
    this.#used -= leaving;
    this.#wanted = false;
    while (!this.full && this.#waiting.length > 0) this.#waiting.next();
    if (this.#waiting.length > 0) this.want();
  }

  /** Somebody has found it full: the other side is to hear of it, once until it acknowledges. */
  want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#want();
  }

  /** Calls `go` when it may enter; the answer calls the waiting off. */
  wait(go: () => void): () => void {
    this.want();
    return this.#waiting.join(go);
  }

  /** Lets everybody go who waits: they find the other side gone. */
  release(): void {
    this.#waiting.all();
  }
}
