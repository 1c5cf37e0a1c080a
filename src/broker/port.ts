/**
 * The port of the event log: what durable topics and named consumers stand on.
 *
 * A log is one sequence of events over many topics. It fits a file of our own, a table of PostgreSQL, or a
 * stream of NATS JetStream: everything is asynchronous and in batches, events are known by their id, and who
 * has claimed an event is told from who had claimed it before by a number that only grows.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";

/** How much of a durable topic is kept: what exceeds any of them goes, oldest first. */
export interface TopicRetention {
  /** How long an event is kept, in ms. @default {7 days} */
  readonly maxAgeMs?: number;
  /** How many events are kept. @default {1000000} */
  readonly maxEvents?: number;
  /** How many bytes of events are kept: their data as JSON, id, source, key and trace. @default {268435456} */
  readonly maxBytes?: number;
}

/** A durable topic. */
export interface LoggedTopic {
  /** The topic. */
  readonly topic: string;
  /** How much of it is kept; `Infinity` where there is no limit. */
  readonly retention: Required<TopicRetention>;
  /** Whether it takes no more events. */
  readonly completed: boolean;
  /** Events that are kept now. */
  readonly events: number;
  /** Their bytes. */
  readonly bytes: number;
}

/** What a declaration says of a topic. */
export interface Durability {
  /** Whether its events are kept in the log. */
  readonly durable?: boolean;
  /** How much of them. */
  readonly retention?: TopicRetention;
}

/** A declared topic. */
export interface TopicInfo {
  /** The topic. */
  readonly topic: string;
  /** Whether it takes no more events. */
  readonly completed: boolean;
  /** What is kept of it, if it is durable. */
  readonly durable?: {
    /** How much is kept. */
    readonly retention: Required<TopicRetention>;
    /** Events that are kept now. */
    readonly events: number;
    /** Their bytes. */
    readonly bytes: number;
  };
}

/** An event of the log; its `sequence` is its place there, from 1. */
export type LoggedEvent = EncodedEvent & { readonly sequence: number };

/** What became of an event that was to be appended. */
export interface Appended {
  /** Where it stands; for a duplicate, where the first one stands. */
  readonly sequence: number;
  /** Whether the log has an event of this id: then nothing was written. */
  readonly duplicate: boolean;
}

/** What to read. */
export interface ReadRequest {
  /** The topics. */
  readonly patterns: readonly string[];
  /** Events after this sequence. */
  readonly after: number;
  /** How many at most. */
  readonly max: number;
}

/** Some events in the order of the log. */
export interface LogPage {
  /** The events that match. */
  readonly events: readonly LoggedEvent[];
  /** Where to read on: everything up to here was looked at. Equal to `after` at the end of the log. */
  readonly position: number;
  /** Whether retention has taken events that match, after `after`. */
  readonly missed: boolean;
}

/** Where to begin: all there is, an event, a time (both included), or after the event of an id. */
export type Since =
  | "first"
  | { readonly sequence: number }
  | { readonly timeMs: number }
  | { readonly id: string };

/** How a consumer is served. */
export interface ConsumerSettings {
  /** The topics. */
  readonly patterns: readonly string[];
  /** How long a claim holds: an event that is not settled by then is claimed again. */
  readonly ackWithinMs: number;
  /** How often an event is delivered at most before it becomes a dead letter. */
  readonly maxDeliveries: number;
  /** How many events may be claimed, or wait to be delivered once more, before no new one is. */
  readonly maxInFlight: number;
}

/** A named consumer. */
export interface ConsumerInfo extends ConsumerSettings {
  /** Its name. */
  readonly name: string;
  /** Up to where it has claimed events. */
  readonly position: number;
  /** Events that are claimed or wait to be delivered once more. */
  readonly inFlight: number;
  /** Its dead letters. */
  readonly deadLetters: number;
  /** Events that retention took before they were acknowledged. */
  readonly missed: number;
}

/** An event that was claimed. */
export interface LogClaim {
  /** The event. */
  readonly event: LoggedEvent;
  /** Which delivery of it this is, from 1. */
  readonly tries: number;
  /** Greater than that of every earlier claim of the consumer: who settles must show it. */
  readonly token: number;
}

