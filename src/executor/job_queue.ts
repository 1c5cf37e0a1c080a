/**
 * Jobs that wait for an executor: first in, first out; what an executor gave back comes before all others.
 *
 * @module
 */
import type { Job } from "./job.ts";

/** A queue of jobs; those that end while they wait are left out. */
export class JobQueue<W> {
  /** What was given back; the last one is the next to go. */
  readonly #returned: Job<W>[] = [];
  #waiting: Job<W>[] = [];
  /** Where in `#waiting` the next one is: moving all others up for each would be quadratic. */
  #next = 0;
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** A job waits from now on. */
  push(job: Job<W>): void {
    this.#size++;
    this.#waiting.push(job);
  }

  /** Jobs that had their turn already wait again, in this order, before all others. */
  putBack(jobs: readonly Job<W>[]): void {
    this.#size += jobs.length;
    this.#returned.push(...jobs.toReversed());
  }

  /** A job has ended while it waited. */
  drop(): void {
    this.#size--;
  }

  /** The next job, or `undefined` if none waits. */
  shift(): Job<W> | undefined {
    for (;;) {
      const job = this.#returned.pop() ?? this.#shiftWaiting();
      if (job?.ended) continue;
      if (job !== undefined) this.#size--;
      return job;
    }
  }

  #shiftWaiting(): Job<W> | undefined {
    if (this.#next === this.#waiting.length) {
      if (this.#next > 0) this.#waiting = [];
      this.#next = 0;
      return undefined;
    }
    const job = this.#waiting[this.#next]!;
    this.#waiting[this.#next++] = undefined as unknown as Job<W>; // nothing holds on to what is gone
    return job;
  }
}
