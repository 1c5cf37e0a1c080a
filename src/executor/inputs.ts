/**
 * Loads the inputs of an attempt: values at once, chunks one by one while they are read.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { type AnySchema, check } from "../base/schema.ts";
import type { IOManager, RecentResults } from "../store/port.ts";
import { type Edge, isEdge, isFailure, isTask, type Task } from "../task/task.ts";
import { liveChunks, type StreamPorts } from "./live_stream.ts";
import type { ExecutableTask } from "./port.ts";

/** Where inputs come from. */
export interface InputPorts {
  readonly io: Pick<IOManager, "load">;
  readonly streams: StreamPorts;
  /** What was saved here a moment ago. */
  readonly recent?: RecentResults;
}

/** The inputs of `task`, as its `run` takes them. `signal` ends the reading of what is still being written. */
export async function loadInputs(
  task: Task,
  { runId, inputs }: Pick<ExecutableTask, "runId" | "inputs">,
  { io, streams, recent }: InputPorts,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const entries = Object.entries(task.inputs).map(async ([param, input]): Promise<[string, unknown]> => {
    const source = inputs[param]!;
    if (isFailure(source)) return [param, source];
    const edge: Edge | undefined = isEdge(input) ? input : undefined;
    const upstream = isTask(input) ? input : input.task;
    const load = (resultId: string): Promise<unknown> =>
      io.load({ runId: source.runId, task: source.task, resultId });
    const oneByOne = isTask(upstream) && upstream.stream;
    if ("attempt" in source) {
      if (!oneByOne) throw takesNoChunks(task.name, param, source.task);
      return [param, liveChunks(source, load, streams, signal)];
    }
    if (edge?.collect) return [param, await collectAll(source.resultIds, load)];
    if (oneByOne) return [param, chunks(source.resultIds, load)];
    const [resultId = "-"] = source.resultIds;
    if (resultId.includes("-")) throw takesNoChunks(task.name, param, source.task);
    const key = { runId: source.runId, task: source.task, resultId };
    // Of another run it may have been deleted meanwhile: that must show.
    const value = await io.load(key, source.runId === runId ? recent : undefined);
    return [param, edge?.schema === undefined ? value : await fitting(task.name, param, edge.schema, value)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Chunks as they are asked for: only one is held at a time. May be read more than once. */
function chunks(
  resultIds: readonly string[],
  load: (resultId: string) => Promise<unknown>,
): AsyncIterable<unknown> {
  return {
    async *[Symbol.asyncIterator]() {
      for (const resultId of resultIds) yield await load(resultId);
    },
  };
}

async function collectAll(
  resultIds: readonly string[],
  load: (resultId: string) => Promise<unknown>,
): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const resultId of resultIds) all.push(await load(resultId));
  return all;
}

/** An edge by name does not know that its task streams. */
function takesNoChunks(task: string, param: string, source: string): MillraceError {
  const issue = `task "${source}" streams: name the task itself in "inputs", or with collect()`;
  return new MillraceError(
    "task/input-invalid",
    `Cannot run task "${task}" as its input "${param}" takes one value: ${issue}`,
    { details: { task, param, issues: [issue] } },
  );
}

async function fitting(task: string, param: string, schema: AnySchema, value: unknown): Promise<unknown> {
  const result = await check(schema, value);
  if (result.ok) return result.value;
  throw new MillraceError(
    "task/input-invalid",
    `Cannot run task "${task}" as its input "${param}" must fit the schema given to from(): ${
      result.issues.join("; ")
    }`,
    { details: { task, param, issues: result.issues } },
  );
}
