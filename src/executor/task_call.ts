/**
 * Calls of tasks with values: what a pool that keeps nothing hands to its executors, and what comes back.
 *
 * @module
 */
import { plainWeight } from "../actor/weigh.ts";
import { decode, encode, type Encoded } from "../base/codec.ts";
import { toWire } from "../base/errors.ts";
import { chunkIdOf } from "../task/result_id.ts";
import type { Task, TaskContext } from "../task/task.ts";
import { type AttemptPorts, runAttempt } from "./attempt.ts";
import type { Work } from "./job.ts";
import type { AttemptOutcome, ExecutableTask } from "./port.ts";

/** A call of a task. */
export interface TaskCall extends Work {
  /** What it gets. */
  readonly inputs: Packed;
  /** The parameters that it sees. */
  readonly params: Packed | undefined;
}

/** How a call ended, and what it gave. */
export type CallOutcome = AttemptOutcome & { readonly value?: Packed };

/** A value on its way to another thread: as it is if JSON keeps it, else encoded. */
export type Packed = { readonly plain: unknown } | { readonly encoded: Encoded };

/** A call as it travels: without what most calls do not have. */
export type CallWire = readonly [
  task: string,
  inputs: unknown,
  encoded?: { readonly inputs?: Encoded; readonly params?: Packed; readonly timeoutMs?: number },
];

/** The end of a call as it travels; of most it is a number and a value. */
export type EndedWire = readonly [number: number, value?: unknown, outcome?: CallOutcome];

/** Packs a value; throws `store/unencodable` for one that cannot leave its thread. */
export function pack(value: unknown): Packed {
  return plainWeight(value) >= 0 ? { plain: value } : { encoded: encode(value) };
}

/** The value that was packed. */
export function unpack(packed: Packed): unknown {
  return "plain" in packed ? packed.plain : decode(packed.encoded);
}

