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
import { assertAbout } from "./publication.ts";
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
  /** The same id within two minutes, or the last 32,768 events if there are more, is the same event. */
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

/** What one turn publishes. */
class Publication {
  readonly events: EncodedEvent[] = [];
  readonly resolves: ((accepted: Accepted) => void)[] = [];
  readonly rejects: ((error: unknown) => void)[] = [];
  /** Whether the ids of all were made for them. */
  fresh = true;
  /** Of the data. */
  length = 0;
}

const ALWAYS = { timeoutMs: "none" } as const;
const NO_RUNS: readonly string[] = [];

/** One publisher: its events arrive in the order of the calls. */
export class Publisher {
  readonly #broker: ActorRef<typeof brokerProtocol>;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #conformed: boolean;
  #gathering: Publication | undefined;

  /** To this broker. What is `conformed` was held against the schemas of topics before. */
  constructor(
    broker: ActorRef<typeof brokerProtocol>,
    clock: Clock,
    { ids = createIdSource(clock), conformed = false }: {
      readonly ids?: IdSource;
      readonly conformed?: boolean;
    } = {},
  ) {
    this.#broker = broker;
    this.#conformed = conformed;
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
      assertAbout(about);
      return this.send(this.#eventOf(topic, encodeData(topic, data), about), about.id === undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Publishes an event; one that is `fresh` has an id that was made for it. Resolves once what it starts is
   * journalled and every matching subscription has it, or has dropped something for it by its own policy.
   *
   * @throws {MillraceError} `event/too-many-hops`; `broker/overloaded`; `broker/closed`; what
   * an ask of the broker throws.
   */
  send(event: EncodedEvent, fresh: boolean): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      const gathering = this.#gathering ??= this.#begin();
      gathering.events.push(event);
      gathering.resolves.push(resolve);
      gathering.rejects.push(reject);
      gathering.length += event.data.length;
      if (!fresh) gathering.fresh = false;
      if (gathering.events.length >= MAX_BATCH || gathering.length >= MAX_BATCH_LENGTH) this.#send(gathering);
    });
  }

  /** Sends what was published so far: what is asked of the broker next comes after it. */
  flush(): void {
    if (this.#gathering !== undefined) this.#send(this.#gathering);
  }

  #eventOf(topic: string, data: string, about: AboutEvent): EncodedEvent {
    const timeMs = this.#clock.now();
    const { id = this.#ids.next(timeMs), source, hops, key, traceparent } = about;
    const event: { -readonly [Field in keyof EncodedEvent]: EncodedEvent[Field] } = {
      id,
      topic,
      timeMs: about.timeMs ?? timeMs,
      source,
      data,
    };
    if (hops !== undefined) event.hops = hops;
    if (key !== undefined) event.key = key;
    if (traceparent !== undefined) event.traceparent = traceparent;
    return event;
  }

  #begin(): Publication {
    const publication = new Publication();
    queueMicrotask(() => {
      if (this.#gathering === publication) this.#send(publication);
    });
    return publication;
  }

  #send(publication: Publication): void {
    this.#gathering = undefined;
    const { events, fresh, rejects } = publication;
    this.#broker.ask("publish", { batch: encodeBatch(events), fresh, conformed: this.#conformed }, ALWAYS)
      .then(
        (outcomes) => this.#settle(publication, outcomes),
        (error) => rejects.forEach((reject) => reject(error)),
      );
  }

  #settle({ events, resolves, rejects }: Publication, outcomes: PackedOutcomes): void {
    const { waits } = outcomes;
    const waiting = new Map<number, () => void>(waits?.indexes.map((index) => [index, () => {}]));
    unpackOutcomes(outcomes, (index, outcome) => {
      const { id } = events[index]!;
      if (outcome.error !== undefined) rejects[index]!(fromWire(outcome.error));
      else if (waits === undefined || !waiting.has(index)) resolves[index]!(acceptedOf(id, outcome));
      else waiting.set(index, () => resolves[index]!(acceptedOf(id, outcome)));
    });
    if (waits === undefined) return;
    this.#awaitRoom(waits.ticket, waiting).catch((error) =>
      waits.indexes.forEach((index) => rejects[index]!(error))
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
