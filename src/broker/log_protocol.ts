/**
 * What the actor of the event log understands: the port, as messages.
 *
 * @module
 */
import { z } from "zod";
import { protocol } from "../actor/protocol.ts";
import type { WireError } from "../base/errors.ts";
import type { EventBatch } from "../event/event_batch.ts";
import type {
  Appended,
  ClaimPage,
  ConsumerInfo,
  ConsumerSettings,
  DeadEvent,
  LoggedTopic,
  ReadRequest,
  Settled,
  Settlement,
  Since,
  TopicRetention,
} from "./port.ts";

/** Appends that were asked for in one turn. */
export interface Appends {
  /** The events of all of them. */
  readonly batch: EventBatch;
  /** How many each has. */
  readonly counts: readonly number[];
}

/** What became of one append. */
export type AppendOutcome = { readonly appended: readonly Appended[] } | { readonly error: WireError };

/** A page as it travels. */
export interface PackedPage {
  readonly batch: EventBatch;
  readonly position: number;
  readonly missed: boolean;
}

const name = z.string();

/** The event log's protocol. */
export const eventLogProtocol = protocol("event-log", {
  /** Makes a topic durable. */
  declare: { in: z.object({ topic: name, retention: z.custom<TopicRetention>() }), out: z.void() },
  /** The durable topics. */
  topics: { in: z.void(), out: z.array(z.custom<LoggedTopic>()) },
  /** Lets a topic take no more events. */
  complete: { in: name, out: z.void() },
  /** Appends, each by itself. */
  append: { in: z.custom<Appends>(), out: z.array(z.custom<AppendOutcome>()) },
  /** A page. */
  read: { in: z.custom<ReadRequest>(), out: z.custom<PackedPage>() },
  /** After which sequence to read. */
  find: { in: z.custom<Since>(), out: z.number().optional() },
  /** The last sequence. */
  head: { in: z.void(), out: z.number() },
  /** An item whenever something has changed since the last one. */
  news: { in: z.void(), stream: z.null() },
  /** Deletes some of what retention does not keep. */
  prune: { in: z.void(), out: z.number() },
  /** Makes a consumer, or changes its settings. */
  openConsumer: {
    in: z.object({ name, settings: z.custom<ConsumerSettings>(), position: z.number() }),
    out: z.custom<ConsumerInfo>(),
  },
  /** The consumers. */
  consumers: { in: z.void(), out: z.array(z.custom<ConsumerInfo>()) },
  /** Forgets a consumer. */
  removeConsumer: { in: name, out: z.boolean() },
  /** Claims events. */
  claim: { in: z.object({ name, max: z.number() }), out: z.custom<ClaimPage>() },
  /** Settles claims. */
  settle: {
    in: z.object({ name, settlements: z.array(z.custom<Settlement>()) }),
    out: z.array(z.custom<Settled>()),
  },
  /** Dead letters of a consumer. */
  deadLetters: {
    in: z.object({ name, after: z.number(), max: z.number() }),
    out: z.array(z.custom<DeadEvent>()),
  },
  /** Delivers dead letters anew. */
  redeliver: { in: z.object({ name, sequences: z.array(z.number()).optional() }), out: z.number() },
});
