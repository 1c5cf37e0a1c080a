/**
 * The platform as programs see it: opens a cast, and speaks for it.
 *
 * @module
 */
import type { Clock } from "../src/base/clock.ts";
import { consoleLogSink } from "../src/base/console_log_sink.ts";
import { createLogger, type LogSink } from "../src/base/log.ts";
import { assertKeys } from "../src/base/names.ts";
import { systemClock } from "../src/base/system_clock.ts";
import type { DeadLettersOptions, PublishOptions, TopicOptions } from "../src/broker/broker.ts";
import type { ConsumeOptions, Consumer } from "../src/broker/consumer.ts";
import type { SubscribeValuesOptions } from "../src/broker/event_reader.ts";
import type { ConsumerInfo, DeadEvent, TopicInfo } from "../src/broker/port.ts";
import type { MillraceEvent } from "../src/event/event.ts";
import { createApp } from "../src/http/app.ts";
import type { PlatformView } from "../src/http/port.ts";
import { upgradeWebSocket } from "../src/http/serve.ts";
import type { RunFilter } from "../src/orchestrator/port.ts";
import { DEFAULT_RETENTION } from "../src/orchestrator/retention.ts";
import { lockDataDir } from "../src/store/data_dir_lock.ts";
import { assertResultsPlace, noteResultsPlace } from "../src/store/filesystem_results_place.ts";
import {
  assertResultsOptions,
  openResults,
  resultsIn,
  type ResultsOptions,
  resultsPlace,
} from "../src/store/results.ts";
import type { LogEntry, LogFilter } from "../src/task/log_entry.ts";
import { assertRetention, type Retention } from "../src/task/pipeline.ts";
import type { Plan, Selection } from "../src/task/plan.ts";
import { createTaskRegistry, type TaskRegistry } from "../src/task/registry.ts";
import type {
  PruneReport,
  PruneRequest,
  RerunFrom,
  RunEnd,
  RunRequest,
  RunSummary,
  RunView,
} from "../src/task/run.ts";
import type { ApiRequest } from "../src/task/trigger.ts";
import type { Fired, TriggerView } from "../src/trigger/port.ts";
import type { EventStream } from "./event_speaker.ts";
import { gateway, gatewayProtocol } from "./gateway.ts";
import { PlatformSpeaker } from "./platform_speaker.ts";
import { startCast } from "./system.ts";

/** How to open a platform. */
export interface PlatformOptions {
  /** URLs of modules that define tasks, pipelines and triggers: `import.meta.resolve("./pipelines.ts")`. @default {[]} */
  readonly modules?: readonly string[];
  /** The folder where state is kept; made if missing; one process at a time. @default {".millrace"} */
  readonly dataDir?: string;
  /** How many Web Workers run tasks. @default {one for each core, at least 2, at most 8} */
  readonly executors?: number;
  /** Where to serve HTTP; `false` for not at all. @default {false} */
  readonly http?: HttpOptions | false;
  /** `always`: what is accepted survives a power cut; `batched`: the end of the process. @default {"batched"} */
  readonly fsync?: "always" | "batched";
  /**
   * Where results are kept. A data folder that has its results elsewhere is refused.
   * @default {{ kind: "filesystem" }}
   */
  readonly results?: ResultsOptions;
  /** Whether triggers fire by themselves. @default {true} */
  readonly schedules?: boolean;
  /** Whether runs that an earlier process left unfinished go on. @default {true} */
  readonly resume?: boolean;
  /**
   * How long ended runs are kept, with their results, of pipelines that do not say so themselves; `{}` for ever.
   * `false`: no run of any pipeline is deleted by itself. @default {30 days, at most 1,000 runs of a pipeline}
   */
  readonly retention?: Retention | false;
  /** Where log records go. @default {warnings and errors to stderr} */
  readonly log?: LogSink;
}

