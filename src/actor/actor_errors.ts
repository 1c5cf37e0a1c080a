/**
 * What goes wrong between actors, as errors that cross threads.
 *
 * @module
 */
import { MillraceError, toWire, type WireError } from "../base/errors.ts";

/** Whoever sends to an actor that is no more. */
export function stopped(actor: string): WireError {
  return toWire(
    new MillraceError(
      "actor/stopped",
      `Cannot reach actor "${actor}" as it has stopped or was never started`,
      { details: { actor } },
    ),
  );
}

/** Whoever waits for an incarnation that is over, or asked on its behalf. */
export function restarted(actor: string): WireError {
  return toWire(
    new MillraceError(
      "actor/restarted",
      `Cannot finish what actor "${actor}" had in hand as it has failed and is restarted`,
      { details: { actor } },
    ),
  );
}

/** Whoever waits for an actor whose host is gone. */
export function hostLost(host: number | string, reason: string): WireError {
  return toWire(
    new MillraceError("actor/host-lost", `Cannot reach host ${host} as it is gone: ${reason}`, {
      details: { host: String(host), reason },
    }),
  );
}

/** An answer that has not come in time. */
export function askTimeout(actor: string, verb: string, timeoutMs: number): MillraceError {
  return new MillraceError(
    "actor/ask-timeout",
    `Cannot get an answer to "${verb}" from actor "${actor}" as it must come within ${timeoutMs} ms`,
    { details: { actor, verb, timeoutMs } },
  );
}

/** A verb that the protocol has not. */
export function unknownVerb(actor: string, protocol: string, verb: string): WireError {
  return toWire(
    new MillraceError(
      "actor/unknown-verb",
      `Cannot send "${verb}" to actor "${actor}" as its protocol "${protocol}" has no such verb`,
      { details: { actor, verb } },
    ),
  );
}

/** A message that does not fit the schema of its verb. */
export function invalidMessage(actor: string, verb: string, issues: readonly string[]): WireError {
  return toWire(
    new MillraceError(
      "actor/message-invalid",
      `Cannot handle "${verb}" in actor "${actor}" as the message must fit the protocol: ${
        issues.join("; ")
      }`,
      { details: { actor, verb, issues } },
    ),
  );
}

/** An ask that waits for itself. */
export function askCycle(actor: string, verb: string, chain: readonly string[]): WireError {
  return toWire(
    new MillraceError(
      "actor/ask-cycle",
      `Cannot ask "${verb}" of actor "${actor}" as it waits for the answer itself: ${chain.join(" → ")}`,
      { details: { actor, verb, chain } },
    ),
  );
}

/** A turn that computed for too long. */
export function overrun(actor: string, verb: string, limitMs: number): MillraceError {
  return new MillraceError(
    "actor/turn-overrun",
    `Cannot finish "${verb}" in actor "${actor}" as a turn must not compute longer than ${limitMs} ms`,
    { details: { actor, verb, limitMs } },
  );
}

/** An actor that was not ready in time. */
export function startTimeout(actor: string, startMs: number): MillraceError {
  return new MillraceError(
    "actor/start-timeout",
    `Cannot start actor "${actor}" as it must be ready within ${startMs} ms`,
    { details: { actor, startMs } },
  );
}

/** More messages put aside than the mailbox may hold. */
export function stashFull(actor: string, capacity: number): MillraceError {
  return new MillraceError(
    "actor/stash-full",
    `Cannot put a message of actor "${actor}" aside as at most ${capacity} may be`,
    { details: { actor, capacity } },
  );
}
