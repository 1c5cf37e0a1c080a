/**
 * Remembers in which batch events came or went: what is passed on as it came, or to many, is encoded once, and
 * crosses to a thread once however many of its subscriptions get it (structured clone keeps identity).
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import { decodeBatch, encodeBatch, type EventBatch } from "../event/event_batch.ts";

interface Known {
  readonly events: readonly EncodedEvent[];
  readonly batch: EventBatch;
}

/**
 * How many batches are remembered: what waits longer than that is encoded anew. A weak map would remember as long
 * as the events live, at four times the cost in collecting them (measured).
 */
const REMEMBERED = 4;

/** Encodes and decodes, each batch once. */
export class BatchMemo {
  readonly #known: Known[] = [];
  #next = 0;

  /** The events of a batch. */
  decode(batch: EventBatch): readonly EncodedEvent[] {
    return this.#remember(decodeBatch(batch), batch).events;
  }

  /** The batch of events. */
  encode(events: readonly EncodedEvent[]): EventBatch {
    const known = this.#known.find((known) => isSame(known.events, events));
    return (known ?? this.#remember(events, encodeBatch(events))).batch;
  }

  #remember(events: readonly EncodedEvent[], batch: EventBatch): Known {
    const known = { events, batch };
    this.#known[this.#next] = known;
    this.#next = (this.#next + 1) % REMEMBERED;
    return known;
  }
}

function isSame(a: readonly EncodedEvent[], b: readonly EncodedEvent[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
