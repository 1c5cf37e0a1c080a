/**
 * What the exit code of `millrace` tells a script.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { ErrorCode } from "../base/error_codes.ts";

/** The exit codes of `millrace`; never renumbered. */
export const EXIT: {
  /** Done; a run that was waited for has succeeded. */
  readonly ok: 0;
  /** A run has failed or was cancelled, or the platform could not do what it was asked. */
  readonly failed: 1;
  /** The command line asks for something that does not exist or makes no sense. */
  readonly usage: 2;
  /** The server that owns the data folder cannot be reached. */
  readonly unreachable: 3;
  /** Stopped from outside before it was done (128 + SIGINT, as shells count). */
  readonly interrupted: 130;
} = { ok: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 };

/** Failures that a different command line would have avoided. */
const USAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "pipeline/unknown",
  "task/unknown",
  "run/not-found",
  "run/params-invalid",
  "run/request-invalid",
  "selector/invalid",
  "cli/ambiguous-run-id",
  "cli/file-unusable",
  "cli/setting-invalid",
]);

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (!MillraceError.is(error)) return EXIT.failed;
  if (error.code === "cli/server-unreachable") return EXIT.unreachable;
  return USAGE.has(error.code) ? EXIT.usage : EXIT.failed;
}
