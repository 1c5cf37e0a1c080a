/** What follows from a run's state, by looking at the whole plan: the specification of the frontier. */
import { isFinalRun, isFinalTask, type RunState } from "../../src/orchestrator/run_state.ts";
import { upstreamOf } from "./naive_run.ts";

/** Ready tasks, skipped tasks with the one to blame, and whether the run is over. */
export interface NaiveSteps {
  readonly ready: readonly string[];
  readonly skipped: readonly { readonly task: string; readonly because: string }[];
  readonly over: boolean;
}

/** Looks at every task and at everything that it needs. */
export function naiveNextSteps(state: RunState): NaiveSteps {
  const plan = state.plan!;
  if (isFinalRun(state.status)) return { ready: [], skipped: [], over: false };
  const ready: string[] = [];
  const skipped = new Map<string, string>();
  for (const name of plan.executionOrder) {
    const { status } = state.tasks.get(name)!;
    if (status !== "pending" && status !== "ready") continue;
    const upstream = upstreamOf(plan.tasks[name]!).filter((task) => state.tasks.has(task));
    const statusOf = (task: string) => skipped.has(task) ? "skipped" : state.tasks.get(task)!.status;
    const ended = upstream.filter((task) => isFinalTask(statusOf(task)));
    const blame = ended.find((task) => statusOf(task) !== "succeeded" && !plan.tasks[task]!.failSafe);
    if (blame !== undefined) skipped.set(name, blame);
    else if (ended.length === upstream.length) ready.push(name);
  }
  const over = [...state.tasks.values()].every(({ status }) => isFinalTask(status));
  return { ready, skipped: [...skipped].map(([task, because]) => ({ task, because })), over };
}
