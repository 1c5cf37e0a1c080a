/**
 * What follows from a run's state: which tasks can start, which never will, and whether the run is over.
 *
 * @module
 */
import { MillraceError, toWire, type WireError } from "../base/errors.ts";
import { sourcesOf } from "../task/descriptor.ts";
import type { Plan } from "../task/plan.ts";
import { createReadySet, type ReadySet } from "../task/ready_set.ts";
import { EarlyStarts } from "./early_starts.ts";
import { isFinalRun, isFinalTask, type RunState, type TaskState } from "./run_state.ts";

/** What to do next, in the order of execution. */
export interface NextSteps {
  /** Tasks whose needs are met and that are not started. */
  readonly ready: readonly string[];
  /** Tasks that will never run, with the task that is to blame: the first in the order of their edges. */
  readonly skipped: readonly { readonly task: string; readonly because: string }[];
  /** The run's end, once every task has a final state. */
  readonly end?: { readonly status: "succeeded" | "failed" | "cancelled"; readonly error?: WireError };
}

/** How many failed tasks the message of a run's error spells out; all are in its details. */
const MAX_SPELLED = 10;

/**
 * Where a planned run can go on. It follows the state by being told which task has changed, at the cost of
 * that task's edges: looking at the whole plan after each fact would make a run quadratic.
 */
export class Frontier {
  readonly #state: RunState;
  readonly #plan: Plan;
  /** Where each task stands in the order of execution. */
  readonly #order: ReadonlyMap<string, number>;
  /** Knows what still waits: a task that never will run counts as ended. */
  readonly #waiting: ReadySet;
  /** Knows who can start on the chunks of what still runs. */
  readonly #early: EarlyStarts;
  readonly #ready: Set<string>;
  readonly #doomed = new Set<string>();
  /** Tasks whose wait for their next try is over. */
  readonly #due = new Set<string>();
  /** Tasks that could start, and wait for something outside of the run. */
  readonly #parked = new Set<string>();
  #abandoned: string[] = [];
  /** How many tasks have no final state yet. */
  #open: number;

