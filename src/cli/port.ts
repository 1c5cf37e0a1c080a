/**
 * What the command line needs of the world: a platform to open, streams to write to, signals, time.
 *
 * `src/` never imports `actors/`, so the program that starts `millrace` hands all of this in.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { PlatformView } from "../http/port.ts";
import type { LogEntry, LogFilter } from "../task/log_entry.ts";
import type { DrawOptions, Plan, Selection } from "../task/plan.ts";
import type { TaskSchemas } from "../task/task_schemas.ts";
import type {
  PruneReport,
  PruneRequest,
  RunEnd,
  RunRequest,
  RunStatus,
  RunSummary,
  RunView,
} from "../task/run.ts";

/** What to plan: a pipeline, or a selection of tasks; neither means all tasks. */
export interface PlanRequest extends Selection {
  /** A pipeline by name; excludes the selection fields. */
  readonly pipeline?: string;
  /** The parameters of the run: which results are remembered depends on them. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Which runs to list, newest first. */
export interface RunListFilter {
  /** Only this pipeline. */
  readonly pipeline?: string;
  /** Only this state. */
  readonly status?: RunStatus;
  /** At most so many. @default {50} */
  readonly limit?: number;
  /** Only runs with an id smaller than this one: the next page. */
  readonly before?: string;
}

/** What became of the work when the platform closed. */
export interface ClosedPlatform {
  /** Threads that would not stop; they end with the process. */
  readonly lostThreads: number;
  /** Runs without a final state; the next start continues them. */
  readonly unfinishedRuns: number;
}

/** A platform in this process. Every method rejects with a `MillraceError`. */
export interface CliPlatform extends AsyncDisposable {
  /** Where HTTP is served, for example `http://127.0.0.1:8000`; `undefined` if it is not. */
  readonly url: string | undefined;
  /** Whether the wanted port was in use and another one was taken. */
  readonly portMoved: boolean;
  /** How many unfinished runs of an earlier process are being continued. */
  readonly resumed: number;
  /** What the platform is. */
  view(): Promise<PlatformView>;
  /** Accepts a run: from the answer on it is not lost. */
  run(request: RunRequest): Promise<{
    /** The run's id. */
    readonly id: string;
    /** Resolves, never rejects, once the run has a final state. */
    readonly finished: Promise<RunEnd>;
  }>;
  /** Live events that match; ends when the platform closes or `signal` aborts. May drop under load. */
  subscribe(pattern: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<EncodedEvent>;
  /** One run. */
  runView(runId: string): Promise<RunView>;
  /** Runs, newest first. */
  runs(filter: RunListFilter): Promise<readonly RunSummary[]>;
  /** Plans and writes the plan. */
  drawPlan(request: PlanRequest, options: DrawOptions): Promise<string>;
  /** Cancels a run that has not ended. */
  cancel(runId: string): Promise<void>;
  /** Deletes ended runs with their results. */
  prune(request: PruneRequest): Promise<PruneReport>;
  /** The stored value of a task in a run; all chunks as an array for a streaming task. */
  result(runId: string, task: string): Promise<unknown>;
  /** What the tasks of a run wrote, in order of time; with `follow` until the run has ended. */
  logs(runId: string, filter: LogFilter): AsyncIterable<LogEntry>;
  /** Takes no new work, waits for what is being worked on and lets go of everything. Calling it twice is fine. */
  close(options?: { readonly deadlineMs?: number }): Promise<ClosedPlatform>;
}

/** How to open a platform. */
export interface CliOpenOptions {
  /** URLs of the modules that define tasks, pipelines and triggers. */
  readonly modules: readonly string[];
  /** The folder where state is kept. */
  readonly dataDir: string;
  /**
   * What for: `serve` everything; `run` without schedules, as this process ends with its run; `look` and `plan`
   * without starting or continuing any work, `look` even without the modules.
   */
  readonly purpose: "serve" | "run" | "look" | "plan";
  /** How many executors; the platform decides if absent. */
  readonly executors?: number;
  /** Where to serve HTTP, or `false` for not at all. */
  readonly http: { readonly port: number; readonly hostname: string } | false;
  /** How durable a commit is; the platform decides if absent. */
  readonly fsync?: "always" | "batched";
  /** What HTTP clients must show as a bearer token. */
  readonly token?: string;
}

/** The process that owns a data folder. */
export interface DataDirOwner {
  /** Its process id. */
  readonly pid: number;
  /** Where it serves HTTP, if it does. */
  readonly url?: string;
}

/** A part of a task's types that JSON Schema cannot say. */
export interface SchemaGap {
  /** The task. */
  readonly task: string;
  /** `output`, or `inputs.` and the parameter; empty if it is about the whole task. */
  readonly side: string;
  /** Where in the value, as `a.b[].c`; empty for the whole. */
  readonly path: string;
  /** Why. */
  readonly reason: string;
}

/** What was read from the types of a module. */
export interface ExtractedSchemas {
  /** Schemas of what the definitions themselves do not say. */
  readonly schemas: TaskSchemas;
  /** What could not be said. */
  readonly gaps: readonly SchemaGap[];
}

/** A stream for people or for pipes. */
export interface CliOutput {
  /** Whether a person looks at it: only then are cursor movements written. */
  readonly isTerminal: boolean;
  /** Writes all of `text`. Never throws: a reader that went away does not stop the work. */
  write(text: string): void;
  /** Its width in characters, now; 80 if it is no terminal. */
  columns(): number;
  /** Its height in lines, now; 24 if it is no terminal. */
  rows(): number;
}

/** What asks a process to stop. */
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The world as the command line sees it. */
export interface CliEnvironment {
  /** The version of Millrace. */
  readonly version: string;
  /** The runtime and its version, for the banner; for example `Deno 2.9.6`. */
  readonly runtime: string;
  /** Modules to load when the command line and `MILLRACE_MODULES` name none. */
  readonly defaultModules: readonly string[];
  /** For data: results, ids, lists, JSON. */
  readonly stdout: CliOutput;
  /** For people: progress and errors. */
  readonly stderr: CliOutput;
  /** The time and its alarms. */
  readonly clock: Clock;
  /** Talks to a server. */
  readonly fetch: typeof fetch;
  /** Opens a platform in this process. */
  open(options: CliOpenOptions): Promise<CliPlatform>;
  /** Plans without opening anything, and writes the plan: no data folder, no threads that outlive the answer. */
  drawPlan(modules: readonly string[], request: PlanRequest, options: DrawOptions): Promise<string>;
  /** Plans the same and writes what is different from an earlier plan. */
  comparePlan(
    modules: readonly string[],
    request: PlanRequest,
    before: Plan,
    options: { readonly format: "text" | "json"; readonly strict?: boolean },
  ): Promise<string>;
  /** Reads the schemas of a module's tasks from their types. */
  extractSchemas(moduleUrl: string): Promise<ExtractedSchemas>;
  /** The text of a file; `undefined` if there is none. */
  readText(url: string): Promise<string | undefined>;
  /** Writes a file. */
  writeText(url: string, text: string): Promise<void>;
  /** The live process that owns a data folder, if there is one. */
  readOwner(dataDir: string): Promise<DataDirOwner | undefined>;
  /** The URL of a module that was named by path or URL. */
  moduleUrl(specifier: string): string;
  /** An environment variable; an empty one counts as absent. */
  readonly env: (name: string) => string | undefined;
  /** How far local time is ahead of UTC at that instant, in minutes. */
  utcOffsetMinutes(timeMs: number): number;
  /** Calls `handler` on each signal instead of ending the process; the result undoes that. */
  onSignal(handler: (signal: StopSignal) => void): () => void;
  /** Ends the process now, whatever is under way. */
  exit(code: number): void;
}
