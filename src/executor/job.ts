/**
 * A job: one piece of work in a pool, from its submission to its one end.
 *
 * @module
 */
import type { Isolation } from "../task/descriptor.ts";

/** What a pool must know of a piece of work. */
export interface Work {
  /** The task. */
  readonly task: string;
  /** Which try, from 1. */
  readonly attempt: number;
  /** How long it may take, in ms. */
  readonly timeoutMs?: number;
  /** Where it runs. */
  readonly isolation: Isolation;
}

/** A piece of work in a pool. */
export interface Job<W> {
  /** What is to be done. */
  readonly work: W;
  /** Whether it has ended; nothing happens to it any more. */
  ended: boolean;
  /** When it was called off, in ms. */
  cancelledMs: number | undefined;
  /** Since when it runs, as far as the pool has seen, in ms. */
  runningMs: number | undefined;
}
