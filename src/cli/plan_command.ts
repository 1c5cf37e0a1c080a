/**
 * `millrace plan`: what a run would do, what decided how long one took, what has changed.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import type { Plan } from "../task/plan.ts";
import { durationsOf, type RunView } from "../task/run.ts";
import { selectionOf } from "../task/run_request.ts";
import { EXIT } from "./exit_codes.ts";
import { findRun } from "./find_run.ts";
import type { PlanInvocation } from "./invocation.ts";
import type { CliEnvironment, PlanRequest } from "./port.ts";
import { openRunSource } from "./run_source.ts";
import { styleFor } from "./style.ts";

/** Plans and prints; resolves with the exit code. */
export async function planCommand(invocation: PlanInvocation, environment: CliEnvironment): Promise<number> {
  const { stdout, env } = environment;
  const { modules, format, against, strict } = invocation;
  const strictly = strict ? { strict } : {};
  const run = invocation.run === undefined
    ? undefined
    : await lookUp(invocation.run, invocation, environment);
  const request = run === undefined || Object.keys(invocation.request).length > 0
    ? invocation.request
    : selectionOf(run.request);
  const text = invocation.explain
    ? await explained(invocation, environment)
    : against === undefined
    ? await environment.drawPlan(modules, request, {
      format,
      ...strictly,
      ...(run === undefined ? {} : { durationsMs: durationsOf(run.tasks) }),
    })
    : await environment.comparePlan(
      modules,
      request,
      await readPlan(against, environment),
      { format: format === "json" ? "json" : "text", ...strictly },
    );
  const isText = format === "text" && against === undefined;
  const title = isText ? (await styleFor(stdout, env)).bold(titleOf(request)) + ": " : "";
  stdout.write(`${title}${text}\n`);
  return EXIT.ok;
}

/** What is remembered is known where the data folder is: to its owner, or to a platform of our own. */
async function explained(invocation: PlanInvocation, environment: CliEnvironment): Promise<string> {
  const { request, format, strict } = invocation;
  await using source = await openRunSource(environment, { ...invocation, purpose: "plan" });
  return await source.drawPlan(request, { format, cache: true, ...(strict ? { strict } : {}) });
}

async function lookUp(
  runId: string,
  invocation: PlanInvocation,
  environment: CliEnvironment,
): Promise<RunView> {
  await using source = await openRunSource(environment, { ...invocation, purpose: "look" });
  return await source.runView(await findRun(source, runId));
}

/** A plan that `--json` had written. */
async function readPlan(path: string, environment: CliEnvironment): Promise<Plan> {
  let plan: Partial<Plan> | null;
  try {
    const text = await environment.readText(environment.moduleUrl(path));
    if (text === undefined) throw new Error("there is no such file");
    plan = JSON.parse(text);
  } catch (error) {
    throw unusable(path, messageOf(error));
  }
  if (typeof plan?.dagId === "string" && typeof plan.tasks === "object" && plan.tasks !== null) {
    return plan as Plan;
  }
  throw unusable(path, "it holds no plan as --json writes it");
}

function unusable(path: string, reason: string): MillraceError {
  return new MillraceError("cli/file-unusable", `Cannot compare with "${path}" as ${reason}`, {
    details: { path, reason },
  });
}

function titleOf({ pipeline, names, tags, roots, select }: PlanRequest): string {
  return pipeline ?? ((names ?? tags ?? roots ?? select) === undefined ? "all tasks" : "selection");
}
