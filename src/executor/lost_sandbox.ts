/**
 * What the loss of a sandbox means for the attempt in it.
 *
 * @module
 */
import { MillraceError, toWire } from "../base/errors.ts";
import type { AttemptOutcome, ExecutableTask } from "./port.ts";

/** The outcome of an attempt whose process has run out of memory; `undefined` if it was lost of something else. */
export function memoryOutcome(
  { task, attempt, memoryMb }: ExecutableTask,
  error: unknown,
  durationMs: number,
): AttemptOutcome | undefined {
  if (!MillraceError.is(error, "actor/host-lost") || !/\bout of memory\b/.test(error.details.reason)) {
    return undefined;
  }
  const limit = memoryMb === undefined ? "there is" : `its memoryMb of ${memoryMb} allows`;
  const outOfMemory = new MillraceError(
    "task/out-of-memory",
    `Cannot finish task "${task}" as attempt ${attempt} needed more memory than ${limit}`,
    { details: { task, attempt, ...(memoryMb === undefined ? {} : { memoryMb }) } },
  );
  return {
    ok: false,
    error: toWire(outOfMemory),
    retryable: outOfMemory.retryable,
    durationMs,
    dirty: true,
  };
}
