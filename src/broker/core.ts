/**
 * The core of the broker: routes events whose data it never opens.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { MillraceError, toWire } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import { assertKeys } from "../base/names.ts";
import { assertHops, type EncodedEvent, GAP_TOPIC } from "../event/event.ts";
import { createTopicMatcher, type TopicMatcher } from "../event/matcher.ts";
import { assertTopic, compilePattern } from "../event/topic.ts";
import { DedupeWindow, type Ids } from "./dedupe_window.ts";
import { chooseMember, type Member } from "./group.ts";
import { topicCompleted } from "./log_rules.ts";
import type { Since } from "./port.ts";
import { type Recent, RecentEvents } from "./recent_events.ts";
import { Room } from "./room.ts";
import {
  type EncodedSubscription,
  type Overflow,
  type SubscribeOptions,
  SubscriptionBuffer,
} from "./subscription.ts";

/** What became of an event. */
export interface Delivery {
  /** Subscriptions that match; a group counts as one. */
  readonly matched: number;
  /** Subscriptions that have it now, or will as soon as they have room. */
  readonly enqueued: number;
  /** Events that full buffers gave up for it, itself included. */
  readonly dropped: number;
  /** Full subscriptions that refused it (`overflow: "reject"`). */
  readonly rejected: number;
  /** Whether an event of this id came before, within the window: then nobody gets it again. */
  readonly duplicate: boolean;
  /** What `backpressure` subscriptions have no room for yet; absent if all have it at once. */
  readonly room?: Room;
}

/** Numbers of a broker. */
export interface BrokerStats {
  /** Events that were delivered, to however many subscriptions. */
  readonly delivered: number;
  /** Events dropped because their id came before. */
  readonly duplicates: number;
  /** Events that became dead letters. */
  readonly deadLetters: number;
  /** Subscriptions there are. */
  readonly subscriptions: number;
}

/** Routes events to subscriptions by topic. Synchronous: `deliver` has put the event where it belongs. */
export interface BrokerCore {
  /** Its numbers. */
  readonly stats: BrokerStats;
  /**
   * Gives an event to everyone who wants it. A slow reader delays nobody else. One whose id is `known` to be
   * remembered is not looked up.
   *
   * @throws {MillraceError} `topic/invalid`; `topic/completed`; `broker/closed`; `event/too-many-hops`, and then the event has
   * become a dead letter: an event on `$sys.deadletter` with `{ error, event }`.
   */
  deliver(event: EncodedEvent, known?: boolean): Delivery;
  /** Remembers ids that were made for events to be delivered, so that nobody can have had them before. */
  remember(ids: Ids, count: number, nowMs: number): void;
  /**
   * Subscribes from now on.
   *
   * @throws {MillraceError} `pattern/invalid`; `broker/closed`.
   * @throws {RangeError} If `capacity` is no positive integer.
   */
  subscribe(pattern: string, options?: SubscribeOptions): EncodedSubscription;
  /**
   * Throws what {@linkcode BrokerCore.deliver} would throw: of an event that has to be kept before it is
   * delivered.
   */
  check(event: EncodedEvent): void;
  /** The same for events without a sequence only: those of topics that are not durable. */
  subscribeLive(pattern: string, options?: SubscribeOptions): EncodedSubscription;
  /** What was delivered since, as far as it is remembered. */
  recent(pattern: string, since: Since): Recent;
  /** Makes an event a dead letter: an event on `$sys.deadletter` with `{ error, event }`. */
  bury(event: EncodedEvent, error: unknown): void;
  /** Makes a topic known to {@linkcode BrokerCore.topics}; declaring it again changes nothing. */
  declare(topic: string): void;
  /**
   * Lets a topic take no more events, for ever. Subscriptions end once their readers have taken what is there,
   * if all declared topics that they match are complete.
   */
  complete(topic: string): void;
  /** The declared topics, or those that match a pattern, sorted. */
  topics(pattern?: string): string[];
  /** Publishes an event of the broker's own; does nothing once it is closed. */
  announce(topic: string, data: unknown): void;
  /** Refuses everything from now on; readers still get what is buffered. */
  close(): void;
}

/** What a broker core needs. */
export interface BrokerCoreOptions {
  /** Where ids of the broker's own events come from. */
  readonly ids: IdSource;
  /** The time. */
  readonly clock: Clock;
  /** How long an id is remembered, in ms. @default {120000} */
  readonly dedupeWindowMs?: number;
  /** How many publishers may wait for one `backpressure` subscription. @default {no limit} */
  readonly maxWaiting?: number;
}

/** How many events a subscription holds by default. */
export const DEFAULT_CAPACITY = 1024;

const OVERFLOWS: readonly Overflow[] = ["drop-oldest", "drop-newest", "reject", "backpressure", "conflate"];
const DUPLICATE: Delivery = { matched: 0, enqueued: 0, dropped: 0, rejected: 0, duplicate: true };

/** A broker core without subscriptions. */
export function createBrokerCore(options: BrokerCoreOptions): BrokerCore {
  return new Core(options);
}

