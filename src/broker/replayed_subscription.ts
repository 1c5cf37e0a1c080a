/**
 * A subscription that begins in the past: durable topics are read from the log, always, so that it loses none
 * of their events however slow its reader is; events of other topics are those that the broker remembers, then
 * live ones.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { EventLog } from "./port.ts";
import type { EncodedSubscription, SubscriptionStats } from "./subscription.ts";

/** What a replay is made of. */
export interface ReplayOptions {
  /** Live events of topics that are not durable. */
  readonly live: EncodedSubscription;
  /** Durable topics; absent if there is no log. */
  readonly log: Pick<EventLog, "read" | "watch"> | undefined;
  /** What comes first, and after which sequence the log is read. */
  readonly start: () => Promise<ReplayStart>;
  /** The event that says that some are missing. */
  readonly gap: () => EncodedEvent;
}

/** Where a replay begins. */
export interface ReplayStart {
  /** What comes first. */
  readonly events: readonly EncodedEvent[];
  /** The log is read after this sequence. */
  readonly after: number;
  /** Whether it begins with whatever there is: then nothing before that is missed. */
  readonly fromFirst: boolean;
}

/** A subscription over a log and live events. */
export class ReplayedSubscription implements EncodedSubscription {
  readonly #options: ReplayOptions;
  #started: Promise<void> | undefined;
  #position = 0;
  #fromFirst = false;
  #first: EncodedEvent[] = [];
  #fromLive: EncodedEvent[] = [];
  #awaitsLive = false;
  #liveEnded = false;
  #logsTurn = true;
  #replayed = 0;
  #closed = false;
  #news: PromiseWithResolvers<void> | undefined;
  readonly #unwatch: () => void;
  #reading: Promise<unknown> = Promise.resolve();

  /** Begins with the first read. */
  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#unwatch = options.log?.watch(() => this.#wake()) ?? (() => {});
  }

  get pattern(): string {
    return this.#options.live.pattern;
  }

  get group(): undefined {
    return undefined;
  }

  get stats(): SubscriptionStats {
    const { offered, taken, ...rest } = this.#options.live.stats;
    return { ...rest, offered: offered + this.#replayed, taken: taken + this.#replayed };
  }

  /** One reader after the other, as each asks for what the one before it has left. */
  nextBatch(max: number): Promise<EncodedEvent[] | undefined> {
    const batch = this.#reading.then(() => this.#nextBatch(max));
    this.#reading = batch.catch(() => {});
    return batch;
  }

  iterate<T>(convert: (event: EncodedEvent) => T): AsyncIterator<T, undefined> {
    let batch: EncodedEvent[] = [];
    let turn: Promise<unknown> = Promise.resolve();
    const next = async (): Promise<IteratorResult<T, undefined>> => {
      if (batch.length === 0) batch = (await this.nextBatch(PAGE))?.reverse() ?? [];
      const event = batch.pop();
      return event === undefined || this.#closed
        ? { done: true, value: undefined }
        : { done: false, value: convert(event) };
    };
    return {
      next: () => {
        const result = turn.then(next);
        turn = result.catch(() => {});
        return result;
      },
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  [Symbol.asyncIterator](): AsyncIterator<EncodedEvent, undefined> {
    return this.iterate((event) => event);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unwatch();
    this.#options.live.close();
    this.#wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #nextBatch(max: number): Promise<EncodedEvent[] | undefined> {
    await (this.#started ??= this.#start());
    while (!this.#closed) {
      // Asked for before anything is looked at: what comes meanwhile is not overlooked.
      this.#news ??= Promise.withResolvers();
      const news = this.#news.promise;
      if (this.#first.length > 0) return this.#counted(this.#first.splice(0, max));
      this.#awaitLive(max);
      const ended = this.#liveEnded;
      const batch = await this.#fromEither(max);
      if (batch.length > 0) return batch;
      if (ended && this.#fromLive.length === 0) {
        this.close();
        break;
      }
      if (!ended) await news;
    }
    return undefined;
  }

  /** In turns, so that neither keeps the other waiting. */
  async #fromEither(max: number): Promise<EncodedEvent[]> {
    this.#logsTurn = !this.#logsTurn;
    if (this.#logsTurn && this.#fromLive.length > 0) return this.#fromLive.splice(0, max);
    const logged = await this.#fromLog(max);
    return logged.length > 0 ? this.#counted(logged) : this.#fromLive.splice(0, max);
  }

  async #fromLog(max: number): Promise<EncodedEvent[]> {
    const { log, gap } = this.#options;
    while (log !== undefined && !this.#closed) {
      const before = this.#position;
      const page = await log.read({ patterns: [this.pattern], after: before, max }).catch((error) => {
        // The log was closed under us: nothing more comes.
        if (MillraceError.is(error, "broker/log-closed")) {
          return { events: [], position: before, missed: false };
        }
        throw error;
      });
      this.#position = page.position;
      const missed = page.missed && !this.#fromFirst;
      this.#fromFirst = false;
      if (missed || page.events.length > 0) return missed ? [gap(), ...page.events] : [...page.events];
      if (page.position === before) return [];
    }
    return [];
  }

  async #start(): Promise<void> {
    const { events, after, fromFirst } = await this.#options.start();
    this.#first = [...events];
    this.#position = after;
    this.#fromFirst = fromFirst;
  }

  #awaitLive(max: number): void {
    if (this.#awaitsLive || this.#liveEnded || this.#fromLive.length > 0) return;
    this.#awaitsLive = true;
    void this.#options.live.nextBatch(max).then((batch) => {
      this.#awaitsLive = false;
      if (batch === undefined) this.#liveEnded = true;
      else this.#fromLive.push(...batch);
      this.#wake();
    });
  }

  #counted(events: EncodedEvent[]): EncodedEvent[] {
    this.#replayed += events.length;
    return events;
  }

  #wake(): void {
    this.#news?.resolve();
    this.#news = undefined;
  }
}

/** How many events are asked for at a time. */
const PAGE = 256;
