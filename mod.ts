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
export {
  type ApiRequest,
  type ApiTrigger,
  type ApiTriggerOptions,
  type AtPath,
  type Backoff,
  type CacheDescriptor,
  type CacheForecast,
  type ChunkOf,
  type ChunkSource,
  collect,
  collectDefinitions,
  type Collected,
  type ConcurrencyKey,
  createReadySet,
  createTaskRegistry,
  type CriticalPath,
  type CronFire,
  type CronTrigger,
  type CronTriggerOptions,
  type DataOf,
  type Declared,
  defineApiTrigger,
  defineCronTrigger,
  defineEventTrigger,
  defineManualTrigger,
  definePipeline,
  defineTask,
  defineTrigger,
  type Definitions,
  describePipeline,
  describeTask,
  type Downstream,
  durationsOf,
  type Edge,
  type EdgeCheck,
  type EdgeVerdict,
  type EventTrigger,
  type EventTriggerOptions,
  type ExplainedPlan,
  from,
  type GeneratorCheck,
  type IfAny,
  type InputDescriptor,
  type InputValues,
  type IsAny,
  isFailure,
  type Isolation,
  isPipeline,
  type IsStream,
  isTask,
  isTrigger,
  type ItemFromRun,
  type ItemStored,
  type Joined,
  type LogEntry,
  type LogFilter,
  type LogLine,
  type ManualTrigger,
  type ManualTriggerOptions,
  mergeDefinitions,
  type MismatchPath,
  type NeededParams,
  type Overlap,
  type ParamsCheck,
  type ParamsOf,
  parseSelector,
  type Pipeline,
  type PipelineDescriptor,
  type PipelineOptions,
  type PipelineSettings,
  type Plan,
  type PlanEdge,
  type PlanFormat,
  type PruneReport,
  type PruneRequest,
  type RateLimit,
  type ReadySet,
  type ReceivedOf,
  type Rerun,
  type RerunFrom,
  type ResultOf,
  type Retention,
  type RunEnd,
  type RunParams,
  type RunRequest,
  type RunReturn,
  type RunStatus,
  type RunSummary,
  type RunView,
  type Selection,
  type Selector,
  type StreamCheck,
  type Streamed,
  type Task,
  type TaskCache,
  type TaskContext,
  type TaskDescriptor,
  type TaskFailure,
  type TaskOptions,
  type TaskParamsCheck,
  type TaskPermissions,
  type TaskRegistry,
  type TaskSchema,
  type TaskSchemas,
  type TaskStatus,
  type TaskView,
  type TaskWait,
  type Trigger,
  type TriggerBase,
  type TriggerKind,
  type TriggerOptions,
  withSchemas,
} from "./src/task/mod.ts";

// Events and topics
export {
  assertPublishable,
  assertTopic,
  type CloudEvent,
  decodeEvent,
  type EncodedEvent,
  encodeEvent,
  fromCloudEvent,
  GAP_TOPIC,
  isSubset,
  matchTopic,
  MAX_GLOBS,
  MAX_HOPS,
  MAX_SEGMENTS,
  MAX_TOPIC_BYTES,
  type MillraceEvent,
  parsePattern,
  type Pattern,
  patternsOverlap,
  toCloudEvent,
} from "./src/event/mod.ts";

// Parts, each usable alone
export {
  type Appended,
  type Broker,
  type BrokerOptions,
  type BrokerStats,
  type Claim,
  type ClaimPage,
  type ConsumeOptions,
  type Consumer,
  type ConsumerInfo,
  type ConsumerSettings,
  createBroker,
  type DeadEvent,
  type DeadLettersOptions,
  DEFAULT_RETENTION,
  type EncodedSubscription,
  type EventLog,
  type LogClaim,
  type LoggedEvent,
  type LoggedTopic,
  type LogPage,
  MemoryEventLog,
  type MemoryEventLogOptions,
  openMemoryEventLog,
  openSqliteEventLog,
  type Overflow,
  type Published,
  type PublishedToPattern,
  type PublishOptions,
  type PublishPatternOptions,
  type ReadRequest,
  type RetryOptions,
  type Settled,
  type Settlement,
  type Since,
  SqliteEventLog,
  type SqliteEventLogOptions,
  type SubscribeOptions,
  type SubscribeValuesOptions,
  type Subscription,
  type SubscriptionStats,
  type TopicInfo,
  type TopicOptions,
  type TopicRetention,
} from "./src/broker/mod.ts";
export {
  createScheduler,
  type CreateSchedulerOptions,
  type SchedulerBroker,
  type StandaloneScheduler,
} from "./src/trigger/create_scheduler.ts";
export type { Fired, TriggerView } from "./src/trigger/port.ts";
export {
  type AnyJsonSchema,
  createPlanner,
  criticalPath,
  type Descriptors,
  diffPlans,
  type EdgeChange,
  explainPlan,
  fitSchemas,
  type PlanDiff,
  type Planner,
  type PlannerOptions,
  type PlanOptions,
  renderPlan,
  renderPlanDiff,
  type SchemaFit,
  type TaskChange,
  type TaskSource,
} from "./src/planner/mod.ts";
export { createExecutorPool } from "./actors/executor_pool.ts";
export type {
  CallOptions,
  CallResult,
  ExecutorPoolOptions,
  StandalonePool,
} from "./src/executor/standalone.ts";
export type { PoolStatus } from "./src/executor/pool.ts";
export {
  BackendIOManager,
  FilesystemIOManager,
  type FilesystemIOManagerOptions,
  type FoundResult,
  type IOManager,
  KvIOManager,
  type KvIOManagerOptions,
  MemoryIOManager,
  openFilesystemIOManager,
  type OpenIOManager,
  openKvIOManager,
  openMemoryIOManager,
  openPostgresIOManager,
  PostgresIOManager,
  type PostgresIOManagerOptions,
  type RecentResults,
  type ResultBackend,
  type ResultBlocks,
  type ResultHead,
  type ResultInfo,
  type ResultKey,
  type ResultsContext,
  type ResultsOptions,
  type StoredResult,
} from "./src/store/mod.ts";

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
  type ChildOptions,
  defineActor,
  type Handlers,
  type NoExtra,
  type SettledSettings,
  type Turn,
} from "./src/actor/define_actor.ts";
export { type ActorExport, inWorker, type Placement } from "./src/actor/placement.ts";
export {
  type ActorRef,
  type Address,
  type AskOptions,
  isActorRef,
  type OfferOptions,
  type SendOptions,
  type StreamOptions,
  type Told,
} from "./src/actor/ref.ts";
export type { Directive, Failure, RestartType, Strategy, Supervision } from "./src/actor/supervision.ts";
export type { Death, DeathReason } from "./src/actor/death.ts";
export type { ActorSystem, ReplayOptions, SpawnOptions, StopReport } from "./src/actor/system.ts";
export type { HostOptions } from "./src/actor/host.ts";
export type { Grant, HostLimits, HostPermissions } from "./src/actor/host_limits.ts";
export type {
  ActorLoad,
  ActorSnapshot,
  ActorState,
  HostSnapshot,
  NodeSnapshot,
  SystemSnapshot,
} from "./src/actor/snapshot.ts";
export type { StopMode } from "./src/actor/port.ts";
export type { Counters, DeadLetter, DeadLetterReason } from "./src/actor/counters.ts";
export type { DeadLetterFeed } from "./src/actor/dead_letters.ts";
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
  type RerunOptions,
  type Run,
  type TriggerHandle,
} from "./actors/platform.ts";
export type { EventStream } from "./actors/event_speaker.ts";
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
