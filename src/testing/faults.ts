/**
 * What goes wrong in a simulation.
 *
 * @module
 */

/** Faults, all off unless named. */
export interface FaultPlan {
  /** The share of messages between hosts that are held up for some steps, from 0 to 1. */
  readonly delay?: number;
  /** The share of frames between hosts that cannot be cloned, from 0 to 1. */
  readonly cloneFailure?: number;
  /** A host that gets its turn ten times less often than the others. */
  readonly slowHost?: number;
  /** A host that ends at a step; unless `announced`, without a word. */
  readonly crash?: { readonly host: number; readonly atStep: number; readonly announced?: boolean };
  /** The time jumps ahead at a step, while everything else is under way. */
  readonly clockJump?: { readonly atStep: number; readonly byMs: number };
}
