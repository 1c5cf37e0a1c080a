/** A platform that does what a test says. */
import { MillraceError } from "../../src/base/errors.ts";
import type { EncodedEvent } from "../../src/event/event.ts";
import type { PlatformView } from "../../src/http/port.ts";
import type { CliPlatform, ClosedPlatform, PlanRequest, RunListFilter } from "../../src/cli/port.ts";
import type { LogEntry, LogFilter } from "../../src/task/log_entry.ts";
import type { DrawOptions } from "../../src/task/plan.ts";
import type {
  PruneReport,
  PruneRequest,
  RunEnd,
  RunRequest,
  RunSummary,
  RunView,
  TaskView,
} from "../../src/task/run.ts";
import type { Clock } from "../../src/base/clock.ts";

export const RUN_ID = "019aa000-0000-7000-8000-0000a41b09cc";

export function platformView(over: Partial<PlatformView> = {}): PlatformView {
  return {
    version: "0.1.0",
    startedMs: 0,
    dataDir: ".millrace",
    journal: ".millrace/millrace.db",
    results: "files in .millrace",
    fsync: "batched",
    executors: { total: 2, busy: 0, queued: 0, lost: 0 },
    tasks: ["read", "report"],
    pipelines: [{ name: "flights", on: ["flights.due"], tasks: ["read", "report"] }],
    triggers: [],
    ...over,
  };
}

export function taskView(over: Partial<TaskView> = {}): TaskView {
  return { status: "pending", attempts: 0, resultIds: [], ...over };
}

export function runView(over: Partial<RunView> = {}): RunView {
  return {
    id: RUN_ID,
    pipeline: "flights",
    status: "running",
    eventId: "e1",
    acceptedMs: 0,
    request: { pipeline: "flights" },
    levels: [["read"], ["report"]],
    tasks: { read: taskView(), report: taskView() },
    ...over,
  };
}

export class FakePlatform implements CliPlatform {
  url: string | undefined = "http://127.0.0.1:8000";
  portMoved = false;
  resumed = 0;
  readonly requests: RunRequest[] = [];
  readonly views = new Map<string, RunView>();
  readonly results = new Map<string, unknown>();
  /** What was to be pruned, and what is answered to it. */
  readonly pruned: PruneRequest[] = [];
  readonly reports: PruneReport[] = [];
  readonly known: string[] = ["flights"];
  readonly closing: PromiseWithResolvers<ClosedPlatform> = Promise.withResolvers();
  view_ = platformView();
  closes = 0;
  readonly #clock: Clock;
  readonly #finished: PromiseWithResolvers<RunEnd> = Promise.withResolvers();
  readonly #subscribers = new Set<(event: EncodedEvent | undefined) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Publishes an event, and says what it means for the run's view if that is given. */
  emit(topic: string, data: Record<string, unknown> = {}, view?: RunView): void {
    if (view !== undefined) this.views.set(view.id, view);
    const event = {
      id: crypto.randomUUID(),
      topic,
      timeMs: this.#clock.now(),
      source: "test",
      data: JSON.stringify({ runId: RUN_ID, ...data }),
    };
    for (const take of this.#subscribers) take(event);
  }

  finish(end: RunEnd): void {
    this.#finished.resolve(end);
  }

  view(): Promise<PlatformView> {
    return Promise.resolve(this.view_);
  }

  run(request: RunRequest): Promise<{ id: string; finished: Promise<RunEnd> }> {
    this.requests.push(request);
    if (request.pipeline !== undefined && !this.known.includes(request.pipeline)) {
      const details = { pipeline: request.pipeline };
      const message = `Cannot run pipeline "${request.pipeline}" as there is none of that name`;
      return Promise.reject(new MillraceError("pipeline/unknown", message, { details }));
    }
    const [name] = request.names ?? [];
    if (name !== undefined && !this.view_.tasks.includes(name)) {
      const problem = { kind: "unknown-task", tasks: [name], message: `no task "${name}"` } as const;
      const details = { problems: [problem] };
      return Promise.reject(new MillraceError("plan/invalid", "Cannot plan", { details }));
    }
    if (!this.views.has(RUN_ID)) this.views.set(RUN_ID, runView());
    return Promise.resolve({ id: RUN_ID, finished: this.#finished.promise });
  }

  async *subscribe(
    _pattern: string,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncIterable<EncodedEvent> {
    const buffer: (EncodedEvent | undefined)[] = [];
    let wake: () => void = () => {};
    const take = (event: EncodedEvent | undefined): void => {
      buffer.push(event);
      wake();
    };
    this.#subscribers.add(take);
    options.signal?.addEventListener("abort", () => take(undefined));
    try {
      while (true) {
        if (buffer.length === 0) await new Promise<void>((resolve) => wake = resolve);
        const event = buffer.shift();
        if (event === undefined) return;
        yield event;
      }
    } finally {
      this.#subscribers.delete(take);
    }
  }

  runView(runId: string): Promise<RunView> {
    const view = this.views.get(runId);
    if (view !== undefined) return Promise.resolve(view);
    return Promise.reject(new MillraceError("run/not-found", "Cannot find the run", { details: { runId } }));
  }

  runs(filter: RunListFilter): Promise<readonly RunSummary[]> {
    const newestFirst = [...this.views.values()].sort((a, b) => a.id < b.id ? 1 : -1);
    return Promise.resolve(newestFirst.slice(0, filter.limit ?? 50));
  }

  drawPlan(request: PlanRequest, options: DrawOptions): Promise<string> {
    return Promise.resolve(JSON.stringify([request, options]));
  }

  async cancel(runId: string): Promise<void> {
    const view = await this.runView(runId);
    if (view.status === "running") this.views.set(runId, { ...view, status: "cancelled" });
  }

  prune(request: PruneRequest): Promise<PruneReport> {
    this.pruned.push(request);
    return Promise.resolve(this.reports.shift() ?? { runs: 0, results: 0, more: false });
  }

  result(runId: string, task: string): Promise<unknown> {
    return Promise.resolve(this.results.get(`${runId}/${task}`));
  }

  /** What tasks wrote. */
  readonly entries: LogEntry[] = [];

  async *logs(runId: string, { task, attempt }: LogFilter): AsyncIterable<LogEntry> {
    await this.runView(runId);
    yield* this.entries.filter((entry) =>
      (task ?? entry.task) === entry.task && (attempt ?? entry.attempt) === entry.attempt
    );
  }

  close(): Promise<ClosedPlatform> {
    this.closes++;
    return this.closing.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
