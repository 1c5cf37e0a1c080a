/**
 * The planner: knows what is defined, checks what is asked for, and plans it.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import { deepFreeze } from "../src/base/deep_freeze.ts";
import type { PlanProblem } from "../src/base/error_codes.ts";
import { messageOf, MillraceError } from "../src/base/errors.ts";
import type { Logger } from "../src/base/log.ts";
import { nearest } from "../src/base/names.ts";
import { check } from "../src/base/schema.ts";
import { callWithin, guardSchema, Interrupted } from "../src/base/sync_limit.ts";
import { explainPlan } from "../src/planner/explain.ts";
import { type PlanOptions, planTasks } from "../src/planner/plan_tasks.ts";
import { PlanCache } from "../src/planner/plan_cache.ts";
import { plannerProtocol } from "../src/planner/protocol.ts";
import { renderPlan } from "../src/planner/render_plan.ts";
import { describePipeline, describeTask } from "../src/task/describe.ts";
import type { TaskDescriptor } from "../src/task/descriptor.ts";
import { importDefinitions } from "../src/task/import_definitions.ts";
import { importSchemas } from "../src/task/import_schemas.ts";
import type { Pipeline } from "../src/task/pipeline.ts";
import type { DrawOptions, Plan } from "../src/task/plan.ts";
import type { RunRequest } from "../src/task/run.ts";
import { selectionOf } from "../src/task/run_request.ts";
import { withSchemas } from "../src/task/task_schemas.ts";

/** What the planner is given. */
export interface PlannerOptions {
  /** Modules that define tasks and pipelines. */
  readonly modules: readonly string[];
}

/** What is defined, and plans of it. */
export interface PlanBook {
  /** All tasks, by name. */
  readonly tasks: ReadonlyMap<string, TaskDescriptor>;
  /** All pipelines, by name. */
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  /** A pipeline by name; throws `pipeline/unknown`. */
  find(pipeline: string): Pipeline;
  /** Plans a pipeline or a selection; a strict pipeline strictly in any case. */
  plan(request: RunRequest, options?: PlanOptions): Plan;
  /** Adds a task, or puts it in the place of the one of its name. */
  define(task: TaskDescriptor): void;
  /** Takes a task off. */
  forget(name: string): void;
  /** Plans it and writes the plan. */
  draw(request: RunRequest, options: DrawOptions): string;
}

/** Imports modules and makes a book of what they define. */
export async function createPlanBook(modules: readonly string[]): Promise<PlanBook> {
  const definitions = await importDefinitions(modules);
  const schemas = await importSchemas(modules);
  const pipelines = new Map(definitions.pipelines.map((pipeline) => [pipeline.name, pipeline]));
  const tasks = new Map<string, TaskDescriptor>(
    definitions.tasks.map((task) => [task.name, withSchemas(describeTask(task), schemas)]),
  );
  const find = (name: string): Pipeline => {
    const pipeline = pipelines.get(name);
    if (pipeline !== undefined) return pipeline;
    const suggestion = nearest(name, pipelines.keys());
    const hint = suggestion === undefined ? "" : `, did you mean "${suggestion}"?`;
    throw new MillraceError(
      "pipeline/unknown",
      `Cannot find pipeline "${name}" as no pipeline has that name${hint}`,
      {
        details: { pipeline: name, ...(suggestion === undefined ? {} : { suggestion }) },
      },
    );
  };
  const planned = new PlanCache();
  const plan = (request: RunRequest, { strict = false }: PlanOptions = {}): Plan => {
    const { pipeline, ...selection } = selectionOf(request);
    const make = (): Plan => {
      if (pipeline === undefined) return planTasks(tasks, selection, { strict });
      const found = find(pipeline);
      return planTasks(tasks, describePipeline(found).selection, { strict: strict || found.strict });
    };
    return planned.get(JSON.stringify([pipeline ?? null, selection, strict]), make);
  };
  return {
    tasks,
    pipelines,
    find,
    plan,
    define: (task) => {
      tasks.set(task.name, deepFreeze(task));
      planned.clear();
    },
    forget: (name) => {
      tasks.delete(name);
      planned.clear();
    },
    draw: (request, { format, durationsMs, ...options }) =>
      renderPlan(explainPlan(plan(request, options), tasks, durationsMs), format),
  };
}

/** How long checking parameters may compute, in ms: this thread is the broker's too. */
const CHECK_LIMIT_MS = 1_000;
/** Parameters may be checked asynchronously: one check that hangs must not hold up the others. */
const CONCURRENCY = 1024;

/** The planner. */
export const planner = defineActor(plannerProtocol, async (ctx, options: PlannerOptions) => {
  const { tasks, pipelines, find, plan, define, forget, draw } = await createPlanBook(options.modules);
  for (const name of pipelines.keys()) assertPlannable(name, plan, ctx.log);
  return {
    prepare: async (request) => {
      const schema = request.pipeline === undefined ? undefined : find(request.pipeline).params;
      const params = request.params ?? {};
      const planned = plan(request);
      if (schema === undefined) return { plan: planned, params };
      const checked = await check(guardSchema(schema, (fn) => callWithin(fn, CHECK_LIMIT_MS)), params)
        .catch((error): { readonly ok: false; readonly issues: readonly string[] } => ({
          ok: false,
          issues: [
            error instanceof Interrupted
              ? `the check must end within ${CHECK_LIMIT_MS} ms`
              : messageOf(error),
          ],
        }));
      if (checked.ok) return { plan: planned, params: checked.value };
      const pipeline = request.pipeline!;
      throw new MillraceError(
        "run/params-invalid",
        `Cannot run pipeline "${pipeline}" as its parameters must fit its schema: ${
          checked.issues.join("; ")
        }`,
        { details: { pipeline, issues: checked.issues } },
      );
    },
    plan: (request) => plan(request),
    draw: ({ request, options }) => draw(request, options),
    describe: () => ({
      tasks: [...tasks.values()],
      pipelines: [...pipelines.values()].map(describePipeline),
    }),
    define: (task) => define(task),
    forget: (name) => forget(name),
  };
}, { concurrency: CONCURRENCY });

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
