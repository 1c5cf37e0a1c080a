/**
 * Publishes to the broker of another thread: what one turn publishes travels as one batch, and is answered as one.
 *
 * @module
 */
import type { ActorRef } from "../actor/ref.ts";
import { fromWire } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import { createIdSource, type IdSource } from "../base/ids.ts";
import { encodeData, type EncodedEvent } from "../event/event.ts";
import { encodeBatch } from "../event/event_batch.ts";
import { assertPublishable } from "../event/topic.ts";
import type { Published } from "./broker.ts";
import { type Outcome, type PackedOutcomes, unpackOutcomes } from "./outcome.ts";
import { type brokerProtocol, MAX_BATCH, MAX_BATCH_LENGTH } from "./protocol.ts";

/** What became of an event that the platform took. */
export interface Accepted extends Published {
  /** The runs that it started. */
  readonly runIds: readonly string[];
}

/** What an event says besides its topic and data; id and time are those of the call unless they are given. */
export interface AboutEvent {
  /** Who publishes. */
  readonly source: string;
  /** The same id within two minutes is the same event. */
  readonly id?: string;
  /** When it happened. */
  readonly timeMs?: number;
  /** How many events led to it. */
  readonly hops?: number;
  /** Events of one key go to the same member of a group. */
  readonly key?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
}

interface Pending {
  readonly event: EncodedEvent;
  readonly fresh: boolean;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: unknown) => void;
}

const ALWAYS = { timeoutMs: "none" } as const;
const NO_RUNS: readonly string[] = [];

/** One publisher: its events arrive in the order of the calls. */
export class Publisher {
  readonly #broker: ActorRef<typeof brokerProtocol>;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  #pending: Pending[] = [];
  #length = 0;

  /** To this broker. */
  constructor(broker: ActorRef<typeof brokerProtocol>, clock: Clock, ids: IdSource = createIdSource(clock)) {
    this.#broker = broker;
    this.#clock = clock;
    this.#ids = ids;
  }

  /**
   * Publishes for a user.
   *
   * @throws {MillraceError} `topic/invalid`; `event/reserved-topic`; `event/invalid`; what
   * {@linkcode Publisher.send} throws.
   */
  publish(topic: string, data: unknown, about: AboutEvent): Promise<Accepted> {
    try {
      assertPublishable(topic);
      const event = {
        id: about.id ?? this.#ids.next(),
        topic,
        timeMs: this.#clock.now(),
        ...about,
        data: encodeData(topic, data),
      };
      return this.send(event, about.id === undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Publishes an event; one that is `fresh` has an id that was made for it. Resolves once what it starts is journalled and every matching subscription has it, or has
   * dropped something for it by its own policy.
   *
   * @throws {MillraceError} `event/too-many-hops`; `broker/overloaded`; `broker/closed`; what
   * an ask of the broker throws.
   */
  send(event: EncodedEvent, fresh: boolean): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) queueMicrotask(() => this.#send());
      this.#pending.push({ event, fresh, resolve, reject });
      this.#length += event.data.length;
      if (this.#pending.length >= MAX_BATCH || this.#length >= MAX_BATCH_LENGTH) this.#send();
    });
  }

  #send(): void {
    const batch = this.#pending;
    if (batch.length === 0) return;
    this.#pending = [];
    this.#length = 0;
    const publication = {
      batch: encodeBatch(batch.map(({ event }) => event)),
      fresh: batch.every(({ fresh }) => fresh),
    };
    this.#broker.ask("publish", publication, ALWAYS).then(
      (outcomes) => this.#settle(batch, outcomes),
      (error) => batch.forEach(({ reject }) => reject(error)),
    );
  }

  #settle(batch: readonly Pending[], outcomes: PackedOutcomes): void {
    const { waits } = outcomes;
    const waiting = new Map<number, () => void>(waits?.indexes.map((index) => [index, () => {}]));
    unpackOutcomes(outcomes, (index, outcome) => {
      const { event: { id }, resolve, reject } = batch[index]!;
      if (outcome.error !== undefined) reject(fromWire(outcome.error));
      else if (!waiting.has(index)) resolve(acceptedOf(id, outcome));
      else waiting.set(index, () => resolve(acceptedOf(id, outcome)));
    });
    if (waits === undefined) return;
    this.#awaitRoom(waits.ticket, waiting).catch((error) =>
      waits.indexes.forEach((index) => batch[index]!.reject(error))
    );
  }

  /** One that waits long does not keep the others. */
  async #awaitRoom(ticket: number, waiting: Map<number, () => void>): Promise<void> {
    for (let over = false; !over;) {
      const { free, ended } = await this.#broker.ask("room", ticket, ALWAYS);
      for (const index of ended ? [...waiting.keys()] : free) {
        waiting.get(index)!();
        waiting.delete(index);
      }
      over = ended;
    }
  }
}

function acceptedOf(id: string, outcome: Outcome): Accepted {
  const { matched, enqueued, dropped, duplicate, runIds = NO_RUNS, sequence } = outcome;
  const accepted = { id, matched, enqueued, dropped, duplicate, runIds };
  return sequence === undefined ? accepted : { ...accepted, sequence };
}
