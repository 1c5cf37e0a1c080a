/**
 * `millrace plan`: what a run would do.
 *
 * @module
 */
import { EXIT } from "./exit_codes.ts";
import type { PlanInvocation } from "./invocation.ts";
import { planText } from "./plan_text.ts";
import type { CliEnvironment, PlanRequest } from "./port.ts";
import { styleFor } from "./style.ts";

/** Plans and prints; resolves with the exit code. */
export async function planCommand(invocation: PlanInvocation, environment: CliEnvironment): Promise<number> {
  const { stdout } = environment;
  const plan = await environment.planOnly(invocation.modules, invocation.request);
  const text = invocation.json
    ? JSON.stringify(plan)
    : planText(titleOf(invocation.request), plan, stdout.columns(), await styleFor(stdout, environment.env))
      .join("\n");
  stdout.write(text + "\n");
  return EXIT.ok;
}

function titleOf({ pipeline, names, tags, roots }: PlanRequest): string {
  if (pipeline !== undefined) return pipeline;
  return names === undefined && tags === undefined && roots === undefined ? "all tasks" : "selection";
}
