/**
 * The broker as an application uses it: values in, values out.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { MillraceError } from "../base/errors.ts";
import { createIdSource, type IdSource } from "../base/ids.ts";
import { assertKeys } from "../base/names.ts";
import { type AnySchema, check } from "../base/schema.ts";
import { systemClock } from "../base/system_clock.ts";
import { encodeData } from "../event/event.ts";
import { assertPublishable } from "../event/topic.ts";
import { type BrokerCore, type BrokerStats, createBrokerCore } from "./core.ts";
import { DecodedSubscription, type Subscription } from "./decoded_subscription.ts";
import type { SubscribeOptions } from "./subscription.ts";

/** How to make a broker. */
export interface BrokerOptions {
  /** Where event ids come from. @default {random UUIDv7s} */
  readonly ids?: IdSource;
  /** The time. @default {the machine's} */
  readonly clock?: Clock;
  /** The source of events that name none. @default {"app"} */
  readonly source?: string;
}

/** What else an event carries. */
export interface PublishPatternOptions {
  /** Who publishes. @default {the broker's source} */
  readonly source?: string;
  /** Events of one key go to the same member of a group, in order. */
  readonly key?: string;
  /** How many events led to this one. @default {0} */
  readonly hops?: number;
  /** W3C trace context. */
  readonly traceparent?: string;
}

/** What else an event carries. */
export interface PublishOptions extends PublishPatternOptions {
  /** The same id within two minutes is the same event: nobody gets it again. @default {a new UUIDv7} */
  readonly id?: string;
}

/** What became of an event. */
export interface Published {
  /** The event's id. */
  readonly id: string;
  /** Subscriptions that match; a group counts as one. */
  readonly matched: number;
  /** Subscriptions that have it. */
  readonly enqueued: number;
  /** Events that full buffers gave up for it, itself included. */
  readonly dropped: number;
  /** Whether its id came before: then nobody gets it again. */
  readonly duplicate: boolean;
}

/** What became of the events of one {@linkcode Broker.publishPattern}. */
export interface PublishedToPattern {
  /** The declared topics that match, sorted; each got an event. */
  readonly topics: readonly string[];
  /** Sum over the topics. */
  readonly matched: number;
  /** Sum over the topics. */
  readonly enqueued: number;
  /** Sum over the topics. */
  readonly dropped: number;
}

/** What a topic promises. */
export interface TopicOptions {
  /** What its data must be; subscribers get the schema's output. */
  readonly schema?: AnySchema;
}

/** Routes events by topic to bounded subscriptions. */
export interface Broker extends AsyncDisposable {
  /** Its numbers. */
  readonly stats: BrokerStats;
  /**
   * Publishes an event. Resolves once every matching subscription has it, or has dropped something for it by
   * its own policy; waits only for those that asked for `backpressure`.
   *
   * @throws {MillraceError} `topic/invalid`; `event/reserved-topic`; `event/invalid` if the data is no JSON
   * value or does not fit the topic's schema; `event/too-many-hops`; `broker/overloaded` if a subscription with
   * `overflow: "reject"` was full (all others have the event); `broker/closed`.
   */
  publish(topic: string, data: unknown, options?: PublishOptions): Promise<Published>;
  /**
   * Publishes one event to each declared topic that matches. If none does, it says so by an event on
   * `$sys.advisory.unmatched`. One topic that refuses the event does not keep it from the others.
   *
   * @throws {MillraceError} `pattern/invalid`, and what {@linkcode Broker.publish} throws.
   */
  publishPattern(
    pattern: string,
    data: unknown,
    options?: PublishPatternOptions,
  ): Promise<PublishedToPattern>;
  /**
   * Makes a topic known to {@linkcode Broker.topics} and {@linkcode Broker.publishPattern}. Declaring it again
   * changes only what the options name.
   *
   * @throws {MillraceError} `topic/invalid`; `event/reserved-topic`; `broker/closed`.
   */
  declareTopic(topic: string, options?: TopicOptions): Promise<void>;
  /** The declared topics, or those that match a pattern, sorted. */
  topics(pattern?: string): string[];
  /**
   * Subscribes from now on, not only from the first turn of the loop.
   *
   * @throws {MillraceError} `pattern/invalid`; `broker/closed`.
   * @throws {RangeError} If `capacity` is no positive integer.
   */
  subscribe(pattern: string, options?: SubscribeOptions): Subscription;
  /** Refuses everything from now on; subscriptions end once what is buffered was read. */
  close(): Promise<void>;
}

