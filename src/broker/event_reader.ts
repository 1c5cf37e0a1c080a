/**
 * Reads events as values: converts what fits a schema, and notices what is missing.
 *
 * @module
 */
import { checked, type Schema } from "../base/schema.ts";
import { decodeEvent, type EncodedEvent, GAP_TOPIC, type MillraceEvent } from "../event/event.ts";
import type { SubscribeOptions } from "./subscription.ts";

/** How to subscribe to values. */
export interface SubscribeValuesOptions<Data = unknown> extends SubscribeOptions {
  /**
   * Checks and converts the data of each event. One that does not fit becomes a dead letter on
   * `$sys.deadletter`, is counted as a misfit, and the loop goes on.
   */
  // deno-lint-ignore no-explicit-any -- whatever the schema takes
  readonly schema?: Schema<any, Data>;
}

/** Told of events that do not fit the schema. */
export type OnMisfit = (event: EncodedEvent, issues: readonly string[]) => void;

/** An iterator over values. One reader. */
export class EventReader<Data> implements AsyncIterableIterator<MillraceEvent<Data>> {
  readonly #events: AsyncIterator<EncodedEvent, undefined>;
  readonly #options: SubscribeValuesOptions<Data>;
  readonly #onMisfit: OnMisfit;
  #misfits = 0;
  #gap = false;

  /** Over encoded events. */
  constructor(
    events: AsyncIterator<EncodedEvent, undefined>,
    options: SubscribeValuesOptions<Data>,
    onMisfit: OnMisfit,
  ) {
    this.#events = events;
    this.#options = options;
    this.#onMisfit = onMisfit;
  }

  /** Events that did not fit. */
  get misfits(): number {
    return this.#misfits;
  }

  /** Whether events are missing between where it began and now. */
  get gap(): boolean {
    return this.#gap;
  }

  async next(): Promise<IteratorResult<MillraceEvent<Data>, undefined>> {
    const { schema, since, gaps = false } = this.#options;
    while (true) {
      const { done, value: event } = await this.#events.next();
      if (done) return { done, value: undefined };
      if (event.topic === GAP_TOPIC && (since !== undefined || gaps)) {
        this.#gap = true;
        if (!gaps) continue;
        return { done: false, value: decodeEvent<Data>(event) };
      }
      const decoded = decodeEvent<Data>(event);
      if (schema === undefined) return { done: false, value: decoded };
      const fit = checked(await schema["~standard"].validate(decoded.data));
      if (fit.ok) return { done: false, value: { ...decoded, data: fit.value } };
      this.#misfits++;
      this.#onMisfit(event, fit.issues);
    }
  }

  async return(): Promise<IteratorResult<MillraceEvent<Data>, undefined>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
