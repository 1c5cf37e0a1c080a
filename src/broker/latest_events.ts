/**
 * A queue in which of each topic and key only the latest event waits.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";

/** First in, first out; what a later event makes obsolete leaves the queue. */
export class LatestEvents {
  /** In the order of publication, as a map keeps that of insertion. */
  readonly #events = new Map<string, EncodedEvent>();

  /** How many events there are. */
  get size(): number {
    return this.#events.size;
  }

  /** Puts an event at the end in place of an earlier one of its topic and key; tells whether there was one. */
  replace(event: EncodedEvent): boolean {
    const name = nameOf(event);
    if (!this.#events.delete(name)) return false;
    this.#events.set(name, event);
    return true;
  }

  /** Puts an event at the end. */
  push(event: EncodedEvent): void {
    this.#events.set(nameOf(event), event);
  }

  /** Takes the event at the front, or `undefined` if there is none. */
  shift(): EncodedEvent | undefined {
    for (const [name, event] of this.#events) {
      this.#events.delete(name);
      return event;
    }
    return undefined;
  }
}

/** No topic has a line break. */
function nameOf({ topic, key }: EncodedEvent): string {
  return key === undefined ? topic : `${topic}\n${key}`;
}
