/**
 * One attempt: loads the inputs, runs the task, stores what it gives, and only then reports success.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { messageOf, MillraceError, toWire } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type AnySchema, check } from "../base/schema.ts";
import type { IOManager, RecentResults } from "../store/port.ts";
import { textOf } from "../task/memo_key.ts";
import { chunkIdOf, resultIdOf, type ResultSource, type StreamMark } from "../task/result_id.ts";
import { takesContext } from "../task/takes_context.ts";
import { isFailure, type Task, type TaskContext } from "../task/task.ts";
import type { MemoWords } from "./attempt_memo.ts";
import { deniedRight } from "./denied_right.ts";
import { loadInputs } from "./inputs.ts";
import { MAX_AHEAD, type StreamPorts } from "./live_stream.ts";
import type { AttemptKey, AttemptNotice, AttemptOutcome, ExecutableTask } from "./port.ts";
import { callWithin, Interrupted } from "../base/sync_limit.ts";

/** What an attempt needs of the world. */
export interface AttemptPorts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly io: Pick<IOManager, "load" | "saveNew">;
  readonly streams: StreamPorts;
  /** Holds what was saved a moment ago for what runs here next. */
  readonly recent?: RecentResults;
  /** Tells what happens on the way. */
  notice(notice: AttemptNotice): void;
  /** Finds the earlier result that may stand for this one. */
  recall(words: MemoWords): Promise<ResultSource | undefined>;
  /** Publishes an event on behalf of the task. */
  publish(topic: string, data: unknown): Promise<void>;
  /**
   * Calls `listener` with errors that nobody handles, until the answer is called. Absent where it cannot be told
   * whose they are.
   */
  onFault?(listener: (error: unknown) => void): () => void;
}

/** How long an attempt that was called off may take to end before its executor is given up, in ms. */
export const GRACE_MS = 1_000;

/** Runs one attempt to its end. Never rejects. `signal` calls it off. */
export async function runAttempt(
  task: Task,
  executable: ExecutableTask,
  ports: AttemptPorts,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const startedMs = ports.clock.now();
  const limit = new Limit(executable, ports.clock, signal);
  const release = ports.onFault?.((error) => limit.fail(unhandled(executable, error)));
  const work = execute(task, executable, ports, limit);
  try {
    const done = await limit.race(work);
    return { ok: true, durationMs: ports.clock.now() - startedMs, ...done };
  } catch (thrown) {
    const error = deniedRight(thrown, executable, executable.permissions !== undefined) ?? thrown;
    // What was called off gets a moment to clean up; what does not end by then goes on without us.
    const dirty = limit.calledOff && !await endsWithin(work, GRACE_MS, ports.clock) || limit.interrupted;
    return {
      ok: false,
      error: {
        ...toWire(error),
        details: { ...toWire(error).details, task: task.name, attempt: executable.attempt },
      },
      retryable: isRetryable(task, error, executable.attempt),
      durationMs: ports.clock.now() - startedMs,
      ...(dirty ? { dirty } : {}),
    };
  } finally {
    release?.();
    limit.close();
  }
}

/** What an attempt came to: the number of chunks of a streaming task, or an earlier result. */
interface Done {
  readonly chunks?: number;
  readonly cached?: ResultSource;
}

