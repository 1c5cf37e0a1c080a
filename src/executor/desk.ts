/**
 * The desk of a sandboxed attempt: does for it what it may ask for, and nothing else. What comes out of a sandbox
 * is not trusted: it may load what its plan names as its inputs, and save results of its own attempt.
 *
 * @module
 */
import { MillraceError, toWire } from "../base/errors.ts";
import type { IOManager, ResultKey } from "../store/port.ts";
import { chunkIdOf, resultIdOf, type ResultSource } from "../task/result_id.ts";
import { isFailure } from "../task/task.ts";
import type { MemoWords } from "./attempt_memo.ts";
import type { StreamPorts } from "./live_stream.ts";
import type { AttemptKey, AttemptNotice, AttemptOutcome, ExecutableTask } from "./port.ts";
import {
  type PackedValue,
  packValue,
  type SandboxCall,
  type SandboxItem,
  type SandboxReply,
  unpackValue,
} from "./sandbox.ts";
import { DeskStreams } from "./sandbox_streams.ts";

/** What a desk needs of the world. */
export interface DeskPorts {
  readonly io: Pick<IOManager, "load" | "saveNew">;
  readonly streams: StreamPorts;
  /** Calls the attempt off. */
  readonly signal: AbortSignal;
  /** Tells what happens on the way. */
  notice(notice: AttemptNotice): void;
  /** Finds the earlier result that may stand for this one. */
  recall(words: MemoWords): Promise<ResultSource | undefined>;
  /** Publishes an event on behalf of the task. */
  publish(topic: string, data: unknown): Promise<void>;
  /** Answers a call. */
  reply(reply: SandboxReply): void;
}

/** What was done for an attempt. */
interface Served {
  /** Ids of the results that it has saved. */
  readonly saved: Set<string>;
  /** Streams that it reads or saves. */
  readonly streams: DeskStreams;
  /** The earlier result that it was given. */
  recalled?: ResultSource | undefined;
}

/** Serves one attempt to its end; rejects if its sandbox is lost. */
export async function serveSandbox(
  executable: ExecutableTask,
  items: AsyncIterable<SandboxItem>,
  ports: DeskPorts,
): Promise<AttemptOutcome> {
  const served: Served = { saved: new Set(), streams: new DeskStreams() };
  try {
    for await (const item of items) {
      if (item.kind === "notice") ports.notice(item.notice);
      else if (item.kind === "left") ports.streams.left(item.source);
      else if (item.kind === "dropped") served.streams.drop(item.ticket);
      else if (item.kind === "call") void serve(executable, item.call, item.id, ports, served);
      else {
        const { outcome } = item;
        if (!outcome.ok) return outcome;
        const { cached, memo: _, ...own } = outcome;
        if (cached === undefined && served.saved.has(resultIdOf(executable.attempt))) return own;
        if (cached !== undefined && served.recalled !== undefined) return { ...own, cached: served.recalled };
        break;
      }
    }
  } finally {
    served.streams.close();
  }
  throw new Error("its sandbox ended the attempt without a result");
}

async function serve(
  executable: ExecutableTask,
  call: SandboxCall,
  id: number,
  ports: DeskPorts,
  served: Served,
): Promise<void> {
  try {
    ports.reply({ id, value: await perform(executable, call, ports, served) });
  } catch (error) {
    ports.reply({ id, error: toWire(error) });
  }
}

async function perform(
  executable: ExecutableTask,
  call: SandboxCall,
  ports: DeskPorts,
  served: Served,
): Promise<PackedValue | null> {
  switch (call.verb) {
    case "load":
      if (!isInput(executable, call.key)) throw refused(executable, "load", call.key);
      return packOrLend(await ports.io.load(call.key), served.streams);
    case "save":
      if (!isOwn(executable, call.key)) throw refused(executable, "save", call.key);
      await ports.io.saveNew(call.key, unpackValue(call.value, (ticket) => served.streams.take(ticket)));
      served.saved.add(call.key.resultId);
      return null;
    case "read":
      if (!reads(executable, call.source)) throw refused(executable, "load", { resultId: "a stream" });
      return packValue(await ports.streams.read(call.source, call.position, ports.signal));
    case "room":
      return packValue(await ports.streams.room(call.chunks, call.maxAhead, ports.signal));
    case "recall":
      served.recalled = await ports.recall(call.words);
      return served.recalled === undefined ? null : packValue({ ...served.recalled });
    case "pull":
    case "push":
    case "end":
      return await served.streams.perform(call);
    case "publish":
      await ports.publish(call.topic, JSON.parse(call.data));
      return null;
  }
}

function packOrLend(value: unknown, streams: DeskStreams): PackedValue {
  return value instanceof ReadableStream ? streams.lend(value) : packValue(value);
}

function isInput({ inputs }: ExecutableTask, { runId, task, resultId }: ResultKey): boolean {
  return Object.values(inputs).some((source) =>
    !isFailure(source) && source.runId === runId && source.task === task &&
    ("attempt" in source ? isChunkOf(source.attempt, resultId) : source.resultIds.includes(resultId))
  );
}

/** Whether an attempt that still runs is one of the inputs. */
function reads({ inputs }: ExecutableTask, { runId, task, attempt }: AttemptKey): boolean {
  return Object.values(inputs).some((source) =>
    "attempt" in source && source.runId === runId && source.task === task && source.attempt === attempt
  );
}

function isOwn({ runId, task, attempt }: ExecutableTask, key: ResultKey): boolean {
  const isResult = key.resultId === resultIdOf(attempt) || isChunkOf(attempt, key.resultId);
  return key.runId === runId && key.task === task && isResult;
}

function isChunkOf(attempt: number, resultId: string): boolean {
  return resultId.startsWith(chunkIdOf(attempt, 0).slice(0, -6));
}

function refused(
  { task }: ExecutableTask,
  verb: string,
  { resultId }: Pick<ResultKey, "resultId">,
): MillraceError {
  return new MillraceError(
    "task/permission-denied",
    `Cannot ${verb} a result in the process of task "${task}" as it must be ${
      verb === "load" ? "one of its inputs" : "its own"
    }: ${resultId}`,
    { details: { task, right: verb, target: resultId } },
  );
}
