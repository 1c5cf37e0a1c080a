/**
 * Which names may name a result: what is safe as one part of a path on every file system.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { ResultKey } from "./port.ts";

/** Letters, digits, `_`, `-` and `.`, not starting with a dot, at most 128. */
const PART = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/;

/** Whether `value` may be a run id, task or result id. */
export function isKeyPart(value: string): boolean {
  return PART.test(value);
}

/** Throws `store/invalid-key` unless `value` may be the `part` ("runId", "task" or "resultId") of a key. */
export function assertKeyPart(part: keyof ResultKey, value: string): void {
  if (typeof value === "string" && isKeyPart(value)) return;
  throw new MillraceError(
    "store/invalid-key",
    `Cannot use the key of a result as its ${part} must be letters, digits, "_", "-" or ".", not starting ` +
      `with ".", at most 128: current value is ${JSON.stringify(value)}`,
    { details: { part, value: String(value) } },
  );
}

/** Throws `store/invalid-key` unless all parts of the key are fit. */
export function assertKey(key: ResultKey): void {
  assertKeyPart("runId", key.runId);
  assertKeyPart("task", key.task);
  assertKeyPart("resultId", key.resultId);
}

/** The order of a listing: by task, then by result id. */
export function compareKeys(a: ResultKey, b: ResultKey): number {
  return compareText(a.task, b.task) || compareText(a.resultId, b.resultId);
}

/** By code unit: the same on every machine, whatever its language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
