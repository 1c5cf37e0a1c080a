/** Plans, runs and facts as the tests of the orchestrator write them. */
import fc from "fast-check";
import { MillraceError, toWire, type WireError } from "../../src/base/errors.ts";
import type { Fact } from "../../src/orchestrator/facts.ts";
import type { RunRecord } from "../../src/orchestrator/port.ts";
import { acceptedRun, applyFact, type RunState } from "../../src/orchestrator/run_state.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import type { ConcurrencyKey, RateLimit, TaskDescriptor } from "../../src/task/descriptor.ts";
import type { Plan, Selection } from "../../src/task/plan.ts";
import type { RunRequest } from "../../src/task/run.ts";
import { descriptorsOf } from "../planner/descriptors.ts";

/** A plan from `name: upstream names`. */
export function planOf(
  edges: Readonly<Record<string, readonly string[]>>,
  more: Readonly<Record<string, Partial<TaskDescriptor>>> = {},
  selection: Selection = {},
): Plan {
  return planTasks(descriptorsOf(edges, more), selection);
}

/** An accepted run. */
export function recordOf(id = "r1", pipeline = "p", request: RunRequest = { pipeline }): RunRecord {
  return { id, pipeline, status: "pending", eventId: "e1", acceptedMs: 1, request: { request, hops: 0 } };
}

/** The fact that a run was planned. */
export function planned(plan: Plan, more: Partial<Extract<Fact, { type: "planned" }>> = {}): Fact {
  return { type: "planned", plan, params: {}, external: {}, atMs: 2, ...more };
}

/** A fact about a task, at a time that does not matter. */
export function fact(
  type: "started" | "streaming" | "succeeded" | "failed" | "interrupted" | "suspended",
  task: string,
  attempt = 1,
  more: {
    readonly retryAtMs?: number;
    readonly chunks?: number;
    readonly atMs?: number;
    readonly live?: Readonly<Record<string, number>>;
  } = {},
): Fact {
  const base = { task, attempt, atMs: 3, ...more };
  if (type === "succeeded") return { type, durationMs: 1, ...base };
  if (type === "failed") return { type, error: threw(task), ...base };
  return { type, ...base };
}

/** The state of a run after these facts. */
export function stateAfter(...facts: readonly Fact[]): RunState {
  const state = acceptedRun(recordOf());
  for (const one of facts) applyFact(state, one);
  return state;
}

/** The failure of a task. */
export function threw(task: string): WireError {
  return { code: "task/threw", message: `${task} is broken`, details: {}, name: "Error" };
}

/** A time-out of a task. */
export function timedOut(task: string): WireError {
  const details = { task, attempt: 1, timeoutMs: 5 };
  const { stack: _, ...wire } = toWire(new MillraceError("task/timed-out", `${task} is slow`, { details }));
  return wire;
}

/** What a task of a random run does. */
export interface Script {
  /** How many attempts fail before one succeeds. */
  readonly failures: number;
  /** Whether failures are time-outs. */
  readonly slow: boolean;
  /** Whether failures may be tried again. */
  readonly retryable: boolean;
}

/** A random plan, and what each of its tasks does. */
export interface Play {
  /** The plan. */
  readonly plan: Plan;
  /** By task. */
  readonly scripts: Readonly<Record<string, Script>>;
}

/** What tasks of random plans may share. */
export const KEYS: readonly ConcurrencyKey[] = [
  { key: "one", limit: 1, by: [] },
  { key: "two", limit: 2, by: [] },
];

/** How often tasks of random plans may start. */
export const RATES: readonly RateLimit[] = [
  { key: "fast", limit: 2, perMs: 700, by: [] },
  { key: "slow", limit: 1, perMs: 3_000, by: [] },
];

/** Random plans of up to `maxTasks` tasks: any DAG, any policy, edges of data, of chunks and of order. */
export function plays(maxTasks = 8): fc.Arbitrary<Play> {
  const task = fc.record({
    // One bit for each task before this one: whether it is an input, or comes before.
    inputs: fc.nat(),
    after: fc.nat(),
    collected: fc.nat(),
    stream: fc.boolean(),
    failSafe: fc.boolean(),
    maxRetries: fc.nat(2),
    concurrencyKey: fc.constantFrom(undefined, ...KEYS),
    rateLimit: fc.constantFrom(undefined, undefined, ...RATES),
    priority: fc.nat(2),
    script: fc.record({ failures: fc.nat(3), slow: fc.boolean(), retryable: fc.boolean() }),
  });
  return fc.array(task, { minLength: 1, maxLength: maxTasks }).map((tasks) => {
    const names = tasks.map((_, index) => `t${index}`);
    const chosen = (bits: number, before: number) =>
      names.slice(0, before).filter((_, index) => (bits >> index) % 3 === 1);
    const edges = Object.fromEntries(names.map((name, index) => [name, chosen(tasks[index]!.inputs, index)]));
    const more = Object.fromEntries(names.map((name, index) => {
      const { after, collected, concurrencyKey, rateLimit, ...policy } = tasks[index]!;
      const { failSafe, maxRetries, priority, stream } = policy;
      const limited = {
        ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
        ...(rateLimit === undefined ? {} : { rateLimit }),
      };
      const whole = chosen(collected, index);
      const inputs = edges[name]!.map((task) => ({
        param: task,
        task,
        collect: whole.includes(task) && tasks[names.indexOf(task)]!.stream,
      }));
      return [name, {
        inputs,
        after: chosen(after, index),
        failSafe,
        maxRetries,
        priority,
        stream,
        ...limited,
      }];
    }));
    const scripts = Object.fromEntries(names.map((name, index) => [name, tasks[index]!.script]));
    return { plan: planOf(edges, more), scripts };
  });
}
