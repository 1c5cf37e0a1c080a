/**
 * The executor pool: which attempt goes to which executor, and what happens when one does not come back.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { messageOf, MillraceError, toWire } from "../base/errors.ts";
import { cancelled, GRACE_MS, timedOut } from "./attempt.ts";
import { keyOfLane, type Lane, laneOf } from "./lane.ts";
import type { AttemptKey, AttemptOutcome, ExecutableTask } from "./port.ts";

/** What the pool needs of the world. */
export interface PoolPorts {
  readonly clock: Clock;
  /** Runs an attempt on an executor; rejects if the executor is lost. `signal` calls the attempt off. */
  execute(executor: string, task: ExecutableTask, signal: AbortSignal): Promise<AttemptOutcome>;
  /** An attempt has ended. */
  outcome(attempt: AttemptKey, outcome: AttemptOutcome): void;
  /** An executor must be replaced; `stuck` if something in it goes on computing. */
  retire(executor: string, reason: string, stuck: boolean): void;
  /** So many attempts wait as no executor of their lane is free: whoever can start one may. */
  wanted?(lane: Lane, waiting: number): void;
  /** An executor has so many attempts in hand now. */
  works?(executor: string, running: number): void;
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

interface Executor {
  readonly name: string;
  /** The key of its lane. */
  readonly lane: string;
  /** How many attempts it takes at once. */
  readonly slots: number;
  readonly running: Map<string, Running>;
}

/** An attempt on an executor. */
interface Running {
  readonly controller: AbortController;
  /** Calls off the alarm that gives the executor up. */
  alarm: Cancel;
}

/** Attempts of one lane, in the order in which they came. */
interface Queue {
  readonly lane: Lane;
  readonly tasks: ExecutableTask[];
}

/** Where work goes that is kept away from the threads of this process. */
const PROCESS: Lane = { isolation: "process" };
/** How many lost threads are borne before all work goes to processes: each burns a core until this one ends. */
const MAX_LOST = 1;

/** Attempts wait in order for a free executor of their lane. */
export class ExecutorPool {
  readonly #ports: PoolPorts;
  readonly #executors = new Map<string, Executor>();
  readonly #queues = new Map<string, Queue>();
  /** Tasks that have cost a thread: they get no other one. */
  readonly #costly = new Set<string>();
  #lost = 0;

  constructor(ports: PoolPorts) {
    this.#ports = ports;
  }

  /** Numbers. */
  get status(): PoolStatus {
    const workers = [...this.#executors.values()].filter(({ lane }) => lane === "worker");
    return {
      total: workers.length,
      busy: workers.filter(({ running }) => running.size > 0).length,
      queued: [...this.#queues.values()].reduce((sum, { tasks }) => sum + tasks.length, 0),
      lost: this.#lost,
    };
  }

  /** A new executor takes attempts. */
  join(name: string, lane: string, slots: number): void {
    const running = new Map<string, Running>();
    this.#executors.set(name, { name, lane, slots, running });
    this.#assign(lane);
    this.#ports.works?.(name, running.size);
  }

  /** An executor is gone; what ran on it fails by itself. */
  leave(name: string): void {
    this.#executors.delete(name);
  }

  /** Takes an attempt; it waits for its turn. */
  submit(task: ExecutableTask): void {
    const lane = this.#laneOf(task);
    const key = keyOfLane(lane);
    let queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, queue = { lane, tasks: [] });
    queue.tasks.push(task);
    this.#assign(key);
  }

  /** No executor of this lane can be started: what waits for one fails. */
  refuse(lane: Lane, error: (task: ExecutableTask) => MillraceError): void {
    for (const task of this.#queues.get(keyOfLane(lane))?.tasks.splice(0) ?? []) {
      this.#end(task, failed(error(task), 0));
    }
    this.#ports.wanted?.(lane, 0);
  }

  /** Calls an attempt off, whether it waits or runs. */
  cancel(key: AttemptKey): void {
    for (const { lane, tasks } of this.#queues.values()) {
      const index = tasks.findIndex((task) => keyOf(task) === keyOf(key));
      if (index < 0) continue;
      this.#end(tasks.splice(index, 1)[0]!, failed(cancelled(key), 0));
      this.#ports.wanted?.(lane, tasks.length);
    }
    for (const { running } of this.#executors.values()) running.get(keyOf(key))?.controller.abort();
  }

  #laneOf(task: ExecutableTask): Lane {
    const lane = laneOf(task);
    const avoidsThreads = this.#lost > MAX_LOST || this.#costly.has(task.task);
    return lane.isolation === "worker" && avoidsThreads ? PROCESS : lane;
  }

  #assign(key: string): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    while (queue.tasks.length > 0) {
      const free = this.#leastBusy(key);
      if (free === undefined) break;
      void this.#run(free, queue.tasks.shift()!);
    }
    this.#ports.wanted?.(queue.lane, queue.tasks.length);
  }

