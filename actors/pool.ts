/**
 * The executor pool: gives each attempt to a free executor and its outcome to the orchestrator.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { ActorRef, Address } from "../src/actor/ref.ts";
import { ExecutorPool } from "../src/executor/pool.ts";
import { executorProtocol, poolProtocol, supervisorProtocol } from "../src/executor/protocol.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";

/** What the pool is given. */
export interface PoolOptions {
  /** Who hears of outcomes. */
  readonly orchestrator: Address;
  /** Who replaces executors. */
  readonly supervisor: Address;
}

/** The pool. */
export const pool = defineActor(poolProtocol, (ctx, options: PoolOptions) => {
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  const supervisor = ctx.ref(supervisorProtocol, options.supervisor);
  const executors = new Map<string, ActorRef<typeof executorProtocol>>();
  const core = new ExecutorPool({
    clock: ctx.clock,
    execute: async (name, task, signal) => {
      const executor = executors.get(name)!;
      const { runId, task: taskName, attempt } = task;
      signal.addEventListener("abort", () => executor.tell("cancel", { runId, task: taskName, attempt }));
      // The pool has the deadline: an executor that hangs cannot keep its own.
      return await executor.ask("run", task, { timeoutMs: "none" });
    },
    outcome: (attempt, outcome) => {
      orchestrator.offer("outcome", { attempt, outcome }).catch((error) =>
        ctx.log.error("An outcome could not be delivered", { ...attempt, error: String(error) })
      );
    },
    retire: (executor, reason, stuck) => {
      executors.delete(executor);
      supervisor.tell("replace", { executor, reason, stuck });
    },
  });
  return {
    submit: (task) => core.submit(task),
    cancel: (attempt) => core.cancel(attempt),
    join: ({ executor, isolation, slots }) => {
      executors.set(executor.name, ctx.ref(executorProtocol, executor));
      core.join(executor.name, isolation, slots);
    },
    leave: (name) => {
      executors.delete(name);
      core.leave(name);
    },
    status: () => core.status,
  };
});
