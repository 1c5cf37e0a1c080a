/**
 * Decides for one run: takes in what has happened, and says what follows. It does nothing to the world and
 * waits for nobody; its state is ahead of the journal while a commit is under way.
 *
 * @module
 */
import { MillraceError, toWire, type WireError } from "../base/errors.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { AttemptKey } from "../executor/port.ts";
import { readsOf } from "../task/descriptor.ts";
import { resultIdsOf } from "../task/result_id.ts";
import type { Fact } from "./facts.ts";
import { Frontier } from "./next_steps.ts";
import { needsOf } from "./needs.ts";
import type { PermitRequest } from "./permits.ts";
import type { JournalWrite } from "./port.ts";
import { eventOfFact } from "./run_events.ts";
import { applyFact, isFinalTask, isSettled, type RunState } from "./run_state.ts";

/** An event that is to be told. */
export interface Told {
  /** The event. */
  readonly event: EncodedEvent;
  /** What must be journalled with it. */
  readonly writes: readonly JournalWrite[];
  /** What to do once it is journalled. */
  readonly then: () => void;
}

/** What is so at the moment of a decision. */
export interface Moment {
  /** When it is, in ms since 1970. */
  readonly atMs: number;
  /** Whether no attempt may start. */
  readonly draining: boolean;
  /** Whether the run is to be cancelled. */
  readonly cancelled: boolean;
}

/** What a decision needs beyond its run. */
export interface DeciderPorts {
  /** Prepares an event for telling: whom it starts is journalled with it. */
  tell(event: EncodedEvent): Told;
  /** Whether an attempt has a permit for all that it needs; if not, it waits for it from now on. */
  takePermit(request: Omit<PermitRequest, "granted">): boolean;
  /** An attempt does not need its permit, nor waits for it. */
  releasePermit(attempt: AttemptKey): void;
}

/** What was decided; empty if nothing follows. */
export interface Decision {
  /** The facts that change something, in order. */
  readonly facts: readonly Fact[];
  /** The events that tell of them. */
  readonly told: readonly Told[];
  /** All that is to be journalled, together or not at all. */
  readonly writes: readonly JournalWrite[];
}

/** What is gathered in one decision. */
interface Draft {
  readonly facts: Fact[];
  readonly told: Told[];
  /** What is journalled besides. */
  readonly writes: JournalWrite[];
}

/** The decisions of one run. */
export class RunDecider {
  readonly #state: RunState;
  readonly #ports: DeciderPorts;
  #frontier: Frontier | undefined;
  /** Successes of attempts that read others which have not succeeded yet, by task. */
  readonly #held = new Map<string, Fact & { readonly type: "succeeded" }>();
  #draft: Draft = { facts: [], told: [], writes: [] };

  /** @param state Its own from now on. */
  constructor(state: RunState, ports: DeciderPorts) {
    this.#state = state;
    this.#ports = ports;
    if (state.plan !== undefined) this.#frontier = new Frontier(state);
  }

  /** The wait of a task for its next try is over. */
  due(task: string): void {
    this.#frontier!.due(task);
  }

  /** A task has the permit that it waited for. */
  granted(task: string): void {
    this.#frontier!.unpark(task);
  }

