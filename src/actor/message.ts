/**
 * What crosses the boundary between two hosts: flat arrays. What one turn sends to one actor under one verb
 * travels as a single run, so that a message of a burst costs little more than its payload.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { DeathReason } from "./death.ts";

/** The kinds of message. */
export const Kind = {
  Tell: 0,
  Ask: 1,
  Reply: 2,
  Fail: 3,
  Cancel: 4,
  Open: 5,
  Next: 6,
  More: 7,
  End: 8,
  Ack: 9,
  Want: 10,
  Watch: 11,
  Unwatch: 12,
  Death: 13,
} as const;

/** The values of a run; or how many there are if all are `undefined`, which JSON cannot say in an array. */
export type Values = readonly unknown[] | number;

/** Whether the values hold refs, which the receiver has to bind: 0 or 1. */
export type HasRefs = 0 | 1;

/** Notices to an actor. */
export type TellRun = readonly [
  kind: typeof Kind.Tell,
  name: string,
  verb: string,
  payloads: Values,
  refs: HasRefs,
  traceparent: string | null,
];

/** Questions to an actor, in the same order as their ids; each may take `budgetMs` from its arrival. */
export type AskRun = readonly [
  kind: typeof Kind.Ask,
  name: string,
  verb: string,
  payloads: Values,
  refs: HasRefs,
  traceparent: string | null,
  ids: readonly number[],
  budgetMs: number | null,
  chain: readonly string[] | null,
];

/** A stream asked of an actor, with the credit to start with. */
export type OpenMessage = readonly [
  kind: typeof Kind.Open,
  name: string,
  verb: string,
  payloads: Values,
  refs: HasRefs,
  traceparent: string | null,
  id: number,
  credit: number,
];

/** What goes into a mailbox. */
export type MailRun = TellRun | AskRun | OpenMessage;

/** Everything that crosses. */
export type Message =
  | MailRun
  /** Answers to asks, in the order of their ids. */
  | readonly [kind: typeof Kind.Reply, ids: readonly number[], values: Values, refs: HasRefs]
  /** The failure of an ask. */
  | readonly [kind: typeof Kind.Fail, id: number, error: WireError]
  /** The asker or reader has left. */
  | readonly [kind: typeof Kind.Cancel, id: number]
  /** Items of a stream. */
  | readonly [kind: typeof Kind.Next, id: number, items: Values, refs: HasRefs]
  /** The reader takes so many more items. */
  | readonly [kind: typeof Kind.More, id: number, credit: number]
  /** The end of a stream. */
  | readonly [kind: typeof Kind.End, id: number, error: WireError | null]
  /** So many messages have left an actor's mailbox. */
  | readonly [kind: typeof Kind.Ack, name: string, count: number]
  /** Somebody waits at the window of this actor: acknowledge what has been taken without delay. */
  | readonly [kind: typeof Kind.Want, name: string]
  /** Tell me when this actor is gone. */
  | readonly [kind: typeof Kind.Watch, name: string]
  /** Nobody here wants to know any more. */
  | readonly [kind: typeof Kind.Unwatch, name: string]
  /** This actor is gone. */
  | readonly [kind: typeof Kind.Death, name: string, reason: DeathReason, error: WireError | null];

/** Whether a message goes into a mailbox. */
export function isMail(message: Message): message is MailRun {
  return message[0] === Kind.Tell || message[0] === Kind.Ask || message[0] === Kind.Open;
}

/** How many values there are. */
export function countOf(values: Values): number {
  return typeof values === "number" ? values : values.length;
}

/** Value number `index`. */
export function valueAt(values: Values, index: number): unknown {
  return typeof values === "number" ? undefined : values[index];
}
