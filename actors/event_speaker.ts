/**
 * Speaks for the broker of a cast: publishes, subscribes, consumes, declares.
 *
 * @module
 */
import type { ActorRef } from "../src/actor/ref.ts";
import type { Clock } from "../src/base/clock.ts";
import { assertKeys } from "../src/base/names.ts";
import { EventsOf } from "../src/broker/batches.ts";
import type { DeadLettersOptions, TopicOptions } from "../src/broker/broker.ts";
import { Claims, type ClaimSource } from "../src/broker/claims.ts";
import {
  type ConsumeOptions,
  type Consumer,
  consumerSettings,
  deadLettersRange,
  ValueConsumer,
} from "../src/broker/consumer.ts";
import { EventReader, type SubscribeValuesOptions } from "../src/broker/event_reader.ts";
import { DEFAULT_RETENTION, mergeRetention } from "../src/broker/log_rules.ts";
import { NewsReader } from "../src/broker/news.ts";
import type { ConsumerInfo, DeadEvent, TopicInfo } from "../src/broker/port.ts";
import { BATCHES_UNDER_WAY, type brokerProtocol } from "../src/broker/protocol.ts";
import { assertSchema, conform, joinPatterns } from "../src/broker/publication.ts";
import { type AboutEvent, type Accepted, Publisher } from "../src/broker/publisher.ts";
import { assertReplayable } from "../src/broker/replay_start.ts";
import type { SubscribeOptions } from "../src/broker/subscription.ts";
import { decodeEvent, type EncodedEvent, type MillraceEvent } from "../src/event/event.ts";
import { decodeBatch, type EventBatch, readBatch } from "../src/event/event_batch.ts";
import { assertPublishable, parsePattern } from "../src/event/topic.ts";
import { TopicSchemas } from "./topic_schemas.ts";

/** Events of a subscription to the platform. Leaving the loop unsubscribes. */
export interface EventStream<Data = unknown> extends AsyncIterableIterator<MillraceEvent<Data>> {
  /** Events that did not fit the schema of the subscription. */
  readonly misfits: number;
  /** Whether events between where it began (`since`) and now are not there any more; known before the first event. */
  readonly gap: boolean;
}

/** Within the platform an ask ends with the actor, not with the clock. */
const ALWAYS = { timeoutMs: "none" } as const;

/** The events of a platform. */
export class EventSpeaker {
  readonly #broker: ActorRef<typeof brokerProtocol>;
  readonly #clock: Clock;
  readonly #publisher: Publisher;
  readonly #news: NewsReader;
  readonly #schemas: TopicSchemas;

  /** Of this broker. */
  constructor(broker: ActorRef<typeof brokerProtocol>, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
    this.#publisher = new Publisher(broker, clock, { conformed: true });
    this.#schemas = new TopicSchemas(broker);
    this.#news = new NewsReader(() => broker.stream("news", undefined, { capacity: 1 }));
  }

  /** Publishes an event, of the topic's schema if it was declared with one here. */
  publish(topic: string, data: unknown, about: Partial<AboutEvent>): Promise<Accepted> {
    const schema = this.#schemas.get(topic);
    const publish = (value: unknown): Promise<Accepted> =>
      this.#publisher.publish(topic, value, { source: "app", ...about });
    // Without a schema nothing is awaited: a hot loop pays for every promise.
    return schema === undefined ? publish(data) : conform(topic, schema, data).then(publish);
  }

