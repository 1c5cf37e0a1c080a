/**
 * The executor pool: gives each attempt to a free executor and its outcome to the orchestrator.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { ActorRef, Address } from "../src/actor/ref.ts";
import { fromWire, messageOf, MillraceError, toWire } from "../src/base/errors.ts";
import { Fleet } from "../src/executor/fleet.ts";
import { ExecutorPool } from "../src/executor/pool.ts";
import type { AttemptKey, AttemptOutcome, ExecutableTask } from "../src/executor/port.ts";
import {
  executorProtocol,
  poolProtocol,
  processesProtocol,
  supervisorProtocol,
} from "../src/executor/protocol.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";

/** What the pool is given. */
export interface PoolOptions {
  /** Who hears of outcomes. */
  readonly orchestrator: Address;
  /** Who replaces executors. */
  readonly supervisor: Address;
  /** Who starts and ends processes. */
  readonly processes: Address;
  /** How many executors in workers there are to be; and at most how many in processes. */
  readonly executors: number;
}

/** The pool. */
export const pool = defineActor(poolProtocol, (ctx, options: PoolOptions) => {
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  const supervisor = ctx.ref(supervisorProtocol, options.supervisor);
  const executors = new Map<string, ActorRef<typeof executorProtocol>>();
  const tell = (attempt: AttemptKey, outcome: AttemptOutcome): void => {
    orchestrator.offer("outcome", { attempt, outcome }).catch((error) =>
      ctx.log.error("An outcome could not be delivered", { ...attempt, error: String(error) })
    );
  };
  const processes = ctx.ref(processesProtocol, options.processes);
  const fleet = new Fleet(options.executors, {
    clock: ctx.clock,
    start: (executor, lane) => processes.tell("start", { executor, lane }),
    stop: (name) => {
      core.leave(name);
      executors.delete(name);
      processes.tell("stop", name);
    },
  });
  ctx.onStop(() => fleet.close());
  const core = new ExecutorPool({
    clock: ctx.clock,
    execute: async (name, task, signal) => {
      const executor = executors.get(name)!;
      signal.addEventListener("abort", () => executor.tell("cancel", keyOf(task)));
      // The pool has the deadline: an executor that hangs cannot keep its own.
      return await executor.ask("run", task, { timeoutMs: "none" });
    },
    outcome: tell,
    retire: (executor, reason, stuck) => {
      executors.delete(executor);
      fleet.left(executor);
      supervisor.tell("replace", { executor, reason, stuck });
      processes.tell("stop", executor);
    },
    wanted: (lane, waiting) => {
      if (lane.isolation === "process") fleet.wants(lane, waiting);
    },
    works: (executor, running) => fleet.works(executor, running),
  });
  return {
    submit: (task) => {
      // It would wait for ever.
      if (task.isolation !== "inline" && options.executors === 0) tell(keyOf(task), noExecutor(task));
      else core.submit(task);
    },
    cancel: (attempt) => core.cancel(attempt),
    join: ({ executor, lane, slots }) => {
      executors.set(executor.name, ctx.ref(executorProtocol, executor));
      core.join(executor.name, lane, slots);
    },
    leave: (name) => {
      executors.delete(name);
      core.leave(name);
      fleet.left(name);
    },
    refuse: ({ executor, lane, error }) => {
      core.refuse(lane, (task) => notStarted(task, fromWire(error)));
      fleet.left(executor);
    },
    status: () => core.status,
  };
});

function keyOf({ runId, task, attempt }: ExecutableTask): AttemptKey {
  return { runId, task, attempt };
}

function noExecutor({ task, isolation }: ExecutableTask): AttemptOutcome {
  const error = new MillraceError(
    "executor/none",
    `Cannot run task "${task}" as its isolation is "${isolation}": the platform was opened with 0 executors`,
    { details: { task, isolation } },
  );
  return { ok: false, error: toWire(error), retryable: false, durationMs: 0 };
}

function notStarted({ task, isolation }: ExecutableTask, cause: Error): MillraceError {
  const reason = messageOf(cause);
  return new MillraceError(
    "executor/start-failed",
    `Cannot run task "${task}" as a process for it could not be started: ${reason}`,
    { details: { task, isolation, reason }, cause },
  );
}
