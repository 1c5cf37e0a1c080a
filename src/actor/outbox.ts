/**
 * The outbox: what a host has to say to another one, gathered until the end of the turn. Messages of one kind
 * to one receiver join the run before them, so that a burst costs little more than its payloads.
 *
 * @module
 */
import type { Parcel } from "./frame.ts";
import { type HasRefs, Kind, type Message } from "./message.ts";

/** A value on its way. */
export interface Sent {
  /** The value; refs in it are tokens. */
  readonly value: unknown;
  /** Whether JSON gives it back as it is. */
  readonly plain: boolean;
  /** Whether it holds refs. */
  readonly refs: HasRefs;
  /** What it weighs, in bytes, approximately. */
  readonly bytes: number;
}

/** A message that may still grow. */
interface Growing {
  readonly message: Message;
  readonly plain: boolean;
  /** Its values; `undefined` if there are only so many `undefined`. */
  readonly values: unknown[] | undefined;
  readonly ids: number[] | undefined;
}

/** What waits to be sent. */
export class Outbox {
  #parcels: Parcel[] = [];
  /** The last parcel, if it can grow. */
  #open: Growing | undefined;
  #count = 0;

  /** How many messages wait. */
  get count(): number {
    return this.#count;
  }

  /** Adds a notice. */
  tell(name: string, verb: string, sent: Sent, traceparent: string | null): void {
    const last = this.#open;
    const { message } = last ?? {};
    if (
      message !== undefined && message[0] === Kind.Tell && message[1] === name && message[2] === verb &&
      message[5] === traceparent && joins(last!, sent, message[4])
    ) {
      return this.#grow(last!, message, 3, sent);
    }
    this.#start(sent, undefined, (values) => [Kind.Tell, name, verb, values, sent.refs, traceparent]);
  }

  /** Adds a question. */
  ask(
    name: string,
    verb: string,
    sent: Sent,
    traceparent: string | null,
    id: number,
    budgetMs: number | null,
    chain: readonly string[] | null,
  ): void {
    const last = this.#open;
    const { message } = last ?? {};
    if (
      message !== undefined && message[0] === Kind.Ask && message[1] === name && message[2] === verb &&
      message[5] === traceparent && message[7] === budgetMs && message[8] === chain &&
      joins(last!, sent, message[4])
    ) {
      last!.ids!.push(id);
      return this.#grow(last!, message, 3, sent);
    }
    const ids = [id];
    this.#start(
      sent,
      ids,
      (values) => [Kind.Ask, name, verb, values, sent.refs, traceparent, ids, budgetMs, chain],
    );
  }

  /** Adds an answer. */
  reply(id: number, sent: Sent): void {
    const last = this.#open;
    const { message } = last ?? {};
    if (message !== undefined && message[0] === Kind.Reply && joins(last!, sent, message[3])) {
      last!.ids!.push(id);
      return this.#grow(last!, message, 2, sent);
    }
    const ids = [id];
    this.#start(sent, ids, (values) => [Kind.Reply, ids, values, sent.refs]);
  }

  /** Adds any other message. */
  push(message: Message, plain: boolean): void {
    this.#open = undefined;
    this.#count++;
    this.#parcels.push({ message, plain });
  }

  /** Gives what waits, and is empty. */
  take(): readonly Parcel[] {
    const parcels = this.#parcels;
    this.#parcels = [];
    this.#open = undefined;
    this.#count = 0;
    return parcels;
  }

  #start(sent: Sent, ids: number[] | undefined, make: (values: unknown[] | number) => Message): void {
    const values = sent.value === undefined ? undefined : [sent.value];
    const growing: Growing = { message: make(values ?? 1), plain: sent.plain, values, ids };
    this.#open = growing;
    this.#count++;
    this.#parcels.push(growing);
  }

  #grow({ values }: Growing, message: Message, at: 2 | 3, { value }: Sent): void {
    this.#count++;
    if (values === undefined) (message as unknown as number[])[at]!++;
    else values.push(value);
  }
}

function joins({ plain, values }: Growing, sent: Sent, refs: HasRefs): boolean {
  return plain === sent.plain && refs === sent.refs && (values === undefined) === (sent.value === undefined);
}
