/**
 * What lies in a mailbox.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import { type HasRefs, Kind, type Values } from "./message.ts";

/** Who sent a message, and takes its answer. */
export interface Origin {
  /** Whether it is in another host: then a window bounds it, and it is told when its mail is taken. */
  readonly remote: boolean;
  /** Sends the answer of an ask. */
  reply(id: number, value: unknown): void;
  /** Sends the failure of an ask, or the end of a stream that could not be opened. */
  fail(kind: typeof Kind.Ask | typeof Kind.Open, id: number, error: WireError): void;
  /** So many of its messages to `actor` have left the mailbox. */
  taken(actor: string, count: number): void;
  /** Starts sending a stream. */
  serve(actor: string, id: number, credit: number, items: AsyncIterable<unknown> | Iterable<unknown>): void;
  /** Whether the asker has left already. */
  hasLeft(id: number): boolean;
  /** The actor stops: fires the signal of an ask or stream that is in hand. */
  callOff(id: number): void;
  /** What tells a handler that the asker has left; made on demand. */
  signal(id: number): AbortSignal;
}

/** Notices of one sender under one verb. */
export interface Tells {
  readonly kind: typeof Kind.Tell;
  readonly verb: string;
  readonly payloads: Values;
  readonly refs: HasRefs;
  readonly traceparent: string | null;
  readonly origin: Origin;
  /** What each weighs, in bytes. */
  readonly each: number;
  /** How many have been taken. */
  taken: number;
  /** How many of them the sender knows of. */
  reported: number;
  next: Entry | undefined;
}

/** A question, or a stream asked for. */
export interface Question {
  readonly kind: typeof Kind.Ask | typeof Kind.Open;
  readonly verb: string;
  readonly payload: unknown;
  readonly refs: HasRefs;
  readonly traceparent: string | null;
  readonly origin: Origin;
  /** Its number at its sender. */
  readonly id: number;
  /** How many items its reader takes at first. */
  readonly credit: number;
  /** How long the asker waits from when it has come, in ms; and until when, in ms since 1970. */
  readonly budgetMs: number | undefined;
  readonly deadlineMs: number | undefined;
  /** The actors that wait for the answer, each for the one behind it. */
  readonly chain: readonly string[] | null;
  /** What it weighs in its mailbox, in bytes. */
  bytes: number;
  /** Whether its sender knows that it has left the mailbox. */
  reported: boolean;
  next: Entry | undefined;
}

/** The kernel's own news for an actor: a tick of a timer, the death of another actor. No bound holds it up. */
export interface Notice {
  readonly kind: "notice";
  readonly run: () => void | Promise<void>;
  next: Entry | undefined;
}

/** An entry of a mailbox. */
export type Entry = Tells | Question | Notice;

/** One notice taken from a run. */
export interface Tell {
  readonly kind: typeof Kind.Tell;
  readonly verb: string;
  readonly payload: unknown;
  readonly refs: HasRefs;
  readonly traceparent: string | null;
  readonly origin: Origin;
}

/** One message taken from a mailbox. */
export type Mail = Tell | Question;

/** A run of notices. */
export function tells(
  verb: string,
  payloads: Values,
  refs: HasRefs,
  traceparent: string | null,
  origin: Origin,
  each: number,
): Tells {
  const kind = Kind.Tell;
  return { kind, verb, payloads, refs, traceparent, origin, each, taken: 0, reported: 0, next: undefined };
}

/** Tells the sender how many more of a run have left the mailbox. */
export function report(entry: Tells, actor: string): void {
  const count = entry.taken - entry.reported;
  if (count === 0) return;
  entry.reported = entry.taken;
  if (entry.origin.remote) entry.origin.taken(actor, count);
}
