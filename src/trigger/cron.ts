/**
 * Cron arithmetic over croner: when next, and what was missed. Nothing is scheduled here.
 *
 * Daylight saving is as croner 11 does it, and as the tests pin it: a fixed time that falls into the gap fires
 * at its end, one that comes twice fires once; steps follow the local hours, so they may fire twice.
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
  const missed = job.previousRuns(MAX_CATCH_UP, new Date(untilMs + 1)).map((date) => date.getTime());
  return missed.filter((fireMs) => fireMs > afterMs && fireMs <= untilMs).sort((a, b) => a - b);
}
