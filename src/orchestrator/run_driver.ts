/**
 * Drives one run: facts come in, are journalled together with what follows from them, and only then have an
 * effect on the world. While one commit is under way the next facts gather, and go out together.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { messageOf, MillraceError, toWire } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { AttemptKey, ExecutableTask } from "../executor/port.ts";
import { resultIdsOf } from "../task/result_id.ts";
import type { RunRequest } from "../task/run.ts";
import { Alarms } from "./alarms.ts";
import { inputsOf } from "./attempts.ts";
import type { Fact } from "./facts.ts";
import { Frontier } from "./next_steps.ts";
import type { JournalWrite } from "./port.ts";
import type { prepareRun } from "./preparation.ts";
import { eventOfFact } from "./run_events.ts";
import { applyFact, copyOf, isFinalRun, isFinalTask, type RunState } from "./run_state.ts";

/** An event that is to be told. */
export interface Told {
  /** The event. */
  readonly event: EncodedEvent;
  /** What must be journalled with it. */
  readonly writes: readonly JournalWrite[];
  /** What to do once it is journalled. */
  readonly then: () => void;
}

/** What a driver does to the world. */
export interface DriverPorts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Plans the run; rejects with what is wrong with its request. */
  prepare(request: RunRequest): ReturnType<typeof prepareRun>;
  /** Writes to the journal, all or nothing. */
  commit(writes: readonly JournalWrite[]): Promise<unknown>;
  /** Prepares an event for telling: whom it starts is journalled with it. */
  tell(event: EncodedEvent): Told;
  /** Shows events to the live world. */
  deliver(events: readonly EncodedEvent[]): void;
  /** Hands an attempt to the executors. */
  submit(task: ExecutableTask): void;
  /** Calls an attempt off. */
  cancel(attempt: AttemptKey): void;
  /** Whether new attempts may start. */
  draining(): boolean;
  /** The run has its final state. */
  ended(state: RunState): void;
  /** All that came in is journalled. */
  idle(): void;
}

/** How long to wait before something that failed, but not for ever, is tried again, in ms. */
const AGAIN_MS = 1_000;

/** The driver of one run. */
export class RunDriver {
  readonly #ports: DriverPorts;
  /** As it is journalled: what others see. */
  readonly #state: RunState;
  /** As it is decided: ahead of the journal while a commit is under way. */
  readonly #ahead: RunState;
  #frontier: Frontier | undefined;
  #incoming: Fact[] = [];
  #cancelled = false;
  #pumping = false;
  /** Whether something came in that the pump has not looked at. */
  #fresh = false;
  #broken = false;
  readonly #alarms: Alarms;
  /** Attempts that are with the executors. */
  readonly #inFlight = new Map<string, number>();

  constructor(state: RunState, ports: DriverPorts) {
    this.#state = state;
    this.#ahead = copyOf(state);
    if (state.plan !== undefined) this.#frontier = new Frontier(this.#ahead);
    this.#ports = ports;
    this.#alarms = new Alarms(ports.clock);
  }

  /** The run as it is journalled. */
  get state(): RunState {
    return this.#state;
  }

  /** Whether an attempt is with the executors, or something is not journalled yet. */
  get busy(): boolean {
    return this.#pumping || this.#inFlight.size > 0;
  }

