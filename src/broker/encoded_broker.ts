/**
 * The broker of encoded events: the core, which routes them, and the log, which keeps those of durable topics.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { MillraceError } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import { type EncodedEvent, GAP_TOPIC } from "../event/event.ts";
import { compilePattern } from "../event/topic.ts";
import { eventUnknown, topicCompleted } from "./log_rules.ts";
import { Appends } from "./appends.ts";
import type { ClaimSource } from "./claims.ts";
import type { BrokerCore, Delivery } from "./core.ts";
import type {
  Appended,
  ClaimPage,
  ConsumerInfo,
  ConsumerSettings,
  DeadEvent,
  Durability,
  EventLog,
  Settled,
  Settlement,
  Since,
  TopicInfo,
} from "./port.ts";
import type { Recent } from "./recent_events.ts";
import { assertReplayable, assertSince, isLiteralOf, replayStart } from "./replay_start.ts";
import { ReplayedSubscription, type ReplayStart } from "./replayed_subscription.ts";
import type { EncodedSubscription, SubscribeOptions } from "./subscription.ts";

/** What a broker of encoded events needs. */
export interface EncodedBrokerOptions {
  /** What routes. */
  readonly core: BrokerCore;
  /** What keeps; without it no topic is durable. Whoever opened it closes it. */
  readonly log: EventLog | undefined;
  /** Where ids of the broker's own events come from. */
  readonly ids: IdSource;
  /** The time. */
  readonly clock: Clock;
}

/** What became of an event; its place in the log, if its topic is durable. */
export type KeptDelivery = Delivery & { readonly sequence?: number };

/** How often retention by age is enforced, in ms. */
const PRUNE_EVERY_MS = 10_000;

/** Routes and keeps encoded events. */
export class EncodedBroker {
  readonly #core: BrokerCore;
  readonly #log: EventLog | undefined;
  readonly #ids: IdSource;
  readonly #clock: Clock;
  readonly #durable = new Set<string>();
  readonly #completed = new Set<string>();
  /** Topics that are about to be complete. */
  readonly #ending = new Set<string>();
  readonly #appends: Appends<KeptDelivery> | undefined;
  readonly #missed = new Map<string, number>();
  /** The last sequence that subscribers have been shown. */
  #shown = 0;
  #headAtFirst = 0;
  #loading: Promise<void> | undefined;
  #failure: unknown;
  #duplicates = 0;
  #cancelPrune: Cancel = () => {};
  #closed = false;
  readonly #onClose = new Set<() => void>();

  /** Has to be opened before anything else. */
  constructor({ core, log, ids, clock }: EncodedBrokerOptions) {
    this.#core = core;
    this.#log = log;
    this.#appends = log && new Appends(log, (event, appended) => this.#show(event, appended));
    this.#ids = ids;
    this.#clock = clock;
  }