  /** Looks at the whole state once; from then on every change must be told. */
  constructor(state: RunState) {
    this.#state = state;
    this.#plan = state.plan!;
    this.#order = new Map(this.#plan.executionOrder.map((name, order) => [name, order]));
    this.#waiting = createReadySet(this.#plan);
    this.#early = new EarlyStarts(this.#plan);
    this.#ready = new Set(this.#waiting.ready);
    this.#open = this.#order.size;
    for (const name of this.#plan.executionOrder) this.changed(name);
    this.#abandoned = [];
  }

  /** A task's state has changed. */
  changed(name: string): void {
    const { status, streaming } = this.#state.tasks.get(name)!;
    const readers = this.#early.readersOf(name);
    if (status !== "retrying") this.#due.delete(name);
    if (isFinalTask(status)) {
      this.#withdraw(name);
      this.#doomed.delete(name);
      this.#open--;
      this.#settle(name, status !== "succeeded");
    } else {
      this.#offer(name);
      if (streaming) this.#early.give(name, readers);
      else if (!this.#waiting.hasEnded(name)) this.#early.takeBack(name);
      for (const reader of readers) this.#offer(reader);
    }
  }

  /** The wait of a task for its next try is over: it starts as soon as what it needs is there. */
  due(name: string): void {
    if (this.#state.tasks.get(name)!.status !== "retrying") return;
    this.#due.add(name);
    this.#offer(name);
  }

  /** A task that is ready waits for something outside of the run: it is not given until that is there. */
  park(name: string): void {
    if (this.#ready.delete(name)) this.#parked.add(name);
  }

  /** What a task was parked for is there. */
  unpark(name: string): void {
    if (this.#parked.delete(name)) this.#offer(name);
  }

  /** Tasks that were ready, or parked, and cannot start any more as it is; each is given once. */
  takeAbandoned(): readonly string[] {
    return this.#abandoned.splice(0);
  }

  /** The tasks that can read the chunks of a task while it runs. */
  readersOf(name: string): readonly string[] {
    return this.#early.readersOf(name);
  }

  /** What follows from the state as it is now. */
  next(): NextSteps {
    if (isFinalRun(this.#state.status)) return { ready: [], skipped: [] };
    const ready = this.#inOrder(this.#ready);
    // One that reads the chunks of what has failed is recalled first.
    const skipped = this.#inOrder(this.#doomed)
      .filter((task) => this.#state.tasks.get(task)!.status !== "running")
      .map((task) => ({ task, because: this.#blame(task) }));
    return { ready, skipped, ...(this.#open === 0 ? { end: endOf(this.#state) } : {}) };
  }

  /** Puts a task where it belongs: among those that can start, or not. */
  #offer(name: string): void {
    const canStart = this.#waiting.ready.has(name) || this.#early.canStart(name);
    const isOver = this.#waiting.hasEnded(name) || this.#doomed.has(name);
    if (!canStart || !this.#isIdle(name) || isOver) this.#withdraw(name);
    else if (!this.#parked.has(name)) this.#ready.add(name);
  }

  #withdraw(name: string): void {
    const before = this.#ready.delete(name) || this.#parked.delete(name);
    if (before && this.#state.tasks.get(name)!.status !== "running") this.#abandoned.push(name);
  }

  #isIdle(name: string): boolean {
    const { status } = this.#state.tasks.get(name)!;
    return status === "pending" || status === "ready" || this.#due.has(name);
  }

  /** Nothing more comes from a task, whether it is done or never will be; a skip follows from a skip, all at once. */
  #settle(first: string, gone: boolean): void {
    const settling = [{ name: first, gone }];
    for (const { name, gone } of settling) {
      if (this.#waiting.hasEnded(name)) continue;
      const takers = this.#waiting.downstreamOf(name);
      this.#early.give(name, takers);
      if (gone && !this.#isFailSafe(name)) {
        for (const consumer of takers) {
          if (this.#waiting.hasEnded(consumer) || this.#doomed.has(consumer)) continue;
          this.#doomed.add(consumer);
          settling.push({ name: consumer, gone: true });
        }
      }
      this.#waiting.end(name);
      for (const taker of takers) this.#offer(taker);
    }
  }

  #blame(name: string): string {
    return sourcesOf(this.#plan.tasks[name]!).find((source) => {
      const task = this.#state.tasks.get(source);
      // What is not in the plan is external: loaded from an earlier run.
      return task !== undefined && !this.#isFailSafe(source) && (this.#doomed.has(source) || isGone(task));
    })!;
  }

  #isFailSafe(name: string): boolean {
    return this.#plan.tasks[name]!.failSafe;
  }

  #inOrder(names: ReadonlySet<string>): string[] {
    return [...names].sort((a, b) => this.#order.get(a)! - this.#order.get(b)!);
  }
}

/** Whether a task has ended and gave nothing. */
function isGone({ status }: TaskState): boolean {
  return isFinalTask(status) && status !== "succeeded";
}

/** How a run ends, all of whose tasks have a final state. */
function endOf(state: RunState): NonNullable<NextSteps["end"]> {
  const bad: [name: string, task: TaskState][] = [];
  for (const [name, task] of state.tasks) {
    if (task.status === "cancelled") return { status: "cancelled" };
    if (isGone(task) && !state.plan!.tasks[name]!.failSafe) bad.push([name, task]);
  }
  if (bad.length === 0) return { status: "succeeded" };
  // What is skipped is so because of one that failed: that one is to be told.
  const failed = bad.filter(([, task]) => task.status !== "skipped");
  const spelled = failed.slice(0, MAX_SPELLED).map(([name, task]) => `"${name}" ${verbOf(task)}`);
  if (failed.length > MAX_SPELLED) spelled.push(`${failed.length - MAX_SPELLED} more`);
  const error = new MillraceError(
    "run/failed",
    `Cannot finish the run as its tasks must succeed: ${spelled.join(", ")}`,
    { details: { runId: state.run.id, failed: failed.map(([name]) => name) } },
  );
  // Where the engine noticed it helps nobody; where the task failed is in the cause.
  const { stack: _, ...wire } = toWire(error);
  const first = failed[0]?.[1].error;
  return { status: "failed", error: first === undefined ? wire : { ...wire, cause: first } };
}

function verbOf(task: TaskState): string {
  const times = task.attempts > 1 ? ` after ${task.attempts} attempts` : "";
  return `${task.status === "timed_out" ? "timed out" : "failed"}${times}`;
}
