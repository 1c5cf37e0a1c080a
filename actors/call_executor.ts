/**
 * An executor of calls: runs tasks with the values that it is given, and keeps nothing.
 *
 * @module
 */
import { claimFaults } from "../src/actor/faults.ts";
import { defineActor } from "../src/actor/define_actor.ts";
import { later } from "../src/actor/loop.ts";
import type { Address } from "../src/actor/ref.ts";
import { messageOf } from "../src/base/errors.ts";
import type { Claims } from "../src/executor/claims.ts";
import { callExecutorProtocol, callPoolProtocol } from "../src/executor/protocol.ts";
import {
  type CallOutcome,
  callTask,
  fromCallWire,
  type TaskCall,
  toEndedWire,
} from "../src/executor/task_call.ts";
import { unknownTask } from "../src/executor/unknown_task.ts";
import { Worklist } from "../src/executor/worklist.ts";
import { importDefinitions } from "../src/task/import_definitions.ts";

/** What an executor of calls is given. */
export interface CallExecutorOptions {
  /** Modules that define tasks. */
  readonly modules: readonly string[];
  /** Who gives it work. */
  readonly pool: Address;
  /** Shared with the pool. */
  readonly claims?: Claims;
}

/** An executor of calls. */
export const callExecutor = defineActor(callExecutorProtocol, async (ctx, options: CallExecutorOptions) => {
  const tasks = new Map((await importDefinitions(options.modules)).tasks.map((task) => [task.name, task]));
  const pool = ctx.ref(callPoolProtocol, options.pool);
  const executor = ctx.self.address.name;
  const ports = { clock: ctx.clock, log: ctx.log, onFault: claimFaults };
  const worklist = new Worklist<TaskCall, CallOutcome>({
    run: (call, callOff) => {
      const task = tasks.get(call.task);
      return task === undefined ? unknownTask(call.task) : callTask(task, call, ports, callOff);
    },
    ended: (ended) =>
      void pool.offer("ended", { executor, ended: ended.map(toEndedWire) }).catch((error) =>
        ctx.log.error("Outcomes could not be delivered", { error: messageOf(error) })
      ),
    later,
    now: () => ctx.clock.now(),
  }, options.claims);
  return {
    give: ({ first, calls }) => worklist.give(first, calls.map(fromCallWire)),
    cancel: (number) => worklist.cancel(number),
  };
});
