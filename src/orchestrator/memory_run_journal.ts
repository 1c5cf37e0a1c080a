/**
 * A run journal in memory, for tests and platforms that keep nothing. It answers at once and needs neither
 * clock nor timer, so a simulation with it can be replayed.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import type { AttemptKey } from "../executor/port.ts";
import {
  eventsFirst,
  journalClosed,
  limitOf,
  runNotFound,
  toFactsText,
  toRecord,
  toText,
} from "./journal_text.ts";
import type {
  Committed,
  JournalledRun,
  JournalWrite,
  Memo,
  PruneFilter,
  Released,
  RunFilter,
  RunJournal,
  RunRecord,
  Start,
  TriggerState,
} from "./port.ts";
import { type Kept, type KeptRun, MemoryPruning } from "./memory_pruning.ts";

/** Keeps the journal in memory, with the semantics of the durable one. */
export class MemoryRunJournal implements RunJournal {
  readonly #kept: Kept = {
    events: new Map(),
    runs: new Map(),
    results: new Map(),
    memos: new Map(),
    reads: new Map(),
  };
  readonly #pruning = new MemoryPruning(this.#kept);
  readonly #triggers = new Map<string, TriggerState>();
  readonly #starts = new Map<string, Start>();
  #closed = false;

  /** Writes a batch, all or nothing. */
  commit(writes: readonly JournalWrite[]): Promise<Committed> {
    return this.#attempt(() => {
      const known = writes.some((write) => write.kind === "event" && this.#kept.events.has(write.event.id));
      if (known) return { duplicate: true };
      // All that can fail comes first, so that a batch that fails has written nothing.
      for (const apply of this.#prepare(eventsFirst(writes))) apply();
      return { duplicate: false };
    });
  }

  /** The runs that have no final state yet, in the order in which they were accepted. */
  unfinished(): Promise<readonly JournalledRun[]> {
    return this.#attempt(() =>
      [...this.#kept.runs].filter(([, run]) => run.status === "pending" || run.status === "running")
        .map(([, run]) => toJournalled(run))
    );
  }

  /** One run, or `undefined`. */
  run(runId: string): Promise<JournalledRun | undefined> {
    return this.#attempt(() => {
      const run = this.#kept.runs.get(runId);
      return run && toJournalled(run);
    });
  }

  /** Runs, newest first. */
  runs(filter: RunFilter): Promise<readonly RunRecord[]> {
    return this.#attempt(() => {
      const { pipeline, status, before } = filter;
      const found = this.#sorted().reverse().filter(([id, run]) =>
        (pipeline === undefined || run.pipeline === pipeline) &&
        (status === undefined || run.status === status) &&
        (before === undefined || id < before)
      );
      return found.slice(0, limitOf(filter.limit)).map(([, run]) =>
        toRecord(run.accepted, run.status, run.endedMs)
      );
    });
  }

  /** The accepted events that event triggers have still to see, oldest first. */
  unrouted(): Promise<readonly EncodedEvent[]> {
    return this.#attempt(() =>
      [...this.#kept.events.values()].flatMap(({ unrouted }) => unrouted === undefined ? [] : [unrouted])
    );
  }

  /** All triggers that ever fired, by name. */
  triggers(): Promise<readonly TriggerState[]> {
    return this.#attempt(() => [...this.#triggers.values()].sort((a, b) => a.name < b.name ? -1 : 1));
  }

  /** The latest succeeded result of a task over all runs, or `undefined`. */
  latestResult(
    task: string,
  ): Promise<{ readonly runId: string; readonly resultIds: readonly string[] } | undefined> {
    return this.#attempt(() => {
      const result = this.#kept.results.get(task);
      return result && { runId: result.runId, resultIds: [...result.resultIds] };
    });
  }

  /** The attempts that count against rate limits. */
  starts(): Promise<readonly Start[]> {
    return this.#attempt(() => [...this.#starts.values()]);
  }

  /** What is remembered of a task under a key, or `undefined`. */
  memo(task: string, key: string): Promise<Memo | undefined> {
    return this.#attempt(() => {
      const memo = this.#kept.memos.get(JSON.stringify([task, key]));
      return memo && { ...memo };
    });
  }

  /** Forgets ended runs, oldest first, and gives their ids; what an unfinished run reads or repeats stays. */
  prune(filter: PruneFilter): Promise<readonly string[]> {
    return this.#attempt(() => this.#pruning.prune(filter));
  }

  /** Deletes what is left of a forgotten run, but for its results; `undefined` if there is nothing to delete. */
  release(except: readonly string[] = []): Promise<Released | undefined> {
    return this.#attempt(() => this.#pruning.release(except));
  }

  /** The results of a forgotten run are deleted, but for those of these tasks. */
  released(runId: string, kept: readonly string[]): Promise<void> {
    return this.#attempt(() => this.#pruning.released(runId, kept));
  }

  /** Deletes routed events from before that no run is left of, at most so many; gives their number. */
  pruneEvents(beforeMs: number, limit: number): Promise<number> {
    return this.#attempt(() => this.#pruning.pruneEvents(beforeMs, limit));
  }

  /** Memory goes back by itself. */
  reclaim(): Promise<boolean> {
    return this.#attempt(() => false);
  }

  /** Refuses everything from now on. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #prepare(writes: readonly JournalWrite[]): (() => void)[] {
    const accepted = new Set<string>();
    const assertRun = (runId: string): void => {
      if (!this.#kept.runs.has(runId) && !accepted.has(runId)) throw runNotFound(runId);
    };
    return writes.map((write) => {
      switch (write.kind) {
        case "event": {
          const { event, routed } = write;
          return () =>
            void (this.#kept.events.has(event.id) ||
              this.#kept.events.set(event.id, {
                timeMs: event.timeMs,
                ...(routed ? {} : { unrouted: { ...event } }),
              }));
        }
        case "routed":
          return () => delete this.#kept.events.get(write.eventId)?.unrouted;
        case "run": {
          const { id, pipeline, status, endedMs = null, eventId } = write.run;
          const text = toText("a run", write.run);
          accepted.add(id);
          return () =>
            void (this.#kept.runs.has(id) ||
              this.#kept.runs.set(id, { accepted: text, pipeline, eventId, status, endedMs, facts: [] }));
        }
        case "facts": {
          if (write.facts.length > 0) assertRun(write.runId);
          const facts = JSON.parse(toFactsText(write.facts)) as readonly unknown[];
          const texts = facts.map((fact) => JSON.stringify(fact));
          return () => {
            for (const text of texts) this.#kept.runs.get(write.runId)!.facts.push(text);
          };
        }
        case "status": {
          assertRun(write.runId);
          const { runId, status, endedMs = null } = write;
          return () => void Object.assign(this.#kept.runs.get(runId)!, { status, endedMs });
        }
        case "result": {
          assertRun(write.runId);
          const { task, runId, source = runId, resultIds, timeMs } = write;
          return () => {
            if ((this.#kept.results.get(task)?.timeMs ?? -Infinity) > timeMs) return;
            this.#kept.results.set(task, { runId: source, resultIds: [...resultIds], timeMs });
          };
        }
        case "memo": {
          const memo = { ...write.memo };
          assertRun(memo.runId);
          return () => void this.#kept.memos.set(JSON.stringify([memo.task, memo.key]), memo);
        }
        case "start": {
          const { kind: _, ...start } = write;
          return () => void this.#starts.set(nameOf(start), start);
        }
        case "begun":
          return () => this.#begun(nameOf(write), write.atMs);
        case "reads": {
          const { runId } = write;
          assertRun(runId);
          const sources = write.sources.map(({ runId, task }) => JSON.stringify([runId, task]));
          return () =>
            void this.#kept.reads.set(runId, new Set([...this.#kept.reads.get(runId) ?? [], ...sources]));
        }
        case "trigger":
          return () => this.#fired(write.name, write.firedMs, write.scheduledMs);
      }
    });
  }

  #begun(name: string, atMs: number | undefined): void {
    const start = this.#starts.get(name);
    this.#starts.delete(name);
    if (atMs === undefined) return;
    if (start !== undefined) this.#starts.set(name, { ...start, begunMs: atMs });
    for (const [other, { begunMs = Infinity, perMs }] of this.#starts) {
      if (begunMs + perMs <= atMs) this.#starts.delete(other);
    }
  }

  #fired(name: string, firedMs: number, scheduledMs: number | undefined): void {
    const last = this.#triggers.get(name);
    const times = [last?.lastScheduledMs, scheduledMs].filter((time) => time !== undefined);
    this.#triggers.set(name, {
      name,
      count: (last?.count ?? 0) + 1,
      lastFiredMs: Math.max(last?.lastFiredMs ?? firedMs, firedMs),
      ...(times.length === 0 ? {} : { lastScheduledMs: Math.max(...times) }),
    });
  }

  #sorted(): [string, KeptRun][] {
    return [...this.#kept.runs].sort(([a], [b]) => a < b ? -1 : 1);
  }

  /** Runs at once, but fails as a promise does. */
  #attempt<T>(fn: () => T): Promise<T> {
    return new Promise((resolve, reject) => this.#closed ? reject(journalClosed()) : resolve(fn()));
  }
}

/** Opens an empty journal in memory. */
export function openMemoryRunJournal(): Promise<MemoryRunJournal> {
  return Promise.resolve(new MemoryRunJournal());
}

function nameOf({ runId, task, attempt }: AttemptKey): string {
  return JSON.stringify([runId, task, attempt]);
}

function toJournalled(run: KeptRun): JournalledRun {
  return {
    run: toRecord(run.accepted, run.status, run.endedMs),
    facts: run.facts.map((text) => JSON.parse(text)),
  };
}
