/**
 * Definitions: tasks, pipelines and triggers. Pure and importable in every thread; nothing runs here.
 *
 * What holds of every definition:
 *
 * - It is frozen, and says by a string-keyed brand what it is, so that two copies of the library agree.
 * - What is wrong with it shows where it is defined: at compile time as a sentence, else as a `TypeError` or
 *   `RangeError`.
 *
 * @example A pipeline that runs at night
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { collect, defineCronTrigger, definePipeline, defineTask } from "@millrace/millrace";
 *
 * const nightly = defineCronTrigger({ name: "nightly", cron: "0 2 * * *", topic: "day.closed" });
 * const extract = defineTask({
 *   name: "extract",
 *   stream: true,
 *   *run() {
 *     for (const amount of [1, 2, 3]) yield { amount };
 *   },
 * });
 * const total = defineTask({
 *   name: "total",
 *   inputs: { sales: collect(extract) },
 *   run: ({ sales }) => sales.reduce((sum, sale) => sum + sale.amount, 0),
 * });
 * const daily = definePipeline({ name: "daily", on: [nightly.topic], tasks: [extract, total] });
 *
 * assertEquals(daily.tasks?.map((task) => task.name), ["extract", "total"]);
 * ```
 *
 * @module
 */
export { defineTask, type TaskOptions } from "./define_task.ts";
export {
  type Edge,
  isFailure,
  isTask,
  type Task,
  type TaskCache,
  type TaskContext,
  type TaskFailure,
  type TaskPermissions,
} from "./task.ts";
export { collect, from } from "./edge.ts";
export {
  definePipeline,
  isPipeline,
  type Pipeline,
  type PipelineOptions,
  type PipelineSettings,
  type Retention,
} from "./pipeline.ts";
export {
  defineApiTrigger,
  defineCronTrigger,
  defineEventTrigger,
  defineManualTrigger,
  defineTrigger,
} from "./define_trigger.ts";
export {
  type ApiRequest,
  type ApiTrigger,
  type ApiTriggerOptions,
  type CronFire,
  type CronTrigger,
  type CronTriggerOptions,
  type DataOf,
  type EventTrigger,
  type EventTriggerOptions,
  isTrigger,
  type ManualTrigger,
  type ManualTriggerOptions,
  type Trigger,
  type TriggerBase,
  type TriggerKind,
  type TriggerOptions,
} from "./trigger.ts";
export { describePipeline, describeTask } from "./describe.ts";
export type {
  Backoff,
  CacheDescriptor,
  ConcurrencyKey,
  InputDescriptor,
  Isolation,
  Overlap,
  PipelineDescriptor,
  RateLimit,
  TaskDescriptor,
} from "./descriptor.ts";
export { createReadySet, type ReadySet } from "./ready_set.ts";
export { type TaskSchema, type TaskSchemas, withSchemas } from "./task_schemas.ts";
export { createTaskRegistry, type TaskRegistry } from "./registry.ts";
export { collectDefinitions, type Definitions, mergeDefinitions } from "./load.ts";
export type { LogEntry, LogFilter, LogLine } from "./log_entry.ts";
export {
  type CacheForecast,
  type CriticalPath,
  type EdgeVerdict,
  type ExplainedPlan,
  type Plan,
  PLAN_FORMATS,
  type PlanEdge,
  type PlanFormat,
  type Selection,
} from "./plan.ts";
export { parseSelector, type Selector } from "./selector.ts";
export {
  durationsOf,
  type PruneReport,
  type PruneRequest,
  type Rerun,
  type RerunFrom,
  type RunEnd,
  type RunRequest,
  type RunStatus,
  type RunSummary,
  type RunView,
  type TaskStatus,
  type TaskView,
  type TaskWait,
} from "./run.ts";
export type {
  AtPath,
  ChunkOf,
  ChunkSource,
  Collected,
  Declared,
  Downstream,
  EdgeCheck,
  GeneratorCheck,
  IfAny,
  InputValues,
  IsAny,
  IsStream,
  ItemFromRun,
  ItemStored,
  Joined,
  MismatchPath,
  NeededParams,
  ParamsCheck,
  ParamsOf,
  ReceivedOf,
  ResultOf,
  RunParams,
  RunReturn,
  StreamCheck,
  Streamed,
  TaskParamsCheck,
} from "./inference.ts";
