/**
 * The executor pool alone, as programs see it.
 *
 * @module
 */
import type { LogSink } from "../base/log.ts";
import type { IsAny, IsStream, ReceivedOf, ResultOf } from "../task/inference.ts";
import type { Task } from "../task/task.ts";
import type { PoolStatus } from "./pool.ts";

/** What an executor pool is made of. */
export interface ExecutorPoolOptions {
  /** URLs of modules that export tasks: `import.meta.resolve("./tasks.ts")`. */
  readonly modules: readonly string[];
  /** How many Web Workers. @default {one for each core, at least 2, at most 8} */
  readonly executors?: number;
  /** Where log records go. @default {warnings and errors to stderr} */
  readonly log?: LogSink;
}

/** How a task is called. */
export interface CallOptions {
  /** What the task sees as `ctx.params`. @default {{}} */
  readonly params?: Readonly<Record<string, unknown>>;
  /** How long the call may take once it is begun, in ms. @default {the task's own `timeoutMs`} */
  readonly timeoutMs?: number;
  /** Calls it off. */
  readonly signal?: AbortSignal;
}

/** What a call of a task gives: what the task does, or all chunks of a streaming task. */
export type CallResult<T extends Task> = IsAny<ReceivedOf<T>> extends true ? ResultOf<T>
  : IsStream<ReceivedOf<T>> extends true ? readonly ResultOf<T>[]
  : ResultOf<T>;

/** Executors that run tasks and keep nothing. */
export interface StandalonePool extends AsyncDisposable {
  /**
   * Runs a task with these inputs in the next free executor; resolves with what it gives, and a streaming task
   * with all its chunks in an array. Nothing is tried again. A task with `permissions`, or isolation "process",
   * is refused: that takes a platform. Rejects with what the task throws, `task/unknown`,
   * `task/timed-out`, `task/cancelled`, `task/output-invalid`, `executor/lost`, `store/unencodable` for what
   * cannot leave its thread, or `platform/closed`.
   */
  run<T extends Task>(
    task: T,
    inputs?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<CallResult<T>>;
  /** The same by the task's name. */
  run(task: string, inputs?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<unknown>;
  /** How many executors there are, how many work, how many calls wait, how many threads were lost. */
  readonly status: PoolStatus;
  /**
   * Calls off what runs or waits, and ends the executors; says how many threads go on computing and end only
   * with the process.
   */
  close(): Promise<{ readonly lostThreads: number }>;
}
