/**
 * Errors in this thread that nobody handles: who may be to blame for one can claim it; what nobody claims is told
 * to the thread that started this one.
 *
 * @module
 */

/** Hears of an error. */
export type FaultListener = (error: unknown) => void;

/** One for the whole thread, as such errors are. */
const listeners = new Set<FaultListener>();

/** Claims what nobody handles from now on; the answer gives it up again. */
export function claimFaults(listener: FaultListener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Hands an error to who claims it; of several, nobody can tell who is to blame. Says whether somebody took it. */
export function claimed(error: unknown): boolean {
  const [first, second] = listeners;
  if (first === undefined || second !== undefined) return false;
  first(error);
  return true;
}
