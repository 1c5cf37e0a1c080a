/**
 * What the scheduler refuses, as errors.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { nearest } from "../base/names.ts";

/** A name that is taken. */
export function duplicate(trigger: string): MillraceError {
  return new MillraceError(
    "trigger/duplicate",
    `Cannot add trigger "${trigger}" as a name must be unique: it is taken`,
    { details: { trigger } },
  );
}

/** A name that no trigger has, with the one that was meant. */
export function unknown(trigger: string, known: Iterable<string>): MillraceError {
  const suggestion = nearest(trigger, known);
  const hint = suggestion === undefined ? "" : `, did you mean "${suggestion}"?`;
  return new MillraceError(
    "trigger/unknown",
    `Cannot find trigger "${trigger}" as no trigger has that name${hint}`,
    { details: { trigger, ...(suggestion === undefined ? {} : { suggestion }) } },
  );
}

/** An event trigger that was to be fired by hand. */
export function notFireable(trigger: string, source: string): MillraceError {
  return new MillraceError(
    "trigger/not-fireable",
    `Cannot fire trigger "${trigger}" as it listens to events: publish one on "${source}"`,
    { details: { trigger, kind: "event" } },
  );
}

/** Retryable: the event stays unrouted in the journal, and the next start shows it to the trigger again. */
export function halted(trigger: string): MillraceError {
  return new MillraceError(
    "trigger/halted",
    `Cannot fire trigger "${trigger}" with an event that it held back as the scheduler has stopped`,
    { details: { trigger } },
  );
}
