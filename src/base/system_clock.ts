/**
 * The machine's own clock.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** `setTimeout` holds a signed 32-bit number of milliseconds (HTML standard); longer waits are cut up. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock, with alarms of any length. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fn) {
    let timer: ReturnType<typeof setTimeout>;
    let leftMs = Math.max(0, delayMs);
    const arm = (): void => {
      const stepMs = Math.min(leftMs, MAX_TIMER_MS);
      leftMs -= stepMs;
      timer = setTimeout(leftMs > 0 ? arm : fn, stepMs);
    };
    arm();
    return () => clearTimeout(timer);
  },
};