  /** Learns the topics of the log; what is asked of it until then waits, and throws what this throws. */
  open(): Promise<void> {
    if (this.#log !== undefined) this.#loading = this.#load(this.#log);
    return this.loaded();
  }

  /** Resolves once the topics of the log are known; throws what opening it has thrown. */
  async loaded(): Promise<void> {
    await this.#loading;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Events that the log knew already. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Whether events of a topic are kept. */
  isDurable(topic: string): boolean {
    return this.#durable.has(topic);
  }

  /** Whether a topic takes no more events. */
  isComplete(topic: string): boolean {
    return this.#completed.has(topic) || this.#ending.has(topic);
  }

  /**
   * Keeps an event if its topic is durable, then gives it to everyone who wants it.
   *
   * @param known Whether its id was made for it: then nobody can have had it before.
   * @returns At once, unless it is to be kept.
   */
  deliver(event: EncodedEvent, known: boolean): KeptDelivery | Promise<KeptDelivery> {
    if (this.#loading !== undefined) return this.#loading.then(() => this.deliver(event, known));
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#durable.has(event.topic)) return this.#core.deliver(event, known);
    this.#core.check(event);
    if (this.isComplete(event.topic)) throw topicCompleted(event.topic);
    return this.#appends!.append(event);
  }

  /** Makes a topic known, and durable if it says so. */
  async declare(topic: string, { durable, retention }: Durability): Promise<void> {
    await this.loaded();
    if (durable !== undefined && typeof durable !== "boolean") {
      throw new TypeError(
        `Cannot declare "${topic}" as durable must be true or false: current value is ${durable}`,
      );
    }
    const isDurable = this.#durable.has(topic);
    if (durable === false && isDurable) {
      throw new TypeError(
        `Cannot declare "${topic}" as a durable topic stays durable: current value is false`,
      );
    }
    if (retention !== undefined && durable !== true && !isDurable) {
      throw new TypeError(`Cannot declare "${topic}" as only a durable topic has a retention`);
    }
    this.#core.declare(topic);
    if (durable !== true && retention === undefined) return;
    await this.#kept().declare(topic, retention ?? {});
    this.#durable.add(topic);
  }

  /** Lets a topic take no more events, for ever. */
  async complete(topic: string): Promise<void> {
    await this.loaded();
    if (this.#durable.has(topic)) {
      // What is on its way to the log comes before the end: who reads live has what the log has.
      this.#ending.add(topic);
      await this.#appends!.settled();
      await this.#kept().complete(topic).finally(() => this.#ending.delete(topic));
    }
    this.#core.complete(topic);
    this.#completed.add(topic);
  }

  /** The declared topics that match, sorted. */
  async describeTopics(pattern: string = "**"): Promise<readonly TopicInfo[]> {
    await this.loaded();
    const matches = compilePattern(pattern);
    const logged = new Map((await this.#log?.topics() ?? []).map((one) => [one.topic, one]));
    return this.#core.topics().filter(matches).map((topic) => {
      const completed = this.#completed.has(topic);
      const { retention, events, bytes } = logged.get(topic) ?? {};
      if (retention === undefined) return { topic, completed };
      return { topic, completed, durable: { retention, events: events!, bytes: bytes! } };
    });
  }

  /** Subscribes from now on, or from a place in the past. */
  subscribe(pattern: string, options: SubscribeOptions = {}): EncodedSubscription {
    const { since, signal, ...rest } = options;
    if (since === undefined) return this.#core.subscribe(pattern, options);
    assertReplayable(options);
    const shown = this.#loading === undefined ? this.#shown : undefined;
    const recent = this.#core.recent(pattern, since);
    const close = (): void => replayed.close();
    const replayed = new ReplayedSubscription({
      live: this.#core.subscribeLive(pattern, rest),
      log: this.#log,
      start: () => this.#startOf(pattern, since, recent, shown),
      gap: () => this.#gap(pattern, since),
      onClose: () => signal?.removeEventListener("abort", close),
    });
    signal?.addEventListener("abort", close, { once: true });
    if (signal?.aborted) close();
    return replayed;
  }

  /** Makes a consumer, which begins where `since` says; one that exists goes on where it was. */
  async openConsumer(name: string, settings: ConsumerSettings, since: Since): Promise<ConsumerInfo> {
    await this.loaded();
    assertSince(since);
    const position = await this.#kept().find(since);
    if (position === undefined) throw eventUnknown(since);
    return await this.#kept().openConsumer(name, settings, position);
  }

  /** Throws unless there is a log. */
  assertKeeps(): void {
    this.#kept();
  }

  /** What a member of a consumer claims from. */
  member(name: string): ClaimSource {
    return {
      claim: (max) => this.claim(name, max),
      settle: (settlements) => this.settle(name, settlements),
      watch: (listener) => this.watch(listener),
    };
  }

  /** Claims events, and says which became dead letters instead. */
  async claim(name: string, max: number): Promise<ClaimPage> {
    if (this.#closed) return { claims: [], buried: [], ended: true };
    const page = await this.#kept().claim(name, max);
    for (const letter of page.buried) this.#announceDead(name, letter);
    return page;
  }

  /** Settles claims, and says which are dead letters now. */
  async settle(name: string, settlements: readonly Settlement[]): Promise<readonly Settled[]> {
    const settled = await this.#kept().settle(name, settlements);
    for (const [index, { sequence }] of settlements.entries()) {
      if (settled[index] !== "buried") continue;
      const [letter] = await this.#kept().deadLetters(name, sequence - 1, 1);
      if (letter?.event.sequence === sequence) this.#announceDead(name, letter);
    }
    return settled;
  }

  /** Calls `listener` when there may be more to claim, or the end is there. */
  watch(listener: () => void): () => void {
    const unwatch = this.#kept().watch(listener);
    const own = (): void => listener();
    this.#onClose.add(own);
    return () => {
      this.#onClose.delete(own);
      unwatch();
    };
  }

  /** The consumers. */
  async consumers(): Promise<readonly ConsumerInfo[]> {
    return await this.#log?.consumers() ?? [];
  }

  /** Forgets a consumer. */
  async removeConsumer(name: string): Promise<boolean> {
    this.#missed.delete(name);
    return await this.#kept().removeConsumer(name);
  }

  /** Dead letters of a consumer. */
  async deadLetters(name: string, after: number, max: number): Promise<readonly DeadEvent[]> {
    return await this.#kept().deadLetters(name, after, max);
  }

  /** Delivers dead letters of a consumer anew. */
  async redeliver(name: string, sequences?: readonly number[]): Promise<number> {
    return await this.#kept().redeliver(name, sequences);
  }

  /** Refuses everything from now on; the log stays open. */
  close(): void {
    this.#closed = true;
    this.#cancelPrune();
    this.#core.close();
    for (const listener of [...this.#onClose]) listener();
  }

  async #load(log: EventLog): Promise<void> {
    try {
      const [topics, head, consumers] = await Promise.all([log.topics(), log.head(), log.consumers()]);
      for (const { name, missed } of consumers) this.#missed.set(name, missed);
      for (const { topic, completed } of topics) {
        this.#durable.add(topic);
        this.#core.declare(topic);
        if (!completed) continue;
        this.#core.complete(topic);
        this.#completed.add(topic);
      }
      this.#shown = this.#headAtFirst = head;
      this.#schedulePrune();
    } catch (error) {
      this.#failure = error;
    }
    this.#loading = undefined;
  }

  #kept(): EventLog {
    if (this.#log !== undefined) return this.#log;
    throw new MillraceError(
      "broker/no-log",
      "Cannot keep events as the broker was made without an event log: createBroker({ log })",
      { details: {} },
    );
  }

  /** Delivers what the log has taken. */
  #show(event: EncodedEvent, { sequence, duplicate }: Appended): KeptDelivery {
    if (duplicate) {
      this.#duplicates++;
      return { matched: 0, enqueued: 0, dropped: 0, rejected: 0, duplicate, sequence };
    }
    this.#shown = Math.max(this.#shown, sequence);
    // The log has told that it is new.
    return { ...this.#core.deliver({ ...event, sequence }, true), sequence };
  }

  async #startOf(
    pattern: string,
    since: Since,
    recent: Recent,
    shown: number | undefined,
  ): Promise<ReplayStart> {
    await this.loaded();
    const { events, after, whole } = await replayStart({
      since,
      recent,
      // What is subscribed to before the topics are known begins with what is published after that.
      now: shown ?? this.#headAtFirst,
      log: this.#log,
      keepsAll: isLiteralOf(pattern, this.#durable),
    });
    const first = whole ? events : [this.#gap(pattern, since), ...events];
    return { events: first, after, fromFirst: since === "first" };
  }

  /** Seen by one subscriber only: what lies between where it began and now is not all there. */
  #gap(pattern: string, since: Since): EncodedEvent {
    const data = JSON.stringify({ pattern, since });
    const [id, timeMs] = [this.#ids.next(), this.#clock.now()];
    return { id, topic: GAP_TOPIC, timeMs, source: "broker", data };
  }

  #announceDead(consumer: string, { event: { id, topic, sequence }, reason, tries }: DeadEvent): void {
    this.#core.announce("$sys.advisory.max-deliver", { consumer, id, topic, sequence, tries, reason });
  }

  #schedulePrune(): void {
    if (this.#closed) return;
    this.#cancelPrune = this.#clock.after(PRUNE_EVERY_MS, () => {
      // The log says by itself to whoever uses it what is wrong with it.
      void this.#prune().catch(() => {}).then(() => this.#schedulePrune());
    });
  }

  /** Step by step, so that others have their turns. */
  async #prune(): Promise<void> {
    while (!this.#closed && await this.#kept().prune() > 0);
    for (const { name, missed } of this.#closed ? [] : await this.consumers()) {
      const count = missed - (this.#missed.get(name) ?? 0);
      if (count > 0) this.#core.announce("$sys.advisory.missed", { consumer: name, count });
      this.#missed.set(name, missed);
    }
  }
}
