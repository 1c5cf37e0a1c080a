/**
 * The accounting law: accepted = handled + failed + dead-lettered + queued + in hand.
 *
 * @module
 */

/** Why a message was not handled. */
export type DeadLetterReason =
  | "no-actor"
  | "stopped"
  | "overflow"
  | "called-off"
  | "invalid"
  | "unknown-verb"
  | "host-lost"
  | "uncloneable";

/** A message that nobody handled. */
export interface DeadLetter {
  /** When, in ms since 1970. */
  readonly timeMs: number;
  /** To whom it was sent. */
  readonly actor: string;
  /** Its verb. */
  readonly verb: string;
  /** Why nobody handled it. */
  readonly reason: DeadLetterReason;
}

/** What became of the messages of one actor, or of all of a host. */
export interface Counters {
  /** Messages that entered the mailbox. */
  accepted: number;
  /** Messages whose handler returned. */
  handled: number;
  /** Messages whose handler threw. */
  failed: number;
  /** Messages that entered the mailbox and were not handled. */
  deadLettered: number;
}

/** Counters at zero. */
export function zeroCounters(): Counters {
  return { accepted: 0, handled: 0, failed: 0, deadLettered: 0 };
}