class Core implements BrokerCore {
  readonly #ids: IdSource;
  readonly #clock: Clock;
  readonly #window: DedupeWindow;
  readonly #maxWaiting: number;
  readonly #matcher = createTopicMatcher<Member>();
  readonly #members = new Map<SubscriptionBuffer, Member & { readonly leave: () => void }>();
  /** Those that take no durable events, as they read them from the log. */
  readonly #live = createTopicMatcher<Member>();
  readonly #recent = new RecentEvents();
  /** Declared topics that take events. */
  readonly #open = new Set<string>();
  readonly #completed = new Set<string>();
  #closed = false;
  /** How many subscriptions are in a group. */
  #grouped = 0;
  #turn = 0;
  #delivered = 0;
  #duplicates = 0;
  #deadLetters = 0;

  constructor(options: BrokerCoreOptions) {
    this.#ids = options.ids;
    this.#clock = options.clock;
    this.#window = new DedupeWindow(options.dedupeWindowMs);
    this.#maxWaiting = options.maxWaiting ?? Infinity;
  }

  get stats(): BrokerStats {
    return {
      delivered: this.#delivered,
      duplicates: this.#duplicates,
      deadLetters: this.#deadLetters,
      subscriptions: this.#members.size,
    };
  }

  deliver(event: EncodedEvent, known: boolean = false): Delivery {
    this.#assertOpen("publish");
    const members = this.#membersFor(event);
    if (this.#completed.size > 0) this.#assertTakes(event.topic);
    if (event.hops !== undefined) this.#assertHops(event);
    if (!known && !this.#window.admit(event.id, this.#clock.now())) {
      this.#duplicates++;
      return DUPLICATE;
    }
    this.#delivered++;
    this.#recent.add(event);
    return this.#fanOut(event, members);
  }

  check(event: EncodedEvent): void {
    this.#assertOpen("publish");
    this.#assertTakes(event.topic);
    this.#assertHops(event);
  }

  recent(pattern: string, since: Since): Recent {
    const { events, ...rest } = this.#recent.since(since);
    const matches = compilePattern(pattern);
    return { ...rest, events: events.filter(({ topic }) => matches(topic)) };
  }

  remember(ids: Ids, count: number, nowMs: number): void {
    this.#window.note(ids, count, nowMs);
  }

  subscribe(pattern: string, options?: SubscribeOptions): EncodedSubscription {
    return this.#subscribe(this.#matcher, pattern, options);
  }

  subscribeLive(pattern: string, options?: SubscribeOptions): EncodedSubscription {
    return this.#subscribe(this.#live, pattern, options);
  }

  #subscribe(
    matcher: TopicMatcher<Member>,
    pattern: string,
    options: SubscribeOptions = {},
  ): EncodedSubscription {
    this.#assertOpen("subscribe");
    const { group, capacity, overflow, gaps, signal } = readOptions(options);
    const buffer = new SubscriptionBuffer({
      pattern,
      group,
      capacity,
      overflow,
      maxWaiting: this.#maxWaiting,
      gap: gaps ? (lost) => this.#own(GAP_TOPIC, { pattern, lost }) : undefined,
      onRecovered: (buffer) => this.#advise("recovered", buffer),
      onClose: (buffer, left) => this.#leave(buffer, left),
    });
    const member: Member = { buffer, number: this.#turn++, lastTurn: 0 };
    const remove = matcher.add(pattern, member);
    const close = (): void => buffer.close();
    signal?.addEventListener("abort", close, { once: true });
    const leave = (): void => {
      remove();
      signal?.removeEventListener("abort", close);
    };
    this.#members.set(buffer, Object.assign(member, { leave }));
    if (group !== undefined) this.#grouped++;
    if (signal?.aborted) buffer.close();
    if (this.#isOver(pattern)) this.#finish(buffer);
    return buffer;
  }

  declare(topic: string): void {
    this.#assertOpen("declare a topic");
    assertTopic(topic);
    if (!this.#completed.has(topic)) this.#open.add(topic);
  }

  complete(topic: string): void {
    this.declare(topic);
    this.#completed.add(topic);
    this.#open.delete(topic);
    for (const matcher of [this.#matcher, this.#live]) {
      for (const { buffer } of matcher.match(topic)) if (this.#isOver(buffer.pattern)) this.#finish(buffer);
    }
  }

  topics(pattern?: string): string[] {
    const all = [...this.#open, ...this.#completed].sort();
    return pattern === undefined ? all : all.filter(compilePattern(pattern));
  }

  bury(event: EncodedEvent, error: unknown): void {
    this.#deadLetters++;
    const { code, message, details } = toWire(error);
    this.announce("$sys.deadletter", { error: { code, message, details }, event });
  }

  announce(topic: string, data: unknown): void {
    if (this.#closed) return;
    const event = this.#own(topic, data);
    this.#fanOut(event, this.#membersFor(event));
  }

  close(): void {
    this.#closed = true;
    for (const buffer of [...this.#members.keys()]) this.#finish(buffer);
  }

  /** An event of the broker itself. */
  #own(topic: string, data: unknown): EncodedEvent {
    const [id, timeMs] = [this.#ids.next(), this.#clock.now()];
    return { id, topic, timeMs, source: "broker", data: JSON.stringify(data) };
  }

  #membersFor({ topic, sequence }: EncodedEvent): readonly Member[] {
    const members = this.#matcher.match(topic);
    if (sequence !== undefined || this.#live.size === 0) return members;
    const live = this.#live.match(topic);
    return live.length === 0 ? members : [...members, ...live];
  }

  /** Whether nothing more can come: topics are declared that match, and all of them are complete. */
  #isOver(pattern: string): boolean {
    if (this.#completed.size === 0) return false;
    if (!/[*|]/.test(pattern)) return this.#completed.has(pattern);
    const matches = compilePattern(pattern);
    return !this.#open.values().some(matches) && this.#completed.values().some(matches);
  }

  /** Lets a reader take what is there, and no more. */
  #finish(buffer: SubscriptionBuffer): void {
    this.#members.get(buffer)?.leave();
    this.#members.delete(buffer);
    buffer.finish();
  }

  #fanOut(event: EncodedEvent, members: readonly Member[]): Delivery {
    const receivers = this.#grouped > 0 && members.some(({ buffer }) => buffer.group !== undefined)
      ? oneOfEachGroup(members, event)
      : members;
    let [enqueued, dropped, rejected] = [0, 0, 0];
    let room: Room | undefined;
    let slowed: SubscriptionBuffer[] | undefined;
    for (let index = 0; index < receivers.length; index++) {
      const member = receivers[index]!;
      const { buffer } = member;
      const wasSlow = buffer.slow;
      const offered = buffer.offer(event);
      member.lastTurn = ++this.#turn;
      if (offered === "enqueued") {
        enqueued++;
        continue;
      }
      if (offered === "rejected") rejected++;
      if (offered === "dropped" || offered === "displaced") dropped++;
      if (offered === "displaced" || offered === "waits") enqueued++;
      if (offered === "waits") buffer.wait(event, room ??= new Room());
      if (buffer.slow && !wasSlow) (slowed ??= []).push(buffer);
    }
    // Only now, so that an advisory never comes between an event and its later receivers.
    slowed?.forEach((buffer) => this.#advise("slow", buffer));
    const delivery = { matched: receivers.length, enqueued, dropped, rejected, duplicate: false };
    return room === undefined ? delivery : { ...delivery, room };
  }

  /** Takes a reader out; what it left goes to the rest of its group. */
  #leave(buffer: SubscriptionBuffer, left: readonly EncodedEvent[]): void {
    this.#members.get(buffer)?.leave();
    this.#members.delete(buffer);
    if (buffer.group === undefined) return;
    this.#grouped--;
    if (this.#closed) return;
    for (const event of left) {
      const rest = this.#matcher.match(event.topic).filter((member) => member.buffer.group === buffer.group);
      if (rest.length > 0) this.#fanOut(event, rest);
    }
  }

  #advise(kind: "slow" | "recovered", buffer: SubscriptionBuffer): void {
    const { pattern, group, capacity, stats: { depth, dropped, waiting } } = buffer;
    this.announce(`$sys.advisory.${kind}`, { pattern, group, capacity, depth, waiting, dropped });
  }

  #assertHops(event: EncodedEvent): void {
    try {
      assertHops(event);
    } catch (error) {
      this.bury(event, error);
      throw error;
    }
  }

  #assertTakes(topic: string): void {
    if (this.#completed.has(topic)) throw topicCompleted(topic);
  }

  #assertOpen(verb: string): void {
    if (!this.#closed) return;
    throw new MillraceError("broker/closed", `Cannot ${verb} as the broker is closed`, { details: {} });
  }
}

/** Everyone who is in no group, and one member of each group. */
function oneOfEachGroup(members: readonly Member[], event: EncodedEvent): Member[] {
  const groups = new Map<string, Member[]>();
  const receivers: Member[] = [];
  for (const member of members) {
    const { group } = member.buffer;
    if (group === undefined) receivers.push(member);
    else if (groups.has(group)) groups.get(group)!.push(member);
    else groups.set(group, [member]);
  }
  for (const group of groups.values()) receivers.push(chooseMember(group, event));
  return receivers;
}

function readOptions(options: SubscribeOptions): {
  readonly group: string | undefined;
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly gaps: boolean;
  readonly signal: AbortSignal | undefined;
} {
  assertKeys("a subscription", options, ["group", "capacity", "overflow", "gaps", "signal"]);
  const { group, capacity = DEFAULT_CAPACITY, overflow = "drop-oldest", gaps = false, signal } = options;
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(
      `Cannot subscribe as "capacity" must be a positive integer: current value is ${capacity}`,
    );
  }
  if (!OVERFLOWS.includes(overflow)) {
    throw new TypeError(
      `Cannot subscribe as "overflow" must be one of ${OVERFLOWS.join(", ")}: current value is ${overflow}`,
    );
  }
  return { group, capacity, overflow, gaps, signal };
}
