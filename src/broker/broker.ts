/**
 * The broker as an application uses it: values in, values out.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { createIdSource, type IdSource } from "../base/ids.ts";
import { assertKeys } from "../base/names.ts";
import type { AnySchema } from "../base/schema.ts";
import { systemClock } from "../base/system_clock.ts";
import { decodeEvent, encodeData, type EncodedEvent, type MillraceEvent } from "../event/event.ts";
import { assertPublishable } from "../event/topic.ts";
import { Claims } from "./claims.ts";
import {
  type ConsumeOptions,
  type Consumer,
  consumerSettings,
  deadLettersRange,
  ValueConsumer,
} from "./consumer.ts";
import { type BrokerCore, type BrokerStats, createBrokerCore } from "./core.ts";
import { DecodedSubscription, type Subscription } from "./decoded_subscription.ts";
import type { SubscribeValuesOptions } from "./event_reader.ts";
import { EncodedBroker, type KeptDelivery } from "./encoded_broker.ts";
import type { ConsumerInfo, DeadEvent, EventLog, TopicInfo, TopicRetention } from "./port.ts";
import {
  assertAbout,
  assertSchema,
  conform,
  joinPatterns,
  misfit,
  overloaded,
  PUBLISH_KEYS,
  PUBLISH_PATTERN_KEYS,
} from "./publication.ts";

/** How to make a broker. */
export interface BrokerOptions {
  /** Where event ids come from. @default {random UUIDv7s} */
  readonly ids?: IdSource;
  /** The time. @default {the machine's} */
  readonly clock?: Clock;
  /** The source of events that name none. @default {"app"} */
  readonly source?: string;
  /** Where durable topics and consumers are kept. Whoever opened it closes it, after the broker. @default {none} */
  readonly log?: EventLog;
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
  /**
   * The same id within two minutes, or at least the last 32,768 events if there are more, is the same event: nobody
   * gets it again. On a durable topic it is as long as the event is kept. @default {a new UUIDv7}
   */
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
  /** Its place in the log, if its topic is durable; of a duplicate, that of the first one. */
  readonly sequence?: number;
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
  /**
   * Whether its events are kept in the log: then `publish` resolves once the event is, each id is taken once as
   * long as its event is kept, and subscribers with `since` and consumers can read it at any time. A durable
   * topic stays durable. @default {false}
   */
  readonly durable?: boolean;
  /** How much of a durable topic is kept; oldest first goes what exceeds any of it, read or not. */
  readonly retention?: TopicRetention;
}

/** What dead letters to list. */
export interface DeadLettersOptions {
  /** Those after this sequence. @default {0} */
  readonly after?: number;
  /** At most so many. @default {100} */
  readonly max?: number;
}

