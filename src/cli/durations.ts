/**
 * Times for people.
 *
 * @module
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A span: `12ms`, `0.8s`, `42.0s`, `3m 05s`, `2h 07m`, `3d 04h`, `100d`. Rounded down; never below 0. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, Math.floor(durationMs));
  if (ms < 100) return `${ms}ms`;
  if (ms < MINUTE_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m ${two((ms % MINUTE_MS) / SECOND_MS)}s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)}h ${two((ms % HOUR_MS) / MINUTE_MS)}m`;
  const days = Math.floor(ms / DAY_MS);
  return days < 100 ? `${days}d ${two((ms % DAY_MS) / HOUR_MS)}h` : `${days}d`;
}

/** A wait: `7s`, `2:05`, `1:12:08`, `3d 04:00:00`. Rounded up, so that 0 means now. */
export function formatCountdown(waitMs: number): string {
  const ms = Math.ceil(Math.max(0, waitMs) / SECOND_MS) * SECOND_MS;
  const seconds = (ms % MINUTE_MS) / SECOND_MS;
  const minutes = (ms % HOUR_MS) / MINUTE_MS;
  if (ms < MINUTE_MS) return `${seconds}s`;
  if (ms < HOUR_MS) return `${Math.floor(minutes)}:${two(seconds)}`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)}:${two(minutes)}:${two(seconds)}`;
  return `${Math.floor(ms / DAY_MS)}d ${two((ms % DAY_MS) / HOUR_MS)}:${two(minutes)}:${two(seconds)}`;
}

/** How long ago: `just now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`. */
export function formatAgo(agoMs: number): string {
  if (agoMs < 2 * SECOND_MS) return "just now";
  if (agoMs < MINUTE_MS) return `${Math.floor(agoMs / SECOND_MS)} s ago`;
  if (agoMs < HOUR_MS) return `${Math.floor(agoMs / MINUTE_MS)} min ago`;
  if (agoMs < DAY_MS) return `${Math.floor(agoMs / HOUR_MS)} h ago`;
  const days = Math.floor(agoMs / DAY_MS);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** The time of day, `12:04:05`, at an offset from UTC. */
export function formatTimeOfDay(timeMs: number, utcOffsetMinutes: number): string {
  return new Date(timeMs + utcOffsetMinutes * MINUTE_MS).toISOString().slice(11, 19);
}

/** Date and time of day, `2026-11-21 12:04:05`, at an offset from UTC. */
export function formatInstant(timeMs: number, utcOffsetMinutes: number): string {
  return new Date(timeMs + utcOffsetMinutes * MINUTE_MS).toISOString().slice(0, 19).replace("T", " ");
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