  /** For programs: events as they mean. */
  subscribe<Data>(
    pattern: string | readonly string[],
    options: SubscribeValuesOptions<Data>,
  ): EventStream<Data> {
    const { schema, ...rest } = options;
    assertSchema("a subscription", schema);
    const joined = joinPatterns(pattern);
    parsePattern(joined);
    assertReplayable(rest);
    if (schema === undefined && rest.since === undefined) {
      // Nothing to look at: all data of a batch is parsed at once.
      const events = new EventsOf(this.#batches(joined, rest), readBatch) as AsyncIterableIterator<
        MillraceEvent<Data>
      >;
      return Object.assign(events, { misfits: 0, gap: false });
    }
    const onMisfit = (event: EncodedEvent, issues: readonly string[]): void =>
      void this.#broker.tell("misfit", { event, issues: [...issues] });
    return new EventReader(this.events(joined, rest), options, onMisfit);
  }

  /** For whoever passes events on: events as they travel. */
  events(pattern: string, options: SubscribeOptions): AsyncIterableIterator<EncodedEvent> {
    return new EventsOf(this.#batches(pattern, options), decodeBatch);
  }

  /** The same, so many at a time as have gathered. */
  gathered(pattern: string, options: SubscribeOptions): AsyncIterableIterator<readonly EncodedEvent[]> {
    const batches = this.#batches(pattern, options);
    return {
      async next() {
        const { done, value } = await batches.next();
        return done ? { done, value: undefined } : { done: false, value: decodeBatch(value) };
      },
      async return() {
        await batches.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Joins a consumer. */
  consume<Data>(pattern: string | readonly string[], options: ConsumeOptions<Data>): Consumer<Data> {
    const settings = consumerSettings(joinPatterns(pattern), options);
    return new ValueConsumer(options, async () => {
      const { name, since = "first" } = options;
      await this.#broker.ask("openConsumer", { name, settings, since }, ALWAYS);
      const source: ClaimSource = {
        claim: (max) => this.#broker.ask("claim", { name, max }, ALWAYS),
        settle: (settlements) => this.#broker.ask("settle", { name, settlements: [...settlements] }, ALWAYS),
        watch: (listener) => this.#news.watch(listener),
      };
      return new Claims(source, this.#clock, settings.ackWithinMs);
    });
  }

  /** Makes a topic known. */
  async declareTopic(topic: string, options: TopicOptions): Promise<void> {
    assertKeys("a topic", options, ["schema", "durable", "retention"]);
    assertPublishable(topic);
    const { schema, ...durability } = options;
    assertSchema("a topic", schema);
    // What is wrong with a call is said here, as the class of such an error does not cross threads.
    if (options.retention !== undefined) mergeRetention(DEFAULT_RETENTION, options.retention);
    if (schema !== undefined) this.#schemas.set(topic, schema);
    await this.#broker.ask("declare", { topic, durability, checks: schema !== undefined }, ALWAYS);
  }

  /** The declared topics that match. */
  topics(pattern: string): Promise<readonly TopicInfo[]> {
    return this.#broker.ask("topics", pattern, ALWAYS);
  }

  /** Lets a topic take no more events. */
  async complete(topic: string): Promise<void> {
    assertPublishable(topic);
    this.#publisher.flush();
    await this.#broker.ask("complete", topic, ALWAYS);
  }

  /** The consumers. */
  consumers(): Promise<readonly ConsumerInfo[]> {
    return this.#broker.ask("consumers", undefined, ALWAYS);
  }

  /** Forgets a consumer. */
  removeConsumer(name: string): Promise<boolean> {
    return this.#broker.ask("removeConsumer", name, ALWAYS);
  }

  /** Dead letters of a consumer. */
  async deadLetters(
    name: string,
    options: DeadLettersOptions,
  ): Promise<readonly DeadEvent<MillraceEvent>[]> {
    const { after, max } = deadLettersRange(options);
    const letters = await this.#broker.ask("deadLetters", { name, after, max }, ALWAYS);
    return letters.map((letter) => ({ ...letter, event: decodeEvent(letter.event) }));
  }

  /** Delivers dead letters anew. */
  redeliver(name: string, sequences?: readonly number[]): Promise<number> {
    const which = sequences === undefined ? {} : { sequences: [...sequences] };
    return this.#broker.ask("redeliver", { name, ...which }, ALWAYS);
  }

  #batches(pattern: string, { signal, ...options }: SubscribeOptions): AsyncIterator<EventBatch> {
    const flow = { capacity: BATCHES_UNDER_WAY, ...(signal === undefined ? {} : { signal }) };
    return this.#broker.stream("subscribe", { pattern, options }, flow);
  }
}
