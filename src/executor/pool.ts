/**
 * The executor pool: which piece of work goes to which executor, and what happens when one does not come back.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { type MillraceError, toWire } from "../base/errors.ts";
import { cancelled, GRACE_MS, timedOut } from "./attempt.ts";
import type { Job, Work } from "./job.ts";
import { JobQueue } from "./job_queue.ts";
import { deal } from "./deal.ts";
import { type ExecutorKind, keyOfKind, kindOf } from "./kind.ts";
import { executorLost } from "./lost_sandbox.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import { Places } from "./places.ts";
import type { AttemptOutcome } from "./port.ts";

/** What the pool needs of the world. */
export interface PoolPorts<W extends Work, O> {
  readonly clock: Clock;
  /** Calls `fn` once all that comes in at the same time is in: what goes out then shares a message. */
  soon(fn: () => void): void;
  /** Hands work to an executor: it begins in this order. The first has the number `first`, the next one more. */
  give(executor: string, first: number, works: readonly W[]): void;
  /** Tells an executor to call off what it has under this number. */
  cancel(executor: string, number: number): void;
  /** A piece of work has ended. */
  outcome(work: W, outcome: O | FailedOutcome): void;
  /** An executor must be replaced; `stuck` if something in it goes on computing. */
  retire(executor: string, reason: string, stuck: boolean): void;
  /** So much work waits as no executor of its kind has room: whoever can start one may. */
  wanted?(kind: ExecutorKind, waiting: number): void;
  /** An executor has so much work in hand now. */
  works?(executor: string, size: number): void;
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
export type Ended<O = AttemptOutcome> = readonly [number: number, outcome: O];

/** How work ends that no executor can finish. */
export type FailedOutcome = Extract<AttemptOutcome, { readonly ok: false }>;

/** How long a job may run before what waits behind it in its executor is given to others, in ms. */
const STALL_MS = 5;

/** Where work goes that is kept away from the threads of this process. */
const APART: ExecutorKind = { isolation: "process" };
/** How many lost threads are borne before all work goes to processes: each burns a core until this one ends. */
const MAX_LOST = 1;

/** Work waits in order for an executor of its kind that has room. */
export class ExecutorPool<W extends Work, O extends { readonly dirty?: true } = AttemptOutcome> {
  readonly #ports: PoolPorts<W, O>;
  readonly #lanes = new Map<string, Lane<W>>();
  readonly #queues = new Map<string, JobQueue<W>>();
  readonly #kinds = new Map<string, ExecutorKind>();
  readonly #alarms = new Map<Lane<W>, Cancel>();
  readonly #due = new Set<string>();
  /** Tasks that have cost a thread: they get no other one. */
  readonly #costly = new Set<string>();
  readonly #places = new Places();
  #lost = 0;

  constructor(ports: PoolPorts<W, O>) {
    this.#ports = ports;
  }

  /** Numbers. */
  get status(): PoolStatus {
    const workers = [...this.#lanes.values()].filter(({ kind }) => kind === "worker");
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
    if (this.#queueOf(options.kind).size === 0) this.#ports.works?.(options.name, 0);
    this.#assignSoon(options.kind);
  }

  /** An executor is gone: what it had begun is lost, the rest goes to others. */
  leave(name: string, reason: string): void {
    const lane = this.#lanes.get(name);
    if (lane !== undefined) this.#drop(lane, (job) => this.#lostOutcome(job, reason));
  }

  /** Takes work; it waits for its turn. What follows one attempt had best run where that has ended. */
  submit(work: W, origin?: string): Job<W> {
    const wanted = this.#kindOf(work);
    const kind = keyOfKind(wanted);
    if (!this.#kinds.has(kind)) this.#kinds.set(kind, wanted);
    const job: Job<W> = { work, kind, origin, ended: false, cancelledMs: undefined, runningMs: undefined };
    this.#queueOf(kind).push(job);
    this.#assignSoon(kind);
    return job;
  }

  /** No executor of this kind can be started: what waits for one fails. */
  refuse(kind: ExecutorKind, error: (work: W) => MillraceError): void {
    const queue = this.#queueOf(keyOfKind(kind));
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      this.#end(job, failed(error(job.work), 0));
    }
    this.#ports.wanted?.(kind, 0);
  }

  /** Takes nothing back any more: all that waits or runs fails. */
  close(error: MillraceError): void {
    for (const lane of this.#lanes.values()) this.#drop(lane, () => failed(error, 0));
    for (const queue of this.#queues.values()) {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) this.#end(job, failed(error, 0));
    }
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
    this.#queueOf(job.kind).drop();
    this.#end(job, failed(cancelled(job.work), 0));
    this.#tellWanted(job.kind);
  }

  /** Work has come back from an executor. */
  ended(name: string, ended: readonly Ended<O>[]): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return; // it was given up
    let count = 0;
    let dirty: W | undefined;
    for (const [number, outcome] of ended) {
      const job = lane.end(number);
      if (job === undefined) continue;
      count++;
      if (outcome.dirty) dirty = job.work;
      const { runId, task, attempt } = job.work;
      if (runId !== undefined) this.#places.ended({ runId, task, attempt }, name);
      this.#end(job, outcome);
    }
    if (dirty !== undefined && lane.kind !== "inline") {
      return this.#retire(lane, `attempt ${dirty.attempt} of task "${dirty.task}" left work behind`, false);
    }
    lane.measure(count, this.#ports.clock.now());
    this.#watch(lane);
    this.#assignSoon(lane.kind);
    if (lane.size === 0 && this.#queueOf(lane.kind).size === 0) this.#ports.works?.(name, 0);
  }

  /** Threads are not for what has cost one, nor for anything once too many are lost. */
  #kindOf(work: W): ExecutorKind {
    const kind = kindOf(work);
    // Where nobody starts processes there is nowhere else to go.
    const avoidsThreads = this.#ports.wanted !== undefined &&
      (this.#lost > MAX_LOST || this.#costly.has(work.task));
    return kind.isolation === "worker" && avoidsThreads ? APART : kind;
  }

  #queueOf(kind: string): JobQueue<W> {
    let queue = this.#queues.get(kind);
    if (queue === undefined) this.#queues.set(kind, queue = new JobQueue());
    return queue;
  }

  #tellWanted(kind: string): void {
    this.#ports.wanted?.(this.#kinds.get(kind)!, this.#queueOf(kind).size);
  }

  #assignSoon(kind: string): void {
    if (this.#due.has(kind) || this.#queueOf(kind).size === 0) return;
    this.#due.add(kind);
    this.#ports.soon(() => {
      this.#due.delete(kind);
      this.#assign(kind);
      this.#tellWanted(kind);
      for (const lane of this.#lanes.values()) {
        if (lane.kind === kind && lane.size === 0) this.#ports.works?.(lane.name, 0);
      }
    });
  }

