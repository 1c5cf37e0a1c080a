/**
 * A task as plain data: what planner, orchestrator, HTTP and CLI know of it. The function itself stays in
 * the hosts that imported its module.
 *
 * @module
 */
import type { JsonSchema } from "../base/schema.ts";
import type { Retention } from "./pipeline.ts";
import type { Selection } from "./plan.ts";
import type { TaskPermissions } from "./task.ts";

/** Where a task runs: a pooled Web Worker, a child process, or the thread that defined it. */
export type Isolation = "worker" | "process" | "inline";

/** How long to wait before trying again: `baseMs * factor ** (failures - 1)`, at most `maxMs`. */
export interface Backoff {
  /** The wait after the first failure, in ms. */
  readonly baseMs: number;
  /** By what each further wait grows. */
  readonly factor: number;
  /** The longest wait, in ms. */
  readonly maxMs: number;
  /** Full jitter: a random wait between 0 and the computed one (AWS Architecture Blog, 2015). */
  readonly jitter: boolean;
}

/** A limit that tasks share, over all runs and pipelines. */
export interface ConcurrencyKey {
  /** What is limited. */
  readonly key: string;
  /** How many attempts may run at the same time. */
  readonly limit: number;
  /** Parameters of the run whose values count as part of the key. */
  readonly by: readonly string[];
}

/** A limit of how often attempts start that tasks share, over all runs and pipelines. */
export interface RateLimit {
  /** What is limited. */
  readonly key: string;
  /** How many attempts may start. */
  readonly limit: number;
  /** Within so many ms. */
  readonly perMs: number;
  /** Parameters of the run whose values count as part of the key. */
  readonly by: readonly string[];
}

/** One edge into a task: the value of `task` arrives as the input `param`. */
export interface InputDescriptor {
  /** The key in `inputs`. */
  readonly param: string;
  /** The task that gives the value. */
  readonly task: string;
  /** Whether all chunks of a streaming task arrive as one array. */
  readonly collect: boolean;
  /** What the downstream task needs, where `from()` declares it or `millrace schema` has read it from its types. */
  readonly schema?: JsonSchema;
}

/** When an earlier result may stand for an attempt, as plain data. */
export interface CacheDescriptor {
  /** Whether a function of the task says what the result depends on. */
  readonly keyed: boolean;
  /** How long a result may be reused, in ms after it was made. */
  readonly ttlMs?: number;
  /** What the code is known by, if the task says so. */
  readonly version?: string;
  /** The hash of the source of its functions, if it does not. */
  readonly source?: string;
}

/** A task as plain data. */
export interface TaskDescriptor {
  /** Unique among all tasks. */
  readonly name: string;
  /** Edges that carry data. */
  readonly inputs: readonly InputDescriptor[];
  /** Edges that only order. */
  readonly after: readonly string[];
  /** Labels to select by. */
  readonly tags: readonly string[];
  /** Whether it gives many chunks. */
  readonly stream: boolean;
  /** How many chunks it may be ahead of the slowest task that reads it while it runs. */
  readonly maxAhead?: number;
  /** Whether tasks downstream run even if this one fails. */
  readonly failSafe: boolean;
  /** Tries after the first. */
  readonly maxRetries: number;
  /** Waits between tries. */
  readonly backoff: Backoff;
  /** How long one attempt may take, in ms. */
  readonly timeoutMs?: number;
  /** Where it runs. */
  readonly isolation: Isolation;
  /** The rights it runs with, and no others. */
  readonly permissions?: TaskPermissions;
  /** The memory it may use, in MiB. */
  readonly memoryMb?: number;
  /** When an earlier result may stand for an attempt; absent: never. */
  readonly cache?: CacheDescriptor;
  /** How many attempts with the same key may run at the same time; absent: any number. */
  readonly concurrencyKey?: ConcurrencyKey;
  /** How often attempts with the same key may start; absent: as often as they like. */
  readonly rateLimit?: RateLimit;
  /** Among ready tasks the higher goes first. */
  readonly priority?: number;
  /** Whether its `run` takes no context, and so reads no parameters. */
  readonly contextFree?: true;
  /** What it needs of the run's parameters. */
  readonly params?: JsonSchema;
  /** What it gives (of a streaming task: one chunk). */
  readonly output?: JsonSchema;
}

/** What happens to a run request while a run of the pipeline is unfinished: drop it, wait, or cancel the old run. */
export type Overlap = "skip" | "queue" | "cancel";

/** A pipeline as plain data. */
export interface PipelineDescriptor {
  /** Unique among all pipelines. */
  readonly name: string;
  /** The tasks it runs. */
  readonly selection: Selection;
  /** Patterns of the topics that start it. */
  readonly on: readonly string[];
  /** What happens while a run of it is unfinished; absent: runs may overlap. */
  readonly overlap?: Overlap;
  /** How many of its runs may be unfinished at the same time. */
  readonly concurrency?: number;
  /** How long one of its runs may take from its start on, in ms. */
  readonly timeoutMs?: number;
  /** How long its ended runs are kept; absent: as the platform is set. */
  readonly retention?: Retention;
  /** What its runs take as parameters. */
  readonly params?: JsonSchema;
}

/**
 * The tasks whose chunks a task takes one by one, and on which it does not depend in any other way: if they
 * stream, it can read them while they still run. One that may be remembered must know all of its inputs first.
 */
export function readsOf({ inputs, after, cache }: TaskDescriptor): readonly string[] {
  if (cache !== undefined) return [];
  const whole = new Set([...after, ...inputs.filter(({ collect }) => collect).map(({ task }) => task)]);
  return [...new Set(inputs.map(({ task }) => task))].filter((task) => !whole.has(task));
}

/** The names of what a task depends on, each once, in the order of its edges. */
export function sourcesOf({ inputs, after }: TaskDescriptor): readonly string[] {
  return [...new Set([...inputs.map((input) => input.task), ...after])];
}
