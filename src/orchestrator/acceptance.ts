/**
 * Acceptance: what an event starts. One decision for all causes: a fire, a call, a person, another run.
 *
 * @module
 */
import { deriveId } from "../base/ids.ts";
import type { EncodedEvent } from "../event/event.ts";
import { createTopicMatcher } from "../event/matcher.ts";
import type { PipelineDescriptor } from "../task/descriptor.ts";
import type { RunRequest } from "../task/run.ts";
import type { Fire } from "../trigger/port.ts";
import type { AcceptedRequest } from "./facts.ts";
import type { JournalWrite, RunRecord } from "./port.ts";

/** The one topic that asks for a run of anything. */
export const RUN_REQUEST = "run.request";

/** Who wants to be started by events. */
type Interest =
  | { readonly kind: "pipeline"; readonly pipeline: string }
  | { readonly kind: "trigger"; readonly trigger: string };

/** What an event leads to. */
export interface Acceptance {
  /** To journal, all or nothing; empty if nobody waits for this event. */
  readonly writes: readonly JournalWrite[];
  /** The runs that it starts. */
  readonly runs: readonly RunRecord[];
  /** The event triggers that have to see it. */
  readonly triggers: readonly string[];
}

/** Knows who waits for which topics. */
export class Interests {
  readonly #matcher = createTopicMatcher<Interest>();
  readonly #remove = new Map<string, () => void>();

  /** A pipeline starts on its `on` patterns. */
  addPipeline({ name, on }: PipelineDescriptor): void {
    if (on.length > 0) this.#add(`pipeline/${name}`, on.join("|"), { kind: "pipeline", pipeline: name });
  }

  /** An event trigger looks at what matches its source. */
  addTrigger(name: string, source: string): void {
    this.#add(`trigger/${name}`, source, { kind: "trigger", trigger: name });
  }

  /** The trigger is no more. */
  removeTrigger(name: string): void {
    this.#remove.get(`trigger/${name}`)?.();
    this.#remove.delete(`trigger/${name}`);
  }

  /** What an event leads to. The ids of runs are derived from it: the same event starts the same runs. */
  accept(event: EncodedEvent): Acceptance {
    const found = this.#matcher.match(event.topic);
    const triggers = found.flatMap((interest) => interest.kind === "trigger" ? [interest.trigger] : []);
    const runs = found.flatMap((interest) =>
      interest.kind === "pipeline"
        ? [recordOf(event, { pipeline: interest.pipeline, params: paramsOf(event) })]
        : []
    );
    if (found.length === 0) return { writes: [], runs, triggers };
    return { writes: writesOf(event, runs, triggers), runs, triggers };
  }

  /**
   * A run that was asked for by name, on `run.request`; others may wait for that topic as well. A pipeline that
   * is asked for and waits for the topic too runs once, as asked.
   */
  acceptRequest(event: EncodedEvent, request: RunRequest): Acceptance {
    const { runs: others, triggers } = this.accept(event);
    const run = recordOf(event, request);
    const runs = [run, ...others.filter(({ id }) => id !== run.id)];
    return { writes: writesOf(event, runs, triggers), runs, triggers };
  }

  #add(key: string, pattern: string, interest: Interest): void {
    this.#remove.get(key)?.();
    this.#remove.set(key, this.#matcher.add(pattern, interest));
  }
}

/** What to journal if the event is a trigger's fire; the event is kept then even if nobody waits for it. */
export function withFire(
  { writes }: Acceptance,
  event: EncodedEvent,
  { trigger, scheduledMs }: Fire,
): readonly JournalWrite[] {
  const fired: JournalWrite = {
    kind: "trigger",
    name: trigger,
    firedMs: event.timeMs,
    ...(scheduledMs === undefined ? {} : { scheduledMs }),
  };
  return writes.length > 0 ? [...writes, fired] : [{ kind: "event", event, routed: true }, fired];
}

function writesOf(
  event: EncodedEvent,
  runs: readonly RunRecord[],
  triggers: readonly string[],
): readonly JournalWrite[] {
  return [
    { kind: "event", event, routed: triggers.length === 0 },
    ...runs.map((run): JournalWrite => ({ kind: "run", run })),
  ];
}

function recordOf(event: EncodedEvent, request: RunRequest): RunRecord {
  const pipeline = request.pipeline ?? "adhoc";
  const accepted: AcceptedRequest = {
    request,
    hops: event.hops ?? 0,
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
  };
  return {
    id: deriveId(event.timeMs, event.id, "run", pipeline),
    pipeline,
    status: "pending",
    eventId: event.id,
    ...(request.rerun === undefined ? {} : { parentRunId: request.rerun.runId }),
    acceptedMs: event.timeMs,
    request: accepted,
  };
}

/** An event's data as parameters: an object as it is, anything else as none. */
function paramsOf(event: EncodedEvent): Readonly<Record<string, unknown>> {
  const data: unknown = JSON.parse(event.data);
  return typeof data === "object" && data !== null && !Array.isArray(data) ? { ...data } : {};
}
