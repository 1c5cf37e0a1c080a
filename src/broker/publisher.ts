/**
 * Publishes to the broker of another thread: what one turn publishes travels as one batch, and is answered as one.
 *
 * @module
 */
import type { ActorRef } from "../actor/ref.ts";
import { fromWire } from "../base/errors.ts";
import type { EncodedEvent } from "../event/event.ts";
import { encodeBatch } from "../event/event_batch.ts";
import type { Published } from "./broker.ts";
import { type Outcome, type PackedOutcomes, unpackOutcomes } from "./outcome.ts";
import { type brokerProtocol, MAX_BATCH, MAX_BATCH_LENGTH } from "./protocol.ts";

/** What became of an event that the platform took. */
export interface Accepted extends Published {
  /** The runs that it started. */
  readonly runIds: readonly string[];
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
  #pending: Pending[] = [];
  #length = 0;

  /** To this broker. */
  constructor(broker: ActorRef<typeof brokerProtocol>) {
    this.#broker = broker;
  }

  /**
   * Publishes an event; one that is `fresh` has an id that was made for it. Resolves once what it starts is journalled and every matching subscription has it, or has
   * dropped something for it by its own policy.
   *
   * @throws {MillraceError} `topic/invalid`; `event/too-many-hops`; `broker/overloaded`; `broker/closed`; what
   * an ask of the broker throws.
   */
  publish(event: EncodedEvent, fresh: boolean): Promise<Accepted> {
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

function acceptedOf(id: string, { matched, enqueued, dropped, duplicate, runIds }: Outcome): Accepted {
  return { id, matched, enqueued, dropped, duplicate, runIds: runIds ?? NO_RUNS };
}
