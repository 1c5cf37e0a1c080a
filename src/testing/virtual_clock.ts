/**
 * Time that stands still until a test moves it.
 *
 * @module
 */
import { later } from "../actor/loop.ts";
import type { Clock } from "../base/clock.ts";

/** A clock that only its owner moves. */
export interface VirtualClock extends Clock {
  /** How many alarms are set and have not gone off. */
  readonly pending: number;
  /**
   * Moves the time on by `byMs` milliseconds. On the way every alarm that is due goes off at its own time, in
   * order of time and then of setting, those that are set on the way too. After each one, all that waits for
   * nothing but promises goes on before the next. Work of other threads, files and sockets is not waited for.
   *
   * Rejects with what an alarm throws: the clock then stands at the time of that alarm, later ones stay set.
   *
   * @param byMs How far, in ms, at least 0; 0 lets promises settle and runs what is due now.
   * @returns Resolves when the clock stands again.
   * @throws {RangeError} If `byMs` is negative or not a finite number.
   * @throws {TypeError} If the clock is on the move: an earlier `advance` was not awaited.
   */
  advance(byMs: number): Promise<void>;
}

interface Alarm {
  readonly atMs: number;
  readonly fn: () => void;
}

/**
 * Makes a clock for tests.
 *
 * @param startMs What it shows at first, in ms since 1970-01-01T00:00:00Z.
 * @throws {RangeError} If `startMs` is not a finite number.
 * @example An alarm goes off at its time
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createVirtualClock } from "@millrace/millrace/testing";
 *
 * const clock = createVirtualClock();
 * const rangAt: number[] = [];
 * clock.after(2_000, () => rangAt.push(clock.now()));
 *
 * await clock.advance(1_999);
 * assertEquals(clock.pending, 1);
 * await clock.advance(10_000);
 * assertEquals(rangAt, [2_000]);
 * assertEquals(clock.now(), 11_999);
 * ```
 */
export function createVirtualClock(startMs: number = 0): VirtualClock {
  return createSettlingClock(startMs, nextTurn);
}

/** A clock that can also jump, as one does that is set. */
export interface JumpingClock extends VirtualClock {
  /** Moves the time on at once: the alarms that are due then go off one after the other. */
  jump(byMs: number): void;
}

/**
 * Makes a clock that waits between two alarms until `settle` resolves.
 *
 * @throws {RangeError} If `startMs` is not a finite number.
 */
export function createSettlingClock(startMs: number, settle: () => Promise<void>): JumpingClock {
  if (!Number.isFinite(startMs)) {
    throw new RangeError(
      `Cannot make a clock as its start must be a finite number: current value is ${startMs}`,
    );
  }
  let nowMs = startMs;
  let moving = false;
  let alarms: Alarm[] = []; // in the order in which they go off
  return {
    get pending() {
      return alarms.length;
    },
    now: () => nowMs,
    after(delayMs, fn) {
      const alarm: Alarm = { atMs: nowMs + Math.max(0, delayMs), fn };
      const before = alarms.filter(({ atMs }) => atMs <= alarm.atMs).length;
      alarms.splice(before, 0, alarm);
      return () => {
        alarms = alarms.filter((other) => other !== alarm);
      };
    },
    jump(byMs) {
      nowMs += byMs;
      // What they set in their turn counts from the time after the jump.
      const due = alarms.filter(({ atMs }) => atMs <= nowMs);
      for (const alarm of due) {
        if (!alarms.includes(alarm)) continue; // one before it has called it off
        alarms = alarms.filter((other) => other !== alarm);
        alarm.fn();
      }
    },
    async advance(byMs) {
      if (!(byMs >= 0 && byMs < Infinity)) {
        throw new RangeError(
          `Cannot move the clock as the way must be 0 ms or more, and finite: current value is ${byMs}`,
        );
      }
      if (moving) throw new TypeError("Cannot move the clock as it is on the move: await the advance before");
      moving = true;
      const untilMs = nowMs + byMs;
      try {
        await settle();
        for (let next = alarms[0]; next !== undefined && next.atMs <= untilMs; next = alarms[0]) {
          alarms.shift();
          nowMs = Math.max(nowMs, next.atMs);
          next.fn();
          await settle();
        }
        nowMs = Math.max(nowMs, untilMs);
      } finally {
        moving = false;
      }
    },
  };
}

/** A turn of the event loop starts only when no promise is left to go on, however many hang on each other. */
function nextTurn(): Promise<void> {
  return new Promise(later);
}
