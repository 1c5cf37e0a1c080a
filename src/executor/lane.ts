/**
 * A lane: what one executor has in hand, and how much it is given ahead of time.
 *
 * An executor that has to come back for each task of some microseconds waits most of the time; one that is given
 * many at once may sit on them behind a long one. So a lane opens up as long as what it is given is done within
 * {@linkcode AHEAD_MS}, and closes as soon as it is not; what is given out can be taken back until it is begun.
 *
 * @module
 */
import { after, claimRest, type Claims, nextClaim } from "./claims.ts";
import type { Job } from "./job.ts";

/** How much work an executor is given ahead of time, in ms. */
const AHEAD_MS = 4;
/** How many jobs that is at most: beyond it a message gains nothing (PERFORMANCE §D). */
const MAX_WINDOW = 256;
/** How fast a lane opens up while its jobs take less time than a clock shows. */
const GROWTH = 4;

/** How an executor joins. */
export interface LaneOptions {
  readonly name: string;
  /** The key of its kind. */
  readonly kind: string;
  /** How many jobs it runs at once. */
  readonly slots: number;
  /** Shared with the executor; without it, it is never given more than it can begin. One slot only. */
  readonly claims: Claims | undefined;
}

/** One executor as its pool sees it. */
export class Lane<W> {
  readonly name: string;
  readonly kind: string;
  readonly #slots: number;
  readonly #claims: Claims | undefined;
  /** What it has, by number, in order. */
  readonly #open = new Map<number, Job<W>>();
  /** The number of the next job. */
  #next = 0;
  #window = 1;
  /** Since when it does what it does, in ms. */
  #sinceMs = 0;

  constructor({ name, kind, slots, claims }: LaneOptions) {
    this.name = name;
    this.kind = kind;
    this.#slots = slots;
    this.#claims = claims;
  }

  /** How many jobs it has. */
  get size(): number {
    return this.#open.size;
  }

  /** How many more it takes now. A few at a time would cost a message each. */
  get room(): number {
    if (this.#claims === undefined) return this.#slots - this.#open.size;
    return 2 * this.#open.size > this.#window ? 0 : this.#window - this.#open.size;
  }

  /** Gives it jobs; the answer is the number of the first. */
  give(jobs: readonly Job<W>[], nowMs: number): number {
    if (this.#open.size === 0) this.#sinceMs = nowMs;
    const first = this.#next;
    for (const job of jobs) {
      this.#open.set(this.#next, job);
      this.#next = after(this.#next);
    }
    return first;
  }

  /** Which number a job has, if the lane has it. */
  numberOf(job: Job<W>): number | undefined {
    for (const [number, open] of this.#open) if (open === job) return number;
    return undefined;
  }

  /** A job has come back; `undefined` if the lane does not have it. */
  end(number: number): Job<W> | undefined {
    const job = this.#open.get(number);
    this.#open.delete(number);
    return job;
  }

  /** So many jobs have come back: what comes next is measured by them. */
  measure(count: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
    if (count === 0) return;
    const fitting = elapsedMs <= 0 ? MAX_WINDOW : Math.floor(AHEAD_MS * count / elapsedMs);
    this.#window = Math.max(1, Math.min(fitting, Math.max(this.#window, GROWTH * count), MAX_WINDOW));
  }

  /** All that it has. */
  get jobs(): readonly Job<W>[] {
    return [...this.#open.values()];
  }

  /** What runs in it now, as far as can be seen. */
  running(): readonly Job<W>[] {
    if (this.#claims === undefined || this.#open.size <= 1) return this.jobs;
    // It does one after the other: what it began before is done, and on its way.
    const last = this.#open.get((this.#first + this.#begunCount() - 1) | 0);
    return last === undefined ? [] : [last];
  }

  /** Whether it was given something ahead of time: it is worth a look, now and then. */
  get isAhead(): boolean {
    return this.#claims !== undefined && this.#open.size > 1;
  }

  /** Whether it has something that it has not begun, behind something that it has. */
  get hasWaiting(): boolean {
    if (!this.isAhead) return false;
    const begun = this.#begunCount();
    return begun > 0 && begun < this.#open.size;
  }

  /** Takes back what it has not begun, and gives it nothing ahead of time until it has proved itself again. */
  takeBack(): readonly Job<W>[] {
    this.#window = 1;
    if (this.#claims === undefined) return [];
    const jobs: Job<W>[] = [];
    for (let number = claimRest(this.#claims, this.#next); number !== this.#next; number = after(number)) {
      jobs.push(this.end(number)!);
    }
    return jobs;
  }

  /** The number of the first job that it has. */
  get #first(): number {
    return this.#open.keys().next().value!;
  }

  /** How many of its jobs it has begun: it does so in order. */
  #begunCount(): number {
    return (nextClaim(this.#claims!) - this.#first) | 0;
  }
}