/** What a consumer got. */
export interface ClaimPage {
  /** Due again first, then new ones, in the order of the log. */
  readonly claims: readonly LogClaim[];
  /** Events that became dead letters, as their last delivery was not settled in time. */
  readonly buried: readonly DeadEvent[];
  /** When to ask again unless there is news: the next event that waits is due then; absent if none waits. */
  readonly nextDueMs?: number;
  /** Whether nothing more will come: all topics that match are complete, and nothing is in flight. */
  readonly ended: boolean;
}

/** How one claim ends, or goes on. */
export interface Settlement {
  /** Of the claim's event. */
  readonly sequence: number;
  /** Of the claim. */
  readonly token: number;
  /**
   * `ack`: done. `retry`: deliver again after `delayMs`. `release`: never looked at, as if not claimed.
   * `reject`: a dead letter. `extend`: the claim holds for its full time from now.
   */
  readonly how: "ack" | "retry" | "release" | "reject" | "extend";
  /** For `retry`. */
  readonly delayMs?: number;
  /** For `reject`, and for a `retry` that was the last one. */
  readonly reason?: string;
}

/** What came of a settlement: done; someone else has claimed the event since; it is a dead letter now. */
export type Settled = "settled" | "lost" | "buried";

/** An event that a consumer could not handle. The log keeps it even when retention takes the event. */
export interface DeadEvent<Event = LoggedEvent> {
  /** The event. */
  readonly event: Event;
  /** Why. */
  readonly reason: string;
  /** How often it was delivered. */
  readonly tries: number;
  /** When it became one, in ms since 1970. */
  readonly timeMs: number;
}

/** How many dead letters a log keeps of one consumer; then the oldest go. */
export const MAX_DEAD_LETTERS = 10_000;

/**
 * A log of events. What was answered survives the end of the process (and of the machine, where the adapter
 * says so). Every call throws `broker/log-closed` once the log is closed, and `store/unavailable` if what it
 * is kept on refuses.
 */
export interface EventLog extends AsyncDisposable {
  /** Makes a topic durable; of one that is durable, changes what `retention` names. */
  declare(topic: string, retention: TopicRetention): Promise<void>;
  /** The durable topics, sorted. */
  topics(): Promise<readonly LoggedTopic[]>;
  /** Lets a topic take no more events, for ever. */
  complete(topic: string): Promise<void>;
  /**
   * Appends events in this order, each unless the log has one of its id. Answered once all are durable; calls
   * are taken, and answered, in their order.
   *
   * @throws {MillraceError} `topic/not-durable`; `topic/completed`; then nothing of the batch was written.
   */
  append(events: readonly EncodedEvent[]): Promise<readonly Appended[]>;
  /** Reads events that were appended. A page may be empty although there are more: read on from its position. */
  read(request: ReadRequest): Promise<LogPage>;
  /** After which sequence to read; `undefined` if no event has the id that was asked for. */
  find(since: Since): Promise<number | undefined>;
  /** The last sequence that was given; 0 at first. */
  head(): Promise<number>;
  /** Calls `listener` after events were appended or a topic was completed, and when consumers may go on. */
  watch(listener: () => void): () => void;
  /** Deletes a limited number of events that retention does not keep; tells how many. */
  prune(): Promise<number>;

  /** Makes a consumer that starts after `position`; one that exists keeps its place and takes the settings. */
  openConsumer(name: string, settings: ConsumerSettings, position: number): Promise<ConsumerInfo>;
  /** The consumers, by name. */
  consumers(): Promise<readonly ConsumerInfo[]>;
  /** Forgets a consumer and its dead letters; tells whether there was one. */
  removeConsumer(name: string): Promise<boolean>;
  /** Claims up to `max` events for a member of a consumer. @throws {MillraceError} `consumer/unknown`. */
  claim(name: string, max: number): Promise<ClaimPage>;
  /** Settles claims, each by itself. @throws {MillraceError} `consumer/unknown`. */
  settle(name: string, settlements: readonly Settlement[]): Promise<readonly Settled[]>;
  /** Dead letters after a sequence, in the order of the log. @throws {MillraceError} `consumer/unknown`. */
  deadLetters(name: string, after: number, max: number): Promise<readonly DeadEvent[]>;
  /** Delivers dead letters anew, all or those of these sequences; tells how many. @throws {MillraceError} `consumer/unknown`. */
  redeliver(name: string, sequences?: readonly number[]): Promise<number>;
}
