/**
 * A bounded FIFO and the senders that wait for space in it. An entry may stand for several messages.
 *
 * @module
 */
import { WaitingLine } from "./waiting_line.ts";

/** What a mailbox keeps: entries know what follows them. */
export interface Linked<Entry> {
  /** The entry behind this one. */
  next: Entry | undefined;
}

/** A queue with bounds; what exceeds them waits outside, in order. */
export class Mailbox<Entry extends Linked<Entry>> {
  readonly #capacity: number;
  readonly #maxBytes: number;
  #first: Entry | undefined;
  #last: Entry | undefined;
  #depth = 0;
  #bytes = 0;
  #highWater = 0;
  readonly #waiting = new WaitingLine();

  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity;
    this.#maxBytes = maxBytes;
  }

  /** How many messages wait. */
  get depth(): number {
    return this.#depth;
  }

  /** How much they weigh, in bytes, approximately; what came from other hosts is bounded by their windows. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The most that ever waited. */
  get highWater(): number {
    return this.#highWater;
  }

  /** The oldest entry. */
  get first(): Entry | undefined {
    return this.#first;
  }

  /** The newest entry. */
  get last(): Entry | undefined {
    return this.#last;
  }

  /** Whether a new sender has to wait; while anybody waits it is. */
  get full(): boolean {
    return this.#depth >= this.#capacity || this.#bytes >= this.#maxBytes;
  }

  /** Adds an entry behind all others. Whether there is space, the caller has asked. */
  push(entry: Entry): void {
    entry.next = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
  }

  /** Puts an entry before all others. */
  unshift(entry: Entry): void {
    entry.next = this.#first;
    this.#first = entry;
    this.#last ??= entry;
  }

  /** Takes the oldest entry off. */
  shift(): Entry | undefined {
    const entry = this.#first;
    if (entry === undefined) return undefined;
    this.#first = entry.next;
    if (this.#first === undefined) this.#last = undefined;
    entry.next = undefined;
    return entry;
  }

  /** So many more messages wait. */
  grew(count: number, bytes: number): void {
    this.#depth += count;
    this.#bytes += bytes;
    if (this.#depth > this.#highWater) this.#highWater = this.#depth;
  }

  /** One message fewer waits: those who wait outside come in as far as there is space. */
  shrank(bytes: number): void {
    this.#depth--;
    this.#bytes -= bytes;
    while (this.#waiting.length > 0 && !this.full) this.#waiting.next();
  }

  /** Calls `enter` once there is space; the answer calls the waiting off. */
  wait(enter: () => void): () => void {
    return this.#waiting.join(enter);
  }

  /** Lets everybody in who waits: they find the mailbox closed. */
  release(): void {
    this.#waiting.all();
  }
}
