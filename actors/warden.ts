/**
 * A warden: an executor whose attempts run in a sandbox. It loads their inputs and saves their results for them,
 * as a sandbox reaches no store.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { Address } from "../src/actor/ref.ts";
import { createIdSource } from "../src/base/ids.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { encodeData } from "../src/event/event.ts";
import { serveSandbox } from "../src/executor/desk.ts";
import { memoryOutcome } from "../src/executor/lost_sandbox.ts";
import type { ExecutableTask } from "../src/executor/port.ts";
import { executorProtocol, sandboxProtocol } from "../src/executor/protocol.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import { openFilesystemIOManager } from "../src/store/filesystem_io_manager.ts";

/** What a warden is given. */
export interface WardenOptions {
  /** The folder where results are kept. */
  readonly dataDir: string;
  /** How durable a result is. */
  readonly fsync: "always" | "batched";
  /** Who hears of progress. */
  readonly orchestrator: Address;
  /** Where tasks publish. */
  readonly broker: Address;
  /** Where attempts run. */
  readonly sandbox: Address;
}

/** A cancel reaches it while an attempt runs. */
const CONCURRENCY = 16;

/** A warden. */
export const warden = defineActor(executorProtocol, async (ctx, options: WardenOptions) => {
  const { dataDir, fsync } = options;
  const io = await openFilesystemIOManager({ dir: dataDir, fsync });
  ctx.onStop(() => io[Symbol.asyncDispose]());
  const ids = createIdSource(ctx.clock);
  const sandbox = ctx.ref(sandboxProtocol, options.sandbox);
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  const broker = ctx.ref(brokerProtocol, options.broker);

  async function publish({ runId, hops }: ExecutableTask, topic: string, data: unknown): Promise<void> {
    const event = {
      id: ids.next(),
      topic,
      timeMs: ctx.clock.now(),
      source: `run/${runId}`,
      data: encodeData(topic, data),
      hops: hops + 1,
    };
    await broker.ask("publish", { event, user: true }, { timeoutMs: "none" });
  }

  return {
    run: async (executable) => {
      const { runId, task, attempt } = executable;
      const startedMs = ctx.clock.now();
      try {
        return await serveSandbox(executable, sandbox.stream("run", executable), {
          io,
          notice: (notice) => orchestrator.tell("notice", { attempt: { runId, task, attempt }, notice }),
          publish: (topic, data) => publish(executable, topic, data),
          reply: (reply) => void sandbox.offer("reply", reply).catch(() => {}), // gone: the stream says so
        });
      } catch (error) {
        const outOfMemory = memoryOutcome(executable, error, ctx.clock.now() - startedMs);
        if (outOfMemory === undefined) throw error;
        return outOfMemory;
      }
    },
    cancel: (attempt) => sandbox.tell("cancel", attempt),
  };
}, { concurrency: CONCURRENCY });
