/**
 * Wall-clock time as one number. The records say when a flight left by the clock on the wall of its origin
 * ("2001/01/01 00:47"), without a time zone; so no time zone may touch it, least of all this machine's.
 */

/** Minutes since 1970-01-01 00:00 by some wall clock. Plain arithmetic gives hour, weekday and date. */
export type WallMinute = number;

const MINUTES_PER_DAY = 24 * 60;
const TEXT = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d)$/;

/** Monday first, as ISO 8601 counts. */
export const WEEKDAYS = [
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
  "Sunday",
] as const;

/** Reads "2001/01/01 00:47"; `undefined` if it is no such text or no such moment (there is no 30 February). */
export function parseWallMinute(text: string): WallMinute | undefined {
  const parts = TEXT.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59) return undefined;
  const midnightMs = Date.UTC(year, month - 1, day); // UTC as plain calendar arithmetic
  const date = new Date(midnightMs);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return midnightMs / 60_000 + hour * 60 + minute;
}

/** Writes what {@linkcode parseWallMinute} reads. */
export function formatWallMinute(at: WallMinute): string {
  const iso = new Date(at * 60_000).toISOString();
  return `${iso.slice(0, 10).replaceAll("-", "/")} ${iso.slice(11, 16)}`;
}

/** The date, as "2001-01-01". */
export function dateOf(at: WallMinute): string {
  return new Date(at * 60_000).toISOString().slice(0, 10);
}

/** The hour of the day, 0 to 23. */
export function hourOf(at: WallMinute): number {
  return Math.floor(modulo(at, MINUTES_PER_DAY) / 60);
}

/** The weekday as an index into {@linkcode WEEKDAYS}. */
export function weekdayOf(at: WallMinute): number {
  return modulo(Math.floor(at / MINUTES_PER_DAY) + 3, 7); // 1970-01-01 was a Thursday
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
