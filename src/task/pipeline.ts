/**
 * `definePipeline()`: a named selection of tasks, and what starts it.
 *
 * @module
 */
import type { AnySchema } from "../base/schema.ts";
import type { Overlap } from "./descriptor.ts";
import type { NeededParams, ParamsCheck } from "./inference.ts";
import {
  assertBoolean,
  assertNested,
  assertNumber,
  assertOneOf,
  assertOptions,
  assertPattern,
  assertSchema,
  assertText,
  assertTexts,
  frozen,
  naming,
  wrong,
} from "./option_checks.ts";
import type { Selection } from "./plan.ts";
import { parseSelector } from "./selector.ts";
import { brandOf, isTask, type Task } from "./task.ts";

/** A defined pipeline, as `definePipeline()` gives it. */
export interface Pipeline<out Name extends string = string, out Params = unknown> {
  /** What it is, whichever copy of the library made it. */
  readonly "~millrace": "pipeline";
  /** The types, for the compiler only. */
  readonly "~types"?: { readonly params: Params };
  /** Unique among all pipelines. */
  readonly name: Name;
  /** The tasks it was given, if it was given tasks. */
  readonly tasks?: readonly Task[];
  /** The selection it was given, if it was given one. */
  readonly select?: Selection;
  /** Patterns of the topics that start it. */
  readonly on: readonly string[];
  /** Checks the parameters of a run. */
  readonly params?: AnySchema;
  /** What happens while a run of it is unfinished; absent: runs may overlap. */
  readonly overlap?: Overlap;
  /** How many of its runs may be unfinished at the same time. */
  readonly concurrency?: number;
  /** How long one of its runs may take from its start on, in ms. */
  readonly timeoutMs?: number;
  /** How long its ended runs are kept. */
  readonly retention?: Retention;
  /** Whether it runs only if each of its tasks and edges has a schema. */
  readonly strict: boolean;
}

/**
 * How long ended runs are kept, with their results: until one of the limits is passed. What is not said is not
 * limited. Results that another kept run reads, and the latest one of each task, outlive their run.
 */
export interface Retention {
  /** How old a run may get, in ms after its end. */
  readonly maxAgeMs?: number;
  /** How many runs of the pipeline, those included that have not ended. */
  readonly maxRuns?: number;
}

/** What `definePipeline()` takes: exactly one of `tasks` and `select`, and the rest. */
export type PipelineOptions<
  Name extends string,
  T extends readonly Task[],
  P extends AnySchema | undefined,
> =
  & PipelineSettings<Name, P>
  & (
    | {
      /** The tasks it runs: exactly these. What they depend on beyond them is loaded from its latest result. */
      readonly tasks: T & ParamsCheck<T, P>;
      /** Not together with `tasks`. */
      readonly select?: undefined;
    }
    | {
      /** Which tasks it runs, decided when a run is planned; a string is a selector, such as `tag:nightly`. */
      readonly select: Selection | string;
      /** Not together with `select`. */
      readonly tasks?: undefined;
    }
  );

/** What `definePipeline()` takes beside the tasks. */
export interface PipelineSettings<Name extends string, P extends AnySchema | undefined> {
  /** Unique among all pipelines: letters, digits, `_`, `-`, starting with a letter, at most 63. */
  readonly name: Name;
  /** Patterns of the topics whose events start it, with their `data` as parameters. None by default. */
  readonly on?: readonly string[];
  /** Checks a run's parameters when it is accepted; its tasks get what comes out, which must be JSON. */
  readonly params?: P;
  /** What happens while a run of it is unfinished. Without it runs may overlap. */
  readonly overlap?: Overlap;
  /** How many of its runs may be unfinished at the same time; at least 1. Unlimited by default. */
  readonly concurrency?: number;
  /**
   * How long one of its runs may take, in ms, from its start on: what it waits in line before does not count, a
   * restart of the platform does. A run that is out of time ends `failed` with `run/timed-out`, and what still
   * runs is called off. A run request may say otherwise. Unlimited by default.
   */
  readonly timeoutMs?: number;
  /** How long its ended runs are kept; `{}` for ever. As the platform is set by default. */
  readonly retention?: Retention;
  /**
   * Whether what each of its tasks gives, and what each input needs, must be known as JSON Schema when it is
   * planned: given by a schema or read from the types by `millrace schema`. @default {false}
   */
  readonly strict?: boolean;
}

