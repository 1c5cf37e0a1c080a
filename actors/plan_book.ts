/**
 * The plan book: what modules define, and plans of it.
 *
 * @module
 */
import { deepFreeze } from "../src/base/deep_freeze.ts";
import { MillraceError } from "../src/base/errors.ts";
import { nearest } from "../src/base/names.ts";
import { explainPlan } from "../src/planner/explain.ts";
import { PlanCache } from "../src/planner/plan_cache.ts";
import { type PlanOptions, planTasks } from "../src/planner/plan_tasks.ts";
import { renderPlan } from "../src/planner/render_plan.ts";
import { describePipeline, describeTask } from "../src/task/describe.ts";
import type { TaskDescriptor } from "../src/task/descriptor.ts";
import { importDefinitions } from "../src/task/import_definitions.ts";
import { importSchemas } from "../src/task/import_schemas.ts";
import type { Pipeline } from "../src/task/pipeline.ts";
import type { DrawOptions, ExplainedPlan, Plan } from "../src/task/plan.ts";
import type { RunRequest } from "../src/task/run.ts";
import { selectionOf } from "../src/task/run_request.ts";
import type { Task } from "../src/task/task.ts";
import { withSchemas } from "../src/task/task_schemas.ts";

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
  draw(
    request: RunRequest,
    options: Omit<DrawOptions, "cache"> & { readonly cache?: ExplainedPlan["cache"] },
  ): string;
  /** A task of the modules itself; `undefined` if it lives in the main program. */
  taskOf(name: string): Task | undefined;
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
    draw: (request, { format, durationsMs, cache, ...options }) =>
      renderPlan(explainPlan(plan(request, options), tasks, durationsMs, cache), format),
    taskOf: (name) => definitions.tasks.find((task) => task.name === name),
  };
}
