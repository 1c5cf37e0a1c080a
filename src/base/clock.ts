/**
 * Time as a parameter: nothing in the core reads the clock of the machine.
 *
 * @module
 */

/** Undoes what it was given for; calling it twice is harmless. */
export type Cancel = () => void;

/** The time and its alarms. The real one is `systemClock`, a movable one `createVirtualClock`. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /**
   * Calls `fn` once, `delayMs` milliseconds from now (any length; not below 0).
   *
   * @returns Call it to call the alarm off.
   */
  after(delayMs: number, fn: () => void): Cancel;
}