/** The name that runs of a selection, without a pipeline, are listed under. */
const ADHOC = "adhoc";

/** Whether a value was made by `definePipeline()`. */
export function isPipeline(value: unknown): value is Pipeline {
  return brandOf(value) === "pipeline";
}

/**
 * Defines a pipeline: which tasks run together, and the topics that start them.
 *
 * Pure: nothing runs. That its `params` cover what each listed task needs is checked at compile time.
 *
 * @throws {TypeError} If an option is unknown or of the wrong kind, or unless exactly one of `tasks` and `select` is given.
 * @throws {RangeError} If a number is out of range.
 * @throws {MillraceError} `pattern/invalid` if one of `on` is no pattern, `selector/invalid` for a wrong selector.
 *
 * @example Started by an event
 * ```ts
 * import { definePipeline, defineTask } from "@millrace/millrace";
 *
 * const greet = defineTask({ name: "greet", run: () => "hello" });
 * definePipeline({ name: "daily", tasks: [greet], on: ["day.started"], overlap: "queue" });
 * ```
 */
export function definePipeline<
  const Name extends string,
  const T extends readonly Task[] = readonly Task[],
  P extends AnySchema | undefined = undefined,
>(options: PipelineOptions<Name, T, P>): Pipeline<Name, NeededParams<P>> {
  const what = assertOptions("pipeline", options, [
    "name",
    "tasks",
    "select",
    "on",
    "params",
    "overlap",
    "concurrency",
    "timeoutMs",
    "retention",
    "strict",
  ]);
  if (options.name as string === ADHOC) {
    throw new TypeError(`Cannot define ${what} as "${ADHOC}" is what a run of a selection is called`);
  }
  const { name, on = [], params, overlap, concurrency, timeoutMs, retention } = options;
  const tasks = options.tasks as readonly Task[] | undefined;
  const select = typeof options.select === "string" ? { select: options.select } : options.select;
  if ((tasks === undefined) === (select === undefined)) {
    throw new TypeError(`Cannot define ${what} as it must have exactly one of "tasks" and "select"`);
  }
  assertTasks(what, tasks);
  assertSelection(what, select);
  assertTexts(what, "on", on);
  for (const pattern of on) assertPattern(what, pattern);
  assertSchema(what, "params", params);
  assertOneOf(what, "overlap", overlap, ["skip", "queue", "cancel"]);
  assertNumber(what, "concurrency", concurrency, { min: 1, whole: true });
  assertNumber(what, "timeoutMs", timeoutMs, { above: 0 });
  assertRetention(what, retention);
  assertBoolean(what, "strict", options.strict);
  return frozen<Pipeline<Name, never>>({
    "~millrace": "pipeline",
    name,
    tasks: tasks && Object.freeze([...tasks]),
    select: select && Object.freeze({ ...select }),
    on: Object.freeze([...on]),
    params: params as AnySchema | undefined,
    overlap,
    concurrency,
    timeoutMs,
    retention: retention && Object.freeze({ ...retention }),
    strict: options.strict === true,
  });
}

function assertTasks(what: string, tasks: unknown): void {
  if (tasks === undefined) return;
  if (!Array.isArray(tasks) || tasks.length === 0) {
    throw new TypeError(wrong(what, "tasks", "an array of at least one task", tasks));
  }
  for (const [index, task] of tasks.entries()) {
    if (!isTask(task)) throw new TypeError(wrong(what, `tasks[${index}]`, "a task", task));
  }
}

function assertSelection(what: string, select: Selection | undefined): void {
  assertNested(what, "select", select, ["names", "tags", "roots", "select", "includeUpstream"]);
  for (const key of ["names", "tags", "roots"] as const) assertTexts(what, `select.${key}`, select?.[key]);
  const selector = select?.select;
  if (selector === undefined) return;
  assertText(what, "select.select", selector);
  naming(what, () => parseSelector(selector));
}

/** Checks limits of runs; absent is fine. */
export function assertRetention(what: string, retention: Retention | undefined): void {
  assertNested(what, "retention", retention, ["maxAgeMs", "maxRuns"]);
  assertNumber(what, "retention.maxAgeMs", retention?.maxAgeMs, { min: 0 });
  assertNumber(what, "retention.maxRuns", retention?.maxRuns, { min: 0, whole: true });
}
