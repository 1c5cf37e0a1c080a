/**
 * A warden: an executor whose attempts run in a sandbox. It loads their inputs and saves their results for them,
 * as a sandbox reaches no store.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import { later } from "../src/actor/loop.ts";
import type { Address } from "../src/actor/ref.ts";
import { within } from "../src/actor/within.ts";
import { messageOf } from "../src/base/errors.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { Publisher } from "../src/broker/publisher.ts";
import { AttemptMemo } from "../src/executor/attempt_memo.ts";
import { serveSandbox } from "../src/executor/desk.ts";
import { lostSandbox } from "../src/executor/lost_sandbox.ts";
import type { AttemptOutcome, ExecutableTask } from "../src/executor/port.ts";
import { poolProtocol, sandboxProtocol, wardenProtocol } from "../src/executor/protocol.ts";
import { SandboxOutput } from "../src/executor/sandbox_output.ts";
import { Worklist } from "../src/executor/worklist.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import { openResults, type ResultsOptions } from "../src/store/results.ts";
import { createAttemptLogs } from "./attempt_logs.ts";
import { attemptPorts } from "./attempt_ports.ts";

/** What a warden is given. */
export interface WardenOptions {
  /** The folder where results are kept. */
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
  /** Where attempts run. */
  readonly sandbox: Address;
}

/** How long what an attempt has printed may take to come after its outcome, in ms. */
const QUIET_MS = 500;

/** A warden. */
export const warden = defineActor(wardenProtocol, async (ctx, options: WardenOptions) => {
  const io = await openResults(options.results, options);
  ctx.onStop(() => io[Symbol.asyncDispose]());
  const sandbox = ctx.ref(sandboxProtocol, options.sandbox);
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  const pool = ctx.ref(poolProtocol, options.pool);
  const publisher = new Publisher(ctx.ref(brokerProtocol, options.broker), ctx.clock);

  async function publish(executable: ExecutableTask, topic: string, data: unknown): Promise<void> {
    const { runId, hops, traceparent } = executable;
    await publisher.publish(topic, data, { source: `run/${runId}`, hops: hops + 1, traceparent });
  }

  const openLog = createAttemptLogs(options.dataDir, ctx);
  const output = new SandboxOutput(({ stream, text }) =>
    ctx.log[stream === "stdout" ? "info" : "warn"]("A process printed a line outside of an attempt", { text })
  );

  let working = false;
  // With work in hand, its outcome says that this is the end.
  ctx.watch(sandbox, () => {
    if (!working) ctx.stop();
  });

  async function run(executable: ExecutableTask, signal: AbortSignal): Promise<AttemptOutcome> {
    const startedMs = ctx.clock.now();
    const cancel = (): void => sandbox.tell("cancel", undefined);
    signal.addEventListener("abort", cancel, { once: true });
    working = true;
    const memo = new AttemptMemo(executable, {
      log: ctx.log,
      io,
      recall: (attempt, memo) => orchestrator.ask("recall", { attempt, memo }, { timeoutMs: "none" }),
    });
    using open = openLog(executable);
    output.begin(open.log);
    try {
      const outcome = await serveSandbox(executable, sandbox.stream("run", executable), {
        io,
        signal,
        ...attemptPorts(orchestrator, executable),
        recall: (words) => memo.recall(words),
        publish: (topic, data) => publish(executable, topic, data),
        reply: (reply) => void sandbox.offer("reply", reply).catch(() => {}), // gone: the stream says so
      });
      working = false;
      return await memo.noted(outcome);
    } catch (error) {
      return lostSandbox(executable, error, ctx.clock.now() - startedMs);
    } finally {
      await within(ctx.clock, QUIET_MS, output.quiet, () => {});
      output.end();
      signal.removeEventListener("abort", cancel);
    }
  }

  const worklist = new Worklist<ExecutableTask, AttemptOutcome>({
    run: (executable, { signal }) => run(executable, signal),
    ended: (ended) =>
      void pool.offer("ended", { executor: ctx.self.address.name, ended: [...ended] }).catch((error) =>
        ctx.log.error("Outcomes could not be delivered", { error: messageOf(error) })
      ),
    later,
    now: () => ctx.clock.now(),
  }, undefined);
  return {
    give: ({ first, tasks }) => worklist.give(first, tasks),
    cancel: (number) => worklist.cancel(number),
    printed: (batch) => output.take(batch),
  };
});
