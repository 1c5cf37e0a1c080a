/**
 * Speaks for a cast: turns calls into messages, and answers into what callers expect.
 *
 * @module
 */
import type { Clock } from "../src/base/clock.ts";
import { MillraceError } from "../src/base/errors.ts";
import { assertKeys } from "../src/base/names.ts";
import type { DeadLettersOptions, PublishOptions, TopicOptions } from "../src/broker/broker.ts";
import type { ConsumeOptions, Consumer } from "../src/broker/consumer.ts";
import type { SubscribeValuesOptions } from "../src/broker/event_reader.ts";
import type { ConsumerInfo, DeadEvent, TopicInfo } from "../src/broker/port.ts";
import { PUBLISH_KEYS } from "../src/broker/publication.ts";
import type { SubscribeOptions } from "../src/broker/subscription.ts";
import type { EncodedEvent, MillraceEvent } from "../src/event/event.ts";
import type { HttpApp } from "../src/http/app.ts";
import type { AboutEvent, GatewayBackend, PlatformView } from "../src/http/port.ts";
import { JOURNAL_FILE, type RunFilter } from "../src/orchestrator/port.ts";
import type { DataDirLock } from "../src/store/data_dir_lock.ts";
import type { IOManager } from "../src/store/port.ts";
import { describeTask } from "../src/task/describe.ts";
import type { LogEntry, LogFilter } from "../src/task/log_entry.ts";
import type { DrawOptions, Plan, Selection } from "../src/task/plan.ts";
import type { TaskRegistry } from "../src/task/registry.ts";
import type { PruneReport, PruneRequest, RunEnd, RunRequest, RunSummary, RunView } from "../src/task/run.ts";
import { parsePlanRequest, parsePruneRequest, parseRunRequest } from "../src/task/run_request.ts";
import type { Task } from "../src/task/task.ts";
import type { Fired, TriggerView } from "../src/trigger/port.ts";
import type {
  CloseReport,
  Platform,
  PlatformPublished,
  PlatformScheduler,
  RerunOptions,
  Run,
} from "./platform.ts";
import type { Cast } from "./cast.ts";
import { EventSpeaker, type EventStream } from "./event_speaker.ts";
import { VERSION } from "./version.ts";

/** What a speaker speaks for. */
export interface SpeakerParts {
  readonly cast: Cast;
  /** Tasks of the main program. */
  readonly registry: TaskRegistry;
  readonly clock: Clock;
  /** As the user named it. */
  readonly dataDir: string;
  /** Where results are kept, for people. */
  readonly results: string;
  readonly fsync: "always" | "batched";
  readonly lock: DataDirLock;
  /** Opens where results are kept; once one is asked for. */
  openResults(): Promise<IOManager>;
}

/** Within the platform an ask ends with the actor, not with the clock. */
const ALWAYS = { timeoutMs: "none" } as const;
/** How long `close()` lets running attempts go on, in ms. */
const DRAIN_MS = 10_000;

/** A platform's public face. */
export class PlatformSpeaker implements Platform {
  readonly registry: TaskRegistry;
  readonly resumed: number;
  readonly scheduler: PlatformScheduler;
  readonly #parts: SpeakerParts;
  readonly #cast: Cast;
  readonly #events: EventSpeaker;
  readonly #startedMs: number;
  #app: HttpApp | undefined;
  #where: { readonly url: string; readonly moved: boolean } | undefined;
  #closing: Promise<CloseReport> | undefined;
  /** Settles once the planner knows all tasks of the main program; absent once it does. */
  #defining: Promise<unknown> | undefined;
  #opened: Promise<IOManager> | undefined;

  constructor(parts: SpeakerParts) {
    this.#parts = parts;
    this.#cast = parts.cast;
    this.#events = new EventSpeaker(parts.cast.broker, parts.clock);
    this.#startedMs = parts.clock.now();
    this.resumed = parts.cast.resumed;
    this.registry = this.#localRegistry(parts.registry);
    const { scheduler } = parts.cast;
    this.scheduler = {
      trigger: (name) => ({
        name,
        fire: (data, request) => this.fire(name, data, request),
        status: () => this.trigger(name),
      }),
      list: () => scheduler.ask("list", undefined, ALWAYS),
      add: (module, exportName) => scheduler.ask("add", { module, exportName }, ALWAYS),
      remove: (name) => scheduler.ask("remove", name, ALWAYS),
    };
  }

  get url(): string | undefined {
    return this.#where?.url;
  }

  get portMoved(): boolean {
    return this.#where?.moved ?? false;
  }

