/**
 * Topics whose schema lives in another thread: what tasks and triggers publish there is held against it by whoever
 * declared it, before anybody sees it.
 *
 * @module
 */
import { fromWire, MillraceError, type WireError } from "../base/errors.ts";
import type { EncodedEvent } from "../event/event.ts";

/** Data that is to be held against the schema of its topic. */
export interface TopicCheck {
  /** By which it is answered. */
  readonly ticket: number;
  /** The topic. */
  readonly topic: string;
  /** The data, as JSON. */
  readonly data: string;
}

/** What came of a check: the data as the schema gives it, as JSON, or why it does not fit. */
export type TopicVerdict =
  | { readonly ticket: number; readonly data: string }
  | { readonly ticket: number; readonly error: WireError };

interface Open {
  readonly event: EncodedEvent;
  readonly settled: PromiseWithResolvers<EncodedEvent>;
}

/** The checks of one broker; those who publish wait for them, so there are never more than they allow. */
export class TopicChecks {
  readonly #topics = new Set<string>();
  readonly #open = new Map<number, Open>();
  #asked: TopicCheck[] = [];
  #news = Promise.withResolvers<void>();
  #next = 1;
  #closed = false;

  /** From now on events of this topic are checked. */
  add(topic: string): void {
    this.#topics.add(topic);
  }

  /** Whether events of this topic are checked. */
  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /**
   * The event as the topic's schema gives it.
   *
   * @throws {MillraceError} `event/invalid`; `broker/closed`.
   */
  conform(event: EncodedEvent): Promise<EncodedEvent> {
    const settled = Promise.withResolvers<EncodedEvent>();
    if (this.#closed) settled.reject(closed());
    else {
      const ticket = this.#next++;
      this.#open.set(ticket, { event, settled });
      this.#asked.push({ ticket, topic: event.topic, data: event.data });
      this.#news.resolve();
    }
    return settled.promise;
  }

  /** What is to be checked, for whoever has the schemas; ends with the broker. */
  async *asked(): AsyncGenerator<readonly TopicCheck[]> {
    while (!this.#closed) {
      await this.#news.promise;
      this.#news = Promise.withResolvers();
      const asked = this.#asked;
      this.#asked = [];
      if (asked.length > 0) yield asked;
    }
  }

  /** Takes the answer to a check. */
  answer(verdict: TopicVerdict): void {
    const open = this.#open.get(verdict.ticket);
    if (open === undefined) return;
    this.#open.delete(verdict.ticket);
    if ("error" in verdict) open.settled.reject(fromWire(verdict.error));
    else open.settled.resolve({ ...open.event, data: verdict.data });
  }

  /** Nobody will answer any more. */
  close(): void {
    this.#closed = true;
    for (const { settled } of this.#open.values()) settled.reject(closed());
    this.#open.clear();
    this.#news.resolve();
  }
}

function closed(): MillraceError {
  return new MillraceError("broker/closed", "Cannot publish as the broker is closed", { details: {} });
}
