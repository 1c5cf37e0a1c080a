/**
 * `millrace plan`: what a run would do.
 *
 * @module
 */
import { EXIT } from "./exit_codes.ts";
import type { PlanInvocation } from "./invocation.ts";
import type { CliEnvironment, PlanRequest } from "./port.ts";
import { styleFor } from "./style.ts";

/** Plans and prints; resolves with the exit code. */
export async function planCommand(invocation: PlanInvocation, environment: CliEnvironment): Promise<number> {
  const { stdout, env } = environment;
  const { modules, request, format } = invocation;
  const plan = await environment.drawPlan(modules, request, format);
  const title = format === "text" ? (await styleFor(stdout, env)).bold(titleOf(request)) + ": " : "";
  stdout.write(`${title}${plan}\n`);
  return EXIT.ok;
}

function titleOf({ pipeline, names, tags, roots, select }: PlanRequest): string {
  return pipeline ?? ((names ?? tags ?? roots ?? select) === undefined ? "all tasks" : "selection");
}
