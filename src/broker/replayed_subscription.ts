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
  /** Called once when it is closed. */
  readonly onClose: () => void;
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
  /** What the broker remembered: before anything else, as live events of the same topics come after it. */
  #remembered: EncodedEvent[] = [];
  /** A page of the log. */
  #past: EncodedEvent[] = [];
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
  nextBatch(max: number, maxLength: number = Infinity): Promise<EncodedEvent[] | undefined> {
    const batch = this.#reading.then(() => this.#nextBatch(max, maxLength));
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
    this.#options.onClose();
    this.#wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #nextBatch(max: number, maxLength: number): Promise<EncodedEvent[] | undefined> {
    await (this.#started ??= this.#start());
    while (!this.#closed) {
      // Asked for before anything is looked at: what comes meanwhile is not overlooked.
      this.#news ??= Promise.withResolvers();
      const news = this.#news.promise;
      this.#awaitLive();
      const ended = this.#liveEnded;
      await this.#fetch(max);
      // From the log and live in turns, so that neither keeps the other waiting.
      this.#logsTurn = !this.#logsTurn;
      const sources = this.#logsTurn ? [this.#past, this.#fromLive] : [this.#fromLive, this.#past];
      const source = [this.#remembered, ...sources].find(({ length }) => length > 0);
      if (source !== undefined) return this.#cut(source, max, maxLength);
      if (ended) {
        this.close();
        break;
      }
      await news;
    }
    return undefined;
  }

  #cut(source: EncodedEvent[], max: number, maxLength: number): EncodedEvent[] {
    let count = 0;
    for (let length = 0; count < Math.min(max, source.length) && length < maxLength; count++) {
      length += source[count]!.data.length;
    }
    if (source !== this.#fromLive) this.#replayed += count;
    return source.splice(0, count);
  }

  /** Reads the next page of the log, if the last one is used up. */
  async #fetch(max: number): Promise<void> {
    const { log, gap } = this.#options;
    while (log !== undefined && this.#past.length === 0 && !this.#closed) {
      const before = this.#position;
      const page = await log.read({ patterns: [this.pattern], after: before, max }).catch((error) => {
        // The log was closed under us: nothing more comes.
        if (MillraceError.is(error, "broker/log-closed")) {
          return { events: [], position: before, missed: false };
        }
        throw error;
      });
      this.#position = page.position;
      if (page.missed && !this.#fromFirst) this.#past.push(gap());
      this.#fromFirst = false;
      this.#past.push(...page.events);
      if (page.position === before) return;
    }
  }

  async #start(): Promise<void> {
    const { events, after, fromFirst } = await this.#options.start();
    this.#remembered = [...events];
    this.#position = after;
    this.#fromFirst = fromFirst;
  }

  #awaitLive(): void {
    if (this.#awaitsLive || this.#liveEnded || this.#fromLive.length > 0) return;
    this.#awaitsLive = true;
    void this.#options.live.nextBatch(PAGE).then((batch) => {
      this.#awaitsLive = false;
      if (batch === undefined) this.#liveEnded = true;
      else this.#fromLive.push(...batch);
      this.#wake();
    });
  }

  #wake(): void {
    this.#news?.resolve();
    this.#news = undefined;
  }
}

/** How many events are asked for at a time. */
const PAGE = 256;
