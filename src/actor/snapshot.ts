/**
 * What lives in one thread and how it does, as plain data.
 *
 * @module
 */
import { type Counters, type DeadLetterReason, zeroCounters } from "./counters.ts";

/** One thread's part of the actor system, as plain data. */
export interface NodeSnapshot {
  /** The host's number. */
  readonly host: number;
  /** Its actors. */
  readonly actors: readonly {
    readonly name: string;
    readonly protocol: string;
    readonly depth: number;
    readonly highWater: number;
    readonly inHand: number;
    readonly counters: Readonly<Counters>;
  }[];
  /** How many messages nobody handled, by reason. */
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** Asks that wait for an answer. */
  readonly pendingAsks: number;
}

/** All counters of a snapshot together: the accounting law holds for them. */
export function totals(
  snapshot: NodeSnapshot,
): Counters & { readonly queued: number; readonly inHand: number } {
  const sum = { ...zeroCounters(), queued: 0, inHand: 0 };
  for (const { counters, depth, inHand } of snapshot.actors) {
    sum.accepted += counters.accepted;
    sum.handled += counters.handled;
    sum.failed += counters.failed;
    sum.deadLettered += counters.deadLettered;
    sum.queued += depth;
    sum.inHand += inHand;
  }
  return sum;
}
