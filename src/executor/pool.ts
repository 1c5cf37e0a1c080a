/**
 * The executor pool: which piece of work goes to which executor, and what happens when one does not come back.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { MillraceError, toWire } from "../base/errors.ts";
import type { Isolation } from "../task/descriptor.ts";
import { cancelled, GRACE_MS, timedOut } from "./attempt.ts";
import type { Job, Work } from "./job.ts";
import { JobQueue } from "./job_queue.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import type { AttemptOutcome } from "./port.ts";

/** What the pool needs of the world. */
export interface PoolPorts<W extends Work> {
  readonly clock: Clock;
  /** Calls `fn` once all that comes in at the same time is in: what goes out then shares a message. */
  soon(fn: () => void): void;
  /** Hands work to an executor: it begins in this order. The first has the number `first`, the next one more. */
  give(executor: string, first: number, works: readonly W[]): void;
  /** Tells an executor to call off what it has under this number. */
  cancel(executor: string, number: number): void;
  /** A piece of work has ended. */
  outcome(work: W, outcome: AttemptOutcome): void;
  /** An executor must be replaced; `stuck` if something in it goes on computing. */
  retire(executor: string, reason: string, stuck: boolean): void;
}

/** Numbers of the pool. */
export interface PoolStatus {
  /** Executors that take attempts. */
  readonly total: number;
  /** Executors at work. */
  readonly busy: number;
  /** Attempts that wait for an executor. */
  readonly queued: number;
  /** Executors that were given up while something in them went on computing. */
  readonly lost: number;
}

/** What has come back from an executor, by number. */
export type Ended = readonly [number: number, outcome: AttemptOutcome];

/** How long a job may run before what waits behind it in its executor is given to others, in ms. */
const STALL_MS = 5;

/** Work waits in order for an executor of its isolation that has room. */
export class ExecutorPool<W extends Work> {
  readonly #ports: PoolPorts<W>;
  readonly #lanes = new Map<string, Lane<W>>();
  readonly #queues = new Map<Isolation, JobQueue<W>>();
  readonly #alarms = new Map<Lane<W>, Cancel>();
  readonly #due = new Set<Isolation>();
  #lost = 0;

  constructor(ports: PoolPorts<W>) {
    this.#ports = ports;
  }