/** Routes events by topic to bounded subscriptions. */
export interface Broker extends AsyncDisposable {
  /** Its numbers. */
  readonly stats: BrokerStats;
  /**
   * Publishes an event. Resolves once it is kept, if its topic is durable, and every matching subscription has
   * it, or has dropped something for it by its own policy; waits only for those that asked for `backpressure`. Calls
   * keep their order on a topic, awaited or not, unless its schema takes longer for one than for the next; between
   * topics only calls that are awaited do, as what is kept takes longer.
   *
   * @throws {MillraceError} `topic/invalid`; `topic/completed`; `event/reserved-topic`; `event/invalid` if the data is no JSON
   * value or does not fit the topic's schema; `event/too-many-hops`; `broker/overloaded` if a subscription with
   * `overflow: "reject"` was full (all others have the event); `broker/closed`.
   */
  publish(topic: string, data: unknown, options?: PublishOptions): Promise<Published>;
  /**
   * Publishes one event to each declared topic that matches and is not complete. If none does, it says so by an event on
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
   * changes only what the options name, and does not open a topic again that is complete. What is durable is
   * known to every later broker over the same log; schemas are not.
   *
   * @throws {MillraceError} `topic/invalid`; `event/reserved-topic`; `broker/no-log`; `broker/closed`.
   */
  declareTopic(topic: string, options?: TopicOptions): Promise<void>;
  /**
   * The declared topics, or those that match a pattern, sorted; with those of the log once it has been read,
   * which everything waits for that returns a promise.
   */
  topics(pattern?: string): string[];
  /** The same with what is kept of each. */
  describeTopics(pattern?: string): Promise<readonly TopicInfo[]>;
  /**
   * Lets a topic take no more events, for ever: publishing to it is `topic/completed`. Subscriptions and
   * consumers end once they have what is there, if all declared topics that they match are complete.
   *
   * @throws {MillraceError} `topic/invalid`; `event/reserved-topic`; `broker/closed`.
   */
  complete(topic: string): Promise<void>;
  /**
   * Subscribes to a pattern, or to several: an event that matches more than one comes once. From now on, not
   * only from the first turn of the loop; or from a place in the past (`since`).
   *
   * @throws {MillraceError} `pattern/invalid`; `broker/closed`.
   * @throws {RangeError} If `capacity` is no positive integer.
   */
  subscribe<Data = unknown>(
    pattern: string | readonly string[],
    options?: SubscribeValuesOptions<Data>,
  ): Subscription<Data>;
  /**
   * Joins a named consumer of durable topics, and makes it if it is new. Its place is kept in the log, across
   * restarts. At least once: an event comes again until it is acknowledged, and becomes a dead letter after
   * `maxDeliveries`. Members of one name share the events. Whoever is slow loses none, and slows nobody; only
   * what retention takes before it was claimed is lost, counted in {@linkcode Broker.consumers} and told on
   * `$sys.advisory.missed`.
   *
   * @throws {MillraceError} `pattern/invalid`; `broker/no-log`; from its loop, what the log throws.
   */
  consume<Data = unknown>(
    pattern: string | readonly string[],
    options: ConsumeOptions<Data>,
  ): Consumer<Data>;
  /** The consumers, by name. */
  consumers(): Promise<readonly ConsumerInfo[]>;
  /** Forgets a consumer and its dead letters; tells whether there was one. */
  removeConsumer(name: string): Promise<boolean>;
  /**
   * Events that a consumer could not handle, in the order of the log; each was told on
   * `$sys.advisory.max-deliver`. The log keeps the last 10,000 of each consumer.
   *
   * @throws {MillraceError} `consumer/unknown`; `broker/no-log`.
   */
  deadLetters(
    consumer: string,
    options?: DeadLettersOptions,
  ): Promise<readonly DeadEvent<MillraceEvent>[]>;
  /** Delivers dead letters anew, all or those of these sequences; tells how many. */
  redeliver(consumer: string, sequences?: readonly number[]): Promise<number>;
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
  assertKeys("a broker", options, ["ids", "clock", "source", "log"]);
  const { clock = systemClock, source = "app", log } = options;
  return new ValueBroker(options.ids ?? createIdSource(clock), clock, source, log);
}

class ValueBroker implements Broker {
  readonly #ids: IdSource;
  readonly #clock: Clock;
  readonly #source: string;
  readonly #core: BrokerCore;
  readonly #encoded: EncodedBroker;
  readonly #schemas = new Map<string, AnySchema>();

  constructor(ids: IdSource, clock: Clock, source: string, log: EventLog | undefined) {
    this.#ids = ids;
    this.#clock = clock;
    this.#source = source;
    this.#core = createBrokerCore({ ids, clock });
    this.#encoded = new EncodedBroker({ core: this.#core, log, ids, clock });
    this.#encoded.open().catch(() => {}); // whatever is asked of it next says so
  }

