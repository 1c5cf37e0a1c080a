/**
 * A pool and its executors in a simulated world: every message between them is under way until the world lets
 * it arrive, executors claim what they were given when the world lets them, and may be lost at any moment.
 */
import type { Clock } from "../../src/base/clock.ts";
import { after, claim, type Claims, createClaims } from "../../src/executor/claims.ts";
import type { Job } from "../../src/executor/job.ts";
import { originOf } from "../../src/executor/places.ts";
import { type Ended, ExecutorPool } from "../../src/executor/pool.ts";
import type { AttemptKey, AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import type { Isolation } from "../../src/task/descriptor.ts";
import { keyOf } from "./world.ts";

/** What a crew needs of its world. */
export interface CrewPorts {
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** An executor has begun an attempt. */
  begun(task: ExecutableTask): void;
  /** The executor of an attempt is gone. */
  lost(key: AttemptKey): void;
  /** The pool tells the engine. */
  outcome(key: AttemptKey, outcome: AttemptOutcome): void;
}

type Message =
  | { readonly kind: "give"; readonly first: number; readonly tasks: readonly ExecutableTask[] }
  | { readonly kind: "cancel"; readonly number: number };

interface Executor {
  readonly name: string;
  readonly kind: Isolation;
  readonly claims: Claims;
  readonly inbox: Message[];
  readonly outbox: Ended[];
  readonly waiting: { readonly number: number; readonly task: ExecutableTask }[];
  current: { readonly number: number; readonly task: ExecutableTask } | undefined;
}

/** See the module. */
export class Crew {
  readonly #ports: CrewPorts;
  readonly #pool: ExecutorPool<ExecutableTask>;
  readonly #executors = new Map<string, Executor>();
  readonly #jobs = new Map<string, Job<ExecutableTask>>();
  #joined = 0;

  /** A pool with so many executors. */
  constructor(count: number, ports: CrewPorts) {
    this.#ports = ports;
    this.#pool = new ExecutorPool<ExecutableTask>({
      clock: ports.clock,
      soon: queueMicrotask,
      give: (name, first, tasks) => this.#executors.get(name)?.inbox.push({ kind: "give", first, tasks }),
      cancel: (name, number) => this.#executors.get(name)?.inbox.push({ kind: "cancel", number }),
      outcome: (task, outcome) => {
        this.#jobs.delete(keyOf(task));
        ports.outcome(task, outcome);
      },
      retire: (name) => this.#replace(name),
      // What has cost threads gets a process, one for all.
      wanted: ({ isolation }, waiting) => {
        const isThere = [...this.#executors.values()].some(({ kind }) => kind === isolation);
        if (waiting > 0 && !isThere) this.#join(isolation);
      },
    });
    for (let index = 0; index < count; index++) this.#join("worker");
  }

  /** Whether an attempt is with the pool or its executors. */
  has(key: AttemptKey): boolean {
    return this.#jobs.has(keyOf(key));
  }

  /** As the engine does. */
  submit(task: ExecutableTask): void {
    this.#jobs.set(keyOf(task), this.#pool.submit(task, originOf(task)));
  }

  /** As the engine does. */
  cancel(key: AttemptKey): void {
    const job = this.#jobs.get(keyOf(key));
    if (job !== undefined) this.#pool.cancel(job);
  }

  /** One message arrives, or one executor begins something; says whether there was anything to do. */
  move(): boolean {
    const moves = [...this.#executors.values()].flatMap((executor) => this.#movesOf(executor));
    moves[Math.floor(this.#ports.random() * moves.length)]?.();
    return moves.length > 0;
  }

  /** An executor is done with what it does. */
  end(key: AttemptKey, outcome: AttemptOutcome): void {
    for (const executor of this.#executors.values()) {
      if (executor.current === undefined || keyOf(executor.current.task) !== keyOf(key)) continue;
      executor.outbox.push([executor.current.number, outcome]);
      executor.current = undefined;
    }
  }

  /** The executor that works on an attempt dies; what it had not begun goes to others. */
  lose(key: AttemptKey): void {
    for (const executor of this.#executors.values()) {
      // What it said before it died arrives before the news of its death.
      if (executor.current === undefined || keyOf(executor.current.task) !== keyOf(key)) continue;
      this.#pool.ended(executor.name, executor.outbox);
      this.#pool.leave(executor.name, "it died");
      this.#replace(executor.name);
    }
  }

  #movesOf(executor: Executor): (() => void)[] {
    const moves: (() => void)[] = [];
    if (executor.inbox.length > 0) moves.push(() => this.#receive(executor, executor.inbox.shift()!));
    if (executor.outbox.length > 0) {
      moves.push(() => this.#pool.ended(executor.name, [executor.outbox.shift()!]));
    }
    if (executor.current === undefined && executor.waiting.length > 0) {
      moves.push(() => this.#begin(executor));
    }
    return moves;
  }

  #receive(executor: Executor, message: Message): void {
    if (message.kind === "cancel") return; // the world decides how an attempt that was called off ends
    let number = message.first;
    for (const task of message.tasks) {
      executor.waiting.push({ number, task });
      number = after(number);
    }
  }

  #begin(executor: Executor): void {
    const next = executor.waiting.shift()!;
    if (!claim(executor.claims, next.number)) return; // the pool took it back
    executor.current = next;
    this.#ports.begun(next.task);
  }

  #replace(name: string): void {
    const executor = this.#executors.get(name);
    this.#executors.delete(name);
    if (executor === undefined) return;
    if (executor.current !== undefined) this.#ports.lost(executor.current.task);
    this.#join(executor.kind);
  }

  #join(kind: Isolation): void {
    const name = `executor-${++this.#joined}`;
    const claims = createClaims();
    this.#executors.set(name, { name, kind, claims, inbox: [], outbox: [], waiting: [], current: undefined });
    this.#pool.join({ name, kind, slots: 1, claims });
  }
}
