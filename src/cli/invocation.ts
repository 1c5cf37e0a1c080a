/**
 * What a command line asks for, once it is understood.
 *
 * @module
 */
import type { PlanFormat } from "../task/plan.ts";
import type { LogFilter } from "../task/log_entry.ts";
import type { PruneRequest, RunRequest } from "../task/run.ts";
import type { PlanRequest, RunListFilter } from "./port.ts";

/** What every command has. */
export interface CommonOptions {
  /** One JSON document, or NDJSON where it follows, instead of text. */
  readonly json: boolean;
  /** URLs of the modules that define tasks, pipelines and triggers. */
  readonly modules: readonly string[];
  /** Whether the command line names them, and not the environment or the default. */
  readonly modulesNamed: boolean;
  /** The folder where state is kept. */
  readonly dataDir: string;
}

/** `millrace start`. */
export interface StartInvocation extends CommonOptions {
  /** Which command. */
  readonly command: "start";
  /** The port to begin with. */
  readonly port: number;
  /** The address to listen on. */
  readonly hostname: string;
  /** How many executors; the platform decides if absent. */
  readonly executors?: number;
  /** How durable a commit is; the platform decides if absent. */
  readonly fsync?: "always" | "batched";
  /** What HTTP clients must show. */
  readonly token?: string;
  /** A pipeline to run once at start. */
  readonly run?: string;
}

/** `millrace run`. */
export interface RunInvocation extends CommonOptions {
  /** Which command. */
  readonly command: "run";
  /** What to run; to be tried in order: a single name may be a pipeline's or a task's. */
  readonly requests: readonly RunRequest[];
  /** Whether to show progress and wait for the end. */
  readonly watch: boolean;
  /** Whether to follow the runs that this one leads to as well. */
  readonly followOn: boolean;
}

/** `millrace plan`. */
export interface PlanInvocation extends CommonOptions {
  /** Which command. */
  readonly command: "plan";
  /** What to plan. */
  readonly request: PlanRequest;
  /** How to write the plan. */
  readonly format: PlanFormat;
  /** Whether to say for which tasks an earlier result would stand. */
  readonly explain: boolean;
  /** Whether a schema that is missing is a problem. */
  readonly strict: boolean;
  /** A run, by a part of its id, whose durations show the critical path; what it ran is planned if nothing else is. */
  readonly run?: string;
  /** A file with an earlier plan: only what has changed is written. */
  readonly against?: string;
}

/** `millrace schema`. */
export interface SchemaInvocation extends CommonOptions {
  /** Which command. */
  readonly command: "schema";
  /** Whether only to say if what is written is fresh. */
  readonly check: boolean;
}

/** `millrace runs` and what follows it. */
export type RunsInvocation =
  | CommonOptions & { readonly command: "runs list"; readonly filter: RunListFilter }
  | CommonOptions & { readonly command: "runs show"; readonly runId: string }
  | CommonOptions & { readonly command: "runs result"; readonly runId: string; readonly task: string }
  | CommonOptions & { readonly command: "runs logs"; readonly runId: string; readonly filter: LogFilter }
  | CommonOptions & { readonly command: "runs cancel"; readonly runId: string }
  | CommonOptions & { readonly command: "runs prune"; readonly request: PruneRequest };

/** Any command. */
export type Invocation = StartInvocation | RunInvocation | PlanInvocation | SchemaInvocation | RunsInvocation;