  get stats(): BrokerStats {
    const { duplicates, ...stats } = this.#core.stats;
    return { ...stats, duplicates: duplicates + this.#encoded.duplicates };
  }

  async publish(topic: string, data: unknown, options: PublishOptions = {}): Promise<Published> {
    assertKeys("a publication", options, PUBLISH_KEYS);
    assertPublishable(topic);
    assertAbout(options);
    const schema = this.#schemas.get(topic);
    // Without a schema nothing is awaited before the event is delivered: calls keep their order.
    const value = schema === undefined ? data : await conform(topic, schema, data);
    const timeMs = this.#clock.now();
    const { id = this.#ids.next(timeMs), source = this.#source, ...rest } = options;
    const event = { id, topic, timeMs, source, data: encodeData(topic, value), ...rest };
    const isNew = options.id === undefined;
    if (isNew) this.#core.remember(id, 1, timeMs);
    const delivering = this.#encoded.deliver(event, isNew);
    // Nothing is awaited that is there.
    const delivery: KeptDelivery = delivering instanceof Promise ? await delivering : delivering;
    const { matched, enqueued, dropped, rejected, duplicate, room, sequence } = delivery;
    if (room !== undefined) await room.free;
    if (rejected > 0) throw overloaded(topic, id, rejected);
    return { id, matched, enqueued, dropped, duplicate, ...(sequence === undefined ? {} : { sequence }) };
  }

  async publishPattern(
    pattern: string,
    data: unknown,
    options: PublishPatternOptions = {},
  ): Promise<PublishedToPattern> {
    assertKeys("a publication", options, PUBLISH_PATTERN_KEYS);
    await this.#encoded.loaded();
    const topics = this.topics(pattern).filter((topic) => !this.#encoded.isComplete(topic));
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

  async declareTopic(topic: string, options: TopicOptions = {}): Promise<void> {
    assertKeys("a topic", options, ["schema", "durable", "retention"]);
    assertPublishable(topic);
    const { schema, ...durability } = options;
    assertSchema("a topic", schema);
    await this.#encoded.declare(topic, durability);
    if (schema !== undefined) this.#schemas.set(topic, schema);
  }

  topics(pattern?: string): string[] {
    return this.#core.topics(pattern);
  }

  describeTopics(pattern?: string): Promise<readonly TopicInfo[]> {
    return this.#encoded.describeTopics(pattern);
  }

  async complete(topic: string): Promise<void> {
    assertPublishable(topic);
    await this.#encoded.complete(topic);
  }

  subscribe<Data = unknown>(
    pattern: string | readonly string[],
    options: SubscribeValuesOptions<Data> = {},
  ): Subscription<Data> {
    const { schema, ...rest } = options;
    assertSchema("a subscription", schema);
    const encoded = this.#encoded.subscribe(joinPatterns(pattern), rest);
    return new DecodedSubscription(encoded, options, (event, issues) => this.#buryMisfit(event, issues));
  }

  consume<Data = unknown>(
    pattern: string | readonly string[],
    options: ConsumeOptions<Data>,
  ): Consumer<Data> {
    const settings = consumerSettings(joinPatterns(pattern), options);
    const encoded = this.#encoded;
    encoded.assertKeeps();
    return new ValueConsumer(options, async () => {
      const { name, since = "first" } = options;
      await encoded.openConsumer(name, settings, since);
      return new Claims(encoded.member(name), this.#clock, settings.ackWithinMs);
    });
  }

  consumers(): Promise<readonly ConsumerInfo[]> {
    return this.#encoded.consumers();
  }

  removeConsumer(name: string): Promise<boolean> {
    return this.#encoded.removeConsumer(name);
  }

  async deadLetters(
    consumer: string,
    options: DeadLettersOptions = {},
  ): Promise<readonly DeadEvent<MillraceEvent>[]> {
    const { after, max } = deadLettersRange(options);
    const letters = await this.#encoded.deadLetters(consumer, after, max);
    return letters.map((letter) => ({ ...letter, event: decodeEvent(letter.event) }));
  }

  redeliver(consumer: string, sequences?: readonly number[]): Promise<number> {
    return this.#encoded.redeliver(consumer, sequences);
  }

  // deno-lint-ignore require-await -- the port is asynchronous, as a broker may be far away
  async close(): Promise<void> {
    this.#encoded.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #buryMisfit(event: EncodedEvent, issues: readonly string[]): void {
    this.#core.bury(event, misfit(event.topic, issues));
  }
}