  /** The same for the HTTP application, which passes events on without opening them. */
  get backend(): GatewayBackend {
    return {
      view: () => this.view(),
      fire: (name, data, request) => this.fire(name, data, request),
      trigger: (name) => this.trigger(name),
      publish: (topic, data, about) => this.#publish(topic, data, about),
      run: (request) => this.run(request),
      runs: (filter) => this.runs(filter),
      cancel: (runId) => this.cancel(runId),
      prune: (request) => this.prune(request),
      runView: (runId) => this.runView(runId),
      result: (runId, task) => this.result(runId, task),
      logs: (runId, filter) => this.logs(runId, filter),
      drawPlan: (request, options) => this.drawPlan(request, options),
      topics: (pattern) => this.topics(pattern),
      declareTopic: (topic, durability) => this.declareTopic(topic, durability),
      completeTopic: (topic) => this.complete(topic),
      consumers: () => this.consumers(),
      deadLetters: (consumer, options) => this.deadLetters(consumer, options),
      redeliver: (consumer, sequences) => this.redeliver(consumer, sequences),
      subscribe: (pattern, since) =>
        this.#events.gathered(pattern, { gaps: true, ...(since === undefined ? {} : { since }) }),
    };
  }

  /** The application that answers `fetch`. */
  serve(app: HttpApp): void {
    this.#app = app;
  }

  /** Where the application is served. */
  servedAt(url: string, moved: boolean): void {
    this.#where = { url, moved };
  }

  async view(): Promise<PlatformView> {
    const { planner, pool } = this.#cast;
    const { dataDir, results, fsync } = this.#parts;
    const [{ tasks, pipelines }, executors, triggers] = await Promise.all([
      planner.ask("describe", undefined, ALWAYS),
      pool.ask("status", undefined, ALWAYS),
      this.scheduler.list(),
    ]);
    const planned = await Promise.all(pipelines.map(async ({ name, on }) => {
      // A pipeline that cannot be planned is shown without tasks; planning it says why.
      const plan = await planner.ask("plan", { pipeline: name }, ALWAYS).catch(() => undefined);
      return { name, on, tasks: plan?.executionOrder ?? [] };
    }));
    return {
      version: VERSION,
      startedMs: this.#startedMs,
      dataDir,
      journal: `${dataDir}/${JOURNAL_FILE}`,
      results,
      fsync,
      executors,
      tasks: tasks.map((task) => task.name).sort(),
      pipelines: planned,
      triggers,
    };
  }

  publish(topic: string, data: unknown, options: PublishOptions = {}): Promise<PlatformPublished> {
    assertKeys("a publication", options, PUBLISH_KEYS);
    return this.#publish(topic, data, options);
  }

  subscribe<Data = unknown>(
    pattern: string | readonly string[],
    options: SubscribeValuesOptions<Data> = {},
  ): EventStream<Data> {
    return this.#events.subscribe(pattern, options);
  }

  /** For whoever passes events on: events as they travel. */
  events(pattern: string, options: SubscribeOptions = {}): AsyncIterableIterator<EncodedEvent> {
    return this.#events.events(pattern, options);
  }

  consume<Data = unknown>(
    pattern: string | readonly string[],
    options: ConsumeOptions<Data>,
  ): Consumer<Data> {
    return this.#events.consume(pattern, options);
  }

  declareTopic(topic: string, options: TopicOptions = {}): Promise<void> {
    return this.#events.declareTopic(topic, options);
  }

  topics(pattern: string = "**"): Promise<readonly TopicInfo[]> {
    return this.#events.topics(pattern);
  }

  complete(topic: string): Promise<void> {
    return this.#events.complete(topic);
  }

  consumers(): Promise<readonly ConsumerInfo[]> {
    return this.#events.consumers();
  }

  removeConsumer(name: string): Promise<boolean> {
    return this.#events.removeConsumer(name);
  }

  deadLetters(
    consumer: string,
    options: DeadLettersOptions = {},
  ): Promise<readonly DeadEvent<MillraceEvent>[]> {
    return this.#events.deadLetters(consumer, options);
  }

  redeliver(consumer: string, sequences?: readonly number[]): Promise<number> {
    return this.#events.redeliver(consumer, sequences);
  }

  async run(request: RunRequest): Promise<Run> {
    const { runIds } = await this.publish("run.request", parseRunRequest(request));
    const id = runIds[0]!;
    const finished = this.#ended(id);
    finished.catch(() => {}); // whoever does not wait for it need not handle it
    return { id, finished };
  }

  async rerun(runId: string, options: RerunOptions = {}): Promise<Run> {
    assertKeys("a re-run", options, ["from", "params", "metadata", "timeoutMs"]);
    const { from = "failure", ...rest } = options;
    return await this.run({ rerun: { runId, from }, ...rest });
  }

  async cancel(runId: string): Promise<void> {
    await this.#cast.orchestrator.ask("cancel", runId, ALWAYS);
  }

  async plan(request: Selection & { readonly pipeline?: string }): Promise<Plan> {
    return await this.#cast.planner.ask("plan", parsePlanRequest(request), ALWAYS);
  }

