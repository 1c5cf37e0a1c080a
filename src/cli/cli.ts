/**
 * The `millrace` command.
 *
 * @module
 */
import { messageOf, MillraceError, toWire } from "../base/errors.ts";
import { parseCommandLine } from "./command_line.ts";
import { exitCodeOf } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { planCommand } from "./plan_command.ts";
import type { CliEnvironment } from "./port.ts";
import { runCommand } from "./run_command.ts";
import { runsCommand } from "./runs_command.ts";
import { schemaCommand } from "./schema_command.ts";
import { startCommand } from "./start_command.ts";
import { styleFor } from "./style.ts";
import { oneLine } from "./terminal_text.ts";

/**
 * Does what a command line asks for. Never rejects: failures are told on stderr (with `--json`, as one JSON
 * document `{"error": …}`) and by the exit code.
 *
 * @param argv The arguments after the program's name.
 * @returns The exit code, one of `EXIT`.
 */
export async function runCli(argv: readonly string[], environment: CliEnvironment): Promise<number> {
  const read = parseCommandLine(argv, environment);
  if ("exitCode" in read) return read.exitCode;
  try {
    return await perform(read.invocation, environment);
  } catch (error) {
    await tell(error, read.invocation.json, environment);
    return exitCodeOf(error);
  }
}

function perform(invocation: Invocation, environment: CliEnvironment): Promise<number> {
  switch (invocation.command) {
    case "start":
      return startCommand(invocation, environment);
    case "run":
      return runCommand(invocation, environment);
    case "plan":
      return planCommand(invocation, environment);
    case "schema":
      return schemaCommand(invocation, environment);
    default:
      return runsCommand(invocation, environment);
  }
}

async function tell(error: unknown, json: boolean, environment: CliEnvironment): Promise<void> {
  const { stderr, env } = environment;
  if (json) {
    const { stack: _, ...wire } = toWire(error);
    stderr.write(JSON.stringify({ error: wire }) + "\n");
    return;
  }
  const style = await styleFor(stderr, env);
  const lines = [`${style.red("error:")} ${oneLine(messageOf(error))}`, ...reasons(error)];
  // What is not ours is a fault of the program, and then the place counts.
  if (!MillraceError.is(error) && error instanceof Error && error.stack !== undefined) {
    lines.push(error.stack);
  }
  stderr.write(lines.join("\n") + "\n");
}

/** What is behind an error: the problems of a plan, else the chain of causes. */
function reasons(error: unknown): readonly string[] {
  if (MillraceError.is(error, "plan/invalid")) {
    const said = error.message;
    return error.details.problems.map(({ message }) => oneLine(message)).filter((message) =>
      !said.includes(message)
    )
      .map((message) => `  - ${message}`);
  }
  const lines: string[] = [];
  // Most messages name their cause already; it is not said twice.
  let said = messageOf(error);
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && lines.length < 5) {
    const reason = oneLine(messageOf(cause));
    if (!said.includes(reason)) lines.push(`  caused by: ${reason}`);
    said = reason;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}
