/**
 * One subscription: a bounded buffer between those who publish and the one who reads.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import { Fifo } from "./fifo.ts";
import { LatestEvents } from "./latest_events.ts";
import type { Since } from "./port.ts";
import type { Room } from "./room.ts";

/**
 * What a full buffer does with one event more: give up the oldest, give up the new one, tell the publisher
 * that it was refused, or let the publisher wait. With `conflate`, full or not, an event takes the place of one
 * of the same topic and key that still waits, so that a slow reader gets the latest of each; if there are more of
 * those than it holds, it gives up the oldest.
 */
export type Overflow = "drop-oldest" | "drop-newest" | "reject" | "backpressure" | "conflate";

/** How to subscribe. */
export interface SubscribeOptions {
  /** Members of one group share the events: each goes to one member, the least loaded that matches. */
  readonly group?: string;
  /** How many events wait at most. @default {1024} */
  readonly capacity?: number;
  /** What a full buffer does. @default {"drop-oldest"} */
  readonly overflow?: Overflow;
  /**
   * Begins in the past: with the first event that there is, with a sequence or a time (included), or after the
   * event of an id. Durable topics are read from the log, now and later, and lose nothing; of other topics the
   * broker remembers the last 1,024 events, and no more than 1 MiB of data, and then come live ones. Not
   * together with `group`. @default {from now on}
   */
  readonly since?: Since;
  /**
   * Whether an event on `$sys.advisory.gap` with `{ lost }` comes before the next one that is taken after a full
   * buffer gave up so many. @default {false}
   */
  readonly gaps?: boolean;
  /** Ends the subscription when it aborts; the loop over it ends as if left. */
  readonly signal?: AbortSignal;
}

/** Numbers of one subscription. `offered = taken + dropped + depth + waiting` at any time. */
export interface SubscriptionStats {
  /** Events that matched and were meant for this subscription. */
  readonly offered: number;
  /** Events that its reader took. */
  readonly taken: number;
  /** Events that it lost: dropped, refused, or left behind when it ended. */
  readonly dropped: number;
  /** Events in the buffer. */
  readonly depth: number;
  /** Events whose publishers wait for room. */
  readonly waiting: number;
  /** The greatest depth so far. */
  readonly highWater: number;
}

/** Events of a subscription as they travel: data as JSON text. One reader; a second loop shares the events. */
export interface EncodedSubscription extends AsyncIterable<EncodedEvent>, AsyncDisposable {
  /** The pattern. */
  readonly pattern: string;
  /** The group that it shares events with. */
  readonly group: string | undefined;
  /** Its numbers. */
  readonly stats: SubscriptionStats;
  /**
   * Takes what is buffered, at most `max` events, and no more once their data has `maxLength` characters; waits
   * until there is one.
   *
   * @returns `undefined` once the subscription has ended and its buffer is empty.
   */
  nextBatch(max: number, maxLength?: number): Promise<EncodedEvent[] | undefined>;
  /** An iterator over the events, each converted as it is taken; `return` ends the subscription. */
  iterate<T>(convert: (event: EncodedEvent) => T): AsyncIterator<T, undefined>;
  /** Ends the subscription at once; a group's other members take over what is buffered. */
  close(): void;
}

/** What became of an event; `waits` if its publisher has to wait until there is room. */
export type Offered = "enqueued" | "displaced" | "dropped" | "rejected" | "waits";

/** What the broker gives to a subscription. */
export interface BufferOptions {
  /** The pattern. */
  readonly pattern: string;
  /** The group. */
  readonly group: string | undefined;
  /** How many events wait at most. */
  readonly capacity: number;
  /** What a full buffer does. */
  readonly overflow: Overflow;
  /** How many publishers may wait for room; one more is refused. */
  readonly maxWaiting: number;
  /** The event in the place of so many that were given up; absent if there is to be none. */
  readonly gap: ((lost: number) => EncodedEvent) | undefined;
  /** Called when the reader of a slow subscription has caught up. */
  readonly onRecovered: (subscription: SubscriptionBuffer) => void;
  /** Called once when the reader has left, with what it left behind. */
  readonly onClose: (subscription: SubscriptionBuffer, left: readonly EncodedEvent[]) => void;
}

/** An event whose publisher waits. */
interface Waiting {
  readonly event: EncodedEvent;
  readonly room: Room;
}

/** The buffer of one subscription. */
export class SubscriptionBuffer implements EncodedSubscription {
  readonly pattern: string;
  readonly group: string | undefined;
  readonly capacity: number;
  readonly #options: BufferOptions;
  readonly #buffer: Fifo<EncodedEvent> | LatestEvents;
  readonly #waiting = new Fifo<Waiting>();
  #arrival: PromiseWithResolvers<void> | undefined;
  #state: "open" | "finishing" | "closed" = "open";
  #slow = false;
  #offered = 0;
  #taken = 0;
  #dropped = 0;
  #highWater = 0;
  /** Events that were given up since the reader was told. */
  #lost = 0;

  /** An empty buffer. */
  constructor(options: BufferOptions) {
    this.#options = options;
    this.#buffer = options.overflow === "conflate" ? new LatestEvents() : new Fifo();
    this.pattern = options.pattern;
    this.group = options.group;
    this.capacity = options.capacity;
  }

