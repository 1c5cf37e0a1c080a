/**
 * Dead letters: messages that nobody handled, the latest of them and those that come.
 *
 * @module
 */
import type { DeadLetter } from "./counters.ts";

/** How many dead letters are remembered. */
export const KEPT_LETTERS = 256;

/** The latest dead letters. */
export class DeadLetters {
  #latest: DeadLetter[] = [];

  /** Remembers one. */
  add(letter: DeadLetter): void {
    this.#latest.push(letter);
    // Cutting once per 256 keeps adding O(1) on average.
    if (this.#latest.length >= 2 * KEPT_LETTERS) this.#latest = this.#latest.slice(-KEPT_LETTERS);
  }

  /** Takes the first `limit` of those that `wanted` says yes to, oldest first. */
  take(limit: number, wanted: (letter: DeadLetter) => boolean): DeadLetter[] {
    const taken = this.#latest.slice(-KEPT_LETTERS).filter(wanted).slice(0, limit);
    this.#latest = this.#latest.filter((letter) => !taken.includes(letter));
    return taken;
  }
}

/** Dead letters as they come; who reads too slowly misses the oldest. */
export interface DeadLetterFeed extends AsyncIterableIterator<DeadLetter>, AsyncDisposable {
  /** How many were missed, by this reader or on the way from another host. */
  readonly missed: number;
  /** Ends the feed. */
  return(): Promise<IteratorResult<DeadLetter, undefined>>;
  /** Itself. */
  [Symbol.asyncIterator](): DeadLetterFeed;
}

/** The feeds of one system. */
export class DeadLetterFeeds {
  readonly #feeds = new Set<Feed>();

  /** Opens a feed that holds up to `capacity` letters for a slow reader. */
  open(capacity: number): DeadLetterFeed {
    const feed = new Feed(capacity, () => void this.#feeds.delete(feed));
    this.#feeds.add(feed);
    return feed;
  }

  /** Another letter; or so many that are only counted. */
  push(letters: readonly DeadLetter[], more = 0): void {
    for (const feed of this.#feeds) feed.push(letters, more);
  }

  /** Ends all feeds. */
  close(): void {
    for (const feed of this.#feeds) void feed.return();
  }
}

class Feed implements DeadLetterFeed {
  readonly #capacity: number;
  readonly #left: () => void;
  readonly #letters: DeadLetter[] = [];
  #missed = 0;
  #ended = false;
  #change: PromiseWithResolvers<void> | undefined;

  constructor(capacity: number, left: () => void) {
    this.#capacity = capacity;
    this.#left = left;
  }

  get missed(): number {
    return this.#missed;
  }

  push(letters: readonly DeadLetter[], more: number): void {
    this.#letters.push(...letters);
    const over = Math.max(0, this.#letters.length - this.#capacity);
    this.#letters.splice(0, over);
    this.#missed += over + more;
    this.#wake();
  }

  async next(): Promise<IteratorResult<DeadLetter, undefined>> {
    while (this.#letters.length === 0) {
      if (this.#ended) return { done: true, value: undefined };
      await (this.#change ??= Promise.withResolvers()).promise;
    }
    return { done: false, value: this.#letters.shift()! };
  }

  return(): Promise<IteratorResult<DeadLetter, undefined>> {
    this.#ended = true;
    this.#left();
    this.#wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #wake(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }
}
