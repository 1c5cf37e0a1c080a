/**
 * What follows from a run's state: which tasks can start, which never will, and whether the run is over.
 *
 * @module
 */
import { MillraceError, toWire, type WireError } from "../base/errors.ts";
import type { TaskDescriptor } from "../task/descriptor.ts";
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

/** A task in the graph of a plan. */
interface Node {
  readonly name: string;
  /** Where it stands in the order of execution. */
  readonly order: number;
  readonly failSafe: boolean;
  /** What it needs within the plan, each once. */
  readonly upstream: readonly Node[];
  readonly consumers: Node[];
  /** How many of what it needs may still give something. */
  waitsFor: number;
  /** Whether its consumers know that nothing more comes from it. */
  settled: boolean;
}

/**
 * Where a planned run can go on. It follows the state by being told which task has changed, at the cost of
 * that task's edges: looking at the whole plan after each fact would make a run quadratic.
 */
export class Frontier {
  readonly #state: RunState;
  readonly #nodes = new Map<string, Node>();
  readonly #ready = new Set<Node>();
  readonly #doomed = new Set<Node>();
  /** How many tasks have no final state yet. */
  #open = 0;

  /** Looks at the whole state once; from then on every change must be told. */
  constructor(state: RunState) {
    this.#state = state;
    const plan = state.plan!;
    for (const [order, name] of plan.executionOrder.entries()) this.#add(plan.tasks[name]!, order);
    this.#open = this.#nodes.size;
    for (const node of this.#nodes.values()) {
      if (node.waitsFor === 0) this.#ready.add(node);
    }
    for (const name of this.#nodes.keys()) this.changed(name);
  }

  /** A task's state has changed. */
  changed(name: string): void {
    const node = this.#nodes.get(name)!;
    const { status } = this.#taskOf(node);
    if (isFinalTask(status)) {
      this.#ready.delete(node);
      this.#doomed.delete(node);
      this.#open--;
      this.#settle(node, status !== "succeeded");
    } else if (status === "running" || status === "retrying") this.#ready.delete(node);
    else if (status === "ready") this.#ready.add(node);
  }

  /** What follows from the state as it is now. */
  next(): NextSteps {
    if (isFinalRun(this.#state.status)) return { ready: [], skipped: [] };
    const ready = inOrder(this.#ready).map((node) => node.name);
    const skipped = inOrder(this.#doomed).map((node) => ({ task: node.name, because: this.#blame(node) }));
    return { ready, skipped, ...(this.#open === 0 ? { end: endOf(this.#state) } : {}) };
  }

  /** In the order of execution everything upstream is there already. */
  #add({ name, failSafe, inputs, after }: TaskDescriptor, order: number): void {
    const needs = new Set([...inputs.map((input) => input.task), ...after]);
    // What is not in the plan is external: loaded from an earlier run.
    const upstream = [...needs].flatMap((task) => this.#nodes.get(task) ?? []);
    const node = {
      name,
      order,
      failSafe,
      upstream,
      consumers: [],
      waitsFor: upstream.length,
      settled: false,
    };
    for (const needed of upstream) needed.consumers.push(node);
    this.#nodes.set(name, node);
  }

  /** Tells consumers that a task is done or never will be; a skip follows from a skip, all at once. */
  #settle(first: Node, gone: boolean): void {
    const settling = [{ node: first, gone }];
    for (const { node, gone } of settling) {
      if (node.settled) continue;
      node.settled = true;
      for (const consumer of node.consumers) {
        consumer.waitsFor--;
        if (consumer.settled || this.#doomed.has(consumer)) continue;
        if (gone && !node.failSafe) {
          this.#doomed.add(consumer);
          settling.push({ node: consumer, gone: true });
        } else if (consumer.waitsFor === 0) this.#ready.add(consumer);
      }
    }
  }

  #blame(node: Node): string {
    const to = node.upstream.find((needed) =>
      !needed.failSafe && (this.#doomed.has(needed) || isGone(this.#taskOf(needed)))
    );
    return to!.name;
  }

  #taskOf(node: Node): TaskState {
    return this.#state.tasks.get(node.name)!;
  }
}

function inOrder(nodes: ReadonlySet<Node>): Node[] {
  return [...nodes].sort((a, b) => a.order - b.order);
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
