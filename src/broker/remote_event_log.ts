/**
 * The event log of another thread. What one turn appends travels as one batch.
 *
 * @module
 */
import type { ActorRef } from "../actor/ref.ts";
import { fromWire } from "../base/errors.ts";
import type { EncodedEvent } from "../event/event.ts";
import { decodeBatch, encodeBatch } from "../event/event_batch.ts";
import type { eventLogProtocol } from "./log_protocol.ts";
import { assertConsumerSettings, DEFAULT_RETENTION, logClosed, mergeRetention } from "./log_rules.ts";
import { NewsReader } from "./news.ts";
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

interface Waiting {
  readonly events: readonly EncodedEvent[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Within the platform an ask ends with the actor, not with the clock. */
const ALWAYS = { timeoutMs: "none" } as const;

/** Speaks to the actor of a log. */
export class RemoteEventLog implements EventLog {
  readonly #actor: ActorRef<typeof eventLogProtocol>;
  readonly #news: NewsReader;
  #waiting: Waiting[] = [];
  #closed = false;

  /** To this actor. */
  constructor(actor: ActorRef<typeof eventLogProtocol>) {
    this.#actor = actor;
    this.#news = new NewsReader(() => actor.stream("news", undefined, { capacity: 1 }));
  }

  declare(topic: string, retention: TopicRetention): Promise<void> {
    return this.#open((actor) => {
      mergeRetention(DEFAULT_RETENTION, retention); // said here, as its class does not cross threads
      return actor.ask("declare", { topic, retention }, ALWAYS);
    });
  }

  topics(): Promise<readonly LoggedTopic[]> {
    return this.#open((actor) => actor.ask("topics", undefined, ALWAYS));
  }

  complete(topic: string): Promise<void> {
    return this.#open((actor) => actor.ask("complete", topic, ALWAYS));
  }

  append(events: readonly EncodedEvent[]): Promise<readonly Appended[]> {
    return this.#open(() =>
      new Promise((resolve, reject) => {
        if (this.#waiting.length === 0) queueMicrotask(() => this.#send());
        this.#waiting.push({ events, resolve, reject });
      })
    );
  }

  read(request: ReadRequest): Promise<LogPage> {
    return this.#open(async (actor) => {
      const { batch, position, missed } = await actor.ask("read", request, ALWAYS);
      return { events: decodeBatch(batch) as LoggedEvent[], position, missed };
    });
  }

  find(since: Since): Promise<number | undefined> {
    return this.#open((actor) => actor.ask("find", since, ALWAYS));
  }

  head(): Promise<number> {
    return this.#open((actor) => actor.ask("head", undefined, ALWAYS));
  }

  watch(listener: () => void): () => void {
    return this.#news.watch(listener);
  }

  prune(): Promise<number> {
    return this.#open((actor) => actor.ask("prune", undefined, ALWAYS));
  }

  openConsumer(name: string, settings: ConsumerSettings, position: number): Promise<ConsumerInfo> {
    return this.#open((actor) => {
      assertConsumerSettings(settings);
      return actor.ask("openConsumer", { name, settings, position }, ALWAYS);
    });
  }

  consumers(): Promise<readonly ConsumerInfo[]> {
    return this.#open((actor) => actor.ask("consumers", undefined, ALWAYS));
  }

  removeConsumer(name: string): Promise<boolean> {
    return this.#open((actor) => actor.ask("removeConsumer", name, ALWAYS));
  }

  claim(name: string, max: number): Promise<ClaimPage> {
    return this.#open((actor) => actor.ask("claim", { name, max }, ALWAYS));
  }

  settle(name: string, settlements: readonly Settlement[]): Promise<readonly Settled[]> {
    return this.#open((actor) => actor.ask("settle", { name, settlements: [...settlements] }, ALWAYS));
  }

  deadLetters(name: string, after: number, max: number): Promise<readonly DeadEvent[]> {
    return this.#open((actor) => actor.ask("deadLetters", { name, after, max }, ALWAYS));
  }

  redeliver(name: string, sequences?: readonly number[]): Promise<number> {
    const which = sequences === undefined ? {} : { sequences: [...sequences] };
    return this.#open((actor) => actor.ask("redeliver", { name, ...which }, ALWAYS));
  }

  /** Asks nothing more; whoever started the actor stops it. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  async #open<T>(ask: (actor: ActorRef<typeof eventLogProtocol>) => Promise<T>): Promise<T> {
    if (this.#closed) throw logClosed();
    return await ask(this.#actor);
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const appends = {
      batch: encodeBatch(waiting.flatMap(({ events }) => events)),
      counts: waiting.map(({ events }) => events.length),
    };
    this.#actor.ask("append", appends, ALWAYS).then(
      (outcomes) => {
        for (const [index, outcome] of outcomes.entries()) {
          const { resolve, reject } = waiting[index]!;
          if ("error" in outcome) reject(fromWire(outcome.error));
          else resolve(outcome.appended);
        }
      },
      (error) => waiting.forEach(({ reject }) => reject(error)),
    );
  }
}
