/**
 * Admission: which accepted runs of a pipeline may go on at the same time.
 *
 * @module
 */
import type { PipelineDescriptor } from "../task/descriptor.ts";

/** What becomes of a new run. */
export type Admitted =
  /** It starts. */
  | { readonly kind: "start" }
  /** It waits until another run of the pipeline has ended. */
  | { readonly kind: "queue" }
  /** It will not run. */
  | { readonly kind: "skip" }
  /** It starts once these have been cancelled. */
  | { readonly kind: "cancel"; readonly runIds: readonly string[] };

/** Runs of one pipeline: those that go on, and those that wait, in order. */
interface Lane {
  readonly active: Set<string>;
  readonly waiting: string[];
}

/** Keeps the runs of each pipeline within its limits. */
export class Admission {
  readonly #lanes = new Map<string, Lane>();

  /** Decides about a new run and notes it. */
  admit(runId: string, name: string, pipeline: PipelineDescriptor | undefined): Admitted {
    const lane = this.#lane(name);
    const limit = pipeline?.concurrency ?? (pipeline?.overlap === undefined ? Infinity : 1);
    if (lane.active.size < limit) {
      lane.active.add(runId);
      return { kind: "start" };
    }
    if (pipeline?.overlap === "skip") return { kind: "skip" };
    lane.waiting.push(runId);
    if (pipeline?.overlap === "cancel") return { kind: "cancel", runIds: [...lane.active] };
    return { kind: "queue" };
  }

  /** Notes a run that was under way before a restart: it goes on, whatever the limits are now. */
  resumed(runId: string, name: string): void {
    this.#lane(name).active.add(runId);
  }

  /** A run has ended: gives the one that starts in its place. */
  ended(runId: string, pipeline: string): string | undefined {
    const lane = this.#lane(pipeline);
    const queued = lane.waiting.indexOf(runId);
    if (queued >= 0) lane.waiting.splice(queued, 1);
    if (!lane.active.delete(runId)) return undefined;
    const next = lane.waiting.shift();
    if (next !== undefined) lane.active.add(next);
    if (lane.active.size === 0 && lane.waiting.length === 0) this.#lanes.delete(pipeline);
    return next;
  }

  #lane(pipeline: string): Lane {
    let lane = this.#lanes.get(pipeline);
    if (lane === undefined) this.#lanes.set(pipeline, lane = { active: new Set(), waiting: [] });
    return lane;
  }
}
