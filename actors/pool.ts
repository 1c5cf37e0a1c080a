/**
 * The executor pool: gives each attempt to a free executor and its outcome to the orchestrator.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { ActorRef, Address } from "../src/actor/ref.ts";
import { fromWire, messageOf, MillraceError, toWire } from "../src/base/errors.ts";
import { Fleet } from "../src/executor/fleet.ts";
import type { Job } from "../src/executor/job.ts";
import { originOf } from "../src/executor/places.ts";
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
  const processes = ctx.ref(processesProtocol, options.processes);
  const executors = new Map<string, ActorRef<typeof executorProtocol>>();
  const jobs = new Map<string, Job<ExecutableTask>>();
  const tell = (attempt: AttemptKey, outcome: AttemptOutcome): void => {
    orchestrator.offer("outcome", { attempt, outcome }).catch((error) =>
      ctx.log.error("An outcome could not be delivered", { ...attempt, error: String(error) })
    );
  };
  const fleet = new Fleet(options.executors, {
    clock: ctx.clock,
    // What runs in its sandbox must not be able to guess it: who knows an actor's name can talk to it.
    name: () => `process-${crypto.randomUUID()}`,
    start: (executor, kind) => processes.tell("start", { executor, kind }),
    stop: (name) => {
      leave(name, "it had nothing to do");
      processes.tell("stop", name);
    },
  });
  ctx.onStop(() => fleet.close());
  const core = new ExecutorPool<ExecutableTask>({
    clock: ctx.clock,
    soon: queueMicrotask,
    // An executor that is gone takes nothing; the pool hears of its end by the watch.
    give: (name, first, tasks) =>
      void executors.get(name)!.offer("give", { first, tasks: [...tasks] }).catch(() => {}),
    cancel: (name, number) => void executors.get(name)!.offer("cancel", number).catch(() => {}),
    outcome: (task, outcome) => {
      jobs.delete(nameOf(task));
      tell(keyOf(task), outcome);
    },
    retire: (executor, reason, stuck) => {
      executors.delete(executor);
      fleet.left(executor);
      supervisor.tell("replace", { executor, reason, stuck });
      processes.tell("stop", executor);
    },
    wanted: (kind, waiting) => {
      if (kind.isolation === "process") fleet.wants(kind, waiting);
    },
    works: (executor, size) => fleet.works(executor, size),
  });
  const leave = (name: string, reason: string): void => {
    executors.delete(name);
    core.leave(name, reason);
    fleet.left(name);
  };
  return {
    submit: (task) => {
      // It would wait for ever.
      if (task.isolation !== "inline" && options.executors === 0) tell(keyOf(task), noExecutor(task));
      else jobs.set(nameOf(task), core.submit(task, originOf(task)));
    },
    cancel: (attempt) => {
      const job = jobs.get(nameOf(attempt));
      if (job !== undefined) core.cancel(job);
    },
    join: ({ executor, kind, slots, claims }) => {
      const ref = ctx.ref(executorProtocol, executor);
      executors.set(executor.name, ref);
      // One that lives in a thread and cannot go on must be replaced.
      ctx.watch(ref, ({ error }) => leave(executor.name, error?.message ?? "it has stopped"));
      core.join({ name: executor.name, kind, slots, claims });
    },
    leave: ({ executor, reason }) => leave(executor, reason),
    refuse: ({ executor, kind, error }) => {
      core.refuse(kind, (task) => notStarted(task, fromWire(error)));
      fleet.left(executor);
    },
    ended: ({ executor, ended }) => core.ended(executor, ended),
    status: () => core.status,
  };
});

function nameOf({ runId, task, attempt }: AttemptKey): string {
  return `${runId}/${task}/${attempt}`;
}

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
