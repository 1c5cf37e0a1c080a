/** What follows from a run's state, by looking at the whole plan: the specification of the frontier. */
import { isFinalRun, isFinalTask, type RunState } from "../../src/orchestrator/run_state.ts";
import { upstreamOf } from "./naive_run.ts";

/** Ready tasks, skipped tasks with the one to blame, and whether the run is over. */
export interface NaiveSteps {
  readonly ready: readonly string[];
  readonly skipped: readonly { readonly task: string; readonly because: string }[];
  readonly over: boolean;
}

/**
 * Looks at every task and at everything that it needs.
 *
 * @param due Tasks whose wait for their next try is over.
 */
export function naiveNextSteps(state: RunState, due: ReadonlySet<string>): NaiveSteps {
  const plan = state.plan!;
  if (isFinalRun(state.status)) return { ready: [], skipped: [], over: false };
  const ready: string[] = [];
  const skipped = new Map<string, string>();
  for (const name of plan.executionOrder) {
    const { status } = state.tasks.get(name)!;
    const isIdle = status === "pending" || status === "ready" || due.has(name);
    if (!isIdle && status !== "retrying") continue;
    const upstream = upstreamOf(plan.tasks[name]!).filter((task) => state.tasks.has(task));
    const statusOf = (task: string) => skipped.has(task) ? "skipped" : state.tasks.get(task)!.status;
    const ended = upstream.filter((task) => isFinalTask(statusOf(task)));
    const readable = upstream.filter((task) => streamsInto(state, task, name));
    const blame = ended.find((task) => statusOf(task) !== "succeeded" && !plan.tasks[task]!.failSafe);
    if (blame !== undefined) skipped.set(name, blame);
    else if (isIdle && upstream.every((task) => ended.includes(task) || readable.includes(task))) {
      ready.push(name);
    }
  }
  const over = [...state.tasks.values()].every(({ status }) => isFinalTask(status));
  return { ready, skipped: [...skipped].map(([task, because]) => ({ task, because })), over };
}

/** Whether a task has chunks, while it runs, for one that takes nothing but its chunks. */
export function streamsInto(state: RunState, source: string, reader: string): boolean {
  const { inputs, after } = state.plan!.tasks[reader]!;
  const edges = inputs.filter(({ task }) => task === source);
  const { status, streaming } = state.tasks.get(source)!;
  return edges.length > 0 && edges.every(({ collect }) => !collect) && !after.includes(source) &&
    state.plan!.tasks[source]!.stream && status === "running" && streaming === true;
}
