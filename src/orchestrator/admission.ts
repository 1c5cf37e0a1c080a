/**
 * Admission: which accepted runs of a pipeline may go on at the same time.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { PipelineDescriptor } from "../task/descriptor.ts";

/** What becomes of a new run. */
export type Admitted =
  /** It starts. */
  | { readonly kind: "start" }
  /** It waits until another run of the pipeline has ended. */
  | { readonly kind: "queue" }
  /** It will not run. */
  | { readonly kind: "skip" }
  /** It starts once these have been cancelled: the oldest, as many as are in its way. */
  | { readonly kind: "cancel"; readonly runIds: readonly string[] };

/** Runs of one pipeline: those that go on, and those that wait, both in order. */
interface Lane {
  readonly active: Set<string>;
  readonly waiting: Set<string>;
  /** How many may go on at the same time. */
  limit: number;
}

/** Keeps the runs of each pipeline within its limits. */
export class Admission {
  readonly #lanes = new Map<string, Lane>();

  /** Decides about a new run and notes it, unless it is skipped. */
  admit(runId: string, name: string, pipeline: PipelineDescriptor | undefined): Admitted {
    const lane = this.#lane(name, pipeline);
    const { active, waiting, limit } = lane;
    if (active.size < limit) {
      active.add(runId);
      return { kind: "start" };
    }
    if (pipeline?.overlap === "skip") return { kind: "skip" };
    const older = [...active, ...waiting];
    waiting.add(runId);
    if (pipeline?.overlap !== "cancel") return { kind: "queue" };
    return { kind: "cancel", runIds: older.slice(0, older.length + 1 - limit) };
  }

  /** Notes a run that was under way before a restart: it goes on, whatever the limits are now. */
  resumed(runId: string, name: string, pipeline: PipelineDescriptor | undefined): void {
    this.#lane(name, pipeline).active.add(runId);
  }

  /** How many runs of a pipeline go before one that waits; 0 for one that does not wait. */
  before(runId: string, name: string): number {
    const { active, waiting } = this.#lanes.get(name) ?? {};
    if (active === undefined || !waiting?.has(runId)) return 0;
    return active.size + [...waiting].indexOf(runId);
  }

  /** A run has ended: gives those that start in its place. */
  ended(runId: string, name: string): readonly string[] {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return [];
    const { active, waiting, limit } = lane;
    active.delete(runId);
    waiting.delete(runId);
    const next: string[] = [];
    for (const id of waiting) {
      if (active.size >= limit) break;
      waiting.delete(id);
      active.add(id);
      next.push(id);
    }
    if (active.size === 0) this.#lanes.delete(name);
    return next;
  }

  #lane(name: string, pipeline: PipelineDescriptor | undefined): Lane {
    const limit = pipeline?.concurrency ?? (pipeline?.overlap === undefined ? Infinity : 1);
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      this.#lanes.set(name, lane = { active: new Set(), waiting: new Set(), limit });
    }
    lane.limit = limit;
    return lane;
  }
}

/** Why a run is skipped. */
export function overlapSkipped(pipeline: string): MillraceError<"run/overlap-skipped"> {
  return new MillraceError(
    "run/overlap-skipped",
    `Cannot start a run of pipeline "${pipeline}" as its overlap policy is "skip" and another run is unfinished`,
    { details: { pipeline } },
  );
}