  /** Whether the buffer overflowed and its reader has not caught up since. */
  get slow(): boolean {
    return this.#slow;
  }

  /** How many events stand before a new one. */
  get load(): number {
    return this.#buffer.size + this.#waiting.size;
  }

  get stats(): SubscriptionStats {
    return {
      offered: this.#offered,
      taken: this.#taken,
      dropped: this.#dropped,
      depth: this.#buffer.size,
      waiting: this.#waiting.size,
      highWater: this.#highWater,
    };
  }

  /** Puts an event into the buffer, as far as there is room; one that `waits` has to be given to `wait`. */
  offer(event: EncodedEvent): Offered {
    this.#offered++;
    if (this.#buffer instanceof LatestEvents && this.#buffer.replace(event)) {
      this.#dropped++;
      return "displaced";
    }
    if (this.#buffer.size < this.capacity) {
      this.#enqueue(event);
      return "enqueued";
    }
    this.#slow = true;
    const { overflow, maxWaiting } = this.#options;
    if (overflow === "backpressure" && this.#waiting.size < maxWaiting) return "waits";
    this.#dropped++;
    this.#lost++;
    if (overflow === "drop-newest") return "dropped";
    if (overflow === "reject" || overflow === "backpressure") return "rejected";
    this.#buffer.shift();
    this.#enqueue(event);
    return "displaced";
  }

  /** Lets an event wait for room. */
  wait(event: EncodedEvent, room: Room): void {
    room.wait();
    this.#waiting.push({ event, room });
  }

  async nextBatch(max: number, maxLength: number = Infinity): Promise<EncodedEvent[] | undefined> {
    while (this.#buffer.size === 0) {
      if (this.#state !== "open") return undefined;
      await this.#nextChange();
    }
    const gap = this.#takeGap();
    const batch = gap === undefined ? [] : [gap];
    const before = batch.length;
    for (let length = 0; batch.length < max && length < maxLength && this.#buffer.size > 0;) {
      const event = this.#buffer.shift()!;
      length += event.data.length;
      batch.push(event);
    }
    this.#took(batch.length - before);
    return batch;
  }

  iterate<T>(convert: (event: EncodedEvent) => T): AsyncIterator<T, undefined> {
    return {
      // What is there is given without an `async` function in between: each would cost a turn of the microtask
      // queue, and a reader must keep up with a publisher that awaits nothing but `publish`.
      next: () => this.#buffer.size > 0 ? settled(() => this.#takeOne(convert)) : this.#nextArrival(convert),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  [Symbol.asyncIterator](): AsyncIterator<EncodedEvent, undefined> {
    return this.iterate((event) => event);
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const left: EncodedEvent[] = [];
    for (let event = this.#buffer.shift(); event !== undefined; event = this.#buffer.shift()) {
      left.push(event);
    }
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      left.push(next.event);
      next.room.admit();
    }
    this.#dropped += left.length;
    this.#wake();
    this.#options.onClose(this, left);
  }

  /** Ends the subscription once its reader has taken what is there. */
  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "finishing";
    this.#admit(Infinity);
    this.#wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #nextArrival<T>(convert: (event: EncodedEvent) => T): Promise<IteratorResult<T, undefined>> {
    while (this.#buffer.size === 0) {
      if (this.#state !== "open") return { done: true, value: undefined };
      await this.#nextChange();
    }
    return this.#takeOne(convert);
  }

  #takeOne<T>(convert: (event: EncodedEvent) => T): IteratorResult<T, undefined> {
    const gap = this.#takeGap();
    if (gap !== undefined) return { done: false, value: convert(gap) };
    const event = this.#buffer.shift()!;
    this.#took(1);
    return { done: false, value: convert(event) };
  }

  /** What tells the reader of events that were given up, once. */
  #takeGap(): EncodedEvent | undefined {
    const { gap } = this.#options;
    if (this.#lost === 0 || gap === undefined) return undefined;
    const event = gap(this.#lost);
    this.#lost = 0;
    return event;
  }

  /** Settles when an event arrives or the subscription ends. */
  #nextChange(): Promise<void> {
    this.#arrival ??= Promise.withResolvers();
    return this.#arrival.promise;
  }

  #enqueue(event: EncodedEvent): void {
    this.#buffer.push(event);
    this.#highWater = Math.max(this.#highWater, this.#buffer.size);
    this.#wake();
  }

  #took(count: number): void {
    this.#taken += count;
    this.#admit(this.capacity);
    if (!this.#slow || this.load * 2 > this.capacity) return;
    this.#slow = false;
    this.#options.onRecovered(this);
  }

  /** Lets events in whose publishers wait, in their order. */
  #admit(capacity: number): void {
    while (this.#waiting.size > 0 && this.#buffer.size < capacity) {
      const { event, room } = this.#waiting.shift()!;
      this.#enqueue(event);
      room.admit();
    }
  }

  #wake(): void {
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }
}

/** The result of `fn` as a promise that has settled; what it throws is a rejection. */
function settled<T>(fn: () => T): Promise<T> {
  try {
    return Promise.resolve(fn());
  } catch (error) {
    return Promise.reject(error);
  }
}