/** Where to serve HTTP. */
export interface HttpOptions {
  /** The port; if it is in use, the next free one. 0 takes any. @default {8000} */
  readonly port?: number;
  /** The address to listen on. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** What clients must show as a bearer token. */
  readonly token?: string;
}

/** A run that was accepted: it is not lost, whatever happens to the process. */
export interface Run {
  /** A UUIDv7. */
  readonly id: string;
  /** How it ends. Rejects with `platform/closed` if the platform closes first: the next start continues it. */
  readonly finished: Promise<RunEnd>;
}

/** How to repeat a run. */
export interface RerunOptions {
  /** What runs again, with all that comes after it. @default {"failure"} */
  readonly from?: RerunFrom;
  /** Parameters to change: what takes one of them runs again as well. None by default. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** What to find the new run by. @default {that of the earlier run} */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** How long the new run may take, in ms. @default {what was asked for the earlier run} */
  readonly timeoutMs?: number;
}

/** What became of a published event. */
export interface PlatformPublished {
  /** The event. */
  readonly id: string;
  /** Subscriptions that match. */
  readonly matched: number;
  /** Subscriptions that have it now. */
  readonly enqueued: number;
  /** Events that full subscriptions gave up for it. */
  readonly dropped: number;
  /** The runs that it started: journalled before this answer. */
  readonly runIds: readonly string[];
  /** Whether its id came before: then it started nothing, and nobody gets it again. */
  readonly duplicate: boolean;
  /** Its place in the event log, if its topic is durable. */
  readonly sequence?: number;
}

/** A trigger to fire by hand. */
export interface TriggerHandle {
  /** Its name. */
  readonly name: string;
  /** Fires it; resolves once the event is accepted. `request` is for the trigger's `verify`. */
  fire(data?: unknown, request?: ApiRequest): Promise<Fired>;
  /** How it does. */
  status(): Promise<TriggerView>;
}

/** The scheduler of a platform. */
export interface PlatformScheduler {
  /** A trigger by name; that it exists is checked on use. */
  trigger(name: string): TriggerHandle;
  /** All triggers. */
  list(): Promise<readonly TriggerView[]>;
  /** Adds a trigger that a module exports (functions do not cross threads). */
  add(module: string, exportName: string): Promise<TriggerView>;
  /** Takes a trigger off; says whether it was there. */
  remove(name: string): Promise<boolean>;
}

/** What was left when a platform closed. */
export interface CloseReport {
  /** Threads that go on computing and end only with the process. */
  readonly lostThreads: number;
  /** Runs without a final state: the next start continues them. */
  readonly unfinishedRuns: number;
}

