/**
 * Drives one run: facts come in, are journalled together with what follows from them, and only then have an
 * effect on the world. While one commit is under way the next facts gather, and go out together.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { AttemptKey, ExecutableTask } from "../executor/port.ts";
import type { Fact } from "./facts.ts";
import { inputsOf, nextSteps } from "./next_steps.ts";
import type { JournalWrite } from "./port.ts";
import { eventOfFact } from "./run_events.ts";
import { resultIdsOf } from "../task/result_id.ts";
import { applyFact, isFinalRun, type RunState } from "./run_state.ts";

/** A fact with the event that tells of it. */
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
}

/** How long to wait before a commit that failed is tried again, in ms. */
const COMMIT_RETRY_MS = 1_000;

/** The driver of one run. */
export class RunDriver {
  readonly #ports: DriverPorts;
  #state: RunState;
  #incoming: Fact[] = [];
  #pumping = false;
  readonly #timers = new Map<string, Cancel>();
  /** Attempts that are with the executors. */
  readonly #inFlight = new Map<string, number>();

  constructor(state: RunState, ports: DriverPorts) {
    this.#state = state;
    this.#ports = ports;
  }

  /** The run as it is journalled. */
  get state(): RunState {
    return this.#state;
  }

  /** How many attempts are with the executors. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Takes facts; they count once they are journalled. */
  push(...facts: readonly Fact[]): void {
    this.#incoming.push(...facts);
    for (const fact of facts) {
      if (fact.type === "succeeded" || fact.type === "failed") this.#settle(fact.task, fact.attempt);
    }
    this.#pump();
  }

  /** Goes on after a restart: waits for due retries, then starts what can start. */
  resume(): void {
    for (const [task, { status, retryAtMs }] of this.#state.tasks) {
      if (status === "retrying") this.#retryAt(task, retryAtMs ?? 0);
    }
    this.#pump();
  }

  /** Ends the run as cancelled. What works on it is called off. */
  cancel(): void {
    const atMs = this.#ports.clock.now();
    const open = [...this.#state.tasks.keys()].map((task): Fact => ({ type: "cancelled", task, atMs }));
    for (const [task, attempt] of this.#inFlight) {
      this.#ports.cancel({ runId: this.#state.run.id, task, attempt });
    }
    this.push(...open, { type: "ended", status: "cancelled", atMs });
  }

  /** Forgets all timers. */
  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #settle(task: string, attempt: number): void {
    if (this.#inFlight.get(task) === attempt) this.#inFlight.delete(task);
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (await this.#step());
    } finally {
      this.#pumping = false;
    }
  }

  /** Journals what came in and what follows from it; then acts. Says whether there may be more to do. */
  async #step(): Promise<boolean> {
    const { state, facts, told } = this.#decide(this.#incoming.splice(0));
    if (facts.length === 0) return false;
    const writes: JournalWrite[] = [{ kind: "facts", runId: state.run.id, facts }];
    for (const fact of facts) {
      if (fact.type === "succeeded") writes.push(resultOf(state, fact.task, fact.atMs));
    }
    if (state.status !== this.#state.status) writes.push(statusOf(state));
    for (const { writes: more } of told) writes.push(...more);
    await this.#commit(writes);
    this.#state = state;
    this.#ports.deliver(told.map(({ event }) => event));
    for (const { then } of told) then();
    for (const fact of facts) this.#act(fact);
    return true;
  }

  /** Facts that change something, what follows from them, and their events. */
  #decide(incoming: readonly Fact[]): { state: RunState; facts: Fact[]; told: Told[] } {
    let state = this.#state;
    const facts: Fact[] = [];
    const told: Told[] = [];
    const take = (fact: Fact): void => {
      const next = applyFact(state, fact);
      if (next === state) return; // stale: a late result, a second end
      state = next;
      facts.push(fact);
      const event = eventOfFact(state, fact);
      if (event !== undefined) told.push(this.#ports.tell(event));
    };
    for (const fact of incoming) take(fact);
    const atMs = this.#ports.clock.now();
    for (;;) {
      const { ready, skipped, end } = nextSteps(state);
      for (const skip of skipped) take({ type: "skipped", ...skip, atMs });
      const starting = this.#ports.draining() ? [] : ready;
      for (const task of starting) {
        take({ type: "started", task, attempt: state.tasks.get(task)!.attempts + 1, atMs });
      }
      if (end !== undefined) take({ type: "ended", ...end, atMs });
      if (skipped.length === 0 && starting.length === 0) return { state, facts, told };
    }
  }

  /** A journal that cannot write holds the run up; nothing goes on that is not written. */
  async #commit(writes: readonly JournalWrite[]): Promise<void> {
    for (;;) {
      try {
        await this.#ports.commit(writes);
        return;
      } catch (error) {
        this.#ports.log.error("The journal could not be written; trying again", {
          runId: this.#state.run.id,
          error: messageOf(error),
        });
        await new Promise<void>((resolve) => this.#ports.clock.after(COMMIT_RETRY_MS, resolve));
      }
    }
  }

  #act(fact: Fact): void {
    if (fact.type === "started") this.#submit(fact.task, fact.attempt);
    if (fact.type === "failed" && fact.retryAtMs !== undefined) this.#retryAt(fact.task, fact.retryAtMs);
    if (fact.type === "ended") {
      this.close();
      this.#ports.ended(this.#state);
    }
  }

  #submit(task: string, attempt: number): void {
    const { run, accepted, plan, params } = this.#state;
    if (isFinalRun(this.#state.status)) return;
    const { timeoutMs, isolation } = plan!.tasks[task]!;
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
    });
  }

  #retryAt(task: string, atMs: number): void {
    const waitMs = Math.max(0, atMs - this.#ports.clock.now());
    this.#timers.set(
      task,
      this.#ports.clock.after(waitMs, () => {
        this.#timers.delete(task);
        if (this.#ports.draining()) return;
        const attempt = this.#state.tasks.get(task)!.attempts + 1;
        this.push({ type: "started", task, attempt, atMs: this.#ports.clock.now() });
      }),
    );
  }
}

function resultOf(state: RunState, task: string, timeMs: number): JournalWrite {
  const { attempt, chunks } = state.tasks.get(task)!.succeeded!;
  return { kind: "result", runId: state.run.id, task, resultIds: resultIdsOf(attempt, chunks), timeMs };
}

function statusOf({ run, status, endedMs }: RunState): JournalWrite {
  return { kind: "status", runId: run.id, status, ...(endedMs === undefined ? {} : { endedMs }) };
}