/**
 * A broker of its own, in this thread.
 *
 * @example Publish and subscribe
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createBroker } from "@millrace/millrace";
 *
 * await using broker = createBroker();
 * const orders = broker.subscribe("sales.*.created");
 * await broker.publish("sales.orders.created", { amount: 12 });
 * for await (const event of orders) {
 *   assertEquals(event.data, { amount: 12 });
 *   break; // leaving the loop unsubscribes
 * }
 * ```
 */
export function createBroker(options: BrokerOptions = {}): Broker {
  assertKeys("a broker", options, ["ids", "clock", "source"]);
  const { clock = systemClock, source = "app" } = options;
  return new ValueBroker(options.ids ?? createIdSource(clock), clock, source);
}

const PUBLISH_PATTERN_KEYS = ["source", "key", "hops", "traceparent"];
const PUBLISH_KEYS = ["id", ...PUBLISH_PATTERN_KEYS];

class ValueBroker implements Broker {
  readonly #ids: IdSource;
  readonly #clock: Clock;
  readonly #source: string;
  readonly #core: BrokerCore;
  readonly #schemas = new Map<string, AnySchema>();

  constructor(ids: IdSource, clock: Clock, source: string) {
    this.#ids = ids;
    this.#clock = clock;
    this.#source = source;
    this.#core = createBrokerCore({ ids, clock });
  }

  get stats(): BrokerStats {
    return this.#core.stats;
  }

  async publish(topic: string, data: unknown, options: PublishOptions = {}): Promise<Published> {
    assertKeys("a publication", options, PUBLISH_KEYS);
    assertPublishable(topic);
    const schema = this.#schemas.get(topic);
    // Without a schema nothing is awaited before the event is delivered: calls keep their order.
    const value = schema === undefined ? data : await this.#conform(topic, schema, data);
    const timeMs = this.#clock.now();
    const { id = this.#ids.next(timeMs), source = this.#source, ...rest } = options;
    const event = { id, topic, timeMs, source, data: encodeData(topic, value), ...rest };
    const isNew = options.id === undefined;
    if (isNew) this.#core.remember(id, 1, timeMs);
    else assertId(id);
    const { matched, enqueued, dropped, rejected, duplicate, room } = this.#core.deliver(event, isNew);
    if (room !== undefined) await room.free;
    if (rejected > 0) throw overloaded(topic, id, rejected);
    return { id, matched, enqueued, dropped, duplicate };
  }

  async publishPattern(
    pattern: string,
    data: unknown,
    options: PublishPatternOptions = {},
  ): Promise<PublishedToPattern> {
    assertKeys("a publication", options, PUBLISH_PATTERN_KEYS);
    const topics = this.topics(pattern);
    if (topics.length === 0) this.#core.announce("$sys.advisory.unmatched", { pattern });
    const all = await Promise.all(topics.map((topic) => this.publish(topic, data, options)));
    const sum = (count: (one: Published) => number): number =>
      all.reduce((total, one) => total + count(one), 0);
    return {
      topics,
      matched: sum((one) => one.matched),
      enqueued: sum((one) => one.enqueued),
      dropped: sum((one) => one.dropped),
    };
  }

  // deno-lint-ignore require-await -- the port is asynchronous, as a durable topic is written to disk
  async declareTopic(topic: string, options: TopicOptions = {}): Promise<void> {
    assertKeys("a topic", options, ["schema"]);
    assertPublishable(topic);
    this.#core.declare(topic);
    if (options.schema !== undefined) this.#schemas.set(topic, options.schema);
  }

  topics(pattern?: string): string[] {
    return this.#core.topics(pattern);
  }

  subscribe(pattern: string, options?: SubscribeOptions): Subscription {
    return new DecodedSubscription(this.#core.subscribe(pattern, options));
  }

  // deno-lint-ignore require-await -- the port is asynchronous, as a durable topic is closed on disk
  async close(): Promise<void> {
    this.#core.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #conform(topic: string, schema: AnySchema, data: unknown): Promise<unknown> {
    const result = await check(schema, data);
    if (result.ok) return result.value;
    const reason = result.issues.join("; ");
    throw new MillraceError(
      "event/invalid",
      `Cannot publish to "${topic}" as the data must fit the topic's schema: ${reason}`,
      { details: { topic, reason } },
    );
  }
}

function assertId(id: unknown): void {
  if (typeof id === "string" && id !== "" && id.length <= 255) return;
  throw new TypeError(`Cannot publish as an id must be a text of 1 to 255 characters: ${JSON.stringify(id)}`);
}

/** The error of a publisher whose event full subscriptions refused; all others have it. */
export function overloaded(topic: string, id: string, rejected: number): MillraceError {
  return new MillraceError(
    "broker/overloaded",
    `Cannot publish to "${topic}" as ${rejected} full subscriptions refuse what they cannot hold: event ${id}`,
    { details: { topic, id, rejected } },
  );
}