  /** The facts that change something, what follows from them, and all that is to be journalled with them. */
  decide(incoming: readonly Fact[], moment: Moment): Decision {
    const { facts, told, writes: more }: Draft = this.#draft = { facts: [], told: [], writes: [] };
    const state = this.#state;
    const { status } = state;
    for (const fact of incoming) this.#take(fact);
    this.#callOff(moment);
    while (this.#goOn(moment));
    const writes: JournalWrite[] = [{ kind: "facts", runId: state.run.id, facts }, ...more];
    if (state.status !== status) writes.push(statusOf(state));
    for (const { writes: more } of told) writes.push(...more);
    return { facts, told, writes };
  }

  /** Whether a task's first chunk lets another one start. */
  awaitsChunk({ task, attempt }: Omit<AttemptKey, "runId">): boolean {
    const current = this.#state.tasks.get(task);
    return current?.status === "running" && current.attempts === attempt && !current.streaming &&
      this.#frontier!.readersOf(task).length > 0;
  }

  #take(fact: Fact): void {
    if (this.#isHeld(fact)) return;
    if (!applyFact(this.#state, fact)) return; // stale: a late result, a second end
    if (fact.type === "planned") this.#frontier = new Frontier(this.#state);
    else if (fact.type !== "ended") this.#frontier!.changed(fact.task);
    const { facts, told, writes } = this.#draft;
    if (fact.type === "succeeded") writes.push(...resultsOf(this.#state, fact));
    facts.push(fact);
    const event = eventOfFact(this.#state, fact);
    if (event !== undefined) told.push(this.#ports.tell(event));
    if (fact.type === "succeeded") this.#letGo(fact.task);
    else if (fact.type === "failed" || fact.type === "interrupted" || fact.type === "recalled") {
      this.#recallReaders(fact);
    }
  }

  /** An attempt that reads one which still runs has succeeded once that one has, and not before. */
  #isHeld(fact: Fact): boolean {
    if (fact.type !== "succeeded" && fact.type !== "failed") return false;
    const task = this.#state.tasks.get(fact.task);
    if (task?.status !== "running" || task.attempts !== fact.attempt) return false;
    if (this.#held.has(fact.task)) return fact.type === "failed" || !isSettled(this.#state, task);
    if (fact.type === "failed" || isSettled(this.#state, task)) return false;
    this.#held.set(fact.task, fact);
    return true;
  }

  /** A task has succeeded: so have those that have read it to the end. */
  #letGo(source: string): void {
    for (const reader of this.#frontier!.readersOf(source)) {
      const held = this.#held.get(reader);
      if (held === undefined || !isSettled(this.#state, this.#state.tasks.get(reader)!)) continue;
      this.#held.delete(reader);
      this.#take(held);
    }
  }

  /** An attempt came to nothing: whoever read its chunks starts again with those of the next one. */
  #recallReaders(
    { task: source, attempt, atMs }: Fact & { readonly attempt: number; readonly task: string },
  ): void {
    for (const reader of this.#frontier!.readersOf(source)) {
      const { status, attempts, live = {} } = this.#state.tasks.get(reader)!;
      if (status !== "running" || live[source] !== attempt) continue;
      this.#held.delete(reader);
      this.#take({ type: "recalled", task: reader, attempt: attempts, because: source, atMs });
    }
  }

  /** Takes what follows from the state; says whether more may follow from that. */
  #goOn({ atMs, draining }: Moment): boolean {
    for (const task of this.#frontier?.takeAbandoned() ?? []) this.#ports.releasePermit(this.#nextOf(task));
    const { ready, skipped, end } = this.#frontier?.next() ?? { ready: [], skipped: [] };
    for (const skip of skipped) this.#take({ type: "skipped", ...skip, atMs });
    const starting = draining ? [] : ready.filter((task) => this.#mayStart(task));
    for (const task of starting) {
      const { attempt } = this.#nextOf(task);
      this.#take({ type: "started", task, attempt, atMs, ...liveOf(this.#state, task) });
    }
    if (end !== undefined) this.#take({ type: "ended", ...end, atMs });
    return skipped.length > 0 || starting.length > 0;
  }

  /** A task for which there is no room waits for it. */
  #mayStart(task: string): boolean {
    const descriptor = this.#state.plan!.tasks[task]!;
    if (descriptor.concurrencyKey === undefined && descriptor.rateLimit === undefined) return true;
    const needs = needsOf(descriptor, this.#state.params);
    const attempt = this.#nextOf(task);
    if (!this.#ports.takePermit({ attempt, needs, priority: descriptor.priority ?? 0 })) {
      this.#frontier!.park(task);
      return false;
    }
    for (const need of needs) {
      if (need.kind !== "starts") continue;
      const { key, perMs } = need;
      this.#draft.writes.push({ kind: "start", ...attempt, key, perMs });
    }
    return true;
  }

  #nextOf(task: string): AttemptKey {
    return { runId: this.#state.run.id, task, attempt: this.#state.tasks.get(task)!.attempts + 1 };
  }

  /** Ends a run that was cancelled or is out of time, unless all its tasks are done. */
  #callOff({ atMs, cancelled }: Moment): void {
    if (!cancelled && !isLate(this.#state, atMs)) return;
    const open = [...this.#state.tasks].filter(([, { status }]) => !isFinalTask(status));
    if (this.#state.plan !== undefined && open.length === 0) return;
    for (const [task] of open) this.#take({ type: "cancelled", task, atMs });
    if (cancelled) this.#take({ type: "ended", status: "cancelled", atMs });
    else this.#take({ type: "ended", status: "failed", error: timedOut(this.#state), atMs });
  }
}

/** The attempts that a task begins to read while they run. */
function liveOf(state: RunState, task: string): { readonly live?: Readonly<Record<string, number>> } {
  const live = readsOf(state.plan!.tasks[task]!).flatMap((source): [string, number][] => {
    const { status, attempts } = state.tasks.get(source) ?? {};
    return status === "running" ? [[source, attempts!]] : [];
  });
  return live.length === 0 ? {} : { live: Object.fromEntries(live) };
}

function isLate({ deadlineMs }: RunState, atMs: number): boolean {
  return deadlineMs !== undefined && atMs >= deadlineMs;
}

function timedOut({ run, timeoutMs = 0 }: RunState): WireError {
  const error = new MillraceError(
    "run/timed-out",
    `Cannot finish the run as it must end within ${timeoutMs} ms of its start`,
    { details: { runId: run.id, timeoutMs } },
  );
  // Where the engine noticed it helps nobody.
  const { stack: _, ...wire } = toWire(error);
  return wire;
}

function resultsOf(
  state: RunState,
  { task, atMs: timeMs, memo }: Extract<Fact, { type: "succeeded" }>,
): JournalWrite[] {
  const { runId: source, attempt, chunks } = state.tasks.get(task)!.succeeded!;
  const runId = state.run.id;
  const result: JournalWrite = {
    kind: "result",
    runId,
    task,
    resultIds: resultIdsOf(attempt, chunks),
    timeMs,
    ...(source === undefined ? {} : { source }),
  };
  if (memo === undefined || source !== undefined) return [result];
  const { key, digest } = memo;
  const kept = { task, key, runId, attempt, digest, timeMs, ...(chunks === undefined ? {} : { chunks }) };
  return [result, { kind: "memo", memo: kept }];
}

function statusOf({ run, status, endedMs }: RunState): JournalWrite {
  return { kind: "status", runId: run.id, status, ...(endedMs === undefined ? {} : { endedMs }) };
}
