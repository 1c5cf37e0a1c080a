/** How a run ends, worked out without time, facts or state: what each task comes to, and why. */
import type { RunState } from "../../src/orchestrator/run_state.ts";
import { readsOf, type TaskDescriptor } from "../../src/task/descriptor.ts";
import type { TaskStatus } from "../../src/task/run.ts";
import type { Play, Script } from "./plans.ts";

/** The end of a run. */
export interface NaiveEnd {
  readonly status: "succeeded" | "failed";
  readonly tasks: Readonly<Record<string, TaskStatus>>;
  readonly attempts: Readonly<Record<string, number>>;
}

/** Works a play out, one task after the other. */
export function naiveEnd({ plan, scripts }: Play): NaiveEnd {
  const tasks: Record<string, TaskStatus> = {};
  const attempts: Record<string, number> = {};
  for (const name of plan.executionOrder) {
    const descriptor = plan.tasks[name]!;
    const blocked = upstreamOf(descriptor).some((upstream) =>
      tasks[upstream] !== "succeeded" && !plan.tasks[upstream]!.failSafe
    );
    attempts[name] = blocked ? 0 : attemptsOf(descriptor, scripts[name]!);
    tasks[name] = blocked ? "skipped" : statusOf(attempts[name], scripts[name]!);
  }
  const bad = plan.executionOrder.some((name) => tasks[name] !== "succeeded" && !plan.tasks[name]!.failSafe);
  return { status: bad ? "failed" : "succeeded", tasks, attempts };
}

/**
 * How the tasks of a run are, to be compared with what was worked out: one that began early, on chunks that came
 * to nothing later, may have failed before that was known, and counts as skipped.
 */
export function statusesOf(state: RunState, expected: NaiveEnd): Record<string, TaskStatus> {
  const tasks = state.plan?.tasks ?? {};
  return Object.fromEntries([...state.tasks].map(([name, { status }]) => {
    const began = expected.tasks[name] === "skipped" &&
      readsOf(tasks[name]!).some((source) => tasks[source]?.stream && expected.tasks[source] !== "succeeded");
    return [name, began && (status === "failed" || status === "timed_out") ? "skipped" : status];
  }));
}

/** What a task needs, each once. */
export function upstreamOf({ inputs, after }: TaskDescriptor): string[] {
  return [...new Set([...inputs.map((input) => input.task), ...after])];
}

function attemptsOf({ maxRetries }: TaskDescriptor, { failures, retryable }: Script): number {
  return 1 + Math.min(failures, retryable ? maxRetries : 0);
}

function statusOf(attempts: number, { failures, slow }: Script): TaskStatus {
  if (attempts > failures) return "succeeded";
  return slow ? "timed_out" : "failed";
}
