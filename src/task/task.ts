/**
 * The task: a typed function with a name, edges and a policy; and what arrives where it is an input.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { AnySchema } from "../base/schema.ts";
import type { Backoff, ConcurrencyKey, Isolation, RateLimit } from "./descriptor.ts";

/**
 * A defined task, as `defineTask()` gives it.
 *
 * @template Output What one result is: the value, or of a streaming task one chunk.
 * @template Received What a task downstream gets: `Output`, an `AsyncIterable` of it, or also a {@linkcode TaskFailure}.
 * @template Name Its name.
 * @template Params What it needs of the run's parameters.
 */
export interface Task<
  out Output = unknown,
  out Received = Output,
  out Name extends string = string,
  out Params = unknown,
> {
  /** What it is, whichever copy of the library made it. */
  readonly "~millrace": "task";
  /** The types, for the compiler only. */
  readonly "~types"?: { readonly output: Output; readonly received: Received; readonly params: Params };
  /** Unique among all tasks. */
  readonly name: Name;
  /** Edges that carry data: the key in `inputs` of `run`, and what gives the value. */
  readonly inputs: Readonly<Record<string, Task | Edge>>;
  /** Edges that only order. */
  readonly after: readonly (Task | string)[];
  /** Labels to select by. */
  readonly tags: readonly string[];
  /** Checks the run's parameters for this task. */
  readonly params?: AnySchema;
  /** Checks what `run` gives (of a streaming task: each chunk). */
  readonly output?: AnySchema;
  /** Whether it gives many chunks. */
  readonly stream: boolean;
  /** How many chunks it may be ahead of the slowest task that reads it while it runs. */
  readonly maxAhead?: number;
  /** Whether tasks downstream run even if this one fails, and get a {@linkcode TaskFailure}. */
  readonly failSafe: boolean;
  /** Tries after the first. */
  readonly maxRetries: number;
  /** Waits between tries. */
  readonly backoff: Backoff;
  /** Whether to try again after this error; asked before each retry. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean;
  /** How long one attempt may take, in ms. */
  readonly timeoutMs?: number;
  /** Where it runs. */
  readonly isolation: Isolation;
  /** The rights it runs with, and no others. */
  readonly permissions?: TaskPermissions;
  /** The heap it may use, in MiB. */
  readonly memoryMb?: number;
  /** Whether a result may stand for an attempt with the same inputs. */
  readonly cache?: boolean | TaskCache;
  /** How many attempts with the same key may run at the same time. */
  readonly concurrencyKey?: ConcurrencyKey;
  /** How often attempts with the same key may start. */
  readonly rateLimit?: RateLimit;
  /** Among ready tasks the higher goes first. */
  readonly priority?: number;
  /** The work; call it with the inputs and a {@linkcode TaskContext}. */
  readonly run: (inputs: never, ctx: never) => unknown;
}

/** An edge made by `collect()` or `from()`. */
export interface Edge<out Received = unknown> {
  /** What it is, whichever copy of the library made it. */
  readonly "~millrace": "edge";
  /** The types, for the compiler only. */
  readonly "~types"?: { readonly received: Received };
  /** The task that gives the value, or its name. */
  readonly task: Task | string;
  /** Whether all chunks of a streaming task arrive as one array. */
  readonly collect: boolean;
  /** What the downstream task needs; its output is what arrives. */
  readonly schema?: AnySchema;
}

/** What arrives at a task in place of a value when a fail-safe task upstream gave none. */
export interface TaskFailure {
  /** What it is, whichever copy of the library made it. */
  readonly "~millrace": "failure";
  /** The task that failed. */
  readonly task: string;
  /** How it ended. */
  readonly status: "failed" | "timed_out" | "skipped" | "cancelled";
  /** Why. */
  readonly error: WireError;
}

