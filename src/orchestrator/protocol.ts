/**
 * What the orchestrator actor understands.
 *
 * @module
 */
import { z } from "zod";
import { protocol } from "../actor/protocol.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { AttemptKey, AttemptNotice, AttemptOutcome } from "../executor/port.ts";
import type { PipelineDescriptor } from "../task/descriptor.ts";
import type { ResultSource } from "../task/result_id.ts";
import type { PruneReport, PruneRequest, RunEnd, RunView } from "../task/run.ts";
import type { Fire } from "../trigger/port.ts";

const attempt: z.ZodType<AttemptKey> = z.object({ runId: z.string(), task: z.string(), attempt: z.number() });
const trigger = z.object({ name: z.string(), source: z.string() });

/** The orchestrator's protocol. */
export const orchestratorProtocol = protocol("orchestrator", {
  /** Makes pipelines and event triggers known. */
  begin: {
    in: z.object({ pipelines: z.array(z.custom<PipelineDescriptor>()), triggers: z.array(trigger) }),
    out: z.void(),
  },
  /** Continues what an earlier process left unfinished; answers with the number of its runs. */
  recover: { in: z.void(), out: z.number() },
  /** Accepts an event: answered once the runs that it starts are journalled. */
  accept: {
    in: z.object({ event: z.custom<EncodedEvent>(), fire: z.custom<Fire>().optional() }),
    out: z.object({ runIds: z.array(z.string()) }),
  },
  /** An attempt has ended. */
  outcome: { in: z.object({ attempt, outcome: z.custom<AttemptOutcome>() }) },
  /** The result that is remembered under a key and may stand for this attempt. */
  recall: { in: z.object({ attempt, memo: z.string() }), out: z.custom<ResultSource>().optional() },
  /** A running attempt says something on its way. */
  notice: { in: z.object({ attempt, notice: z.custom<AttemptNotice>() }) },
  /** Answered once an attempt has stored more than `position` chunks, or all of them. */
  readStream: {
    in: z.object({ reader: attempt, source: attempt, position: z.number() }),
    out: z.object({ chunks: z.number(), done: z.boolean() }),
  },
  /** A reader reads no more of a stream, for now. */
  leaveStream: { in: z.object({ reader: attempt, source: attempt }) },
  /** Answered, with how many chunks an attempt may have stored in all, once that is more than it has. */
  streamRoom: {
    in: z.object({ source: attempt, chunks: z.number(), maxAhead: z.number() }),
    out: z.number(),
  },
  /** Cancels a run. */
  cancel: { in: z.string(), out: z.void() },
  /** The one item of this stream is the run's end. */
  ended: { in: z.string(), stream: z.custom<RunEnd>() },
  /** A run as people see it. */
  view: { in: z.string(), out: z.custom<RunView>() },
  /** Deletes ended runs with their results. */
  prune: { in: z.custom<PruneRequest>(), out: z.custom<PruneReport>() },
  /** An event trigger was added. */
  addTrigger: { in: trigger, out: z.void() },
  /** An event trigger was taken off. */
  removeTrigger: { in: z.string(), out: z.void() },
  /**
   * Starts no more attempts; answers with the number of unfinished runs once none is running, or after so many
   * milliseconds.
   */
  drain: { in: z.number(), out: z.number() },
});
