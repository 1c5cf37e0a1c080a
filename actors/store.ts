/**
 * The store: the run journal, which it alone writes, and the results.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import { encode } from "../src/base/codec.ts";
import { JOURNAL_FILE } from "../src/orchestrator/port.ts";
import { recall } from "../src/orchestrator/recall.ts";
import { openSqliteRunJournal } from "../src/orchestrator/sqlite_run_journal.ts";
import { sweep } from "../src/orchestrator/sweep.ts";
import { FilesystemLogStore } from "../src/store/filesystem_log_store.ts";
import { storeProtocol } from "../src/store/protocol.ts";
import { openResults, type ResultsOptions } from "../src/store/results.ts";

/** What the store is given. */
export interface StoreOptions {
  /** The folder where state is kept. */
  readonly dataDir: string;
  /** How durable a commit is. */
  readonly fsync: "always" | "batched";
  /** Where results are kept. */
  readonly results: ResultsOptions;
}

/** Commits that are in hand at the same time share a transaction. */
const CONCURRENCY = 1024;

/** The store. */
export const store = defineActor(storeProtocol, async (ctx, { dataDir, fsync, results }: StoreOptions) => {
  const journal = await openSqliteRunJournal({ path: `${dataDir}/${JOURNAL_FILE}`, fsync });
  ctx.onStop(() => journal[Symbol.asyncDispose]());
  const io = await openResults(results, { dataDir, fsync });
  ctx.onStop(() => io[Symbol.asyncDispose]());
  const logs = new FilesystemLogStore(dataDir, ctx.clock);
  const stuck = new Map<string, unknown>();
  return {
    commit: (writes) => journal.commit(writes),
    unfinished: async () => [...await journal.unfinished()],
    run: (runId) => journal.run(runId),
    runs: async (filter) => [...await journal.runs(filter)],
    unrouted: async () => [...await journal.unrouted()],
    triggers: async () => [...await journal.triggers()],
    latestResult: async (task) => {
      const found = await journal.latestResult(task);
      return found === undefined ? undefined : { runId: found.runId, resultIds: [...found.resultIds] };
    },
    starts: async () => [...await journal.starts()],
    memo: ({ task, key }) => journal.memo(task, key),
    recall: (wanted) => recall(journal, wanted),
    prune: async (filter) => [...await journal.prune(filter)],
    sweep: () => sweep(journal, io, logs, stuck),
    pruneEvents: ({ beforeMs, limit }) => journal.pruneEvents(beforeMs, limit),
    reclaim: () => journal.reclaim(),
    present: (keys) => Promise.all(keys.map(async (key) => await io.stat(key) !== undefined)),
    load: async (key) => {
      const value = await io.load(key);
      return value instanceof Uint8Array ? value : encode(value);
    },
    exists: (key) => io.exists(key),
  };
}, { concurrency: CONCURRENCY });
