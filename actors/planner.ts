/**
 * The planner: knows what is defined, checks what is asked for, and plans it.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { Address } from "../src/actor/ref.ts";
import type { PlanProblem } from "../src/base/error_codes.ts";
import { messageOf, MillraceError } from "../src/base/errors.ts";
import type { Logger } from "../src/base/log.ts";
import { type AnySchema, check, type Checked } from "../src/base/schema.ts";
import { callWithin, guardSchema, Interrupted } from "../src/base/sync_limit.ts";
import { forecastCache } from "../src/planner/forecast_cache.ts";
import { plannerProtocol } from "../src/planner/protocol.ts";
import { storeProtocol } from "../src/store/protocol.ts";
import { describePipeline } from "../src/task/describe.ts";
import { textOf } from "../src/task/memo_key.ts";
import type { ExplainedPlan, Plan } from "../src/task/plan.ts";
import type { RunRequest } from "../src/task/run.ts";
import { createPlanBook, type PlanBook } from "./plan_book.ts";

/** What the planner is given. */
export interface PlannerOptions {
  /** Modules that define tasks and pipelines. */
  readonly modules: readonly string[];
  /** Who knows what is remembered. */
  readonly store: Address;
}

/** How long checking parameters may compute, in ms: this thread is the broker's too. */
const CHECK_LIMIT_MS = 1_000;
/** Parameters may be checked asynchronously: one check that hangs must not hold up the others. */
const CONCURRENCY = 1024;

/** The planner. */
export const planner = defineActor(plannerProtocol, async (ctx, options: PlannerOptions) => {
  const { tasks, pipelines, find, plan, define, forget, draw, taskOf } = await createPlanBook(
    options.modules,
  );
  const store = ctx.ref(storeProtocol, options.store);
  for (const name of pipelines.keys()) assertPlannable(name, plan, ctx.log);

  async function prepare(request: RunRequest): Promise<{ plan: Plan; params: Record<string, unknown> }> {
    const schema = request.pipeline === undefined ? undefined : find(request.pipeline).params;
    const params = request.params ?? {};
    const planned = plan(request);
    if (schema === undefined) return { plan: planned, params };
    const checked = await checkWithin(schema, params);
    if (checked.ok) return { plan: planned, params: checked.value };
    const pipeline = request.pipeline!;
    const { issues } = checked;
    throw new MillraceError(
      "run/params-invalid",
      `Cannot run pipeline "${pipeline}" as its parameters must fit its schema: ${issues.join("; ")}`,
      { details: { pipeline, issues } },
    );
  }

  /** For which tasks an earlier result would stand, if the request was run now. */
  async function forecast(request: RunRequest): Promise<ExplainedPlan["cache"]> {
    const { plan, params: given } = await prepare(request);
    const params = JSON.parse(JSON.stringify(given));
    return await forecastCache(plan, {
      now: () => ctx.clock.now(),
      paramsText: async ({ name, contextFree }) => {
        if (contextFree) return "";
        const schema = taskOf(name)?.params;
        const checked = schema === undefined ? undefined : await checkWithin(schema, params);
        return textOf(checked?.ok ? checked.value : params);
      },
      memo: (task, key) => store.ask("memo", { task, key }, { timeoutMs: "none" }),
    });
  }

  return {
    prepare,
    plan: (request) => plan(request),
    draw: async ({ request, options: { cache = false, ...options } }) =>
      draw(request, cache ? { ...options, cache: await forecast(request) } : options),
    describe: () => ({
      tasks: [...tasks.values()],
      pipelines: [...pipelines.values()].map(describePipeline),
    }),
    define: (task) => define(task),
    forget: (name) => forget(name),
  };
}, { concurrency: CONCURRENCY });

/** Checks a value; what fails, or computes too long, does not fit. */
async function checkWithin(schema: AnySchema, value: unknown): Promise<Checked<Record<string, unknown>>> {
  try {
    return await check(guardSchema(schema, (fn) => callWithin(fn, CHECK_LIMIT_MS)), value);
  } catch (error) {
    const issue = error instanceof Interrupted
      ? `the check must end within ${CHECK_LIMIT_MS} ms`
      : messageOf(error);
    return { ok: false, issues: [issue] };
  }
}

/** What no task that is registered later can mend. */
const HOPELESS: readonly PlanProblem["kind"][] = [
  "cycle",
  "self-reference",
  "type-mismatch",
  "schema-missing",
];

/** A pipeline that can never run is refused at start; one that lacks tasks may get them from the main program. */
function assertPlannable(pipeline: string, plan: PlanBook["plan"], log: Logger): void {
  try {
    plan({ pipeline });
  } catch (error) {
    if (!MillraceError.is(error, "plan/invalid")) throw error;
    const { problems } = error.details;
    if (problems.some(({ kind }) => HOPELESS.includes(kind))) {
      throw new MillraceError("plan/invalid", `Cannot load pipeline "${pipeline}": ${error.message}`, {
        details: { problems },
      });
    }
    log.warn("A pipeline cannot be planned as it is", { pipeline, problem: error.message });
  }
}
