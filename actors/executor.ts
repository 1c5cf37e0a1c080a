/**
 * An executor: runs attempts, one after the other, with the modules' own functions.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import { claimFaults } from "../src/actor/faults.ts";
import { later } from "../src/actor/loop.ts";
import type { Address } from "../src/actor/ref.ts";
import { messageOf } from "../src/base/errors.ts";
import { createLogger } from "../src/base/log.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { Publisher } from "../src/broker/publisher.ts";
import { AttemptMemo } from "../src/executor/attempt_memo.ts";
import { type AttemptPorts, runAttempt } from "../src/executor/attempt.ts";
import type { Claims } from "../src/executor/claims.ts";
import { withConsole } from "../src/executor/console_capture.ts";
import type { AttemptOutcome, ExecutableTask } from "../src/executor/port.ts";
import { executorProtocol, poolProtocol } from "../src/executor/protocol.ts";
import { HeldResults } from "../src/executor/held_results.ts";
import { unknownTask } from "../src/executor/unknown_task.ts";
import { Worklist } from "../src/executor/worklist.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import { openResults, type ResultsOptions } from "../src/store/results.ts";
import { importDefinitions } from "../src/task/import_definitions.ts";
import type { Task } from "../src/task/task.ts";
import { createAttemptLogs } from "./attempt_logs.ts";
import { attemptPorts } from "./attempt_ports.ts";

/** What an executor is given. */
export interface ExecutorOptions {
  /** Modules that define tasks. */
  readonly modules: readonly string[];
  /** The folder where state is kept. */
  readonly dataDir: string;
  /** How durable a result is. */
  readonly fsync: "always" | "batched";
  /** Where results are kept. */
  readonly results: ResultsOptions;
  /** Who hears of progress. */
  readonly orchestrator: Address;
  /** Where tasks publish. */
  readonly broker: Address;
  /** Who gives it work. */
  readonly pool: Address;
  /** Shared with the pool: then it runs one attempt after the other; without it, what it is given at once. */
  readonly claims?: Claims;
  /** Tasks of the main program, for an executor that lives there. */
  readonly local?: { get(name: string): Task | undefined };
}

/** How many attempts the executor of the main thread takes at once: it must not block anyway. */
export const INLINE_SLOTS = 16;

/** Asks within the platform end with the actor, not with the clock. */
const ALWAYS = { timeoutMs: "none" } as const;

/** An executor. */
export const executor = defineActor(executorProtocol, async (ctx, options: ExecutorOptions) => {
  const io = await openResults(options.results, options);
  ctx.onStop(() => io[Symbol.asyncDispose]());
  const recent = new HeldResults();
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  const publisher = new Publisher(ctx.ref(brokerProtocol, options.broker), ctx.clock);
  const pool = ctx.ref(poolProtocol, options.pool);
  const openLog = createAttemptLogs(options.dataDir, ctx);
  // In the main thread the modules are loaded only when a task of theirs is to run there.
  let loading: Promise<ReadonlyMap<string, Task>> | undefined;
  const load = (): Promise<ReadonlyMap<string, Task>> =>
    loading ??= importDefinitions(options.modules).then(({ tasks }) =>
      new Map(tasks.map((task) => [task.name, task]))
    );
  if (options.local === undefined) await load();

  async function publish(executable: ExecutableTask, topic: string, data: unknown): Promise<void> {
    const { runId, hops, traceparent } = executable;
    await publisher.publish(topic, data, { source: `run/${runId}`, hops: hops + 1, traceparent });
  }

  async function run(executable: ExecutableTask, signal: AbortSignal): Promise<AttemptOutcome> {
    const { task: name } = executable;
    const task = options.local?.get(name) ?? (await load()).get(name);
    if (task === undefined) return unknownTask(name);
    const memo = new AttemptMemo(executable, {
      log: ctx.log,
      io,
      recall: (attempt, memo) => orchestrator.ask("recall", { attempt, memo }, ALWAYS),
    });
    using open = openLog(executable);
    const ports: AttemptPorts = {
      clock: ctx.clock,
      log: createLogger((record) => open.log.record(record), ctx.clock.now),
      io,
      recent,
      ...attemptPorts(orchestrator, executable),
      recall: (words) => memo.recall(words),
      publish: (topic, data) => publish(executable, topic, data),
      // Where several run at once, or code of others does, nobody knows whose an error is.
      ...(options.claims === undefined ? {} : { onFault: claimFaults }),
    };
    const outcome = await withConsole(open.log, () => runAttempt(task, executable, ports, signal));
    return await memo.noted(outcome);
  }

  const worklist = new Worklist<ExecutableTask, AttemptOutcome>({
    run: (executable, { signal }) => run(executable, signal),
    ended: (ended) =>
      void pool.offer("ended", { executor: ctx.self.address.name, ended: [...ended] }).catch((error) =>
        ctx.log.error("Outcomes could not be delivered", { error: messageOf(error) })
      ),
    later,
    now: () => ctx.clock.now(),
  }, options.claims);
  return {
    give: ({ first, tasks }) => worklist.give(first, tasks),
    cancel: (number) => worklist.cancel(number),
  };
});