  /** Deals what waits out to all that have room. */
  #assign(kind: string): void {
    const queue = this.#queueOf(kind);
    const dealt = deal(
      [...this.#lanes.values()].filter((lane) => lane.kind === kind),
      () => queue.shift(),
      ({ origin }) => origin === undefined ? undefined : this.#places.of(origin),
    );
    for (const [lane, jobs] of dealt) this.#give(lane, jobs);
  }

  #give(lane: Lane<W>, jobs: readonly Job<W>[]): void {
    const first = lane.give(jobs, this.#ports.clock.now());
    this.#ports.give(lane.name, first, jobs.map(({ work }) => work));
    this.#ports.works?.(lane.name, lane.size);
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
      this.#takeBack(lane);
      this.#assignSoon(lane.kind);
    }
    if (lane.isAhead) nextMs = Math.min(nextMs, nowMs + STALL_MS);
    if (nextMs === Infinity) return;
    this.#alarms.set(lane, this.#ports.clock.after(nextMs - nowMs, () => this.#watch(lane)));
  }

  #giveUp(lane: Lane<W>, job: Job<W>, error: MillraceError): void {
    const outcome = failed(error, this.#ports.clock.now() - job.runningMs!);
    if (lane.kind === "inline") {
      lane.end(lane.numberOf(job)!);
      this.#end(job, outcome);
      return this.#assignSoon(lane.kind);
    }
    const reason = `attempt ${job.work.attempt} of task "${job.work.task}" does not stop`;
    // A process is ended whatever it computes.
    const lost = lane.kind === "worker";
    if (lost) this.#costly.add(job.work.task);
    this.#retire(lane, reason, lost, (other) => other === job ? outcome : this.#lostOutcome(other, reason));
  }

  /** Takes no more from an executor, and asks for another one in its place. */
  #retire(
    lane: Lane<W>,
    reason: string,
    stuck: boolean,
    outcomeOf: (job: Job<W>) => FailedOutcome = (job) => this.#lostOutcome(job, reason),
  ): void {
    if (stuck) this.#lost++;
    this.#ports.retire(lane.name, reason, stuck);
    this.#drop(lane, outcomeOf);
  }

  #drop(lane: Lane<W>, outcomeOf: (job: Job<W>) => FailedOutcome): void {
    if (!this.#lanes.delete(lane.name)) return;
    this.#alarms.get(lane)?.();
    this.#alarms.delete(lane);
    this.#takeBack(lane);
    for (const job of lane.jobs) this.#end(job, outcomeOf(job));
    this.#assignSoon(lane.kind);
  }

  /** What a lane has not begun waits again, as if it had never been given out; what was called off has ended. */
  #takeBack(lane: Lane<W>): void {
    const jobs = lane.takeBack();
    for (const job of jobs) job.runningMs = undefined;
    this.#queueOf(lane.kind).putBack(jobs.filter(({ cancelledMs }) => cancelledMs === undefined));
    for (const job of jobs) if (job.cancelledMs !== undefined) this.#end(job, failed(cancelled(job.work), 0));
  }

  #end(job: Job<W>, outcome: O | FailedOutcome): void {
    job.ended = true;
    this.#ports.outcome(job.work, outcome);
  }

  #lostOutcome({ work, runningMs }: Job<W>, reason: string): FailedOutcome {
    const nowMs = this.#ports.clock.now();
    return failed(executorLost(work, reason), nowMs - (runningMs ?? nowMs));
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

function failed(error: MillraceError, durationMs: number): FailedOutcome {
  return { ok: false, error: toWire(error), retryable: error.retryable, durationMs };
}
