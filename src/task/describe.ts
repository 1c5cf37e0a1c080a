/**
 * Definitions as plain data.
 *
 * @module
 */
import { hash } from "node:crypto";
import { deepFreeze } from "../base/deep_freeze.ts";
import { jsonSchemaOf } from "../base/schema.ts";
import type { CacheDescriptor, InputDescriptor, PipelineDescriptor, TaskDescriptor } from "./descriptor.ts";
import { frozen } from "./option_checks.ts";
import type { Pipeline } from "./pipeline.ts";
import { prepareTask } from "./prepared_task.ts";
import { type Edge, isTask, nameOf, type Task, type TaskCache } from "./task.ts";
import { takesContext } from "./takes_context.ts";
import { orFailure } from "./wrap_schema.ts";

/** Turning schemas into JSON Schema is dear, and a task never changes. */
const described = new WeakMap<Task, TaskDescriptor>();

/**
 * A task as plain, JSON-serialisable data, frozen to its leaves; always the same object for the same task. A
 * schema whose library cannot say it as JSON Schema is left out.
 */
export function describeTask(task: Task): TaskDescriptor {
  const before = described.get(task);
  if (before !== undefined) return before;
  const descriptor = deepFreeze(frozen<TaskDescriptor>({
    name: task.name,
    inputs: Object.entries(task.inputs).map(([param, source]) => describeInput(param, source)),
    after: [...new Set(task.after.map(nameOf))],
    tags: task.tags,
    stream: task.stream,
    maxAhead: task.maxAhead,
    failSafe: task.failSafe,
    maxRetries: task.maxRetries,
    backoff: task.backoff,
    timeoutMs: task.timeoutMs,
    isolation: task.isolation,
    permissions: task.permissions,
    memoryMb: task.memoryMb,
    cache: describeCache(task),
    concurrencyKey: task.concurrencyKey,
    rateLimit: task.rateLimit,
    priority: task.priority,
    contextFree: task.params === undefined && !takesContext(task.run) || undefined,
    params: task.params && jsonSchemaOf(task.params, "input"),
    output: task.output && jsonSchemaOf(task.output, "output"),
  }));
  described.set(task, descriptor);
  prepareTask(descriptor);
  return descriptor;
}

/** A pipeline as plain, JSON-serialisable data; given tasks, it selects exactly these names. */
export function describePipeline(pipeline: Pipeline): PipelineDescriptor {
  return frozen<PipelineDescriptor>({
    name: pipeline.name,
    selection: pipeline.select ?? { names: [...new Set(pipeline.tasks?.map(nameOf))] },
    on: pipeline.on,
    overlap: pipeline.overlap,
    concurrency: pipeline.concurrency,
    timeoutMs: pipeline.timeoutMs,
    retention: pipeline.retention,
    params: pipeline.params && jsonSchemaOf(pipeline.params, "input"),
  });
}

function describeCache({ cache, run }: Task): CacheDescriptor | undefined {
  if (cache === undefined || cache === false) return undefined;
  const { key, ttlMs, version } = cache === true ? {} as TaskCache : cache;
  const source = version === undefined ? hash("sha256", `${run}\n${key}`, "base64") : undefined;
  return frozen<CacheDescriptor>({ keyed: key !== undefined, ttlMs, version, source });
}

function describeInput(param: string, source: Task | Edge): InputDescriptor {
  if (isTask(source)) return { param, task: source.name, collect: false };
  const schema = source.schema && jsonSchemaOf(source.schema, "input");
  // Given the task itself, `run` knows by its type that a failure may come; given a name, it does not.
  const takesFailure = isTask(source.task) && source.task.failSafe;
  return frozen<InputDescriptor>({
    param,
    task: nameOf(source.task),
    collect: source.collect,
    schema: schema !== undefined && takesFailure ? orFailure(schema) : schema,
  });
}
