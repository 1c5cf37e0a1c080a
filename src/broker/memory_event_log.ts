/**
 * An event log in memory: for tests and simulations, and for brokers whose topics need not outlive the process.
 * It answers at once and needs no timer, so a simulation with it can be replayed.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { assertKeys } from "../base/names.ts";
import { systemClock } from "../base/system_clock.ts";
import type { EncodedEvent } from "../event/event.ts";
import {
  assertConsumerSettings,
  bytesOf,
  consumerUnknown,
  DEFAULT_RETENTION,
  logClosed,
  matcherOf,
  mergeRetention,
  notDurable,
  PRUNE_STEP,
  topicCompleted,
} from "./log_rules.ts";
import { MemoryConsumer } from "./memory_consumer.ts";
import type {
  Appended,
  ClaimPage,
  ConsumerInfo,
  ConsumerSettings,
  DeadEvent,
  EventLog,
  LoggedEvent,
  LoggedTopic,
  LogPage,
  ReadRequest,
  Settled,
  Settlement,
  Since,
  TopicRetention,
} from "./port.ts";

/** How to open an event log in memory. */
export interface MemoryEventLogOptions {
  /** The time. @default {the machine's} */
  readonly clock?: Clock;
}

interface Kept {
  readonly event: LoggedEvent;
  readonly loggedMs: number;
  readonly bytes: number;
}

interface Topic {
  retention: Required<TopicRetention>;
  completed: boolean;
  /** The last sequence that retention has taken. */
  prunedTo: number;
}

/** Keeps a log in memory, with the semantics of the durable ones. */
export class MemoryEventLog implements EventLog {
  readonly #clock: Clock;
  readonly #topics = new Map<string, Topic>();
  readonly #consumers = new Map<string, MemoryConsumer>();
  readonly #listeners = new Set<() => void>();
  readonly #sequences = new Map<string, number>();
  #kept: Kept[] = [];
  #head = 0;
  #lastMs = 0;
  #closed = false;

  /** An empty log. */
  constructor(options: MemoryEventLogOptions = {}) {
    assertKeys("an event log in memory", options, ["clock"]);
    this.#clock = options.clock ?? systemClock;
  }

