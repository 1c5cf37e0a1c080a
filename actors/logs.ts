/**
 * The logs of attempts: reads what they wrote, and follows what they write. (They write for themselves.)
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { Address } from "../src/actor/ref.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import { FilesystemLogStore } from "../src/store/filesystem_log_store.ts";
import { logsProtocol } from "../src/store/logs_protocol.ts";

/** What the logs are given. */
export interface LogsOptions {
  /** The folder where state is kept. */
  readonly dataDir: string;
  /** Who knows when a run has ended. */
  readonly orchestrator: Address;
}

/** How many may read at once. */
const CONCURRENCY = 256;

/** The logs. */
export const logs = defineActor(logsProtocol, (ctx, options: LogsOptions) => {
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  const store = new FilesystemLogStore(options.dataDir, ctx.clock);

  return {
    read: async function* ({ follow = false, ...query }, { signal }) {
      let ended = true;
      await orchestrator.ask("view", query.runId, { timeoutMs: "none" });
      if (follow) {
        ended = false;
        void end(query.runId, signal).then(() => ended = true);
      }
      yield* store.read(query, signal, () => ended);
    },
  };

  /** Resolves once the run has ended, or the platform. */
  async function end(runId: string, signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of orchestrator.stream("ended", runId, { signal })) return;
    } catch {
      // Nobody can tell any more.
    }
  }
}, { concurrency: CONCURRENCY });