/** Writes a call. */
export function toCallWire({ task, inputs, params, timeoutMs }: TaskCall): CallWire {
  if ("plain" in inputs && params === undefined && timeoutMs === undefined) return [task, inputs.plain];
  return [task, "plain" in inputs ? inputs.plain : null, {
    ...("plain" in inputs ? {} : { inputs: inputs.encoded }),
    ...(params === undefined ? {} : { params }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }];
}

/** Reads a call. */
export function fromCallWire([task, plain, more]: CallWire): TaskCall {
  const inputs: Packed = more?.inputs === undefined ? { plain } : { encoded: more.inputs };
  const call = { task, attempt: 1, isolation: "worker", inputs, params: more?.params } as const;
  return more?.timeoutMs === undefined ? call : { ...call, timeoutMs: more.timeoutMs };
}

/** Writes the end of a call. */
export function toEndedWire([number, outcome]: readonly [number, CallOutcome]): EndedWire {
  if (!outcome.ok || outcome.value !== undefined && !("plain" in outcome.value)) {
    return [number, null, outcome];
  }
  return outcome.value === undefined ? [number] : [number, outcome.value.plain];
}

/** Reads the end of a call. */
export function fromEndedWire(wire: EndedWire): readonly [number, CallOutcome] {
  const [number, plain, outcome] = wire;
  if (outcome !== undefined) return [number, outcome];
  return [number, wire.length === 1 ? SUCCESS : { ok: true, durationMs: 0, value: { plain } }];
}

const SUCCESS: CallOutcome = { ok: true, durationMs: 0 };

/** What a call needs of the world. */
export type CallPorts = Pick<AttemptPorts, "clock" | "log" | "onFault">;

/**
 * Calls a task; never rejects. A task that asks for nothing else is called just so: what it takes besides would
 * cost more than most such tasks do.
 */
export function callTask(
  task: Task,
  call: TaskCall,
  ports: CallPorts,
  callOff: { readonly signal: AbortSignal },
): CallOutcome | Promise<CallOutcome> {
  if (task.permissions !== undefined || task.isolation === "process") {
    return attempt({ ...task, run: () => Promise.reject(needsProcess(task)) }, call, ports, callOff.signal);
  }
  const inputs = unpack(call.inputs);
  const isPlain = call.timeoutMs === undefined && task.output === undefined && task.params === undefined &&
    !task.stream;
  const run = task.run as (inputs: unknown, ctx: TaskContext) => unknown;
  if (!isPlain) return attempt({ ...task, run: (_, ctx) => run(inputs, ctx) }, call, ports, callOff.signal);
  let given: unknown;
  try {
    given = run(inputs, new CallContext(task.name, call, ports, callOff));
    if (!isThenable(given)) return success(given);
  } catch (error) {
    return attempt({ ...task, run: () => Promise.reject(error) }, call, ports, callOff.signal);
  }
  return attempt({ ...task, run: () => given }, call, ports, callOff.signal);
}

function success(value: unknown): CallOutcome {
  return value === undefined ? SUCCESS : { ok: true, durationMs: 0, value: pack(value) };
}

/** The same as an attempt of a run, with all that it minds; what would be stored is kept here. */
async function attempt(
  task: Task,
  call: TaskCall,
  ports: CallPorts,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const kept = new Map<string, unknown>();
  const outcome = await runAttempt({ ...task, inputs: {} }, executableOf(call), {
    ...ports,
    io: {
      load: () => Promise.reject(new Error("a call has no stored inputs")),
      saveNew: (key, value) => Promise.resolve(void kept.set(key.resultId, value)),
    },
    streams: NO_STREAMS,
    notice: () => {},
    recall: () => Promise.resolve(undefined),
    publish: () => Promise.reject(unconnected()),
  }, signal);
  if (!outcome.ok) return outcome;
  const value = outcome.chunks === undefined
    ? kept.values().next().value
    : Array.from({ length: outcome.chunks }, (_, chunk) => kept.get(chunkIdOf(1, chunk)));
  try {
    return value === undefined ? outcome : { ...outcome, value: pack(value) };
  } catch (error) {
    return { ok: false, durationMs: outcome.durationMs, error: toWire(error), retryable: false };
  }
}

/** To run it here would give it rights that it is not to have. */
function needsProcess({ name }: Task): TypeError {
  return new TypeError(
    `Cannot run task "${name}" as it asks for a process of its own and a pool alone has threads: open a platform`,
  );
}

function unconnected(): TypeError {
  return new TypeError("Cannot publish as a pool alone has no broker: open a platform");
}

/** A task may write as fast as it can: all of it is kept until the end anyway. */
const NO_STREAMS: AttemptPorts["streams"] = {
  read: () => Promise.reject(new Error("a call reads no stream")),
  left: () => {},
  room: () => Promise.resolve(Infinity),
};

/** The run that a call is an attempt of, for its context. */
const NO_RUN = "00000000-0000-7000-8000-000000000000";

function executableOf({ task, params, timeoutMs }: TaskCall): ExecutableTask {
  return {
    ...{ runId: NO_RUN, pipeline: "adhoc", task, attempt: 1, metadata: {}, hops: 0, inputs: {} },
    traceparent: NO_TRACE,
    params: (params === undefined ? {} : unpack(params)) as Readonly<Record<string, unknown>>,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    isolation: "worker",
  };
}

const NO_TRACE = `00-${NO_RUN.replaceAll("-", "")}-0000000000000001-00`;

/** What a plain call sees; made of what it is asked for. */
class CallContext implements TaskContext {
  readonly runId = NO_RUN;
  readonly pipeline = "adhoc";
  readonly attempt = 1;
  readonly metadata = {};
  readonly traceparent = NO_TRACE;
  readonly task: string;
  readonly #call: TaskCall;
  readonly #ports: CallPorts;
  readonly #callOff: { readonly signal: AbortSignal };

  constructor(task: string, call: TaskCall, ports: CallPorts, callOff: { readonly signal: AbortSignal }) {
    this.task = task;
    this.#callOff = callOff;
    this.#call = call;
    this.#ports = ports;
  }

  get signal(): AbortSignal {
    return this.#callOff.signal;
  }

  get params(): Readonly<Record<string, unknown>> {
    return executableOf(this.#call).params;
  }

  get log(): TaskContext["log"] {
    return this.#ports.log.with({ task: this.task });
  }

  progress(): void {}

  publish(): Promise<void> {
    return Promise.reject(unconnected());
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
