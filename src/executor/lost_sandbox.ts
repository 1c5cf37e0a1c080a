/**
 * What the loss of a sandbox means for the attempt in it.
 *
 * @module
 */
import { messageOf, MillraceError, toWire } from "../base/errors.ts";
import type { AttemptOutcome, ExecutableTask } from "./port.ts";

/** The outcome of an attempt whose sandbox is lost, by `error`; the executor is of no use without it. */
export function lostSandbox(executable: ExecutableTask, error: unknown, durationMs: number): AttemptOutcome {
  const reason = MillraceError.is(error, "actor/host-lost") ? error.details.reason : messageOf(error);
  const lost = /\bout of memory\b/.test(reason) ? outOfMemory(executable) : executorLost(executable, reason);
  return { ok: false, error: toWire(lost), retryable: lost.retryable, durationMs, dirty: true };
}

function outOfMemory({ task, attempt, memoryMb }: ExecutableTask): MillraceError {
  const limit = memoryMb === undefined ? "there is" : `its memoryMb of ${memoryMb} allows`;
  return new MillraceError(
    "task/out-of-memory",
    `Cannot finish task "${task}" as attempt ${attempt} needed more memory than ${limit}`,
    { details: { task, attempt, ...(memoryMb === undefined ? {} : { memoryMb }) } },
  );
}

/** The error of an attempt whose executor is gone. */
export function executorLost(
  { task, attempt }: Pick<ExecutableTask, "task" | "attempt">,
  reason: string,
): MillraceError {
  return new MillraceError(
    "executor/lost",
    `Cannot finish task "${task}" as its executor was lost during attempt ${attempt}: ${reason}`,
    { details: { task, attempt, reason } },
  );
}
