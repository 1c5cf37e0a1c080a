/**
 * Speaks for a cast: turns calls into messages, and answers into what callers expect.
 *
 * @module
 */
import type { Clock } from "../src/base/clock.ts";
import { MillraceError } from "../src/base/errors.ts";
import { assertKeys } from "../src/base/names.ts";
import { EventsOf } from "../src/broker/batches.ts";
import { BATCHES_UNDER_WAY } from "../src/broker/protocol.ts";
import { Publisher } from "../src/broker/publisher.ts";
import type { SubscribeOptions } from "../src/broker/subscription.ts";
import type { EncodedEvent, MillraceEvent } from "../src/event/event.ts";
import { decodeBatch, type EventBatch, readBatch } from "../src/event/event_batch.ts";
import type { HttpApp } from "../src/http/app.ts";
import type { AboutEvent, GatewayBackend, PlatformView } from "../src/http/port.ts";
import type { RunFilter } from "../src/orchestrator/port.ts";
import type { DataDirLock } from "../src/store/data_dir_lock.ts";
import type { IOManager } from "../src/store/port.ts";
import { describeTask } from "../src/task/describe.ts";
import type { DrawOptions, Plan, Selection } from "../src/task/plan.ts";
import type { TaskRegistry } from "../src/task/registry.ts";
import type { RunEnd, RunRequest, RunSummary, RunView } from "../src/task/run.ts";
import { parsePlanRequest, parseRunRequest } from "../src/task/run_request.ts";
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
import type { Cast } from "./system.ts";
import { VERSION } from "./version.ts";

/** What a speaker speaks for. */
export interface SpeakerParts {
  readonly cast: Cast;
  /** Tasks of the main program. */
  readonly registry: TaskRegistry;
  readonly clock: Clock;
  /** As the user named it. */
  readonly dataDir: string;
  readonly fsync: "always" | "batched";
  readonly lock: DataDirLock;
  /** Opens where results are kept; once one is asked for. */
  openResults(): Promise<IOManager>;
}

/** Within the platform an ask ends with the actor, not with the clock. */
const ALWAYS = { timeoutMs: "none" } as const;
/** Who publishes, unless somebody else is named. */
const BY_APP = { source: "app" };
/** How long `close()` lets running attempts go on, in ms. */
const DRAIN_MS = 10_000;

/** A platform's public face. */
export class PlatformSpeaker implements Platform {
  readonly registry: TaskRegistry;
  readonly resumed: number;
  readonly scheduler: PlatformScheduler;
  readonly #parts: SpeakerParts;
  readonly #cast: Cast;
  readonly #publisher: Publisher;
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
    this.#publisher = new Publisher(parts.cast.broker, parts.clock);
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
      publish: (topic, data, about) => this.publish(topic, data, about),
      run: (request) => this.run(request),
      runs: (filter) => this.runs(filter),
      runView: (runId) => this.runView(runId),
      result: (runId, task) => this.result(runId, task),
      drawPlan: (request, options) => this.drawPlan(request, options),
      subscribe: (pattern) => this.events(pattern),
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
      dataDir: this.#parts.dataDir,
      fsync: this.#parts.fsync,
      executors,
      tasks: tasks.map((task) => task.name).sort(),
      pipelines: planned,
      triggers,
    };
  }

  publish(topic: string, data: unknown, about?: AboutEvent): Promise<PlatformPublished> {
    // Not `async`: a hot loop pays for every promise.
    const publish = (): Promise<PlatformPublished> =>
      this.#publisher.publish(topic, data, about === undefined ? BY_APP : { ...BY_APP, ...about });
    return this.#defining === undefined ? publish() : this.#defining.then(publish);
  }

  /** For programs: events as they mean. */
  subscribe(pattern: string, options: SubscribeOptions = {}): AsyncIterableIterator<MillraceEvent> {
    return new EventsOf(this.#batches(pattern, options), readBatch);
  }

  /** For whoever passes events on: events as they travel. */
  events(pattern: string, options: SubscribeOptions = {}): AsyncIterableIterator<EncodedEvent> {
    return new EventsOf(this.#batches(pattern, options), decodeBatch);
  }

  #batches(pattern: string, { signal, ...options }: SubscribeOptions): AsyncIterator<EventBatch> {
    const flow = { capacity: BATCHES_UNDER_WAY, ...(signal === undefined ? {} : { signal }) };
    return this.#cast.broker.stream("subscribe", { pattern, options }, flow);
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
    request: Selection & { readonly pipeline?: string },
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
