/**
 * `defineTask()` and its options.
 *
 * @module
 */
import type { AnySchema } from "../base/schema.ts";
import { deepFreeze } from "../base/deep_freeze.ts";
import type { Backoff, ConcurrencyKey, Isolation, RateLimit } from "./descriptor.ts";
import type {
  Downstream,
  GeneratorCheck,
  InputValues,
  ItemStored,
  NeededParams,
  RunParams,
  RunReturn,
} from "./inference.ts";
import {
  assertBoolean,
  assertFunction,
  assertNested,
  assertNumber,
  assertOneOf,
  assertOptions,
  assertSchema,
  assertText,
  assertTexts,
  frozen,
  wrong,
} from "./option_checks.ts";
import {
  type Edge,
  isEdge,
  isTask,
  type Task,
  type TaskCache,
  type TaskContext,
  type TaskPermissions,
} from "./task.ts";

/** What `defineTask()` takes. */
export interface TaskOptions<
  Name extends string,
  I,
  P extends AnySchema | undefined,
  O extends AnySchema | undefined,
  S extends true | undefined,
  F extends boolean | undefined,
  R,
> {
  /** Unique among all tasks: letters, digits, `_`, `-`, starting with a letter, at most 63. */
  readonly name: Name;
  /** What `run` gets: for each key a task, `collect(task)` or `from(task, schema)`. None by default. */
  readonly inputs?: I;
  /** Tasks that have to end first, without giving data: the tasks or their names. None by default. */
  readonly after?: readonly (Task | string)[];
  /** Checks the run's parameters for this task and types `ctx.params`. Without it they arrive as they are. */
  readonly params?: P;
  /**
   * Checks what `run` gives, once, right after it; of a streaming task each chunk. What comes out is stored.
   * (The compiler infers what `run` returns before it knows the schema: a literal for an enum needs `as const`.)
   */
  readonly output?: O;
  /**
   * Set it when `run` gives many chunks, as a generator does: downstream gets an `AsyncIterable` of them. Each
   * chunk is stored before the next one is asked for, and a task that reads them starts on the first one, if an
   * executor is free; a task that collects them starts on the end. If an attempt fails, whoever read it is called
   * off and starts again with the next one.
   */
  readonly stream?: S;
  /**
   * How many chunks a streaming task may be ahead of the slowest task that reads it while it runs; then it waits,
   * and that counts as its time. @default {256}
   */
  readonly maxAhead?: number;
  /** Labels to select by. None by default. */
  readonly tags?: readonly string[];
  /** Tries after the first. @default {0} */
  readonly maxRetries?: number;
  /**
   * Waits between tries; what is absent has its default: `{ baseMs: 1000, factor: 2, maxMs: 30000, jitter: true }`
   * (`maxMs` is at least `baseMs`).
   */
  readonly backoff?: Partial<Backoff>;
  /** Whether to try again after this error of this attempt (from 1). Always by default. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean;
  /** How long one attempt may take, in ms. Unlimited by default. */
  readonly timeoutMs?: number;
  /** If the task fails, tasks downstream still run, and get a `TaskFailure`. @default {false} */
  readonly failSafe?: F;
  /**
   * Where it runs: a Web Worker; a child process of its own, that can be stopped whatever it does; or the thread
   * that defined it. @default {"worker"}
   */
  readonly isolation?: Isolation;
  /**
   * The rights it runs with, and no others, but to import the modules of the platform and all that these import
   * by a literal name. Such a task runs in a process. Those of the program by default.
   */
  readonly permissions?: TaskPermissions;
  /**
   * The heap it may use, in MiB, at least 32; needs `isolation: "process"`. The bytes of an `ArrayBuffer` or of
   * WebAssembly are not in it. Deno's own limit by default.
   */
  readonly memoryMb?: number;
  /**
   * Whether an earlier result may stand for an attempt with the same inputs (by content), parameters (those that
   * its `params` declares; without it all) and code. Only for tasks that depend on nothing else. @default {false}
   */
  readonly cache?: boolean | TaskCache<NoInfer<InputValues<I>>, NoInfer<RunParams<P>>>;
  /**
   * At most `limit` attempts (1) with the same key run at the same time, over all runs and pipelines of the
   * platform: a text, or `{ key, limit?, by? }`. With `by`, the values of these parameters of the run are part
   * of the key: `{ key: "api", by: ["customer"] }` limits each customer. Where tasks share a key with different
   * limits, each keeps its own. None by default.
   */
  readonly concurrencyKey?: string | Partial<ConcurrencyKey> & Pick<ConcurrencyKey, "key">;
  /**
   * At most `limit` attempts with the same key start within `perMs`, over all runs, pipelines and restarts of the
   * platform: `{ limit: 10, perMs: 1_000, key?, by? }`. No window of that length ever holds more, wherever it is
   * laid; retries count, results that were remembered do not. The key is the task's name by default; tasks that
   * name the same one share it, and where their limits differ each keeps its own. `by` is as in
   * `concurrencyKey`. None by default.
   *
   * @example No more than two calls in a minute for each customer
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { defineTask } from "@millrace/millrace";
   *
   * const call = defineTask({
   *   name: "call",
   *   rateLimit: { key: "api", limit: 2, perMs: 60_000, by: ["customer"] },
   *   run: () => "called",
   * });
   * assertEquals(call.rateLimit?.key, "api");
   * ```
   */
  readonly rateLimit?: Partial<RateLimit> & Pick<RateLimit, "limit" | "perMs">;
  /**
   * Among the attempts that wait for an executor, for their concurrency key or their rate limit, the higher goes
   * first; within one priority, runs take turns. One that was passed over 8 times has its turn, so that nothing
   * waits for ever. @default {0}
   */
  readonly priority?: number;
  /** The work: sync, async, or with `stream: true` a generator. It runs in another thread, from its module. */
  readonly run: (
    inputs: NoInfer<InputValues<I>>,
    ctx: TaskContext<NoInfer<RunParams<P>>>,
  ) => R & GeneratorCheck<R, S>;
}