  /** Plans the run and lets it go; a request that is wrong ends it. */
  async start(): Promise<void> {
    // While draining it stays as it is accepted: the next start of the platform goes on with it.
    while (!this.#ports.draining() && !isFinalRun(this.#state.status)) {
      try {
        const prepared = await this.#ports.prepare(this.#state.accepted.request);
        return this.push({ type: "planned", ...prepared, atMs: this.#ports.clock.now() });
      } catch (error) {
        if (this.#ports.draining()) return;
        if (!MillraceError.is(error) || !error.retryable) {
          return this.push({
            type: "ended",
            status: "failed",
            error: toWire(error),
            atMs: this.#ports.clock.now(),
          });
        }
        await this.#again("A run could not be prepared; trying again", error);
      }
    }
  }

  /** Takes facts; they count once they are journalled. */
  push(...facts: readonly Fact[]): void {
    this.#incoming.push(...facts);
    for (const fact of facts) {
      if (fact.type === "succeeded" || fact.type === "failed") this.#settle(fact.task, fact.attempt);
    }
    void this.#pump();
  }

  /** Goes on after a restart: waits for due retries, then starts what can start. */
  resume(): void {
    for (const [task, { status, retryAtMs }] of this.#state.tasks) {
      if (status === "retrying") this.#retryAt(task, retryAtMs ?? 0);
    }
    void this.#pump();
  }

  /** Ends the run as cancelled, unless all its tasks are done. Once that is journalled, attempts are called off. */
  cancel(): void {
    this.#cancelled = true;
    void this.#pump();
  }

  /** Forgets all timers. */
  close(): void {
    this.#alarms.clear();
  }

  #settle(task: string, attempt: number): void {
    if (this.#inFlight.get(task) === attempt) this.#inFlight.delete(task);
  }

  async #pump(): Promise<void> {
    this.#fresh = true;
    if (this.#pumping || this.#broken) return;
    this.#pumping = true;
    try {
      // What comes in between the last step and the end of this loop must not be left lying.
      while (this.#fresh) {
        this.#fresh = false;
        while (await this.#step());
      }
    } catch (error) {
      this.#broken = true; // what is decided and what is journalled may differ now
      this.#ports.log.error("A run stands still until the next start as its driver failed", {
        runId: this.#state.run.id,
        error: messageOf(error),
      });
    } finally {
      this.#pumping = false;
      this.#ports.idle();
    }
  }

  /** Journals what came in and what follows from it; then acts. Says whether there may be more to do. */
  async #step(): Promise<boolean> {
    const { facts, told, writes } = this.#decide(this.#incoming.splice(0));
    if (facts.length === 0) return false;
    await this.#commit(writes);
    for (const fact of facts) applyFact(this.#state, fact);
    this.#ports.deliver(told.map(({ event }) => event));
    // Acting comes first: a run that starts another of its own pipeline is over by then.
    for (const fact of facts) this.#act(fact);
    for (const { then } of told) then();
    return true;
  }

  /** The facts that change something, what follows from them, and all that is to be journalled with them. */
  #decide(incoming: readonly Fact[]): { facts: Fact[]; told: Told[]; writes: JournalWrite[] } {
    const state = this.#ahead;
    const { status } = state;
    const facts: Fact[] = [];
    const results: JournalWrite[] = [];
    const told: Told[] = [];
    const take = (fact: Fact): void => {
      if (!applyFact(state, fact)) return; // stale: a late result, a second end
      if (fact.type === "planned") this.#frontier = new Frontier(state);
      else if (fact.type !== "ended") this.#frontier!.changed(fact.task);
      if (fact.type === "succeeded") results.push(resultOf(state, fact.task, fact.atMs));
      facts.push(fact);
      const event = eventOfFact(state, fact);
      if (event !== undefined) told.push(this.#ports.tell(event));
    };
    for (const fact of incoming) take(fact);
    const atMs = this.#ports.clock.now();
    if (this.#cancelled) this.#takeCancel(take, atMs);
    for (;;) {
      const { ready, skipped, end } = this.#frontier?.next() ?? { ready: [], skipped: [] };
      for (const skip of skipped) take({ type: "skipped", ...skip, atMs });
      const starting = this.#ports.draining() ? [] : ready;
      for (const task of starting) {
        take({ type: "started", task, attempt: state.tasks.get(task)!.attempts + 1, atMs });
      }
      if (end !== undefined) take({ type: "ended", ...end, atMs });
      if (skipped.length === 0 && starting.length === 0) break;
    }
    const writes: JournalWrite[] = [{ kind: "facts", runId: state.run.id, facts }, ...results];
    if (state.status !== status) writes.push(statusOf(state));
    for (const { writes: more } of told) writes.push(...more);
    return { facts, told, writes };
  }

  /** Without a plan the run ends at once; with one it ends as all of its tasks have ended. */
  #takeCancel(take: (fact: Fact) => void, atMs: number): void {
    for (const [task, { status }] of this.#ahead.tasks) {
      if (!isFinalTask(status)) take({ type: "cancelled", task, atMs });
    }
    if (this.#ahead.plan === undefined) take({ type: "ended", status: "cancelled", atMs });
  }

  /** A journal that cannot write holds the run up; nothing goes on that is not written. */
  async #commit(writes: readonly JournalWrite[]): Promise<void> {
    for (;;) {
      try {
        await this.#ports.commit(writes);
        return;
      } catch (error) {
        // What can never be written would be tried for ever.
        if (MillraceError.is(error, "actor/uncloneable") || MillraceError.is(error, "store/unencodable")) {
          throw error;
        }
        await this.#again("The journal could not be written; trying again", error);
      }
    }
  }

  #again(message: string, error: unknown): Promise<void> {
    this.#ports.log.error(message, { runId: this.#state.run.id, error: messageOf(error) });
    return this.#alarms.pause(AGAIN_MS);
  }

  #act(fact: Fact): void {
    if (fact.type === "started") this.#submit(fact.task, fact.attempt);
    if (fact.type === "failed" && fact.retryAtMs !== undefined) this.#retryAt(fact.task, fact.retryAtMs);
    if (fact.type === "ended") {
      this.close();
      for (const [task, attempt] of this.#inFlight) {
        this.#ports.cancel({ runId: this.#state.run.id, task, attempt });
      }
      this.#inFlight.clear();
      this.#ports.ended(this.#state);
    }
  }

  #submit(task: string, attempt: number): void {
    const { run, status, accepted, plan, params } = this.#state;
    if (isFinalRun(status)) return;
    const { timeoutMs, isolation, permissions, memoryMb } = plan!.tasks[task]!;
    this.#inFlight.set(task, attempt);
    this.#ports.submit({
      runId: run.id,
      pipeline: run.pipeline,
      task,
      attempt,
      params,
      metadata: accepted.request.metadata ?? {},
      hops: accepted.hops,
      inputs: inputsOf(this.#state, task),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      isolation,
      ...(permissions === undefined ? {} : { permissions }),
      ...(memoryMb === undefined ? {} : { memoryMb }),
    });
  }

  #retryAt(task: string, atMs: number): void {
    this.#alarms.after(atMs - this.#ports.clock.now(), () => {
      if (this.#ports.draining()) return;
      const attempt = this.#state.tasks.get(task)!.attempts + 1;
      this.push({ type: "started", task, attempt, atMs: this.#ports.clock.now() });
    });
  }
}

function resultOf(state: RunState, task: string, timeMs: number): JournalWrite {
  const { attempt, chunks } = state.tasks.get(task)!.succeeded!;
  return { kind: "result", runId: state.run.id, task, resultIds: resultIdsOf(attempt, chunks), timeMs };
}

function statusOf({ run, status, endedMs }: RunState): JournalWrite {
  return { kind: "status", runId: run.id, status, ...(endedMs === undefined ? {} : { endedMs }) };
}
