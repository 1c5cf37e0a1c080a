/**
 * Tasks during which the process has ended: what ends it again and again must not do so for ever. The first few
 * times may be chance; then the task is kept apart, so that it ends nothing but a process of its own; and what
 * ends the platform even from there fails.
 *
 * @module
 */
import { MillraceError, toWire } from "../base/errors.ts";
import type { Isolation } from "../task/descriptor.ts";
import type { Fact } from "./facts.ts";
import type { TaskState } from "./run_state.ts";

/** After how many ends of the process during a task it runs in a process of its own. */
export const APART_AFTER = 3;
/** After how many it fails: it runs in the main thread, or takes the whole machine down. */
export const MAX_INTERRUPTIONS = 10;

/** Where the next attempt of a task runs. */
export function isolationOf(isolation: Isolation, { interruptions }: TaskState): Isolation {
  return isolation === "worker" && interruptions >= APART_AFTER ? "process" : isolation;
}

/** What became of an attempt during which the process ended. */
export function interruptedFact(task: string, state: TaskState, atMs: number): Fact {
  const { attempts: attempt } = state;
  const interruptions = state.interruptions + (state.suspended ? 0 : 1);
  if (interruptions < MAX_INTERRUPTIONS) return { type: "interrupted", task, attempt, atMs };
  const error = new MillraceError(
    "task/crashed-process",
    `Cannot finish task "${task}" as the process has ended ${interruptions} times while it ran: ` +
      `it may do so at most ${MAX_INTERRUPTIONS - 1} times`,
    { details: { task, attempt, interruptions } },
  );
  const { stack: _, ...wire } = toWire(error);
  return { type: "failed", task, attempt, error: wire, atMs };
}
