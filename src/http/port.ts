/**
 * What the HTTP application needs of the platform.
 *
 * @module
 */
import type { ConsumerInfo, DeadEvent, Durability, Since, TopicInfo } from "../broker/port.ts";
import type { EncodedEvent, MillraceEvent } from "../event/event.ts";
import type { LogEntry, LogFilter } from "../task/log_entry.ts";
import type { DrawOptions, Selection } from "../task/plan.ts";
import type { PruneReport, PruneRequest, RunRequest, RunStatus, RunSummary, RunView } from "../task/run.ts";
import type { TriggerView } from "../trigger/port.ts";

export type { TriggerView };

/** A pipeline as shown. */
export interface PipelineView {
  /** Its name. */
  readonly name: string;
  /** The patterns that start it. */
  readonly on: readonly string[];
  /** Its tasks in execution order. */
  readonly tasks: readonly string[];
}

/** What the platform is: for the banner, `/health` and the page. */
export interface PlatformView {
  /** The version of Millrace. */
  readonly version: string;
  /** When it became ready, in ms since 1970. */
  readonly startedMs: number;
  /** Where state is kept. */
  readonly dataDir: string;
  /** The file with what was accepted and what became of it. */
  readonly journal: string;
  /** Where results are kept, for people. */
  readonly results: string;
  /** How durable a commit is. */
  readonly fsync: "always" | "batched";
  /** Executors: how many, how many at work, how many given up; and the attempts that wait for one. */
  readonly executors: {
    readonly total: number;
    readonly busy: number;
    readonly queued: number;
    readonly lost: number;
  };
  /** Task names. */
  readonly tasks: readonly string[];
  /** Pipelines. */
  readonly pipelines: readonly PipelineView[];
  /** Triggers. */
  readonly triggers: readonly TriggerView[];
}

/** What whoever publishes an event may tell about it. */
export type AboutEvent = Partial<Omit<MillraceEvent, "topic" | "data" | "sequence">>;

/** The platform as the HTTP application sees it. Every method rejects with a `MillraceError`. */
export interface GatewayBackend {
  /** What the platform is. */
  view(): Promise<PlatformView>;
  /** Fires a trigger; resolves once the event is accepted, that is, journalled. `raw` is the body as received. */
  fire(
    name: string,
    data: unknown,
    request: { readonly headers: Headers; readonly raw: Uint8Array },
  ): Promise<
    { readonly eventId: string; readonly count: number; readonly runIds: readonly string[] }
  >;
  /** One trigger. */
  trigger(name: string): Promise<TriggerView>;
  /** Publishes an event for a user; what `about` does not tell is as for any other. */
  publish(
    topic: string,
    data: unknown,
    about?: AboutEvent,
  ): Promise<{ readonly id: string; readonly matched: number }>;
  /** Accepts a run. */
  run(request: RunRequest): Promise<{ readonly id: string }>;
  /** Lists runs, newest first. */
  runs(
    filter: {
      readonly pipeline?: string;
      readonly status?: RunStatus;
      readonly limit?: number;
      readonly before?: string;
    },
  ): Promise<readonly RunSummary[]>;
  /** Cancels a run that has not ended; resolves once that is journalled. */
  cancel(runId: string): Promise<void>;
  /** Deletes ended runs. */
  prune(request: PruneRequest): Promise<PruneReport>;
  /** One run. */
  runView(runId: string): Promise<RunView>;
  /** The stored value of a task in a run; all chunks as an array for a streaming task. */
  result(runId: string, task: string): Promise<unknown>;
  /** What the tasks of a run wrote, in order of time; with `follow` until the run has ended. */
  logs(runId: string, filter: LogFilter): AsyncIterableIterator<LogEntry>;
  /** Plans a pipeline or a selection and writes the plan; with `json` an `ExplainedPlan`. */
  drawPlan(
    request: Selection & Pick<RunRequest, "pipeline" | "params">,
    options: DrawOptions,
  ): Promise<string>;
  /** The declared topics that match, sorted. */
  topics(pattern: string): Promise<readonly TopicInfo[]>;
  /** Makes a topic known, and durable if it says so; declaring it again changes what is named. */
  declareTopic(topic: string, durability: Durability): Promise<void>;
  /** Lets a topic take no more events, for ever. */
  completeTopic(topic: string): Promise<void>;
  /** The consumers of durable topics, by name. */
  consumers(): Promise<readonly ConsumerInfo[]>;
  /** Events that a consumer could not handle. */
  deadLetters(
    consumer: string,
    options: { readonly after: number; readonly max: number },
  ): Promise<readonly DeadEvent<MillraceEvent>[]>;
  /** Delivers dead letters anew, all or those of these sequences; tells how many. */
  redeliver(consumer: string, sequences?: readonly number[]): Promise<number>;
  /**
   * Live events that match, those since a place in the past first, so many at a time as have gathered; ends when
   * the platform closes. `return()` of its iterator ends the subscription at once, also while a `next()` is
   * pending (an async generator cannot do that: it would wait for its `yield`).
   */
  subscribe(pattern: string, since?: Since): AsyncIterable<readonly EncodedEvent[]>;
}
