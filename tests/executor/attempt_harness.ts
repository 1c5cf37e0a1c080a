/** One attempt over a store in memory and a clock that stands still. */
import type { MemoWords } from "../../src/executor/attempt_memo.ts";
import type { ResultSource } from "../../src/task/result_id.ts";
import { createLogger, type LogRecord } from "../../src/base/log.ts";
import { runAttempt } from "../../src/executor/attempt.ts";
import { HeldResults } from "../../src/executor/held_results.ts";
import type { StreamPorts } from "../../src/executor/live_stream.ts";
import type { AttemptNotice, AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import { openMemoryIOManager } from "../../src/store/memory_io_manager.ts";
import type { IOManager } from "../../src/store/port.ts";
import type { Task } from "../../src/task/task.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/mod.ts";

/** The trace context of every attempt. */
export const TRACEPARENT = "00-0190b0a87d4a7c3e8f216f5e4d3c2b1a-00f067aa0ba902b7-01";

/** What a test sees of an attempt. */
export interface Trial {
  readonly clock: VirtualClock;
  readonly io: IOManager;
  readonly recent: HeldResults;
  /** What earlier results were looked for by. */
  readonly recalled: MemoWords[];
  readonly notices: AttemptNotice[];
  readonly records: LogRecord[];
  readonly published: { readonly topic: string; readonly data: unknown }[];
  readonly controller: AbortController;
  /** Errors that nobody handles. */
  readonly faults: Set<(error: unknown) => void>;
  /** Runs the task once; call it again for another attempt with the same store. */
  run(task: Task, executable?: Partial<ExecutableTask>): Promise<AttemptOutcome>;
}

/** Nobody reads what is written, and nothing is read while it is written. */
export const IDLE: StreamPorts = {
  read: () => Promise.reject(new Error("nothing is being written")),
  left: () => {},
  room: () => Promise.resolve(Infinity),
};

/** Makes everything that an attempt needs. */
export async function createTrial(
  replaced: Partial<IOManager> = {},
  found?: ResultSource,
  streams: StreamPorts = IDLE,
): Promise<Trial> {
  const clock = createVirtualClock(1_000);
  const store = await openMemoryIOManager();
  const io: IOManager = {
    save: (key, value) => store.save(key, value),
    saveNew: (key, value, recent) => store.saveNew(key, value, recent),
    load: (key, recent) => store.load(key, recent),
    stat: (key) => store.stat(key),
    exists: (key) => store.exists(key),
    list: (filter) => store.list(filter),
    listRuns: () => store.listRuns(),
    delete: (key) => store.delete(key),
    clearRun: (runId) => store.clearRun(runId),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    ...replaced,
  };
  const notices: AttemptNotice[] = [];
  const recalled: MemoWords[] = [];
  const records: LogRecord[] = [];
  const published: { topic: string; data: unknown }[] = [];
  const faults = new Set<(error: unknown) => void>();
  const recent = new HeldResults();
  const controller = new AbortController();
  return {
    clock,
    io,
    recent,
    notices,
    recalled,
    records,
    published,
    controller,
    faults,
    run: (task, executable) =>
      runAttempt(
        task,
        {
          runId: "r1",
          pipeline: "p",
          task: task.name,
          attempt: 1,
          params: {},
          metadata: {},
          hops: 0,
          traceparent: TRACEPARENT,
          inputs: {},
          isolation: "worker",
          ...(task.timeoutMs === undefined ? {} : { timeoutMs: task.timeoutMs }),
          ...executable,
        },
        {
          clock,
          log: createLogger((record) => records.push(record), clock.now),
          io,
          recent,
          streams,
          notice: (notice) => notices.push(notice),
          onFault: (listener) => {
            faults.add(listener);
            return () => void faults.delete(listener);
          },
          recall: (words) => {
            recalled.push(words);
            return Promise.resolve(found);
          },
          publish: (topic, data) => {
            published.push({ topic, data });
            return Promise.resolve();
          },
        },
        controller.signal,
      ),
  };
}
