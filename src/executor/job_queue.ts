/**
 * Jobs that wait for an executor, in a fair order; what an executor gave back comes before all others.
 *
 * @module
 */
import { FairQueue } from "../base/fair_queue.ts";
import type { Job, Work } from "./job.ts";

/** A queue of jobs; those that end while they wait are left out. */
export class JobQueue<W extends Work> {
  /** What was given back; the last one is the next to go. */
  readonly #returned: Job<W>[] = [];
  readonly #waiting = new FairQueue<Job<W>>();
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** A job waits from now on. */
  push(job: Job<W>): void {
    this.#size++;
    this.#waiting.push(job, job.work.priority ?? 0, job.work.runId ?? "");
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
      const job = this.#returned.pop() ?? this.#waiting.shift();
      if (job?.ended) continue;
      if (job !== undefined) this.#size--;
      return job;
    }
  }
}
