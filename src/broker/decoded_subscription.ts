/**
 * A subscription whose events carry values.
 *
 * @module
 */
import { decodeEvent, type MillraceEvent } from "../event/event.ts";
import { EventReader, type OnMisfit, type SubscribeValuesOptions } from "./event_reader.ts";
import type { EncodedSubscription, SubscriptionStats } from "./subscription.ts";

/** Events that match a pattern. One reader; a second loop over it shares the events. */
export interface Subscription<Data = unknown> extends AsyncIterable<MillraceEvent<Data>>, AsyncDisposable {
  /** The pattern. */
  readonly pattern: string;
  /** Its numbers: how full it is, what it lost. */
  readonly stats: SubscriptionStats;
  /** Events that did not fit its schema. */
  readonly misfits: number;
  /** Whether events between where it began (`since`) and now are not there any more; known before the first event. */
  readonly gap: boolean;
  /** Ends it; so does leaving a `for await` over it. */
  close(): void;
}

/** Decodes for each reader anew: no two share an object. */
export class DecodedSubscription<Data> implements Subscription<Data> {
  readonly #encoded: EncodedSubscription;
  /** Looks at what it reads; absent if there is nothing to look at. */
  readonly #reader: EventReader<Data> | undefined;

  /** Over a subscription of the core; `onMisfit` is told of events that do not fit the schema. */
  constructor(encoded: EncodedSubscription, options: SubscribeValuesOptions<Data>, onMisfit: OnMisfit) {
    this.#encoded = encoded;
    if (options.schema === undefined && options.since === undefined) return;
    this.#reader = new EventReader(encoded.iterate((event) => event), options, onMisfit);
  }

  get pattern(): string {
    return this.#encoded.pattern;
  }

  get stats(): SubscriptionStats {
    return this.#encoded.stats;
  }

  get misfits(): number {
    return this.#reader?.misfits ?? 0;
  }

  get gap(): boolean {
    return this.#reader?.gap ?? false;
  }

  close(): void {
    this.#encoded.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<MillraceEvent<Data>, undefined> {
    return this.#reader ?? this.#encoded.iterate(decodeEvent<Data>);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