  /** Makes a topic durable, or changes what is kept of it. */
  declare(topic: string, retention: TopicRetention): Promise<void> {
    return this.#attempt(() => {
      const known = this.#topics.get(topic);
      const merged = mergeRetention(known?.retention ?? DEFAULT_RETENTION, retention);
      this.#topics.set(topic, { completed: false, prunedTo: 0, ...known, retention: merged });
    });
  }

  /** The durable topics. */
  topics(): Promise<readonly LoggedTopic[]> {
    return this.#attempt(() =>
      [...this.#topics].sort(([a], [b]) => a < b ? -1 : 1).map(([topic, { retention, completed }]) => {
        const kept = this.#kept.filter(({ event }) => event.topic === topic);
        const bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
        return { topic, retention, completed, events: kept.length, bytes };
      })
    );
  }

  /** Lets a topic take no more events. */
  complete(topic: string): Promise<void> {
    return this.#attempt(() => {
      const known = this.#topics.get(topic);
      if (known === undefined) throw notDurable(topic);
      known.completed = true;
      this.#changed();
    });
  }

  /** Appends events, each unless its id is known. */
  append(events: readonly EncodedEvent[]): Promise<readonly Appended[]> {
    return this.#attempt(() => {
      for (const { topic } of events) {
        const known = this.#topics.get(topic);
        if (known === undefined) throw notDurable(topic);
        if (known.completed) throw topicCompleted(topic);
      }
      const before = this.#head;
      const appended = events.map((event) => this.#append(event));
      if (this.#head > before) this.#changed();
      return appended;
    });
  }

  /** Reads events. */
  read({ patterns, after, max }: ReadRequest): Promise<LogPage> {
    return this.#attempt(() => this.#read(matcherOf(patterns), after, max));
  }

  /** After which sequence to read. */
  find(since: Since): Promise<number | undefined> {
    return this.#attempt(() => {
      if (since === "first") return 0;
      if ("sequence" in since) return Math.min(Math.max(since.sequence - 1, 0), this.#head);
      if ("id" in since) return this.#sequences.get(since.id);
      const first = this.#kept.find(({ loggedMs }) => loggedMs >= since.timeMs);
      return first === undefined ? this.#head : first.event.sequence - 1;
    });
  }

  /** The last sequence. */
  head(): Promise<number> {
    return this.#attempt(() => this.#head);
  }

  /** Calls `listener` after changes. */
  watch(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Deletes what retention does not keep. */
  prune(): Promise<number> {
    return this.#attempt(() => {
      const doomed = [...this.#topics].flatMap(([topic, { retention }]) => this.#excess(topic, retention))
        .slice(0, PRUNE_STEP);
      if (doomed.length === 0) return 0;
      for (const { event } of doomed) {
        this.#sequences.delete(event.id);
        this.#topics.get(event.topic)!.prunedTo = event.sequence;
      }
      for (const consumer of this.#consumers.values()) consumer.forget(doomed.map(({ event }) => event));
      const gone = new Set(doomed);
      this.#kept = this.#kept.filter((one) => !gone.has(one));
      return doomed.length;
    });
  }

  /** Makes a consumer, or changes its settings. */
  openConsumer(name: string, settings: ConsumerSettings, position: number): Promise<ConsumerInfo> {
    return this.#attempt(() => {
      assertConsumerSettings(settings);
      const known = this.#consumers.get(name);
      const consumer = known ?? new MemoryConsumer(name, settings, position);
      consumer.use(settings);
      this.#consumers.set(name, consumer);
      return consumer.info;
    });
  }

  /** The consumers. */
  consumers(): Promise<readonly ConsumerInfo[]> {
    return this.#attempt(() =>
      [...this.#consumers].sort(([a], [b]) => a < b ? -1 : 1).map(([, { info }]) => info)
    );
  }

  /** Forgets a consumer. */
  removeConsumer(name: string): Promise<boolean> {
    return this.#attempt(() => this.#consumers.delete(name));
  }

  /** Claims events. */
  claim(name: string, max: number): Promise<ClaimPage> {
    return this.#attempt(() => {
      const consumer = this.#consumer(name);
      const read = (after: number, count: number) => this.#read(consumer.matches, after, count);
      const page = consumer.claim(max, this.#clock.now(), read);
      return { ...page, ended: page.ended && this.#isComplete(consumer.matches) };
    });
  }

  /** Settles claims. */
  settle(name: string, settlements: readonly Settlement[]): Promise<readonly Settled[]> {
    return this.#attempt(() => {
      const consumer = this.#consumer(name);
      const settled = settlements.map((one) => consumer.settle(one, this.#clock.now()));
      this.#changed();
      return settled;
    });
  }

  /** Dead letters of a consumer. */
  deadLetters(name: string, after: number, max: number): Promise<readonly DeadEvent[]> {
    return this.#attempt(() => this.#consumer(name).deadLetters(after, max));
  }

  /** Delivers dead letters anew. */
  redeliver(name: string, sequences?: readonly number[]): Promise<number> {
    return this.#attempt(() => {
      const count = this.#consumer(name).redeliver(this.#clock.now(), sequences);
      this.#changed();
      return count;
    });
  }

  /** Forgets everything. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#changed(); // who waits asks once more, and learns of the end
    this.#listeners.clear();
    return Promise.resolve();
  }

  #append(event: EncodedEvent): Appended {
    const known = this.#sequences.get(event.id);
    if (known !== undefined) return { sequence: known, duplicate: true };
    const sequence = ++this.#head;
    // Times of a log never go back, so that it can be read from a time on.
    this.#lastMs = Math.max(this.#lastMs, this.#clock.now());
    this.#kept.push({ event: { ...event, sequence }, loggedMs: this.#lastMs, bytes: bytesOf(event) });
    this.#sequences.set(event.id, sequence);
    return { sequence, duplicate: false };
  }

  #read(matches: (topic: string) => boolean, after: number, max: number): LogPage {
    const events: LoggedEvent[] = [];
    for (let index = this.#indexAfter(after); index < this.#kept.length && events.length < max; index++) {
      const { event } = this.#kept[index]!;
      if (matches(event.topic)) events.push(event);
    }
    const position = events.length >= max ? events.at(-1)?.sequence ?? after : Math.max(after, this.#head);
    const missed = [...this.#topics].some(([topic, { prunedTo }]) => prunedTo > after && matches(topic));
    return { events, position, missed };
  }

  /** Where the first event after a sequence is; they are in order, so it is halved. */
  #indexAfter(sequence: number): number {
    let [low, high] = [0, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#kept[middle]!.event.sequence > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** What a topic has beyond its retention, oldest first. */
  #excess(topic: string, { maxAgeMs, maxEvents, maxBytes }: Required<TopicRetention>): Kept[] {
    const kept = this.#kept.filter(({ event }) => event.topic === topic);
    const oldestMs = this.#clock.now() - maxAgeMs;
    let [count, bytes] = [kept.length, kept.reduce((sum, one) => sum + one.bytes, 0)];
    const excess: Kept[] = [];
    for (const one of kept) {
      if (count <= maxEvents && bytes <= maxBytes && one.loggedMs >= oldestMs) break;
      excess.push(one);
      [count, bytes] = [count - 1, bytes - one.bytes];
    }
    return excess;
  }

  #isComplete(matches: (topic: string) => boolean): boolean {
    const topics = [...this.#topics].filter(([topic]) => matches(topic));
    return topics.length > 0 && topics.every(([, { completed }]) => completed);
  }

  #consumer(name: string): MemoryConsumer {
    const consumer = this.#consumers.get(name);
    if (consumer === undefined) throw consumerUnknown(name);
    return consumer;
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #attempt<T>(fn: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#closed) throw logClosed();
      resolve(fn());
    });
  }
}

/** Opens an empty event log in memory: durable topics that end with the process. */
export function openMemoryEventLog(options: MemoryEventLogOptions = {}): Promise<MemoryEventLog> {
  return new Promise((resolve) => resolve(new MemoryEventLog(options)));
}
