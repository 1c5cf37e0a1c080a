/**
 * Claims: how a pool and an executor in another thread agree on who has a piece of work that was handed over
 * ahead of time. Both sides change one shared number, so that the pool can take back what waits behind a task
 * that computes without end, and knows what was begun when a thread is lost.
 *
 * Work is numbered in the order in which it is given out. The number of what comes next is shared: whoever
 * moves it on from `n` has the work `n`.
 *
 * @module
 */

/** The number that a pool and one executor share; the same memory in both threads. */
export type Claims = Int32Array<SharedArrayBuffer>;

/** A number that nobody has claimed from yet. */
export function createClaims(): Claims {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** The number after `number`; numbers start over where 32 bits end. */
export function after(number: number): number {
  return (number + 1) | 0;
}

/** Claims one piece of work; says whether it was still there to be claimed. */
export function claim(claims: Claims, number: number): boolean {
  return Atomics.compareExchange(claims, 0, number, after(number)) === number;
}

/** The number of what will be claimed next. */
export function nextClaim(claims: Claims): number {
  return Atomics.load(claims, 0);
}

/** Claims everything from `nextClaim` up to, and without, `end`; gives the number of the first. */
export function claimRest(claims: Claims, end: number): number {
  for (;;) {
    const first = nextClaim(claims);
    if (Atomics.compareExchange(claims, 0, first, end) === first) return first;
  }
}
