/**
 * What the broker actor understands.
 *
 * @module
 */
import { z } from "zod";
import { protocol } from "../actor/protocol.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { EventBatch } from "../event/event_batch.ts";
import type { Fire } from "../trigger/port.ts";
import type { PackedOutcomes } from "./outcome.ts";
import type {
  ClaimPage,
  ConsumerInfo,
  ConsumerSettings,
  DeadEvent,
  Durability,
  Settled,
  Settlement,
  Since,
  TopicInfo,
} from "./port.ts";
import type { SubscribeOptions } from "./subscription.ts";
import type { TopicCheck, TopicVerdict } from "./topic_checks.ts";

/** How many events travel in one batch at most: 256 wake the other thread too often, 1,024 too seldom (measured). */
export const MAX_BATCH = 512;
/** How many characters of data a batch takes before it is closed. */
export const MAX_BATCH_LENGTH = 256 * 1024;
/** How many batches of a subscription are on their way at once: one is read while the next one comes. */
export const BATCHES_UNDER_WAY = 2;

const event = z.custom<EncodedEvent>((value) =>
  isObject(value) && typeof value.id === "string" && typeof value.topic === "string" &&
  typeof value.data === "string"
);
const batch = z.custom<EventBatch>((value) =>
  isObject(value) && typeof value.heads === "string" && typeof value.data === "string"
);
const outcomes = z.custom<PackedOutcomes>((value) => isObject(value) && Array.isArray(value.runs));

/** The broker's protocol. */
export const brokerProtocol = protocol("broker", {
  /**
   * Publishes events; answered once what they start is journalled, and everyone has them who had room. Whoever
   * wants to know when those have them who had none asks for `room`. The ids of `fresh` events were made for them;
   * those that are `conformed` are as the schemas of their topics want them.
   */
  publish: { in: z.object({ batch, fresh: z.boolean(), conformed: z.boolean() }), out: outcomes },
  /**
   * Answered with which events of a batch have had room since they were asked about last, once there is one; with
   * those that no more is known about, `ended`.
   */
  room: { in: z.number(), out: z.object({ free: z.array(z.number()), ended: z.boolean() }) },
  /** Publishes an event that a trigger fired; answered once what it starts is journalled. */
  fire: { in: z.object({ event, fire: z.custom<Fire>() }), out: z.object({ runIds: z.array(z.string()) }) },
  /** Shows events that are accepted already. */
  deliver: { in: batch },
  /** Replaces the patterns of the topics whose events must be accepted by the orchestrator first. */
  interest: { in: z.array(z.string()) },
  /** Refuses everything from now on: who waits for room stops waiting, subscriptions end. */
  halt: { in: z.void(), out: z.void() },
  /** Learns what the event log knows; first of all. */
  open: { in: z.void(), out: z.void() },
  /** Makes a topic known; one that `checks` has a schema, which whoever reads `checks` holds events against. */
  declare: {
    in: z.object({ topic: z.string(), durability: z.custom<Durability>(), checks: z.boolean() }),
    out: z.void(),
  },
  /** What tasks and triggers publish to topics that have a schema. */
  checks: { in: z.void(), stream: z.array(z.custom<TopicCheck>()) },
  /** What came of the checks. */
  checked: { in: z.array(z.custom<TopicVerdict>()) },
  /** Lets a topic take no more events. */
  complete: { in: z.string(), out: z.void() },
  /** The declared topics that match a pattern. */
  topics: { in: z.string(), out: z.array(z.custom<TopicInfo>()) },
  /** An event did not fit the schema of its subscriber. */
  misfit: { in: z.object({ event, issues: z.array(z.string()) }) },
  /** Makes a consumer, or changes its settings. */
  openConsumer: {
    in: z.object({
      name: z.string(),
      settings: z.custom<ConsumerSettings>(),
      since: z.custom<Since>(),
    }),
    out: z.custom<ConsumerInfo>(),
  },
  /** The consumers. */
  consumers: { in: z.void(), out: z.array(z.custom<ConsumerInfo>()) },
  /** Forgets a consumer. */
  removeConsumer: { in: z.string(), out: z.boolean() },
  /** Claims events for a member of a consumer. */
  claim: { in: z.object({ name: z.string(), max: z.number() }), out: z.custom<ClaimPage>() },
  /** Settles claims. */
  settle: {
    in: z.object({ name: z.string(), settlements: z.array(z.custom<Settlement>()) }),
    out: z.array(z.custom<Settled>()),
  },
  /** Dead letters of a consumer. */
  deadLetters: {
    in: z.object({ name: z.string(), after: z.number(), max: z.number() }),
    out: z.array(z.custom<DeadEvent>()),
  },
  /** Delivers dead letters of a consumer anew. */
  redeliver: {
    in: z.object({ name: z.string(), sequences: z.array(z.number()).optional() }),
    out: z.number(),
  },
  /** An item whenever there may be more to claim. */
  news: { in: z.void(), stream: z.null() },
  /** Events from now on, or from a place in the past. */
  subscribe: {
    in: z.object({ pattern: z.string(), options: z.custom<Omit<SubscribeOptions, "signal">>().optional() }),
    stream: batch,
  },
});

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
