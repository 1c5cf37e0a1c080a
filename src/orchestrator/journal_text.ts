/**
 * What both run journals do alike: events come first, data becomes JSON text, refusals have one wording.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import type { JournalWrite, PruneFilter, RunRecord } from "./port.ts";

/**
 * The writes of a batch with its events first and each event once, so that a known event is found before
 * anything else can fail.
 */
export function eventsFirst(writes: readonly JournalWrite[]): readonly JournalWrite[] {
  const events = new Map<string, JournalWrite>();
  const others: JournalWrite[] = [];
  for (const write of writes) {
    if (write.kind !== "event") others.push(write);
    else if (!events.has(write.event.id)) events.set(write.event.id, write);
  }
  return [...events.values(), ...others];
}

/** JSON text of something that the journal keeps; throws `store/unencodable` if it is no JSON value. */
export function toText(what: string, value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (error) {
    throw new MillraceError(
      "store/unencodable",
      `Cannot journal ${what} as it must be a JSON value: ${messageOf(error)}`,
      { details: { path: "$" }, cause: error },
    );
  }
}

/** The JSON text of facts: one line for all that were written together, as each line costs more than a fact. */
export function toFactsText(facts: readonly unknown[] | string): string {
  return typeof facts === "string" ? facts : toText("facts", facts);
}

/** A run as accepted, with the state that it reached since. */
export function toRecord(
  accepted: string,
  status: RunRecord["status"],
  endedMs: number | null,
): RunRecord {
  const { endedMs: _accepted, ...run } = JSON.parse(accepted) as RunRecord;
  return { ...run, status, ...(endedMs === null ? {} : { endedMs }) };
}

/** The number of runs to list; throws a `RangeError` for what is no number of runs. */
export function limitOf(limit: number = 50): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new RangeError(`Cannot list runs as limit must be a positive integer: current value is ${limit}`);
}

/** The failure to write something about a run that nobody accepted. */
export function runNotFound(runId: string): MillraceError<"run/not-found"> {
  return new MillraceError(
    "run/not-found",
    `Cannot journal something about a run as it must have been accepted: there is no run "${runId}"`,
    { details: { runId } },
  );
}

/** The failure to use a journal after its end. */
export function journalClosed(): MillraceError<"platform/closed"> {
  return new MillraceError(
    "platform/closed",
    "Cannot use the run journal as it must be open: it was closed",
    {
      details: {},
    },
  );
}

/** How many runs to forget at once, and how many of each pipeline stay; throws a `RangeError` for what is no number of runs. */
export function pruneLimits(
  { limit = 500, keep = 0 }: PruneFilter,
): { readonly limit: number; readonly keep: number } {
  for (const [name, value, min] of [["limit", limit, 1], ["keep", keep, 0]] as const) {
    if (Number.isSafeInteger(value) && value >= min) continue;
    throw new RangeError(
      `Cannot prune runs as ${name} must be an integer from ${min}: current value is ${value}`,
    );
  }
  return { limit, keep };
}
