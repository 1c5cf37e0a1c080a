/**
 * A job: one piece of work in a pool, from its submission to its one end.
 *
 * @module
 */
import type { ExecutorKind } from "./kind.ts";

/** What a pool must know of a piece of work. */
export interface Work extends ExecutorKind {
  /** The task. */
  readonly task: string;
  /** Which try, from 1. */
  readonly attempt: number;
  /** How long it may take, in ms. */
  readonly timeoutMs?: number;
  /** Among those that wait the higher goes first. @default {0} */
  readonly priority?: number;
  /** The run: those of one priority take turns. */
  readonly runId?: string;
}

/** A piece of work in a pool. */
export interface Job<W> {
  /** What is to be done. */
  readonly work: W;
  /** The key of the kind of executor that it needs. */
  readonly kind: string;
  /** The attempt whose result is all that it takes. */
  readonly origin: string | undefined;
  /** Whether it has ended; nothing happens to it any more. */
  ended: boolean;
  /** When it was called off, in ms. */
  cancelledMs: number | undefined;
  /** Since when it runs, as far as the pool has seen, in ms. */
  runningMs: number | undefined;
}
