/**
 * The two ends of a subscription between threads: batches of what has gathered leave, events arrive.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import type { EventBatch } from "../event/event_batch.ts";
import { MAX_BATCH, MAX_BATCH_LENGTH } from "./protocol.ts";
import type { EncodedSubscription } from "./subscription.ts";

/** What a subscription has, in batches; leaving ends it. */
export function batchesOf(
  subscription: EncodedSubscription,
  encode: (events: readonly EncodedEvent[]) => EventBatch,
): AsyncIterableIterator<EventBatch> {
  return {
    async next() {
      const events = await subscription.nextBatch(MAX_BATCH, MAX_BATCH_LENGTH);
      return events === undefined ? { done: true, value: undefined } : { done: false, value: encode(events) };
    },
    return() {
      subscription.close();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The events of batches, one by one. `next()` may be called before it has answered. */
export class EventsOf<T> implements AsyncIterableIterator<T> {
  readonly #batches: AsyncIterator<EventBatch>;
  readonly #read: (batch: EventBatch) => readonly T[];
  #events: readonly T[] = [];
  #next = 0;
  /** The batch that is on its way; its answer says whether there are any more. */
  #coming: Promise<boolean> | undefined;
  #left = false;

  /** Reads the events of each batch when its first one is taken. */
  constructor(batches: AsyncIterator<EventBatch>, read: (batch: EventBatch) => readonly T[]) {
    this.#batches = batches;
    this.#read = read;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    // What is there is given without an `async` function in between, which would cost as much as the event.
    if (this.#next < this.#events.length) {
      return Promise.resolve({ done: false, value: this.#events[this.#next++]! });
    }
    return this.#nextOfMore();
  }

  /** Leaves the subscription. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#left = true;
    this.#events = [];
    await this.#batches.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #nextOfMore(): Promise<IteratorResult<T, undefined>> {
    while (this.#next >= this.#events.length) {
      this.#coming ??= this.#take();
      if (!await this.#coming) return { done: true, value: undefined };
    }
    return { done: false, value: this.#events[this.#next++]! };
  }

  async #take(): Promise<boolean> {
    try {
      const { done, value } = await this.#batches.next();
      if (done || this.#left) return false;
      this.#events = this.#read(value);
      this.#next = 0;
      return true;
    } finally {
      this.#coming = undefined;
    }
  }
}
