/**
 * The executor pool alone, for any program: tasks of modules in Web Workers, called with values.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import { inWorker } from "../src/actor/placement.ts";
import type { ActorRef } from "../src/actor/ref.ts";
import { fromWire, MillraceError } from "../src/base/errors.ts";
import { assertKeys } from "../src/base/names.ts";
import { assertNumber } from "../src/task/option_checks.ts";
import { systemClock } from "../src/base/system_clock.ts";
import { ExecutorPool } from "../src/executor/pool.ts";
import { callExecutorProtocol, callPoolProtocol, supervisorProtocol } from "../src/executor/protocol.ts";
import {
  type CallOutcome,
  fromEndedWire,
  pack,
  type TaskCall,
  toCallWire,
  unpack,
} from "../src/executor/task_call.ts";
import type { CallOptions, ExecutorPoolOptions, StandalonePool } from "../src/executor/standalone.ts";
import type { Task } from "../src/task/task.ts";
import { createActorSystem } from "./actor_system.ts";
import { supervisor } from "./supervisor.ts";

interface PendingCall extends TaskCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const executorPlacement = inWorker(
  import.meta.resolve("./call_executor.ts"),
  "callExecutor",
  () => import("./call_executor.ts"),
);

/** How long an actor may take to stop once nothing runs any more, in ms. */
const STOP_MS = 5_000;

/**
 * Starts executors and resolves once all are ready. An executor that is lost or stuck is replaced.
 *
 * @throws {MillraceError} `module/load-failed` or `module/definition-invalid`.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If `executors` is no positive integer.
 *
 * @example Run tasks of a module in Web Workers
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createExecutorPool } from "@millrace/millrace";
 *
 * const file = await Deno.makeTempFile({ suffix: ".ts" }); // in a program: import.meta.resolve("./tasks.ts")
 * await Deno.writeTextFile(file, `
 *   import { defineTask } from "${import.meta.resolve("@millrace/millrace")}";
 *   export const add = defineTask({ name: "add", run: ({ a, b }) => a + b });
 * `);
 * await using pool = await createExecutorPool({ modules: [`file://${file}`], executors: 1 });
 * assertEquals(await pool.run("add", { a: 1, b: 2 }), 3);
 * await Deno.remove(file);
 * ```
 */
export async function createExecutorPool(options: ExecutorPoolOptions): Promise<StandalonePool> {
  assertKeys("an executor pool", options, ["modules", "executors", "log"]);
  const { modules, executors = Math.min(8, Math.max(2, navigator.hardwareConcurrency)), log } = options;
  if (!Number.isInteger(executors) || executors < 1) {
    throw new RangeError(
      `Cannot make an executor pool as "executors" must be a positive integer: current value is ${executors}`,
    );
  }
  const system = createActorSystem({
    ...(log === undefined ? {} : { log }),
    supervision: { decide: () => "resume" },
  });
  let lostThreads = 0;
  let closing: Promise<{ readonly lostThreads: number }> | undefined;
  const refs = new Map<string, ActorRef<typeof callExecutorProtocol>>();
  const address = { pool: { host: 0, name: "pool" }, supervisor: { host: 0, name: "supervisor" } };
  const core = new ExecutorPool<PendingCall, CallOutcome>({
    clock: systemClock,
    soon: queueMicrotask,
    // An executor that is gone takes nothing; the pool hears of its end by the watch.
    give: (name, first, calls) =>
      void refs.get(name)!.offer("give", { first, calls: calls.map(toCallWire) }).catch(() => {}),
    cancel: (name, number) => void refs.get(name)!.offer("cancel", number).catch(() => {}),
    outcome: ({ resolve, reject }, outcome) => {
      if (!outcome.ok) reject(fromWire(outcome.error));
      else if ("value" in outcome && outcome.value !== undefined) resolve(unpack(outcome.value));
      else resolve(undefined);
    },
    retire: (executor, reason, stuck) => {
      refs.delete(executor);
      system.ref(supervisorProtocol, address.supervisor).tell("replace", { executor, reason, stuck });
    },
  });
  const callPool = defineActor(callPoolProtocol, (ctx) => {
    const leave = (name: string, reason: string): void => {
      refs.delete(name);
      core.leave(name, reason);
    };
    return {
      join: ({ executor, kind, slots, claims }) => {
        const ref = ctx.ref(callExecutorProtocol, executor);
        refs.set(executor.name, ref);
        ctx.watch(ref, ({ error }) => leave(executor.name, error?.message ?? "it has stopped"));
        core.join({ name: executor.name, kind, slots, claims });
      },
      leave: ({ executor, reason }) => leave(executor, reason),
      ended: ({ executor, ended }) => core.ended(executor, ended.map(fromEndedWire)),
    };
  });
  try {
    await system.spawn(callPool, undefined, { name: "pool" });
    const overseer = await system.spawn(supervisor, {
      system,
      pool: address.pool,
      placement: executorPlacement,
      executor: { modules, pool: address.pool },
      count: executors,
      onLostThread: () => void lostThreads++,
    }, { name: "supervisor" });
    await overseer.ask("begin", undefined, { timeoutMs: "none" });
    const run = (
      task: Task | string,
      inputs: Readonly<Record<string, unknown>> = {},
      options?: CallOptions,
    ): Promise<unknown> =>
      new Promise((resolve, reject) => {
        if (options !== undefined) assertCallOptions(options);
        const { params, timeoutMs, signal } = options ?? NO_OPTIONS;
        signal?.throwIfAborted();
        if (closing !== undefined) throw closed();
        const limitMs = timeoutMs ?? (typeof task === "string" ? undefined : task.timeoutMs);
        const call = {
          task: typeof task === "string" ? task : task.name,
          attempt: 1,
          isolation: "worker",
          inputs: pack(inputs),
          params: params === undefined ? undefined : pack(params),
          resolve,
          reject,
        } as const;
        const limited = limitMs === undefined ? call : { ...call, timeoutMs: limitMs };
        if (signal === undefined) return void core.submit(limited);
        const ends = (settle: (value: unknown) => void) => (value: unknown): void => {
          signal.removeEventListener("abort", abort);
          settle(value);
        };
        const job = core.submit({ ...limited, resolve: ends(resolve), reject: ends(reject) });
        const abort = (): void => core.cancel(job);
        signal.addEventListener("abort", abort, { once: true });
      });

    const close = async (): Promise<{ readonly lostThreads: number }> => {
      await system.stopActor(overseer, "drain", STOP_MS);
      core.close(closed());
      const report = await system.stop({ mode: "drain", deadlineMs: STOP_MS });
      return { lostThreads: report.lostThreads + lostThreads };
    };
    return {
      run: run as StandalonePool["run"],
      get status() {
        return core.status;
      },
      close: () => closing ??= close(),
      [Symbol.asyncDispose]: async () => void await (closing ??= close()),
    };
  } catch (error) {
    await system.stop({ mode: "now", deadlineMs: STOP_MS });
    throw error;
  }
}

function closed(): MillraceError<"platform/closed"> {
  return new MillraceError(
    "platform/closed",
    "Cannot run a task as the executor pool must be open: it was closed",
    {
      details: {},
    },
  );
}

const NO_OPTIONS: CallOptions = {};

function assertCallOptions(options: CallOptions): void {
  assertKeys("a call", options, ["params", "timeoutMs", "signal"]);
  assertNumber("a call", "timeoutMs", options.timeoutMs, { above: 0 });
}