  #leastBusy(lane: string): Executor | undefined {
    let best: Executor | undefined;
    for (const executor of this.#executors.values()) {
      if (executor.lane !== lane || executor.running.size >= executor.slots) continue;
      if (best === undefined || executor.running.size < best.running.size) best = executor;
    }
    return best;
  }

  async #run(executor: Executor, task: ExecutableTask): Promise<void> {
    const startedMs = this.#ports.clock.now();
    const running: Running = { controller: new AbortController(), alarm: () => {} };
    executor.running.set(keyOf(task), running);
    this.#ports.works?.(executor.name, executor.running.size);
    const outcome = await Promise.race([
      this.#ports.execute(executor.name, task, running.controller.signal).catch((error) =>
        this.#lostOutcome(executor, task, startedMs, error)
      ),
      this.#watch(executor, task, running, startedMs),
    ]);
    running.alarm();
    executor.running.delete(keyOf(task));
    if (outcome.dirty) {
      this.#retire(executor, `attempt ${task.attempt} of task "${task.task}" left work behind`, false);
    }
    this.#end(task, outcome);
    this.#assign(executor.lane);
    this.#ports.works?.(executor.name, executor.running.size);
  }

  /** Gives an executor up that does not answer in time: nothing else can stop a loop that awaits no more. */
  #watch(
    executor: Executor,
    task: ExecutableTask,
    running: Running,
    startedMs: number,
  ): Promise<AttemptOutcome> {
    const { promise, resolve } = Promise.withResolvers<AttemptOutcome>();
    const giveUp = (error: MillraceError): void => {
      this.#retire(executor, `attempt ${task.attempt} of task "${task.task}" does not stop`, true);
      if (executor.lane === "worker") this.#costly.add(task.task);
      resolve(failed(error, this.#ports.clock.now() - startedMs));
    };
    // The executor has its own timer and its own grace; this alarm is for one that hangs.
    const arm = (delayMs: number, error: () => MillraceError): void => {
      running.alarm();
      running.alarm = this.#ports.clock.after(delayMs, () => giveUp(error()));
    };
    const { timeoutMs } = task;
    if (timeoutMs !== undefined) {
      arm(timeoutMs + 2 * GRACE_MS, () => timedOut(task.task, task.attempt, timeoutMs));
    }
    running.controller.signal.addEventListener("abort", () => arm(2 * GRACE_MS, () => cancelled(task)), {
      once: true,
    });
    return promise;
  }

  #retire(executor: Executor, reason: string, stuck: boolean): void {
    if (executor.lane === "inline" || !this.#executors.delete(executor.name)) return;
    // A process is ended whatever it computes.
    const lost = stuck && executor.lane === "worker";
    if (lost) this.#lost++;
    this.#ports.retire(executor.name, reason, lost);
  }

  #end({ runId, task, attempt }: AttemptKey, outcome: AttemptOutcome): void {
    this.#ports.outcome({ runId, task, attempt }, outcome);
  }

  #lostOutcome(executor: Executor, task: ExecutableTask, startedMs: number, error: unknown): AttemptOutcome {
    const reason = messageOf(error);
    // Most often it is gone already; one that lives but cannot answer must go.
    this.#retire(executor, reason, false);
    const lost = new MillraceError(
      "executor/lost",
      `Cannot finish task "${task.task}" as its executor was lost during attempt ${task.attempt}: ${reason}`,
      { details: { task: task.task, attempt: task.attempt, reason } },
    );
    return failed(lost, this.#ports.clock.now() - startedMs);
  }
}

function failed(error: MillraceError, durationMs: number): AttemptOutcome {
  return { ok: false, error: toWire(error), retryable: error.retryable, durationMs };
}

function keyOf({ runId, task, attempt }: AttemptKey): string {
  return `${runId}/${task}/${attempt}`;
}
