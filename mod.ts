/**
 * Millrace: an actor runtime for event-driven data pipelines.
 *
 * Time, HTTP calls, events and people cause events; a broker routes them by topic; a planner turns typed tasks
 * into a checked DAG; an orchestrator drives runs; executors in Web Workers do the work; every result is kept.
 * No server is needed.
 *
 * @example A pipeline of two tasks
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPlanner, createTaskRegistry, defineTask } from "@millrace/millrace";
 *
 * const numbers = defineTask({ name: "numbers", run: () => [1, 2, 3] });
 * const sum = defineTask({
 *   name: "sum",
 *   inputs: { numbers },
 *   run: ({ numbers }) => numbers.reduce((total, n) => total + n, 0),
 * });
 * const registry = createTaskRegistry();
 * registry.register(numbers);
 * registry.register(sum);
 * assertEquals(createPlanner(registry).plan({}).parallelLevels, [["numbers"], ["sum"]]);
 * ```
 *
 * @module
 */
// Definitions: what a pipeline module exports
export { defineTask, type TaskOptions } from "./src/task/define_task.ts";
export {
  type Edge,
  isFailure,
  isTask,
  type Task,
  type TaskCache,
  type TaskContext,
  type TaskFailure,
  type TaskPermissions,
} from "./src/task/task.ts";
export { collect, from } from "./src/task/edge.ts";
export {
  definePipeline,
  isPipeline,
  type Pipeline,
  type PipelineOptions,
  type PipelineSettings,
  type Retention,
} from "./src/task/pipeline.ts";
export {
  defineApiTrigger,
  defineCronTrigger,
  defineEventTrigger,
  defineManualTrigger,
  defineTrigger,
} from "./src/task/define_trigger.ts";
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
} from "./src/task/trigger.ts";
export { describePipeline, describeTask } from "./src/task/describe.ts";
export type {
  Backoff,
  InputDescriptor,
  Isolation,
  Overlap,
  PipelineDescriptor,
  TaskDescriptor,
} from "./src/task/descriptor.ts";
export { unsupportedOptions } from "./src/task/unsupported.ts";
export { createTaskRegistry, type TaskRegistry } from "./src/task/registry.ts";
export { collectDefinitions, type Definitions, mergeDefinitions } from "./src/task/load.ts";
export type { Plan, Selection } from "./src/task/plan.ts";
export type {
  RunEnd,
  RunRequest,
  RunStatus,
  RunSummary,
  RunView,
  TaskStatus,
  TaskView,
} from "./src/task/run.ts";
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
} from "./src/task/inference.ts";
// Events and topics
export {
  decodeEvent,
  type EncodedEvent,
  encodeEvent,
  MAX_HOPS,
  type MillraceEvent,
} from "./src/event/event.ts";
export {
  assertPublishable,
  assertTopic,
  matchTopic,
  MAX_GLOBS,
  MAX_SEGMENTS,
  MAX_TOPIC_BYTES,
  parsePattern,
  type Pattern,
} from "./src/event/topic.ts";
// Parts, each usable alone
export {
  type Broker,
  type BrokerOptions,
  createBroker,
  type Published,
  type PublishedToPattern,
  type PublishOptions,
  type PublishPatternOptions,
  type TopicOptions,
} from "./src/broker/broker.ts";
export { type BrokerStats } from "./src/broker/core.ts";
export type { Subscription } from "./src/broker/decoded_subscription.ts";
export type {
  EncodedSubscription,
  Overflow,
  SubscribeOptions,
  SubscriptionStats,
} from "./src/broker/subscription.ts";
export {
  createScheduler,
  type CreateSchedulerOptions,
  type SchedulerBroker,
  type StandaloneScheduler,
} from "./src/trigger/create_scheduler.ts";
export type { Fired, TriggerView } from "./src/trigger/port.ts";
export { explainPlan } from "./src/planner/explain.ts";
export { createPlanner, type Planner, type TaskSource } from "./src/planner/planner.ts";
export { FilesystemIOManager, openFilesystemIOManager } from "./src/store/filesystem_io_manager.ts";
export type { FilesystemIOManagerOptions } from "./src/store/filesystem_io_manager.ts";
export { MemoryIOManager, openMemoryIOManager } from "./src/store/memory_io_manager.ts";
export type { IOManager, ResultKey } from "./src/store/port.ts";
// Actors
export {
  type Answer,
  type Answered,
  type Askable,
  type Given,
  type Item,
  passed,
  type Protocol,
  protocol,
  type Received,
  type Sent,
  type Streamable,
  type Tellable,
  type Verb,
  type Verbs,
} from "./src/actor/protocol.ts";
export {
  type ActorContext,
  type ActorDefinition,
  type ActorSettings,
  type AnyActor,
  defineActor,
  type Handlers,
  type NoExtra,
  type Turn,
} from "./src/actor/define_actor.ts";
export { type ActorExport, inWorker, type Placement } from "./src/actor/placement.ts";
export type { ActorRef, Address, AskOptions, OfferOptions, StreamOptions, Told } from "./src/actor/ref.ts";
export type { ActorSystem, SpawnOptions, StopReport } from "./src/actor/system.ts";
export type { NodeSnapshot } from "./src/actor/snapshot.ts";
export type { StopMode } from "./src/actor/port.ts";
export type { Counters, DeadLetterReason } from "./src/actor/counters.ts";
export { type ActorSystemSettings, createActorSystem } from "./actors/actor_system.ts";
// The whole
export {
  type CloseReport,
  type HttpOptions,
  openPlatform,
  type Platform,
  type PlatformOptions,
  type PlatformPublished,
  type PlatformScheduler,
  type Run,
  type TriggerHandle,
} from "./actors/platform.ts";
export { createTriggerRoutes, type TriggerHook } from "./src/http/trigger_routes.ts";
export type { PipelineView, PlatformView } from "./src/http/port.ts";
export type { RunFilter } from "./src/orchestrator/port.ts";
export { VERSION } from "./actors/version.ts";
// What all of it speaks
export { MillraceError, type MillraceErrorOptions, type WireError } from "./src/base/errors.ts";
export type { ErrorCode, ErrorDetails, PlanProblem } from "./src/base/error_codes.ts";
export type { Cancel, Clock } from "./src/base/clock.ts";
export type { IdSource } from "./src/base/ids.ts";
export type { Logger, LogLevel, LogRecord, LogSink } from "./src/base/log.ts";
export type {
  AnySchema,
  InputOf,
  JsonSchema,
  OutputOf,
  Schema,
  SchemaIssue,
  SchemaResult,
} from "./src/base/schema.ts";

/** Never called: it puts the worker entry into the module graph, so that it is downloaded with this module. */
function _graph(): Promise<unknown> {
  return import("./actors/host.ts");
}
