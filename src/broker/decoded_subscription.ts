/**
 * A subscription whose events carry values.
 *
 * @module
 */
import { decodeEvent, type MillraceEvent } from "../event/event.ts";
import type { EncodedSubscription, SubscriptionStats } from "./subscription.ts";

/** Live events that match a pattern. One reader; a second loop over it shares the events. */
export interface Subscription extends AsyncIterable<MillraceEvent>, AsyncDisposable {
  /** The pattern. */
  readonly pattern: string;
  /** Its numbers: how full it is, what it lost. */
  readonly stats: SubscriptionStats;
  /** Ends it; so does leaving a `for await` over it. */
  close(): void;
}

/** Decodes for each reader anew: no two share an object. */
export class DecodedSubscription implements Subscription {
  readonly #encoded: EncodedSubscription;

  /** Over a subscription of the core. */
  constructor(encoded: EncodedSubscription) {
    this.#encoded = encoded;
  }

  get pattern(): string {
    return this.#encoded.pattern;
  }

  get stats(): SubscriptionStats {
    return this.#encoded.stats;
  }

  close(): void {
    this.#encoded.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<MillraceEvent, undefined> {
    return this.#encoded.iterate(decodeEvent);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