/** A running platform. */
export interface Platform extends AsyncDisposable {
  /** Where HTTP is served. */
  readonly url: string | undefined;
  /** Whether the wanted port was in use, so that another one was taken. */
  readonly portMoved: boolean;
  /** How many runs of an earlier process go on. */
  readonly resumed: number;
  /** Tasks of the main program itself; they need `isolation: "inline"`. */
  readonly registry: TaskRegistry;
  /** The triggers. */
  readonly scheduler: PlatformScheduler;
  /** What the platform is. */
  view(): Promise<PlatformView>;
  /**
   * Publishes an event; resolves once what it starts is journalled, and it is kept if its topic is durable.
   *
   * @throws {MillraceError} What {@linkcode Broker.publish} throws.
   */
  publish(topic: string, data: unknown, options?: PublishOptions): Promise<PlatformPublished>;
  /** Events that match, from now on or from a place in the past, as {@linkcode Broker.subscribe} has them. */
  subscribe<Data = unknown>(
    pattern: string | readonly string[],
    options?: SubscribeValuesOptions<Data>,
  ): EventStream<Data>;
  /** Joins a named consumer of durable topics, as {@linkcode Broker.consume} does. */
  consume<Data = unknown>(
    pattern: string | readonly string[],
    options: ConsumeOptions<Data>,
  ): Consumer<Data>;
  /**
   * Makes a topic known, and durable if it says so: then every later platform over the same data folder knows it.
   * A schema is held against whatever is published there: by this program, over HTTP, by tasks and triggers.
   */
  declareTopic(topic: string, options?: TopicOptions): Promise<void>;
  /** The declared topics, or those that match a pattern, sorted, with what is kept of each. */
  topics(pattern?: string): Promise<readonly TopicInfo[]>;
  /** Lets a topic take no more events, for ever, as {@linkcode Broker.complete} does. */
  complete(topic: string): Promise<void>;
  /** The consumers, by name. */
  consumers(): Promise<readonly ConsumerInfo[]>;
  /** Forgets a consumer and its dead letters; tells whether there was one. */
  removeConsumer(name: string): Promise<boolean>;
  /** Events that a consumer could not handle, in the order of the log. */
  deadLetters(
    consumer: string,
    options?: DeadLettersOptions,
  ): Promise<readonly DeadEvent<MillraceEvent>[]>;
  /** Delivers dead letters anew, all or those of these sequences; tells how many. */
  redeliver(consumer: string, sequences?: readonly number[]): Promise<number>;
  /** Starts a run; resolves once it is accepted. */
  run(request: RunRequest): Promise<Run>;
  /**
   * Repeats an ended run as a new one. By default only what did not succeed, and what comes after it, runs again:
   * the other results are those of the earlier run, which the new one refers to.
   *
   * @throws {MillraceError} `run/not-repeatable`, naming the tasks, if a result that it would take over is gone or
   * its task is defined otherwise by now; `run/not-found`, `run/params-invalid`.
   */
  rerun(runId: string, options?: RerunOptions): Promise<Run>;
  /**
   * Cancels a run that has not ended; resolves once that is journalled, and then work in progress is called off.
   * Rejects with `run/not-found`.
   */
  cancel(runId: string): Promise<void>;
  /** Plans a pipeline or a selection, and runs nothing. */
  plan(request: Selection & { readonly pipeline?: string }): Promise<Plan>;
  /**
   * The stored value of a task in a run, read from where it is kept; of a streaming task all chunks as an array.
   * What the task gave as a `ReadableStream` is one again: read it to its end, or cancel it.
   */
  result(runId: string, task: string): Promise<unknown>;
  /**
   * What the tasks of a run wrote by `console` and `ctx.log`, in order of time; with `follow` what they write, until
   * the run has ended. Also of a run that an earlier process began. Rejects with `run/not-found`.
   */
  logs(runId: string, filter?: LogFilter): AsyncIterableIterator<LogEntry>;
  /** Runs, newest first. */
  runs(filter?: RunFilter): Promise<readonly RunSummary[]>;
  /** One run. */
  runView(runId: string): Promise<RunView>;
  /**
   * Deletes ended runs with their facts and results; what an unfinished run reads or repeats stays. A request that
   * says neither `olderThanMs` nor `keep` does what retention does by itself now and then.
   */
  prune(request?: PruneRequest): Promise<PruneReport>;
  /** Answers an HTTP request, as the server does. */
  fetch(request: Request): Promise<Response>;
  /** Takes nothing new, lets running attempts end within the deadline, and lets go of everything. */
  close(options?: { readonly deadlineMs?: number }): Promise<CloseReport>;
}

const OPTION_KEYS = [
  "modules",
  "dataDir",
  "executors",
  "http",
  "fsync",
  "results",
  "schedules",
  "resume",
  "retention",
  "log",
] as const;
const HTTP_KEYS = ["port", "hostname", "token"] as const;