async function execute(
  task: Task,
  executable: ExecutableTask,
  ports: AttemptPorts,
  limit: Limit,
): Promise<Done> {
  const { runId, attempt } = executable;
  const ctx = await contextOf(task, executable, ports, limit.signal);
  const key = keyFunctionOf(task);
  // What a failure led to is not for others; and big inputs need not be loaded to know them.
  const memoised = executable.memoCode !== undefined && !Object.values(executable.inputs).some(isFailure);
  if (memoised && key === undefined) {
    const text = task.params === undefined && !takesContext(task.run) ? "" : textOf(ctx.params);
    const cached = await ports.recall({ text, inputs: true });
    if (cached !== undefined) return { cached };
  }
  const inputs = await loadInputs(task, executable, ports, limit.signal);
  if (memoised && key !== undefined) {
    const given = await limit.call(() => key(inputs, ctx.params));
    const cached = await ports.recall({ text: textOf(given), inputs: false });
    if (cached !== undefined) return { cached };
  }
  if (executable.tellsStart) ports.notice({ kind: "begun", atMs: ports.clock.now() });
  const given = limit.call(() => (task.run as (inputs: unknown, ctx: TaskContext) => unknown)(inputs, ctx));
  if (!task.stream) {
    const value = await fitting(task, await given);
    limit.signal.throwIfAborted();
    const key = { runId, task: task.name, resultId: resultIdOf(attempt) };
    await ports.io.saveNew(key, endingWith(limit.signal, value), ports.recent);
    return {};
  }
  const { maxAhead = MAX_AHEAD } = task;
  let chunks = 0;
  let room = maxAhead;
  for await (const chunk of steps(iterableOf(task, await given), limit)) {
    const value = await fitting(task, chunk);
    if (chunks >= room) room = await ports.streams.room(chunks, maxAhead, limit.signal);
    limit.signal.throwIfAborted();
    await ports.io.saveNew(
      { runId, task: task.name, resultId: chunkIdOf(attempt, chunks) },
      endingWith(limit.signal, value),
    );
    ports.notice({ kind: "chunk", chunk: chunks++ });
  }
  limit.signal.throwIfAborted();
  const mark: StreamMark = { chunks };
  await ports.io.saveNew({ runId, task: task.name, resultId: resultIdOf(attempt) }, mark);
  return { chunks };
}

function keyFunctionOf({ cache }: Task): ((inputs: unknown, params: unknown) => unknown) | undefined {
  return typeof cache === "object"
    ? cache.key as ((inputs: unknown, params: unknown) => unknown) | undefined
    : undefined;
}

/** A stream of bytes is read while it is stored: that must not go on once the attempt is called off. */
function endingWith(signal: AbortSignal, value: unknown): unknown {
  return value instanceof ReadableStream ? value.pipeThrough(new TransformStream(), { signal }) : value;
}

/** The items of anything iterable; a loop between two items is interrupted like any other. */
async function* steps(
  iterable: AsyncIterable<unknown> | Iterable<unknown>,
  limit: Limit,
): AsyncGenerator<unknown> {
  const iterator = Symbol.asyncIterator in iterable
    ? iterable[Symbol.asyncIterator]()
    : iterable[Symbol.iterator]();
  for (;;) {
    const next = await limit.call(() => iterator.next());
    if (next.done) return;
    let left = true;
    try {
      yield next.value;
      left = false;
    } finally {
      // Only here: a generator that was interrupted while it ran would never answer.
      if (left) await iterator.return?.();
    }
  }
}

function iterableOf(task: Task, given: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  const isIterable = typeof given === "object" && given !== null &&
    (Symbol.asyncIterator in given || Symbol.iterator in given);
  if (isIterable) return given as AsyncIterable<unknown> | Iterable<unknown>;
  throw outputInvalid(task, [`a streaming task must give something iterable: it gave ${typeof given}`]);
}

async function contextOf(
  task: Task,
  { runId, pipeline, attempt, params, metadata, traceparent }: ExecutableTask,
  ports: AttemptPorts,
  signal: AbortSignal,
): Promise<TaskContext> {
  return {
    runId,
    pipeline,
    task: task.name,
    attempt,
    params: task.params === undefined ? params : await paramsOf(task, task.params, params),
    metadata,
    signal,
    traceparent,
    log: ports.log.with({ runId, task: task.name, attempt }),
    progress: (done, total, note) => {
      assertProgress(done, total, note);
      ports.notice({
        kind: "progress",
        done,
        ...(total === undefined ? {} : { total }),
        ...(note === undefined ? {} : { note }),
      });
    },
    publish: (topic, data) => ports.publish(topic, data),
  };
}

/** What is not plain would not cross a thread, and take the executor with it. */
function assertProgress(done: unknown, total: unknown, note: unknown): void {
  const fits = typeof done === "number" && (total === undefined || typeof total === "number") &&
    (note === undefined || typeof note === "string");
  if (fits) return;
  const given = [done, total, note].map((value) => typeof value).join(", ");
  throw new TypeError(
    `Cannot tell progress as it is a number, and perhaps another number and a text: ${given}`,
  );
}

async function paramsOf(
  task: Task,
  schema: AnySchema,
  params: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const result = await check(schema, params);
  if (result.ok) return result.value;
  throw new MillraceError(
    "task/input-invalid",
    `Cannot run task "${task.name}" as the run's parameters must fit its schema: ${result.issues.join("; ")}`,
    { details: { task: task.name, param: "params", issues: result.issues } },
  );
}

