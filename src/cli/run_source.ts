/**
 * Where runs are started and looked up: a platform in this process, or the server that owns the data folder.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { decodeEvent, type MillraceEvent } from "../event/event.ts";
import type { LogEntry, LogFilter } from "../task/log_entry.ts";
import type { PruneReport, PruneRequest, RunEnd, RunRequest, RunSummary, RunView } from "../task/run.ts";
import { HttpRunSource } from "./http_run_source.ts";
import type { DrawOptions } from "../task/plan.ts";
import { assertTaskOfRun } from "../task/task_of_run.ts";
import type { CliEnvironment, CliPlatform, PlanRequest, RunListFilter } from "./port.ts";
import { counted } from "./terminal_text.ts";

/** What `run` and `runs` work on. Every method rejects with a `MillraceError`. */
export interface RunSource extends AsyncDisposable {
  /** Whether another process does the work: it goes on when this one ends. */
  readonly remote: boolean;
  /** Accepts a run; `finished` only where the work is done in this process. */
  run(request: RunRequest): Promise<{ readonly id: string; readonly finished?: Promise<RunEnd> }>;
  /** One run. */
  runView(runId: string): Promise<RunView>;
  /** Runs, newest first. */
  runs(filter: RunListFilter): Promise<readonly RunSummary[]>;
  /** Plans and writes the plan. */
  drawPlan(request: PlanRequest, options: DrawOptions): Promise<string>;
  /** Cancels a run that has not ended; gives what became of it. */
  cancel(runId: string): Promise<RunView>;
  /** Deletes ended runs with their results. */
  prune(request: PruneRequest): Promise<PruneReport>;
  /** The stored value of a task in a run. */
  result(runId: string, task: string): Promise<unknown>;
  /** What the tasks of a run wrote, in order of time; with `follow` until the run has ended or `signal` aborts. */
  logs(runId: string, filter: LogFilter, signal: AbortSignal): Promise<AsyncIterable<LogEntry>>;
  /** Live events that match; resolves once the subscription stands. May drop events under load. */
  subscribe(pattern: string, signal: AbortSignal): Promise<AsyncIterable<MillraceEvent>>;
}

/** Which data folder, and how to open it if nobody else has. */
export interface RunSourceOptions {
  /** The folder where state is kept. */
  readonly dataDir: string;
  /** URLs of the modules to load. */
  readonly modules: readonly string[];
  /** Whether to run something, to plan it, or only to look. */
  readonly purpose: "run" | "look" | "plan";
  /** Whether somebody chose these modules, and they are not just the default. */
  readonly modulesNamed: boolean;
}

/** Reaches the owner of the data folder, or opens the folder without HTTP. */
export async function openRunSource(
  environment: CliEnvironment,
  options: RunSourceOptions,
): Promise<RunSource> {
  const owner = await environment.readOwner(options.dataDir);
  if (owner === undefined) {
    const { dataDir, modules, purpose } = options;
    const platform = await environment.open({ dataDir, modules, purpose, http: false });
    return new LocalRunSource(platform, (note) => environment.stderr.write(note + "\n"));
  }
  if (options.modulesNamed && options.purpose !== "look") {
    // Its own tasks might answer to the same names: doing something else than asked is worse than doing nothing.
    const issue = `the process that owns "${options.dataDir}" (pid ${owner.pid}) runs modules of its own: ` +
      "leave --module out, or choose another --data-dir";
    throw new MillraceError("run/request-invalid", `Cannot run these modules as ${issue}`, {
      details: { issues: [issue] },
    });
  }
  if (owner.url === undefined) {
    throw new MillraceError(
      "cli/server-unreachable",
      `Cannot reach the process that owns "${options.dataDir}" as it serves no HTTP: its pid is ${owner.pid}`,
      { details: { pid: owner.pid } },
    );
  }
  const token = environment.env("MILLRACE_TOKEN");
  return new HttpRunSource({
    url: owner.url,
    fetch: environment.fetch,
    ...(token === undefined ? {} : { token }),
  });
}

class LocalRunSource implements RunSource {
  readonly remote = false;
  readonly #platform: CliPlatform;
  readonly #tell: (note: string) => void;

  constructor(platform: CliPlatform, tell: (note: string) => void) {
    this.#platform = platform;
    this.#tell = tell;
  }

  run(request: RunRequest): Promise<{ readonly id: string; readonly finished: Promise<RunEnd> }> {
    return this.#platform.run(request);
  }

  runView(runId: string): Promise<RunView> {
    return this.#platform.runView(runId);
  }

  runs(filter: RunListFilter): Promise<readonly RunSummary[]> {
    return this.#platform.runs(filter);
  }

  drawPlan(request: PlanRequest, options: DrawOptions): Promise<string> {
    return this.#platform.drawPlan(request, options);
  }

  async cancel(runId: string): Promise<RunView> {
    await this.#platform.cancel(runId);
    return await this.#platform.runView(runId);
  }

  prune(request: PruneRequest): Promise<PruneReport> {
    return this.#platform.prune(request);
  }

  result(runId: string, task: string): Promise<unknown> {
    return this.#platform.result(runId, task);
  }

  /** Nobody works on a run that was only opened to be looked at: there is nothing to follow. */
  async logs(runId: string, { follow: _, ...filter }: LogFilter): Promise<AsyncIterable<LogEntry>> {
    if (filter.task !== undefined) assertTaskOfRun(await this.runView(runId), filter.task);
    return this.#platform.logs(runId, filter);
  }

  subscribe(pattern: string, signal: AbortSignal): Promise<AsyncIterable<MillraceEvent>> {
    return Promise.resolve(decoded(this.#platform, pattern, signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { unfinishedRuns } = await this.#platform.close();
    // Runs that this one led to, above all: nobody else is there to finish them.
    if (unfinishedRuns > 0) {
      this.#tell(`${counted(unfinishedRuns, "unfinished run")}, to go on at the next start`);
    }
  }
}

/** The platform's live events, decoded. */
export function decoded(
  platform: CliPlatform,
  pattern: string,
  signal: AbortSignal,
): AsyncIterable<MillraceEvent> {
  const events = platform.subscribe(pattern, { signal });
  return {
    async *[Symbol.asyncIterator]() {
      for await (const event of events) yield decodeEvent(event);
    },
  };
}
