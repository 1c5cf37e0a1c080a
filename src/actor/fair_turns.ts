/**
 * Fairness between the actors of a thread and its event loop: actors that keep each other busy at the end of one
 * turn of the loop would keep timers and I/O waiting for ever.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";

/** After how many calls the time is looked at, and for how long at most the loop stands still, in ms (ACTORS D19). */
const CALLS = 32;
const STILL_MS = 4;

/** What calls a function at the end of the loop's turn, or later if the loop has not turned for too long. */
export function fairly(
  clock: Clock,
  soon: (fn: () => void) => void,
  later: (fn: () => void) => void,
): (fn: () => void) => void {
  let calls = 0;
  let turnedMs = 0;
  return (fn) => {
    if (++calls < CALLS) return soon(fn);
    calls = 0;
    const nowMs = clock.now();
    if (nowMs - turnedMs < STILL_MS) return soon(fn);
    turnedMs = nowMs;
    later(fn);
  };
}
