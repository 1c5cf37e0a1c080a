/**
 * What can go wrong with a stored result.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import type { ResultKey } from "./port.ts";

/** The failure to find a result. */
export function resultNotFound(key: ResultKey): MillraceError<"store/not-found"> {
  const { runId, task, resultId } = key;
  return new MillraceError(
    "store/not-found",
    `Cannot load a result as it must have been saved: there is no "${resultId}" of task "${task}" ` +
      `in run "${runId}"`,
    { details: { runId, task, resultId } },
  );
}

/** The failure to read a result to its end, as the key holds another one by now, or none. */
export function resultReplaced(path: string): MillraceError<"store/replaced"> {
  return new MillraceError(
    "store/replaced",
    `Cannot read the result ${path} to its end as it must not change meanwhile: it was replaced or deleted`,
    { details: { path } },
  );
}

/**
 * What a disk or a database says as an error of ours; an error that is ours already stays.
 *
 * @param place What it is about: a path, an address, a result.
 */
export function resultUnavailable(place: string, error: unknown): MillraceError {
  if (MillraceError.is(error)) return error;
  const reason = messageOf(error);
  return new MillraceError(
    "store/unavailable",
    `Cannot reach results at ${place} as they must be there to be read and written: ${reason}`,
    { details: { path: place, reason }, cause: error },
  );
}

/** The failure to read what is stored. */
export function corrupt(path: string, reason: string, cause?: unknown): MillraceError<"store/corrupt"> {
  return new MillraceError(
    "store/corrupt",
    `Cannot load the result ${path} as a stored result must be whole: ${reason}`,
    { details: { path, reason }, cause },
  );
}

/** The failure to find as many bytes as there must be. */
export function wrongLength(path: string, found: number, said: number): MillraceError<"store/corrupt"> {
  return corrupt(path, `it has ${found} of ${said} bytes`);
}

/** The failure to find the bytes that were saved. */
export function wrongChecksum(path: string): MillraceError<"store/corrupt"> {
  return corrupt(path, "its checksum does not match");
}
