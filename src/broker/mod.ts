/**
 * The broker: takes events and gives each to everyone whose pattern matches its topic.
 *
 * What holds:
 *
 * - Delivery is at most once; each subscription gets the events of one publisher in their order.
 * - Every subscription is bounded. A slow reader loses its own oldest events by default, counted, with one
 *   event on `$sys.advisory.slow` and, once it has caught up, one on `$sys.advisory.recovered`; it never
 *   delays another reader, and delays publishers only if it asked for `backpressure`.
 * - `offered = taken + dropped + depth + waiting` for every subscription, at any time.
 * - Members of a group share the events; what a leaving member has not read goes to the others.
 * - Durable topics are kept in an {@linkcode EventLog}: published is kept; each id is taken once; subscribers with
 *   `since` and named consumers read them at their own speed and lose nothing but what retention takes, and that
 *   they are told. Consumers have each event at least once.
 * - An event whose id came within the last two minutes (and the last 32,768 ids at least) reaches nobody.
 * - The core never opens the data of an event: {@linkcode createBrokerCore} forwards encoded ones.
 *
 * @example Share the work
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createBroker } from "@millrace/millrace";
 *
 * await using broker = createBroker();
 * const one = broker.subscribe("jobs.**", { group: "workers" });
 * const two = broker.subscribe("jobs.**", { group: "workers" });
 * await broker.publish("jobs.resize", { image: 1 });
 * await broker.publish("jobs.resize", { image: 2 });
 * assertEquals([one.stats.depth, two.stats.depth], [1, 1]);
 * ```
 *
 * @example Keep events, and work through them
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createBroker, openSqliteEventLog } from "@millrace/millrace";
 *
 * await using log = await openSqliteEventLog({ path: `${await Deno.makeTempDir()}/events.db` });
 * await using broker = createBroker({ log });
 * await broker.declareTopic("orders.created", { durable: true, retention: { maxEvents: 10_000 } });
 * await broker.publish("orders.created", { amount: 12 }); // kept
 * for await (const claim of broker.consume("orders.**", { name: "billing" })) {
 *   assertEquals(claim.event.data, { amount: 12 });
 *   await claim.ack(); // or retry({ delayMs }), reject(reason); else it comes again
 *   break;
 * }
 * for await (const event of broker.subscribe("orders.**", { since: "first" })) {
 *   assertEquals(event.sequence, 1);
 *   break;
 * }
 * ```
 *
 * @module
 */
export {
  type Broker,
  type BrokerOptions,
  createBroker,
  type DeadLettersOptions,
  type Published,
  type PublishedToPattern,
  type PublishOptions,
  type PublishPatternOptions,
  type TopicOptions,
} from "./broker.ts";
export {
  type BrokerCore,
  type BrokerCoreOptions,
  type BrokerStats,
  createBrokerCore,
  DEFAULT_CAPACITY,
  type Delivery,
} from "./core.ts";
export { DEFAULT_RETENTION } from "./log_rules.ts";
export { MemoryEventLog, type MemoryEventLogOptions, openMemoryEventLog } from "./memory_event_log.ts";
export type {
  Appended,
  ClaimPage,
  ConsumerInfo,
  ConsumerSettings,
  DeadEvent,
  EventLog,
  LogClaim,
  LoggedEvent,
  LoggedTopic,
  LogPage,
  ReadRequest,
  Settled,
  Settlement,
  Since,
  TopicInfo,
  TopicRetention,
} from "./port.ts";
export { openSqliteEventLog, SqliteEventLog, type SqliteEventLogOptions } from "./sqlite_event_log.ts";
export type { Claim, ConsumeOptions, Consumer, RetryOptions } from "./consumer.ts";
export type { Subscription } from "./decoded_subscription.ts";
export type { SubscribeValuesOptions } from "./event_reader.ts";
export {
  type EncodedSubscription,
  type Overflow,
  type SubscribeOptions,
  type SubscriptionStats,
} from "./subscription.ts";
