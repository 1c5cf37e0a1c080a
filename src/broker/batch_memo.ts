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

/** Encodes and decodes, each batch once. */
export class BatchMemo {
  /** The last batch that began with an event; it goes when the event does. */
  readonly #known = new WeakMap<EncodedEvent, Known>();

  /** The events of a batch. */
  decode(batch: EventBatch): readonly EncodedEvent[] {
    return this.#remember(decodeBatch(batch), batch).events;
  }

  /** The batch of events. */
  encode(events: readonly EncodedEvent[]): EventBatch {
    const known = events[0] && this.#known.get(events[0]);
    if (known !== undefined && isSame(known.events, events)) return known.batch;
    return this.#remember(events, encodeBatch(events)).batch;
  }

  #remember(events: readonly EncodedEvent[], batch: EventBatch): Known {
    const known = { events, batch };
    if (events[0] !== undefined) this.#known.set(events[0], known);
    return known;
  }
}

function isSame(a: readonly EncodedEvent[], b: readonly EncodedEvent[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
