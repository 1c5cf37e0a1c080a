/**
 * The last events of a broker, for those who come back and ask what they have missed.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import type { Since } from "./port.ts";

/** How many events are remembered at most. */
export const RECENT_EVENTS = 1_024;
/** How long their data may be together, in characters. */
export const RECENT_LENGTH = 1024 * 1024;

/** What there is since a place in the past. */
export interface Recent {
  /** What came after it, in order; events of durable topics carry their sequence. */
  readonly events: readonly EncodedEvent[];
  /** Whether all that came after it is here. */
  readonly whole: boolean;
  /** The last sequence that came before it, if that is known. */
  readonly after?: number;
}

/** A ring of events, bounded by count and length. */
export class RecentEvents {
  readonly #ring: (EncodedEvent | undefined)[] = new Array(RECENT_EVENTS);
  /** How many were ever added, and how many of them are forgotten. */
  #added = 0;
  #forgotten = 0;
  #length = 0;
  #forgottenMs = -Infinity;

  /** Remembers an event, and forgets the oldest for it. */
  add(event: EncodedEvent): void {
    if (this.#added - this.#forgotten === RECENT_EVENTS) this.#forget();
    this.#ring[this.#added++ % RECENT_EVENTS] = event;
    this.#length += event.data.length;
    while (this.#length > RECENT_LENGTH) this.#forget();
  }

  /**
   * What came since. Of a sequence only the log knows: nothing, and that is whole. After an id that is not here
   * came everything that is, or the id is none of ours.
   */
  since(since: Since): Recent {
    const all = this.#all();
    if (since === "first") return { events: all, whole: true };
    if ("sequence" in since) return { events: [], whole: true };
    if ("timeMs" in since) {
      const events = all.filter(({ timeMs }) => timeMs >= since.timeMs);
      return { events, whole: this.#forgottenMs < since.timeMs };
    }
    const index = all.findLastIndex(({ id }) => id === since.id);
    if (index < 0) return { events: all, whole: false };
    const before = all.slice(0, index + 1).findLast(({ sequence }) => sequence !== undefined)?.sequence;
    const next = all.slice(index + 1).find(({ sequence }) => sequence !== undefined)?.sequence;
    const after = before ?? (next === undefined ? undefined : next - 1);
    return { events: all.slice(index + 1), whole: true, ...(after === undefined ? {} : { after }) };
  }

  #all(): EncodedEvent[] {
    const count = this.#added - this.#forgotten;
    return Array.from({ length: count }, (_, n) => this.#ring[(this.#forgotten + n) % RECENT_EVENTS]!);
  }

  #forget(): void {
    const index = this.#forgotten++ % RECENT_EVENTS;
    const { data, timeMs } = this.#ring[index]!;
    this.#ring[index] = undefined;
    this.#length -= data.length;
    this.#forgottenMs = Math.max(this.#forgottenMs, timeMs);
  }
}
