/**
 * A subscription whose events carry values.
 *
 * @module
 */
import { checked, type Schema } from "../base/schema.ts";
import { decodeEvent, type EncodedEvent, type MillraceEvent } from "../event/event.ts";
import {
  type EncodedSubscription,
  GAP_TOPIC,
  type SubscribeOptions,
  type SubscriptionStats,
} from "./subscription.ts";

/** How to subscribe to values. */
export interface SubscribeValuesOptions<Data = unknown> extends SubscribeOptions {
  /**
   * Checks and converts the data of each event. One that does not fit becomes a dead letter on
   * `$sys.deadletter`, is counted as a misfit, and the loop goes on.
   */
  // deno-lint-ignore no-explicit-any -- whatever the schema takes
  readonly schema?: Schema<any, Data>;
}

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
  readonly #options: SubscribeValuesOptions<Data>;
  readonly #onMisfit: (event: EncodedEvent, issues: readonly string[]) => void;
  #misfits = 0;
  #gap = false;

  /** Over a subscription of the core; `onMisfit` is told of events that do not fit the schema. */
  constructor(
    encoded: EncodedSubscription,
    options: SubscribeValuesOptions<Data>,
    onMisfit: (event: EncodedEvent, issues: readonly string[]) => void,
  ) {
    this.#encoded = encoded;
    this.#options = options;
    this.#onMisfit = onMisfit;
  }

  get pattern(): string {
    return this.#encoded.pattern;
  }

  get stats(): SubscriptionStats {
    return this.#encoded.stats;
  }

  get misfits(): number {
    return this.#misfits;
  }

  get gap(): boolean {
    return this.#gap;
  }

  close(): void {
    this.#encoded.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<MillraceEvent<Data>, undefined> {
    const { schema, since } = this.#options;
    // Nothing to look at: no function of ours between the reader and the buffer.
    if (schema === undefined && since === undefined) return this.#encoded.iterate(decodeEvent<Data>);
    const encoded = this.#encoded.iterate((event) => event);
    return {
      next: () => this.#nextFit(encoded),
      return: async () => {
        this.close();
        return await Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #nextFit(
    encoded: AsyncIterator<EncodedEvent, undefined>,
  ): Promise<IteratorResult<MillraceEvent<Data>, undefined>> {
    const { schema } = this.#options;
    while (true) {
      const { done, value: event } = await encoded.next();
      if (done) return { done, value: undefined };
      if (event.topic === GAP_TOPIC && this.#options.since !== undefined) {
        this.#gap = true;
        continue;
      }
      const decoded = decodeEvent<Data>(event);
      if (schema === undefined) return { done: false, value: decoded };
      const fit = checked(await schema["~standard"].validate(decoded.data));
      if (fit.ok) return { done: false, value: { ...decoded, data: fit.value } };
      this.#misfits++;
      this.#onMisfit(event, fit.issues);
    }
  }
}
