/**
 * What a spawn leaves open: when an actor is started again, and how long it may take to start and to stop.
 *
 * @module
 */
import type { RestartType } from "./supervision.ts";

/** How long an actor may take to start, unless its spawn says otherwise, in ms. */
const DEFAULT_START_MS = 60_000;
/** How long an actor may take to stop, unless its spawn says otherwise, in ms (OTP's default shutdown time). */
export const DEFAULT_STOP_MS = 5_000;

/** When an actor is started again, and how long it may take. */
export interface SpawnPolicy {
  readonly restart: RestartType;
  readonly startMs: number;
  readonly stopMs: number;
}

/** A policy as a program writes it. */
export type SpawnWishes = { readonly [K in keyof SpawnPolicy]?: SpawnPolicy[K] | undefined };

/**
 * The policy of a spawn.
 *
 * @throws {RangeError} If a time is no positive number, or the kind of restart is unknown.
 */
export function spawnPolicyOf(name: string, wishes: SpawnWishes): SpawnPolicy {
  const { restart = "transient", startMs = DEFAULT_START_MS, stopMs = DEFAULT_STOP_MS } = wishes;
  if (!["permanent", "transient", "temporary"].includes(restart)) {
    throw new RangeError(
      `Cannot spawn actor "${name}" as restart must be "permanent", "transient" or "temporary": ` +
        `current value is "${restart}"`,
    );
  }
  for (const [key, value] of Object.entries({ startMs, stopMs })) {
    if (value > 0 && value < Infinity) continue;
    throw new RangeError(
      `Cannot spawn actor "${name}" as ${key} must be a finite number > 0: current value is ${value}`,
    );
  }
  return { restart, startMs, stopMs };
}
