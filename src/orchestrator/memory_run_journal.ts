/**
 * A run journal in memory, for tests and platforms that keep nothing. It answers at once and needs neither
 * clock nor timer, so a simulation with it can be replayed.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import { eventsFirst, journalClosed, limitOf, runNotFound, toRecord, toText } from "./journal_text.ts";
import type {
  Committed,
  JournalledRun,
  JournalWrite,
  Memo,
  RunFilter,
  RunJournal,
  RunRecord,
  TriggerState,
} from "./port.ts";

interface KeptRun {
  /** JSON text, as accepted. */
  readonly accepted: string;
  readonly pipeline: string;
  status: RunRecord["status"];
  endedMs: number | null;
  /** JSON texts. */
  readonly facts: string[];
}

interface KeptResult {
  readonly runId: string;
  readonly resultIds: readonly string[];
  readonly timeMs: number;
}

/** Keeps the journal in memory, with the semantics of the durable one. */
export class MemoryRunJournal implements RunJournal {
  /** Ids of all events, and the event itself while it is not routed; in the order of acceptance. */
  readonly #events = new Map<string, EncodedEvent | undefined>();
  readonly #runs = new Map<string, KeptRun>();
  readonly #results = new Map<string, KeptResult>();
  /** By task and key, as JSON text. */
  readonly #memos = new Map<string, Memo>();
  /** By run: what it reads, as JSON text. */
  readonly #reads = new Map<string, Set<string>>();
  readonly #triggers = new Map<string, TriggerState>();
  #closed = false;

  /** Writes a batch, all or nothing. */
  commit(writes: readonly JournalWrite[]): Promise<Committed> {
    return this.#attempt(() => {
      const known = writes.some((write) => write.kind === "event" && this.#events.has(write.event.id));
      if (known) return { duplicate: true };
      // All that can fail comes first, so that a batch that fails has written nothing.
      for (const apply of this.#prepare(eventsFirst(writes))) apply();
      return { duplicate: false };
    });
  }

  /** The runs that have no final state yet, in the order in which they were accepted. */
  unfinished(): Promise<readonly JournalledRun[]> {
    return this.#attempt(() =>
      [...this.#runs].filter(([, run]) => run.status === "pending" || run.status === "running")
        .map(([, run]) => toJournalled(run))
    );
  }

  /** One run, or `undefined`. */
  run(runId: string): Promise<JournalledRun | undefined> {
    return this.#attempt(() => {
      const run = this.#runs.get(runId);
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
    return this.#attempt(() => [...this.#events.values()].filter((event) => event !== undefined));
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
      const result = this.#results.get(task);
      return result && { runId: result.runId, resultIds: [...result.resultIds] };
    });
  }

  /** What is remembered of a task under a key, or `undefined`. */
  memo(task: string, key: string): Promise<Memo | undefined> {
    return this.#attempt(() => {
      const memo = this.#memos.get(JSON.stringify([task, key]));
      return memo && { ...memo };
    });
  }

  /** Refuses everything from now on. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #prepare(writes: readonly JournalWrite[]): (() => void)[] {
    const accepted = new Set<string>();
    const assertRun = (runId: string): void => {
      if (!this.#runs.has(runId) && !accepted.has(runId)) throw runNotFound(runId);
    };
    return writes.map((write) => {
      switch (write.kind) {
        case "event": {
          const { event, routed } = write;
          return () =>
            void (this.#events.has(event.id) ||
              this.#events.set(event.id, routed ? undefined : { ...event }));
        }
        case "routed":
          return () => void (this.#events.has(write.eventId) && this.#events.set(write.eventId, undefined));
        case "run": {
          const { id, pipeline, status, endedMs = null } = write.run;
          const text = toText("a run", write.run);
          accepted.add(id);
          return () =>
            void (this.#runs.has(id) ||
              this.#runs.set(id, { accepted: text, pipeline, status, endedMs, facts: [] }));
        }
        case "facts": {
          if (write.facts.length > 0) assertRun(write.runId);
          const texts = write.facts.map((fact) => toText("a fact", fact));
          return () => {
            for (const text of texts) this.#runs.get(write.runId)!.facts.push(text);
          };
        }
        case "status": {
          assertRun(write.runId);
          const { runId, status, endedMs = null } = write;
          return () => void Object.assign(this.#runs.get(runId)!, { status, endedMs });
        }
        case "result": {
          assertRun(write.runId);
          const { task, runId, source = runId, resultIds, timeMs } = write;
          return () => {
            if ((this.#results.get(task)?.timeMs ?? -Infinity) > timeMs) return;
            this.#results.set(task, { runId: source, resultIds: [...resultIds], timeMs });
          };
        }
        case "memo": {
          const memo = { ...write.memo };
          assertRun(memo.runId);
          return () => void this.#memos.set(JSON.stringify([memo.task, memo.key]), memo);
        }
        case "reads": {
          const { runId } = write;
          assertRun(runId);
          const sources = write.sources.map(({ runId, task }) => JSON.stringify([runId, task]));
          return () => void this.#reads.set(runId, new Set([...this.#reads.get(runId) ?? [], ...sources]));
        }
        case "trigger":
          return () => this.#fired(write.name, write.firedMs, write.scheduledMs);
      }
    });
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
    return [...this.#runs].sort(([a], [b]) => a < b ? -1 : 1);
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

function toJournalled(run: KeptRun): JournalledRun {
  return {
    run: toRecord(run.accepted, run.status, run.endedMs),
    facts: run.facts.map((text) => JSON.parse(text)),
  };
}