/**
 * Opens a platform: takes the data folder, starts the cast, continues unfinished runs, and serves.
 *
 * @throws {MillraceError} `platform/data-dir-locked` (naming the process that has the folder),
 * `platform/data-dir-unusable`, `platform/journal-unusable`, `platform/results-elsewhere`, `store/unavailable`,
 * `store/kv-off`, `platform/no-free-port`, `module/load-failed`,
 * `module/definition-invalid` or a duplicate definition.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If `executors` is not a whole number.
 *
 * @example A task of the main program
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineTask, openPlatform } from "@millrace/millrace";
 *
 * const dataDir = await Deno.makeTempDir();
 * await using app = await openPlatform({ dataDir, executors: 0 });
 * app.registry.register(defineTask({ name: "greet", isolation: "inline", run: () => "hello" }));
 * const run = await app.run({ names: ["greet"] });
 * assertEquals((await run.finished).status, "succeeded");
 * assertEquals(await app.result(run.id, "greet"), "hello");
 * ```
 */
export function openPlatform(options: PlatformOptions = {}): Promise<Platform> {
  return openSpeaker(options);
}

/** The same with what only our own programs see. `onFailure` is called if it has had to close by itself. */
export async function openSpeaker(
  options: PlatformOptions,
  onFailure: () => void = () => {},
): Promise<PlatformSpeaker> {
  assertKeys("a platform", options, OPTION_KEYS);
  const { modules = [], http = false, fsync = "batched", schedules = true, resume = true } = options;
  const { retention = DEFAULT_RETENTION } = options;
  if (retention !== false) assertRetention("the platform", retention);
  const { results = { kind: "filesystem" } } = options;
  assertResultsOptions(results);
  if (http !== false) assertKeys("the HTTP server of a platform", http, HTTP_KEYS);
  const executors = options.executors ?? Math.min(8, Math.max(2, navigator.hardwareConcurrency));
  if (!Number.isInteger(executors) || executors < 0) {
    throw new RangeError(
      `Cannot open a platform as "executors" must be a whole number: current value is ${executors}`,
    );
  }
  const clock: Clock = systemClock;
  const log = createLogger(options.log ?? consoleLogSink("warn"), clock.now);
  const lock = await lockDataDir(options.dataDir ?? ".millrace", { pid: Deno.pid, startedMs: clock.now() });
  const undo = new AsyncDisposableStack();
  undo.use(lock);
  try {
    const dataDir = await Deno.realPath(lock.dir);
    await assertResultsPlace(dataDir, results);
    const registry = createTaskRegistry();
    const local = { get: (name: string) => registry.has(name) ? registry.get(name) : undefined };
    const failed = Promise.withResolvers<string>();
    const cast = await startCast({
      modules,
      dataDir,
      fsync,
      results,
      executors,
      local,
      schedules,
      resume,
      retention,
      clock,
      log,
      onFailure: failed.resolve,
    });
    undo.defer(async () => void await cast.stop(0));
    await noteResultsPlace(dataDir, results);
    const openKept = () => openResults(results, { dataDir, fsync });
    const speaker = new PlatformSpeaker({
      cast,
      registry,
      clock,
      dataDir: lock.dir,
      results: resultsPlace(resultsIn(lock.dir, results)),
      fsync,
      lock,
      openResults: openKept,
    });
    const { port = 8000, hostname = "127.0.0.1", token } = http === false ? {} : http;
    const app = createApp(speaker.backend, {
      clock,
      log,
      hosts: [hostname],
      upgrade: upgradeWebSocket,
      ...(token === undefined ? {} : { token }),
    });
    speaker.serve(app);
    if (http !== false) {
      const ref = await cast.system.spawn(gateway, { app, port, hostname }, { name: "gateway" });
      const { url, moved } = await cast.system.ref(gatewayProtocol, ref.address).ask("where", undefined, {
        timeoutMs: "none",
      });
      speaker.servedAt(url, moved);
      await lock.setUrl(url);
    }
    undo.move();
    void failed.promise.then(async (reason) => {
      log.error("The platform cannot go on and closes; the next start continues its runs", { reason });
      await speaker.close({ deadlineMs: 0 }).finally(onFailure);
    });
    return speaker;
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}