/** Deno itself needs some 10 MiB to start, and its modules theirs. */
const MIN_MEMORY_MB = 32;

const KNOWN = [
  "name",
  "inputs",
  "after",
  "params",
  "output",
  "stream",
  "maxAhead",
  "tags",
  "maxRetries",
  "backoff",
  "retryIf",
  "timeoutMs",
  "failSafe",
  "isolation",
  "permissions",
  "memoryMb",
  "cache",
  "concurrencyKey",
  "rateLimit",
  "priority",
  "run",
] as const;

/**
 * Defines a task: a typed function with a name, inputs and a policy.
 *
 * Pure: nothing runs. A task downstream gets the type of the `output` schema, or of what `run` returns.
 * The definition is frozen.
 *
 * @throws {TypeError} If an option is unknown or of the wrong kind, or if `run` is a generator without `stream: true`.
 * @throws {RangeError} If a number is out of range.
 *
 * @example Two tasks, one edge
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineTask } from "@millrace/millrace";
 *
 * const numbers = defineTask({ name: "numbers", run: () => [1, 2, 3] });
 * const total = defineTask({
 *   name: "total",
 *   inputs: { numbers },
 *   run: ({ numbers }) => numbers.reduce((sum, number) => sum + number, 0),
 * });
 * assertEquals(total.inputs.numbers?.["~millrace"], "task");
 * ```
 */
export function defineTask<
  const Name extends string,
  R extends RunReturn<O, S>,
  I extends Readonly<Record<string, Task | Edge>> = Readonly<Record<never, never>>,
  P extends AnySchema | undefined = undefined,
  O extends AnySchema | undefined = undefined,
  S extends true | undefined = undefined,
  F extends boolean | undefined = undefined,