/** What `run` gets beside its inputs. */
export interface TaskContext<out Params = Readonly<Record<string, unknown>>> {
  /** The run, a UUIDv7. */
  readonly runId: string;
  /** The pipeline's name, or `adhoc` for a selection. */
  readonly pipeline: string;
  /** The task's name. */
  readonly task: string;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** The run's parameters, as the task's `params` schema gives them; without one, as the run has them. */
  readonly params: Params;
  /** What the run was started with to be found again. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Fires when the attempt is timed out or cancelled: pass it on to whatever waits. */
  readonly signal: AbortSignal;
  /**
   * The W3C trace context of this attempt, as the value of the header `traceparent`: pass it on to whatever is
   * called. It continues the trace of the event that started the run; without one, the run starts a trace whose
   * id is the run's without dashes.
   */
  readonly traceparent: string;
  /** Logs with run, task and attempt attached. */
  readonly log: Logger;
  /** Says how far the work is, for people; `total` may be unknown. */
  progress(done: number, total?: number, note?: string): void;
  /**
   * Publishes an event, which goes on with this attempt's trace and counts one hop more than the run's cause;
   * resolves once it is accepted. Rejects with `event/reserved-topic` for reserved topics.
   */
  publish(topic: string, data: unknown): Promise<void>;
}

/** What a task may do: `true` for all, a list for exactly these; what is absent is denied. */
export interface TaskPermissions {
  /** Hosts, as Deno's `--allow-net` takes them. */
  readonly net?: boolean | readonly string[];
  /** Paths to read. */
  readonly read?: boolean | readonly string[];
  /** Paths to write. */
  readonly write?: boolean | readonly string[];
  /** Environment variables. */
  readonly env?: boolean | readonly string[];
  /** Programs to start. */
  readonly run?: boolean | readonly string[];
  /** Facts about the machine, as Deno's `--allow-sys` names them. */
  readonly sys?: boolean | readonly string[];
  /** Native libraries. */
  readonly ffi?: boolean | readonly string[];
}

/**
 * When an earlier result may stand for a new attempt: if the content of its inputs, the parameters that it takes
 * and its code are the same.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineTask, openPlatform } from "@millrace/millrace";
 *
 * const dataDir = await Deno.makeTempDir();
 * await using app = await openPlatform({ dataDir, executors: 0 });
 * const cache = { ttlMs: 60_000, version: "1" };
 * app.registry.register(defineTask({ name: "square", isolation: "inline", cache, run: () => 4 ** 2 }));
 * const first = await app.run({ names: ["square"] });
 * await first.finished;
 * const second = await app.run({ names: ["square"] });
 * assertEquals((await second.finished).tasks.square?.cached, { runId: first.id });
 * assertEquals(await app.result(second.id, "square"), 16);
 * ```
 */
export interface TaskCache<in Inputs = never, in Params = never> {
  /**
   * Says what the result depends on, in place of all inputs and parameters: any value that can be stored, or a
   * promise of it. Like `run`, it is called in the task's host, within its `timeoutMs`; what it throws fails the
   * attempt.
   */
  readonly key?: (inputs: Inputs, params: Params) => unknown;
  /** How long a result may be reused, in ms after it was made. For as long as it is kept by default. */
  readonly ttlMs?: number;
  /**
   * What the code is known by: change it when the code changes its meaning. By default the definition and the
   * source of `run` itself, but not what that calls.
   */
  readonly version?: string;
}

/** Whether what arrived is a failure and not a value; narrows both ways. */
export function isFailure(value: unknown): value is TaskFailure {
  return brandOf(value) === "failure";
}

/** Whether a value was made by `defineTask()`. */
export function isTask(value: unknown): value is Task {
  return brandOf(value) === "task";
}

/** Whether a value was made by `collect()` or `from()`. */
export function isEdge(value: unknown): value is Edge {
  return brandOf(value) === "edge";
}

/** The brand of a definition, an edge or a failure; `undefined` for anything else. */
export function brandOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "~millrace" in value ? value["~millrace"] : undefined;
}

/** The name of a task that is given by itself or by name. */
export function nameOf(task: Task | string): string {
  return typeof task === "string" ? task : task.name;
}
