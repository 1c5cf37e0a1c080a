/**
 * A named consumer in memory: who has claimed what, until when, and what nobody could handle.
 *
 * @module
 */
import { matcherOf, unsettledReason } from "./log_rules.ts";
import {
  type ClaimPage,
  type ConsumerInfo,
  type ConsumerSettings,
  type DeadEvent,
  type LogClaim,
  type LoggedEvent,
  type LogPage,
  MAX_DEAD_LETTERS,
  type Settled,
  type Settlement,
} from "./port.ts";

/** An event between its first claim and its end. */
interface Pending {
  readonly event: LoggedEvent;
  readonly tries: number;
  readonly dueMs: number;
  /** Of the claim that holds; 0 if none does. */
  readonly token: number;
}

/** The state of one consumer. */
export class MemoryConsumer {
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  readonly #dead = new Map<number, DeadEvent>();
  #settings: ConsumerSettings;
  #position: number;
  #token = 0;
  #missed = 0;
  /** Whether a topic is one of its. */
  matches: (topic: string) => boolean;

  /** A consumer that has claimed nothing. */
  constructor(name: string, settings: ConsumerSettings, position: number) {
    this.#name = name;
    this.#settings = settings;
    this.#position = position;
    this.matches = matcherOf(settings.patterns);
  }

  /** Its numbers. */
  get info(): ConsumerInfo {
    return {
      name: this.#name,
      ...this.#settings,
      position: this.#position,
      inFlight: this.#pending.size,
      deadLetters: this.#dead.size,
      missed: this.#missed,
    };
  }

  /** Takes other settings from now on. */
  use(settings: ConsumerSettings): void {
    this.#settings = settings;
    this.matches = matcherOf(settings.patterns);
  }

  /** Claims what is due again, then new events; `ended` says that there is nothing more for now. */
  claim(max: number, nowMs: number, read: (after: number, max: number) => LogPage): ClaimPage {
    const { maxDeliveries, maxInFlight } = this.#settings;
    const claims: LogClaim[] = [];
    const buried: DeadEvent[] = [];
    for (const one of this.#due(nowMs).slice(0, max)) {
      if (one.tries >= maxDeliveries) buried.push(this.#bury(one, unsettledReason(one.tries), nowMs));
      else claims.push(this.#take(one.event, one.tries + 1, nowMs));
    }
    const room = Math.min(max - claims.length - buried.length, maxInFlight - this.#pending.size);
    if (room > 0) {
      const page = read(this.#position, room);
      this.#position = page.position;
      for (const event of page.events) claims.push(this.#take(event, 1, nowMs));
    }
    const dueMs = Math.min(...[...this.#pending.values()].map((one) => one.dueMs));
    const ended = room > 0 && this.#pending.size === 0;
    return { claims, buried, ended, ...(dueMs === Infinity ? {} : { nextDueMs: dueMs }) };
  }

  /** Settles one claim. */
  settle({ sequence, token, how, delayMs = 0, reason }: Settlement, nowMs: number): Settled {
    const one = this.#pending.get(sequence);
    if (one === undefined || one.token !== token) return "lost";
    const { ackWithinMs, maxDeliveries } = this.#settings;
    if (how === "reject" || how === "retry" && one.tries >= maxDeliveries) {
      this.#bury(one, reason ?? unsettledReason(one.tries), nowMs);
      return "buried";
    }
    if (how === "ack") this.#pending.delete(sequence);
    else if (how === "extend") this.#pending.set(sequence, { ...one, dueMs: nowMs + ackWithinMs });
    else if (how === "retry") this.#pending.set(sequence, { ...one, token: 0, dueMs: nowMs + delayMs });
    else this.#pending.set(sequence, { ...one, token: 0, tries: one.tries - 1, dueMs: nowMs });
    return "settled";
  }

  /** Dead letters after a sequence. */
  deadLetters(after: number, max: number): DeadEvent[] {
    return [...this.#dead.values()].sort((a, b) => a.event.sequence - b.event.sequence)
      .filter(({ event }) => event.sequence > after).slice(0, max);
  }

  /** Puts dead letters back; tells how many. */
  redeliver(nowMs: number, sequences: readonly number[] = [...this.#dead.keys()]): number {
    let count = 0;
    for (const sequence of sequences) {
      const letter = this.#dead.get(sequence);
      if (letter === undefined) continue;
      this.#dead.delete(sequence);
      this.#pending.set(sequence, { event: letter.event, tries: 0, dueMs: nowMs, token: 0 });
      count++;
    }
    return count;
  }

  /** Counts what retention takes before it was claimed; what is claimed is in hand, and goes on. */
  forget(events: readonly LoggedEvent[]): void {
    this.#missed +=
      events.filter(({ sequence, topic }) => sequence > this.#position && this.matches(topic)).length;
  }

  #due(nowMs: number): Pending[] {
    return [...this.#pending.values()].filter(({ dueMs }) => dueMs <= nowMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.event.sequence - b.event.sequence);
  }

  #take(event: LoggedEvent, tries: number, nowMs: number): LogClaim {
    const token = ++this.#token;
    const dueMs = nowMs + this.#settings.ackWithinMs;
    this.#pending.set(event.sequence, { event, tries, dueMs, token });
    return { event, tries, token };
  }

  #bury({ event, tries }: Pending, reason: string, timeMs: number): DeadEvent {
    const letter = { event, reason, tries, timeMs };
    this.#pending.delete(event.sequence);
    this.#dead.set(event.sequence, letter);
    if (this.#dead.size > MAX_DEAD_LETTERS) this.#dead.delete(Math.min(...this.#dead.keys()));
    return letter;
  }
}