>(
  options: TaskOptions<Name, I, P, O, S, F, R>,
): Task<ItemStored<O, S, R>, Downstream<ItemStored<O, S, R>, S, F>, Name, NeededParams<P>> {
  const what = assertOptions("task", options, KNOWN);
  assertPolicy(what, options);
  assertEdges(what, options);
  assertRun(what, options.run, options.stream === true);
  return frozen<Task<ItemStored<O, S, R>, Downstream<ItemStored<O, S, R>, S, F>, Name, NeededParams<P>>>({
    "~millrace": "task",
    name: options.name,
    inputs: Object.freeze({ ...options.inputs }),
    after: Object.freeze([...options.after ?? []]),
    tags: Object.freeze([...new Set(options.tags)]),
    params: options.params as AnySchema | undefined,
    output: options.output as AnySchema | undefined,
    stream: options.stream === true,
    maxAhead: options.maxAhead,
    failSafe: options.failSafe === true,
    maxRetries: options.maxRetries ?? 0,
    backoff: completeBackoff(what, options.backoff),
    retryIf: options.retryIf,
    timeoutMs: options.timeoutMs,
    isolation: options.isolation ?? "worker",
    permissions: options.permissions && deepFreeze(structuredClone(options.permissions)),
    memoryMb: options.memoryMb,
    cache: typeof options.cache === "object"
      ? Object.freeze({ ...options.cache } as TaskCache)
      : options.cache,
    concurrencyKey: completeKey(options.concurrencyKey),
    rateLimit: completeRate(options.name, options.rateLimit),
    priority: options.priority,
    run: options.run as Task["run"],
  });
}

/** The options as they are checked: whatever the compiler made of them. */
type Unchecked = { readonly [Key in typeof KNOWN[number]]?: unknown };

function assertPolicy(what: string, options: Unchecked): void {
  assertTexts(what, "tags", options.tags);
  assertSchema(what, "params", options.params);
  assertSchema(what, "output", options.output);
  assertBoolean(what, "failSafe", options.failSafe);
  assertNumber(what, "maxAhead", options.maxAhead, { min: 1, whole: true });
  if (options.maxAhead !== undefined && options.stream !== true) {
    throw new TypeError(`Cannot define ${what} as "maxAhead" is for streams: add "stream: true"`);
  }
  assertNumber(what, "maxRetries", options.maxRetries, { min: 0, whole: true });
  assertFunction(what, "retryIf", options.retryIf);
  assertNumber(what, "timeoutMs", options.timeoutMs, { above: 0 });
  assertOneOf(what, "isolation", options.isolation, ["worker", "process", "inline"]);
  assertPermissions(what, options.permissions);
  assertNumber(what, "memoryMb", options.memoryMb, { min: MIN_MEMORY_MB, whole: true });
  assertLimits(what, options);
  assertCache(what, options.cache);
  assertConcurrencyKey(what, options.concurrencyKey);
  assertRateLimit(what, options.rateLimit);
  assertNumber(what, "priority", options.priority, {});
}

/** Limits are kept by a process: a thread shares the memory of all others, and the main one their rights. */
function assertLimits(what: string, { isolation, permissions, memoryMb }: Unchecked): void {
  if (memoryMb !== undefined && isolation !== "process") {
    throw new TypeError(`Cannot define ${what} as "memoryMb" needs isolation: "process"`);
  }
  if (permissions !== undefined && isolation === "inline") {
    throw new TypeError(`Cannot define ${what} as "permissions" need isolation: "worker" or "process"`);
  }
}

function assertPermissions(what: string, permissions: unknown): void {
  assertNested(what, "permissions", permissions, ["net", "read", "write", "env", "run", "sys", "ffi"]);
  for (const [right, granted] of Object.entries(permissions ?? {})) {
    if (granted === undefined || typeof granted === "boolean") continue;
    const key = `permissions.${right}`;
    if (!Array.isArray(granted)) throw new TypeError(wrong(what, key, "true, false or an array", granted));
    assertTexts(what, key, granted);
  }
}

function assertCache(what: string, cache: unknown): void {
  if (typeof cache === "boolean") return;
  assertNested(what, "cache", cache, ["key", "ttlMs", "version"]);
  const { key, ttlMs, version } = (cache ?? {}) as TaskCache;
  assertFunction(what, "cache.key", key);
  assertNumber(what, "cache.ttlMs", ttlMs, { above: 0 });
  if (version !== undefined) assertText(what, "cache.version", version);
}

