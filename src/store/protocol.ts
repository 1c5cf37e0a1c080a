/**
 * What the store actor understands: the run journal and the results.
 *
 * @module
 */
import { z } from "zod";
import { protocol } from "../actor/protocol.ts";
import type { Encoded } from "../base/codec.ts";
import type { EncodedEvent } from "../event/event.ts";
import type {
  JournalledRun,
  JournalWrite,
  Memo,
  PruneFilter,
  Recall,
  RunFilter,
  RunRecord,
  Start,
  TriggerState,
} from "../orchestrator/port.ts";

const key = z.object({ runId: z.string(), task: z.string(), resultId: z.string() });

/** The store's protocol. */
export const storeProtocol = protocol("store", {
  /** Writes a batch to the journal, all or nothing; answered once it is durable. */
  commit: { in: z.array(z.custom<JournalWrite>()), out: z.object({ duplicate: z.boolean() }) },
  /** Runs without a final state, oldest first. */
  unfinished: { in: z.void(), out: z.array(z.custom<JournalledRun>()) },
  /** One run. */
  run: { in: z.string(), out: z.custom<JournalledRun>().optional() },
  /** Runs, newest first. */
  runs: { in: z.custom<RunFilter>(), out: z.array(z.custom<RunRecord>()) },
  /** Accepted events that event triggers have still to see. */
  unrouted: { in: z.void(), out: z.array(z.custom<EncodedEvent>()) },
  /** All triggers that ever fired. */
  triggers: { in: z.void(), out: z.array(z.custom<TriggerState>()) },
  /** The latest succeeded result of a task. */
  latestResult: {
    in: z.string(),
    out: z.object({ runId: z.string(), resultIds: z.array(z.string()) }).optional(),
  },
  /** The attempts that count against rate limits. */
  starts: { in: z.void(), out: z.array(z.custom<Start>()) },
  /** What is remembered of a task under a key. */
  memo: { in: z.object({ task: z.string(), key: z.string() }), out: z.custom<Memo>().optional() },
  /** The same, to be kept from now on for the run that takes it. */
  recall: { in: z.custom<Recall>(), out: z.custom<Memo>().optional() },
  /** Forgets ended runs; gives their ids. */
  prune: { in: z.custom<PruneFilter>(), out: z.array(z.string()) },
  /** Clears away a bit of what is forgotten: the number of results deleted; nothing if nothing is left. */
  sweep: { in: z.void(), out: z.number().optional() },
  /** Deletes events of which no run is left; gives their number. */
  pruneEvents: { in: z.object({ beforeMs: z.number(), limit: z.number() }), out: z.number() },
  /** Gives a little unused space back to the disk; says whether there may be more. */
  reclaim: { in: z.void(), out: z.boolean() },
  /** Which of these results are there. */
  present: { in: z.array(key), out: z.array(z.boolean()) },
  /** Loads a result: bytes as they are, anything else encoded, as a thread boundary would alter some values. */
  load: {
    in: key,
    out: z.union([z.custom<Uint8Array>((value) => value instanceof Uint8Array), z.custom<Encoded>()]),
  },
  /** Whether a complete result is there. */
  exists: { in: key, out: z.boolean() },
});
