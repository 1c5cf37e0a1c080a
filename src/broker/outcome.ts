/**
 * What became of the events of a batch, as it travels back: nearly always one run for all of them.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { Room } from "./room.ts";

/** What became of an event. */
export interface Outcome {
  /** Subscriptions that match; a group counts as one. */
  readonly matched: number;
  /** Subscriptions that have it, or will. */
  readonly enqueued: number;
  /** Events that full buffers gave up for it, itself included. */
  readonly dropped: number;
  /** Whether its id came before: then nobody gets it again. */
  readonly duplicate: boolean;
  /** Its place in the event log, if its topic is durable. */
  readonly sequence?: number;
  /** The runs that it started. */
  readonly runIds?: readonly string[];
  /** Why it was refused. */
  readonly error?: WireError;
  /** What subscriptions have no room for yet. */
  readonly room?: Room;
}

/** The outcomes of a batch. */
export interface PackedOutcomes {
  /** Count, then matched, enqueued, dropped and duplicate (0 or 1) of so many events in a row; and so on. */
  readonly runs: readonly number[];
  /** Where each stands in the event log, 0 for those that do not; absent if none does. */
  readonly sequences?: readonly number[];
  /** The runs that some started, by the number of the event. */
  readonly runIds?: readonly (readonly [index: number, runIds: readonly string[]])[];
  /** Why some were refused. */
  readonly errors?: readonly (readonly [index: number, error: WireError])[];
  /** Those that wait for room, and the ticket to ask with. */
  readonly waits?: { readonly indexes: readonly number[]; readonly ticket: number };
}

/** What an event has come to that was refused. */
export function refused(error: WireError): Outcome {
  return { matched: 0, enqueued: 0, dropped: 0, duplicate: false, error };
}

/** Packs outcomes, in the order of their events; `ticketFor` gives a ticket for those that wait for room. */
export function packOutcomes(
  outcomes: readonly Outcome[],
  ticketFor: (rooms: readonly (readonly [index: number, room: Room])[]) => number,
): PackedOutcomes {
  const runs: number[] = [];
  const runIds: [number, readonly string[]][] = [];
  const errors: [number, WireError][] = [];
  const rooms: [number, Room][] = [];
  const someAreKept = outcomes.some(({ sequence }) => sequence !== undefined);
  let last: Outcome | undefined;
  for (let index = 0; index < outcomes.length; index++) {
    const outcome = outcomes[index]!;
    if (last !== undefined && isAlike(outcome, last)) runs[runs.length - 5]!++;
    else runs.push(1, outcome.matched, outcome.enqueued, outcome.dropped, outcome.duplicate ? 1 : 0);
    last = outcome;
    if (outcome.runIds !== undefined && outcome.runIds.length > 0) runIds.push([index, outcome.runIds]);
    if (outcome.error !== undefined) errors.push([index, outcome.error]);
    else if (outcome.room !== undefined) rooms.push([index, outcome.room]);
  }
  return {
    runs,
    ...(someAreKept ? { sequences: outcomes.map(({ sequence = 0 }) => sequence) } : {}),
    ...(runIds.length > 0 ? { runIds } : {}),
    ...(errors.length > 0 ? { errors } : {}),
    ...(rooms.length > 0
      ? { waits: { indexes: rooms.map(([index]) => index), ticket: ticketFor(rooms) } }
      : {}),
  };
}

/** Calls `each` with the outcome of every event, in order, but for its room; events of a run share one. */
export function unpackOutcomes(
  { runs, sequences, runIds, errors }: PackedOutcomes,
  each: (index: number, outcome: Outcome) => void,
): void {
  const special = new Map<number, Partial<Outcome>>();
  const mark = (index: number, part: Partial<Outcome>): void =>
    void special.set(index, { ...special.get(index), ...part });
  sequences?.forEach((sequence, index) => sequence > 0 && mark(index, { sequence }));
  runIds?.forEach(([index, ids]) => mark(index, { runIds: ids }));
  errors?.forEach(([index, error]) => mark(index, { error }));
  let index = 0;
  for (let at = 0; at < runs.length; at += 5) {
    const [count, matched, enqueued, dropped, duplicate] = runs.slice(at, at + 5) as Five;
    const outcome: Outcome = { matched, enqueued, dropped, duplicate: duplicate === 1 };
    for (const end = index + count; index < end; index++) {
      const more = special.size === 0 ? undefined : special.get(index);
      each(index, more === undefined ? outcome : { ...outcome, ...more });
    }
  }
}

type Five = [number, number, number, number, number];

function isAlike(a: Outcome, b: Outcome): boolean {
  return a.matched === b.matched && a.enqueued === b.enqueued && a.dropped === b.dropped &&
    a.duplicate === b.duplicate;
}