function assertEdges(what: string, { inputs, after }: Unchecked): void {
  if (inputs !== undefined && (typeof inputs !== "object" || inputs === null || Array.isArray(inputs))) {
    throw new TypeError(wrong(what, "inputs", "an object of tasks", inputs));
  }
  for (const [param, source] of Object.entries(inputs ?? {})) {
    if (isTask(source) || isEdge(source)) continue;
    throw new TypeError(
      wrong(what, `inputs.${param}`, "a task, collect(task) or from(task, schema)", source) +
        cyclicHint(source),
    );
  }
  if (after !== undefined && !Array.isArray(after)) {
    throw new TypeError(wrong(what, "after", "an array of tasks or names", after));
  }
  for (const [index, task] of (after ?? []).entries()) {
    if (isTask(task) || (typeof task === "string" && task !== "")) continue;
    throw new TypeError(wrong(what, `after[${index}]`, "a task or its name", task) + cyclicHint(task));
  }
}

/** A task that is `undefined` at its use most often comes from modules that import each other. */
function cyclicHint(task: unknown): string {
  return task === undefined ? " (if two modules import each other, name the task instead)" : "";
}

function assertRun(what: string, run: unknown, stream: boolean): void {
  if (typeof run !== "function") throw new TypeError(wrong(what, "run", "a function", run));
  const kind = Object.prototype.toString.call(run);
  if (!stream && /GeneratorFunction\]$/.test(kind)) {
    throw new TypeError(`Cannot define ${what} as "run" is a generator: add "stream: true"`);
  }
  if (stream && kind === "[object AsyncFunction]") {
    throw new TypeError(
      `Cannot define ${what} as "run" gives one promise and "stream: true" needs many chunks: write "async *run"`,
    );
  }
}

function assertConcurrencyKey(what: string, option: unknown): void {
  if (option === undefined) return;
  if (typeof option !== "object" || option === null) return assertText(what, "concurrencyKey", option);
  assertNested(what, "concurrencyKey", option, ["key", "limit", "by"]);
  const { key, limit, by } = option as Partial<ConcurrencyKey>;
  assertText(what, "concurrencyKey.key", key);
  assertNumber(what, "concurrencyKey.limit", limit, { min: 1, whole: true });
  assertTexts(what, "concurrencyKey.by", by);
}

function assertRateLimit(what: string, option: unknown): void {
  if (option === undefined) return;
  assertNested(what, "rateLimit", option, ["key", "limit", "perMs", "by"]);
  const { key, limit, perMs, by } = option as Partial<RateLimit>;
  if (key !== undefined) assertText(what, "rateLimit.key", key);
  // Neither may be absent.
  assertNumber(what, "rateLimit.limit", limit ?? null, { min: 1, whole: true });
  assertNumber(what, "rateLimit.perMs", perMs ?? null, { min: 1 });
  assertTexts(what, "rateLimit.by", by);
}

function completeKey(
  option: string | Partial<ConcurrencyKey> & Pick<ConcurrencyKey, "key"> | undefined,
): ConcurrencyKey | undefined {
  if (option === undefined) return undefined;
  const { key, limit = 1, by = [] } = typeof option === "string" ? { key: option } : option;
  return deepFreeze({ key, limit, by: [...by] });
}

function completeRate(
  name: string,
  option: Partial<RateLimit> & Pick<RateLimit, "limit" | "perMs"> | undefined,
): RateLimit | undefined {
  if (option === undefined) return undefined;
  const { key = name, limit, perMs, by = [] } = option;
  return deepFreeze({ key, limit, perMs, by: [...by] });
}

function completeBackoff(what: string, backoff: Partial<Backoff> = {}): Backoff {
  assertNested(what, "backoff", backoff, ["baseMs", "factor", "maxMs", "jitter"]);
  const { baseMs = 1_000, factor = 2, jitter = true } = backoff;
  assertNumber(what, "backoff.baseMs", baseMs, { min: 0 });
  assertNumber(what, "backoff.factor", factor, { min: 1 });
  const { maxMs = Math.max(30_000, baseMs) } = backoff;
  assertNumber(what, "backoff.maxMs", maxMs, { min: baseMs });
  assertBoolean(what, "backoff.jitter", jitter);
  return Object.freeze({ baseMs, factor, maxMs, jitter });
}
