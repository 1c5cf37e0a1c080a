/**
 * What the journal in memory keeps, and how it forgets: with the meaning that the durable one has.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import { pruneLimits } from "./journal_text.ts";
import type { Memo, PruneFilter, Released, RunRecord } from "./port.ts";

/** One run. */
export interface KeptRun {
  /** JSON text, as accepted. */
  readonly accepted: string;
  readonly pipeline: string;
  readonly eventId: string;
  status: RunRecord["status"];
  endedMs: number | null;
  /** JSON texts. */
  readonly facts: string[];
}

/** The latest result of a task. */
export interface KeptResult {
  readonly runId: string;
  readonly resultIds: readonly string[];
  readonly timeMs: number;
}

/** All that is kept. */
export interface Kept {
  /** All events by id, in the order of acceptance; itself while it is not routed. */
  readonly events: Map<string, { readonly timeMs: number; unrouted?: EncodedEvent }>;
  /** By id. */
  readonly runs: Map<string, KeptRun>;
  /** By task. */
  readonly results: Map<string, KeptResult>;
  /** By task and key, as JSON text. */
  readonly memos: Map<string, Memo>;
  /** By run: run and task of what it reads, as JSON text. */
  readonly reads: Map<string, Set<string>>;
}

/** Forgetting what is kept in memory. */
export class MemoryPruning {
  readonly #kept: Kept;
  /** Forgotten runs, with the tasks whose results are still there; `undefined` before any was deleted. */
  readonly #forgotten = new Map<string, readonly string[] | undefined>();

  constructor(kept: Kept) {
    this.#kept = kept;
  }

  /** See the port. */
  prune(filter: PruneFilter): readonly string[] {
    const { limit, keep } = pruneLimits(filter);
    const { pipeline, except = [], endedBeforeMs = Infinity, dryRun = false } = filter;
    const { runs, reads } = this.#kept;
    const needed = new Set(
      [...reads].filter(([reader]) => !isEnded(runs.get(reader)!)).flatMap(([, read]) =>
        [...read].map(runOf)
      ),
    );
    const newest = [...runs.keys()].sort().reverse();
    const ids = newest.filter((id) => {
      const run = runs.get(id)!;
      if ((pipeline ?? run.pipeline) !== run.pipeline) return false;
      if (pipeline === undefined && except.includes(run.pipeline)) return false;
      const rank = newest.filter((other) => other > id && runs.get(other)!.pipeline === run.pipeline).length;
      return isEnded(run) && (run.endedMs ?? Infinity) < endedBeforeMs && rank >= keep && !needed.has(id);
    }).reverse().slice(0, limit);
    if (dryRun) return ids;
    for (const id of ids) {
      runs.delete(id);
      reads.delete(id);
      this.#forgotten.set(id, undefined);
    }
    return ids;
  }

  /** See the port. */
  release(except: readonly string[]): Released | undefined {
    const { memos } = this.#kept;
    for (const [runId, before] of this.#forgotten) {
      if (except.includes(runId)) continue;
      const kept = this.#needed(runId);
      if (before !== undefined && before.join() === kept.join()) continue;
      for (const [key, memo] of memos) {
        if (memo.runId === runId && !kept.includes(memo.task)) memos.delete(key);
      }
      return { runId, more: false, kept };
    }
    return undefined;
  }

  /** See the port. */
  released(runId: string, kept: readonly string[]): void {
    if (kept.length === 0) this.#forgotten.delete(runId);
    else this.#forgotten.set(runId, kept);
  }

  /** See the port. */
  pruneEvents(beforeMs: number, limit: number): number {
    const { events, runs } = this.#kept;
    const causes = new Set([...runs.values()].map(({ eventId }) => eventId));
    const over = [...events].filter(([id, { timeMs, unrouted }]) =>
      timeMs < beforeMs && unrouted === undefined && !causes.has(id)
    ).slice(0, limit);
    for (const [id] of over) events.delete(id);
    return over.length;
  }

  /** The tasks of a run whose results others read, or that are the latest. */
  #needed(runId: string): readonly string[] {
    const { reads, results } = this.#kept;
    const read = [...reads.values()].flatMap((sources) =>
      [...sources].filter((source) => runOf(source) === runId).map((source) =>
        JSON.parse(source)[1] as string
      )
    );
    const latest = [...results].filter(([, result]) => result.runId === runId).map(([task]) => task);
    return [...new Set([...read, ...latest])].filter((task) => task !== "").sort();
  }
}

function isEnded({ status }: KeptRun): boolean {
  return status !== "pending" && status !== "running";
}

function runOf(source: string): string {
  return JSON.parse(source)[0];
}
