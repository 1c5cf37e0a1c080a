/**
 * Cron arithmetic over croner: when next, and what was missed. Nothing is scheduled here.
 *
 * Daylight saving is as croner 11 does it, and as the tests pin it. One time of day (second, minute and hour
 * each have one value) fires once a day: at the end of the gap if it falls into it, the first time if it comes
 * twice. Everything else follows the clock on the wall: a time in the gap is left out, one that comes twice
 * fires twice.
 *
 * @module
 */
import { Cron } from "croner";

/** A cron expression in a time zone. */
export interface Schedule {
  /** Five fields, or six with seconds in front. */
  readonly cron: string;
  /** An IANA time zone. */
  readonly timezone: string;
}

/** The first fire after a time, in ms since 1970, or `undefined` if there is none. */
export function nextFire({ cron, timezone }: Schedule, afterMs: number): number | undefined {
  return new Cron(cron, { timezone, paused: true }).nextRun(new Date(afterMs))?.getTime();
}

/** At most so many missed fires are made up for. */
export const MAX_CATCH_UP = 1_000;

/** The fires after `afterMs` and not later than `untilMs`: the latest {@linkcode MAX_CATCH_UP}, in order. */
export function missedFires(
  { cron, timezone }: Schedule,
  afterMs: number,
  untilMs: number,
): readonly number[] {
  const job = new Cron(cron, { timezone, paused: true });
  const missed: number[] = [];
  let beforeMs = untilMs + 1;
  // One by one: each costs 0.2 ms, and most often few were missed.
  while (missed.length < MAX_CATCH_UP) {
    const fireMs = job.previousRuns(1, new Date(beforeMs))[0]?.getTime();
    if (fireMs === undefined || fireMs <= afterMs) break;
    missed.push(fireMs);
    beforeMs = fireMs;
  }
  return missed.reverse();
}