async function fitting(task: Task, value: unknown): Promise<unknown> {
  if (task.output === undefined) return value;
  const result = await check(task.output, value);
  if (result.ok) return result.value;
  throw outputInvalid(task, result.issues);
}

function outputInvalid(task: Task, issues: readonly string[]): MillraceError {
  return new MillraceError(
    "task/output-invalid",
    `Cannot keep what task "${task.name}" gave as it must fit its output schema: ${issues.join("; ")}`,
    { details: { task: task.name, issues } },
  );
}

function isRetryable(task: Task, error: unknown, attempt: number): boolean {
  if (MillraceError.is(error) && !error.retryable) return false;
  if (task.retryIf === undefined) return true;
  try {
    // Also a promise, say, is no yes.
    return task.retryIf(error, attempt) === true;
  } catch {
    return false; // a policy that cannot decide does not ask for more of the same
  }
}

async function endsWithin(work: Promise<unknown>, limitMs: number, clock: Clock): Promise<boolean> {
  let cancel = (): void => {};
  const late = new Promise<boolean>((resolve) => cancel = clock.after(limitMs, () => resolve(false)));
  const ended = await Promise.race([work.then(() => true, () => true), late]);
  cancel();
  return ended;
}

/** The time limit of one attempt, and its calling off from outside. */
class Limit {
  readonly #executable: ExecutableTask;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #deadlineMs: number | undefined;
  readonly #release: () => void;
  readonly #aborted: Promise<never>;
  #interrupted = false;

  constructor(executable: ExecutableTask, clock: Clock, outer: AbortSignal) {
    this.#executable = executable;
    this.#clock = clock;
    const { timeoutMs } = executable;
    this.#deadlineMs = timeoutMs === undefined ? undefined : clock.now() + timeoutMs;
    const abort = (): void => this.#controller.abort(cancelled(executable));
    const cancelTimer = timeoutMs === undefined
      ? undefined
      : clock.after(timeoutMs, () => this.#controller.abort(this.#timedOut()));
    outer.addEventListener("abort", abort, { once: true });
    this.#release = () => {
      cancelTimer?.();
      outer.removeEventListener("abort", abort);
    };
    this.#aborted = new Promise((_, reject) =>
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true })
    );
    this.#aborted.catch(() => {}); // nobody may be racing when it fires
    if (outer.aborted) abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get calledOff(): boolean {
    return this.signal.aborted;
  }

  /** Whether synchronous code was stopped by force, without its `finally`. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Calls synchronous code, within what is left of the time; not at all once it is called off. */
  call<T>(fn: () => T): T {
    this.signal.throwIfAborted();
    if (this.#deadlineMs === undefined) return fn();
    try {
      return callWithin(fn, this.#deadlineMs - this.#clock.now());
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      this.#interrupted = true;
      // The loop held the timer up; what the task has set going besides must hear of the end too.
      this.#controller.abort(this.#timedOut());
      throw this.signal.reason;
    }
  }

  /** Calls the attempt off as it has failed already. */
  fail(error: MillraceError): void {
    this.#controller.abort(error);
  }

  /** The work's result, or the reason why it was called off, whichever comes first. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#aborted]);
  }

  #timedOut(): MillraceError {
    const { task, attempt, timeoutMs } = this.#executable;
    return timedOut(task, attempt, timeoutMs ?? 0);
  }

  close(): void {
    this.#release();
  }
}

/** The error of an attempt that left an error to nobody. */
function unhandled({ task, attempt }: AttemptKey, cause: unknown): MillraceError {
  return new MillraceError(
    "task/unhandled",
    `Cannot finish task "${task}" as every error in it must reach it, by an await or a catch: ${
      messageOf(cause)
    }`,
    { details: { task, attempt }, cause },
  );
}

/** The error of an attempt that was called off. */
export function cancelled({ task, attempt }: Omit<AttemptKey, "runId">): MillraceError {
  return new MillraceError(
    "task/cancelled",
    `Cannot finish task "${task}" as attempt ${attempt} was cancelled`,
    { details: { task, attempt } },
  );
}

/** The error of an attempt that took too long. */
export function timedOut(task: string, attempt: number, timeoutMs: number): MillraceError {
  return new MillraceError(
    "task/timed-out",
    `Cannot finish task "${task}" as attempt ${attempt} must end within ${timeoutMs} ms`,
    { details: { task, attempt, timeoutMs } },
  );
}