  async drawPlan(
    request: Selection & Pick<RunRequest, "pipeline" | "params">,
    options: DrawOptions,
  ): Promise<string> {
    return await this.#cast.planner.ask("draw", { request: parsePlanRequest(request), options }, ALWAYS);
  }

  async result(runId: string, task: string): Promise<unknown> {
    const view = await this.runView(runId);
    const found = view.tasks[task];
    const resultIds = found?.resultIds ?? [];
    if (found?.status !== "succeeded") {
      throw new MillraceError(
        "store/not-found",
        `Cannot load the result of task "${task}" in run "${runId}" as the task must have succeeded: ` +
          (found === undefined ? "the run has no such task" : `it is ${found.status}`),
        { details: { runId, task, resultId: "" } },
      );
    }
    const io = await this.#results();
    const load = (resultId: string): Promise<unknown> =>
      io.load({ runId: (found.from ?? found.cached)?.runId ?? runId, task, resultId });
    const streams = resultIds[0]?.includes("-") ?? true;
    if (!streams) return await load(resultIds[0]!);
    const chunks: unknown[] = [];
    for (const resultId of resultIds) chunks.push(await load(resultId));
    return chunks;
  }

  async runs(filter: RunFilter = {}): Promise<readonly RunSummary[]> {
    const runs = await this.#cast.store.ask("runs", filter, ALWAYS);
    return runs.map(({ request: _, ...summary }) => summary);
  }

  async runView(runId: string): Promise<RunView> {
    return await this.#cast.orchestrator.ask("view", runId, ALWAYS);
  }

  logs(runId: string, filter: LogFilter = {}): AsyncIterableIterator<LogEntry> {
    return this.#cast.logs.stream("read", { runId, ...filter });
  }

  async prune(request: PruneRequest = {}): Promise<PruneReport> {
    return await this.#cast.orchestrator.ask("prune", parsePruneRequest(request), ALWAYS);
  }

  async fire(
    name: string,
    data: unknown,
    request?: { readonly headers: Headers; readonly raw: Uint8Array },
  ): Promise<Fired> {
    const call = request === undefined ? {} : { headers: [...request.headers], raw: request.raw };
    return await this.#cast.scheduler.ask("fire", { name, data, ...call }, ALWAYS);
  }

  async trigger(name: string): Promise<TriggerView> {
    return await this.#cast.scheduler.ask("view", name, ALWAYS);
  }

  fetch(request: Request): Promise<Response> {
    return this.#app!.fetch(request);
  }

  close(options: { readonly deadlineMs?: number } = {}): Promise<CloseReport> {
    this.#closing ??= this.#close(options.deadlineMs ?? DRAIN_MS);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Not `async`: a hot loop pays for every promise. */
  #publish(topic: string, data: unknown, about: AboutEvent = {}): Promise<PlatformPublished> {
    if (this.#defining === undefined) return this.#events.publish(topic, data, about);
    return this.#defining.then(() => this.#events.publish(topic, data, about));
  }

  async #close(deadlineMs: number): Promise<CloseReport> {
    try {
      const { lostThreads, unfinishedRuns } = await this.#cast.stop(deadlineMs);
      this.#app?.close();
      await (await this.#opened)?.[Symbol.asyncDispose]();
      return { lostThreads, unfinishedRuns };
    } finally {
      await this.#parts.lock.release();
    }
  }

  /** Read here, not by way of the store: results may be large, or streams. */
  #results(): Promise<IOManager> {
    this.#opened ??= this.#parts.openResults().catch((error) => {
      this.#opened = undefined; // the next one tries again
      throw error;
    });
    return this.#opened;
  }

  async #ended(runId: string): Promise<RunEnd> {
    for await (const end of this.#cast.orchestrator.stream("ended", runId)) return end;
    throw new MillraceError(
      "platform/closed",
      `Cannot wait for run "${runId}" as the platform closed: the next start continues it`,
      {
        details: {},
      },
    );
  }

  /** What is registered here is known to the planner too. */
  #localRegistry(registry: TaskRegistry): TaskRegistry {
    const { planner } = this.#cast;
    const unregister = (name: string): boolean => {
      planner.tell("forget", name);
      return registry.unregister(name);
    };
    return {
      ...registry,
      register: (task: Task) => {
        if (task.isolation !== "inline") {
          throw new MillraceError(
            "task/unsupported",
            `Cannot register task "${task.name}" of the main program as its functions do not cross threads: ` +
              `it must have isolation: "inline", or stand in a module that is opened with the platform`,
            { details: { task: task.name, option: "isolation" } },
          );
        }
        registry.register(task);
        const defining = Promise.all([this.#defining, planner.offer("define", describeTask(task))]);
        this.#defining = defining;
        defining.then(() => {
          if (this.#defining === defining) this.#defining = undefined;
        }, () => {}); // the planner has stopped: every use says so
      },
      unregister,
      clear: () => registry.list().forEach(({ name }) => unregister(name)),
    };
  }
}
