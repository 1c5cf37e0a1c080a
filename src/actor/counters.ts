/**
 * The accounting law: accepted = handled + failed + dead-lettered + queued + in hand.
 *
 * @module
 */

/**
 * Why a message was not handled: there is no such actor, or it has stopped; its mailbox was full; its asker
 * left, or its time ran out, while it waited; it does not fit the protocol; its host was lost; it cannot be
 * cloned; the asker waits for itself. A `late-reply` is an answer that nobody waits for any more: its question was
 * handled, so it is no part of the law.
 */
export type DeadLetterReason =
  | "no-actor"
  | "stopped"
  | "overflow"
  | "called-off"
  | "expired"
  | "invalid"
  | "unknown-verb"
  | "host-lost"
  | "uncloneable"
  | "cycle"
  | "late-reply";

/** A message that nobody handled. */
export interface DeadLetter {
  /** When, in ms since 1970. */
  readonly timeMs: number;
  /** The host that it was sent to. */
  readonly host: number;
  /** To whom it was sent. */
  readonly actor: string;
  /** Its verb; `"*"` for what was under way to a host that was lost. */
  readonly verb: string;
  /** Why nobody handled it. */
  readonly reason: DeadLetterReason;
  /** How many messages this stands for: more than one only for those under way to a lost host. */
  readonly count: number;
  /** Whether somebody waited for an answer, and has been told. */
  readonly asked: boolean;
  /** What was sent, if it is known here. */
  readonly payload?: unknown;
}

/** What became of the messages of one actor, or of all of a host. */
export interface Counters {
  /** Messages that entered the mailbox. */
  accepted: number;
  /** Messages whose handler returned. */
  handled: number;
  /** Messages whose handler threw, or had not ended when its actor was restarted or given up. */
  failed: number;
  /** Messages that entered the mailbox and were not handled. */
  deadLettered: number;
}

/** Counters at zero. */
export function zeroCounters(): Counters {
  return { accepted: 0, handled: 0, failed: 0, deadLettered: 0 };
}
