/**
 * The `millrace` command: `start`, `run`, `plan`, `runs`.
 *
 * It gets its platform handed in (`CliEnvironment`), reads the command line into an `Invocation`, and shows
 * progress from ordinary events: a live tree on a terminal, plain lines in a pipe, NDJSON for programs. Data
 * goes to stdout, progress and errors of `run` to stderr; the exit code is one of `EXIT`.
 *
 * @module
 */
export { runCli } from "./cli.ts";
export { createDenoEnvironment, type PlatformParts } from "./deno_environment.ts";
export { EXIT } from "./exit_codes.ts";
export type {
  CliEnvironment,
  CliOpenOptions,
  CliOutput,
  CliPlatform,
  ClosedPlatform,
  DataDirOwner,
  PlanRequest,
  RunListFilter,
  StopSignal,
} from "./port.ts";
