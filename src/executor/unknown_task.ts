/**
 * The outcome of an attempt whose task is not there.
 *
 * @module
 */
import { MillraceError, toWire } from "../base/errors.ts";
import type { AttemptOutcome } from "./port.ts";

/** A run that was planned when the modules still had this task. */
export function unknownTask(task: string): AttemptOutcome {
  const error = new MillraceError(
    "task/unknown",
    `Cannot run task "${task}" as no loaded module defines it any more`,
    { details: { task } },
  );
  return { ok: false, error: toWire(error), retryable: false, durationMs: 0 };
}