  /** Numbers. */
  get status(): PoolStatus {
    const workers = [...this.#lanes.values()].filter(({ isolation }) => isolation !== "inline");
    return {
      total: workers.length,
      busy: workers.filter(({ size }) => size > 0).length,
      queued: [...this.#queues.values()].reduce((sum, queue) => sum + queue.size, 0),
      lost: this.#lost,
    };
  }

  /** A new executor takes work. */
  join(options: LaneOptions): void {
    this.#lanes.set(options.name, new Lane(options));
    this.#assignSoon(options.isolation);
  }

  /** An executor is gone: what it had begun is lost, the rest goes to others. */
  leave(name: string, reason: string): void {
    const lane = this.#lanes.get(name);
    if (lane !== undefined) this.#drop(lane, (job) => this.#lostOutcome(job, reason));
  }

  /** Takes work; it waits for its turn. */
  submit(work: W): Job<W> {
    const job: Job<W> = { work, ended: false, cancelledMs: undefined, runningMs: undefined };
    this.#queueOf(work.isolation).push(job);
    this.#assignSoon(work.isolation);
    return job;
  }

  /** Calls a job off, whether it waits or runs. */
  cancel(job: Job<W>): void {
    if (job.ended || job.cancelledMs !== undefined) return;
    for (const lane of this.#lanes.values()) {
      const number = lane.numberOf(job);
      if (number === undefined) continue;
      job.cancelledMs = this.#ports.clock.now();
      this.#ports.cancel(lane.name, number);
      return this.#watch(lane);
    }
    this.#queueOf(job.work.isolation).drop();
    this.#end(job, failed(cancelled(job.work), 0));
  }

  /** Work has come back from an executor. */
  ended(name: string, ended: readonly Ended[]): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return; // it was given up
    let count = 0;
    let dirty: W | undefined;
    for (const [number, outcome] of ended) {
      const job = lane.end(number);
      if (job === undefined) continue;
      count++;
      if (outcome.dirty) dirty = job.work;
      this.#end(job, outcome);
    }
    if (dirty !== undefined && lane.isolation !== "inline") {
      return this.#retire(lane, `attempt ${dirty.attempt} of task "${dirty.task}" left work behind`, false);
    }
    lane.measure(count, this.#ports.clock.now());
    this.#watch(lane);
    this.#assignSoon(lane.isolation);
  }

  #queueOf(isolation: Isolation): JobQueue<W> {
    let queue = this.#queues.get(isolation);
    if (queue === undefined) this.#queues.set(isolation, queue = new JobQueue());
    return queue;
  }

  #assignSoon(isolation: Isolation): void {
    if (this.#due.has(isolation) || this.#queueOf(isolation).size === 0) return;
    this.#due.add(isolation);
    this.#ports.soon(() => {
      this.#due.delete(isolation);
      this.#assign(isolation);
    });
  }

  /** Deals what waits out to all that have room, to the one that has least first. */
  #assign(isolation: Isolation): void {
    const queue = this.#queueOf(isolation);
    while (queue.size > 0) {
      const free = [...this.#lanes.values()]
        .filter((lane) => lane.isolation === isolation && lane.room > 0)
        .sort((a, b) => a.size - b.size);
      const lane = free[0];
      if (lane === undefined) return;
      this.#give(lane, queue, Math.min(lane.room, Math.ceil(queue.size / free.length)));
    }
  }

  #give(lane: Lane<W>, queue: JobQueue<W>, count: number): void {
    const jobs: Job<W>[] = [];
    for (let index = 0; index < count; index++) jobs.push(queue.shift()!);
    const first = lane.give(jobs, this.#ports.clock.now());
    this.#ports.give(lane.name, first, jobs.map(({ work }) => work));
    this.#watch(lane);
  }

  /**
   * Looks at what runs in a lane, now and whenever something is due: what does not end is given up with its
   * executor, as nothing else can stop a loop that awaits no more; what waits behind a long one goes to others.
   */
  #watch(lane: Lane<W>): void {
    this.#alarms.get(lane)?.();
    this.#alarms.delete(lane);
    const nowMs = this.#ports.clock.now();
    let nextMs = Infinity;
    for (const job of lane.running()) {
      job.runningMs ??= nowMs;
      const { atMs, error } = deadlineOf(job, job.runningMs);
      if (atMs <= nowMs) return this.#giveUp(lane, job, error());
      nextMs = Math.min(nextMs, atMs);
      if (!lane.hasWaiting || nowMs - job.runningMs < STALL_MS) continue;
      this.#queueOf(lane.isolation).putBack(lane.takeBack());
      this.#assignSoon(lane.isolation);
    }
    if (lane.isAhead) nextMs = Math.min(nextMs, nowMs + STALL_MS);
    if (nextMs === Infinity) return;
    this.#alarms.set(lane, this.#ports.clock.after(nextMs - nowMs, () => this.#watch(lane)));
  }

  #giveUp(lane: Lane<W>, job: Job<W>, error: MillraceError): void {
    const outcome = failed(error, this.#ports.clock.now() - job.runningMs!);
    if (lane.isolation === "inline") {
      lane.end(lane.numberOf(job)!);
      this.#end(job, outcome);
      return this.#assignSoon(lane.isolation);
    }
    const reason = `attempt ${job.work.attempt} of task "${job.work.task}" does not stop`;
    this.#retire(lane, reason, true, (other) => other === job ? outcome : this.#lostOutcome(other, reason));
  }

  /** Takes no more from an executor, and asks for another one in its place. */
  #retire(
    lane: Lane<W>,
    reason: string,
    stuck: boolean,
    outcomeOf: (job: Job<W>) => AttemptOutcome = (job) => this.#lostOutcome(job, reason),
  ): void {
    if (stuck) this.#lost++;
    this.#ports.retire(lane.name, reason, stuck);
    this.#drop(lane, outcomeOf);
  }

  #drop(lane: Lane<W>, outcomeOf: (job: Job<W>) => AttemptOutcome): void {
    if (!this.#lanes.delete(lane.name)) return;
    this.#alarms.get(lane)?.();
    this.#alarms.delete(lane);
    this.#queueOf(lane.isolation).putBack(lane.takeBack());
    for (const job of lane.jobs) this.#end(job, outcomeOf(job));
    this.#assignSoon(lane.isolation);
  }

  #end(job: Job<W>, outcome: AttemptOutcome): void {
    job.ended = true;
    this.#ports.outcome(job.work, outcome);
  }

  #lostOutcome({ work: { task, attempt }, runningMs }: Job<W>, reason: string): AttemptOutcome {
    const lost = new MillraceError(
      "executor/lost",
      `Cannot finish task "${task}" as its executor was lost during attempt ${attempt}: ${reason}`,
      { details: { task, attempt, reason } },
    );
    const nowMs = this.#ports.clock.now();
    return failed(lost, nowMs - (runningMs ?? nowMs));
  }
}

/** When a job that does not end is given up: the executor has its own timer and its own grace before. */
function deadlineOf<W extends Work>(
  { work, cancelledMs }: Job<W>,
  runningMs: number,
): { readonly atMs: number; readonly error: () => MillraceError } {
  const { task, attempt, timeoutMs } = work;
  if (cancelledMs !== undefined) return { atMs: cancelledMs + 2 * GRACE_MS, error: () => cancelled(work) };
  return {
    atMs: timeoutMs === undefined ? Infinity : runningMs + timeoutMs + 2 * GRACE_MS,
    error: () => timedOut(task, attempt, timeoutMs!),
  };
}

function failed(error: MillraceError, durationMs: number): AttemptOutcome {
  return { ok: false, error: toWire(error), retryable: error.retryable, durationMs };
}
