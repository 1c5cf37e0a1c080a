/**
 * Why it does not go on: what the tasks of a run wait for that have not ended and do not run.
 *
 * @module
 */
import type { AttemptKey } from "../executor/port.ts";
import { sourcesOf } from "../task/descriptor.ts";
import type { RunView, TaskWait } from "../task/run.ts";
import type { PermitWait } from "./permits.ts";
import { isFinalRun, isFinalTask, type RunState, viewRun } from "./run_state.ts";

/** So many tasks are named; more are counted only. */
const MAX_NAMED = 5;

/** What only those know who share something out. */
export interface WaitPorts {
  /** What an attempt waits for that has no permit yet. */
  permitWait(attempt: AttemptKey): PermitWait | undefined;
  /** How many runs of its pipeline go before a run that waits for its turn; 0 for one that does not. */
  runsBefore(runId: string, pipeline: string): number;
}

/** A run as people see it, with what holds it up. */
export function viewWithWaits(state: RunState, ports: WaitPorts): RunView {
  const view = viewRun(state);
  if (isFinalRun(state.status)) return view;
  const runsBefore = ports.runsBefore(state.run.id, state.run.pipeline);
  const tasks = Object.entries(view.tasks).map(([name, task]) => {
    const waitsFor = waitOf(state, name, ports);
    return [name, waitsFor === undefined ? task : { ...task, waitsFor }];
  });
  return { ...view, tasks: Object.fromEntries(tasks), ...(runsBefore === 0 ? {} : { runsBefore }) };
}

function waitOf(state: RunState, name: string, ports: WaitPorts): TaskWait | undefined {
  const { status, attempts, retryAtMs } = state.tasks.get(name)!;
  if (isFinalTask(status) || status === "running") return undefined;
  const task = state.plan!.tasks[name]!;
  const wait = ports.permitWait({ runId: state.run.id, task: name, attempt: attempts + 1 });
  if (wait?.kind === "running") return { concurrencyKey: task.concurrencyKey!.key };
  if (wait !== undefined) {
    const { untilMs } = wait;
    return { rateLimit: task.rateLimit!.key, ...(untilMs === undefined ? {} : { untilMs }) };
  }
  const open = sourcesOf(task).filter((source) => {
    const before = state.tasks.get(source);
    // What is not in the plan is external, and there.
    return before !== undefined && !isFinalTask(before.status);
  });
  if (open.length > 0) return { tasks: open.slice(0, MAX_NAMED), more: Math.max(0, open.length - MAX_NAMED) };
  return retryAtMs === undefined ? undefined : { untilMs: retryAtMs };
}
