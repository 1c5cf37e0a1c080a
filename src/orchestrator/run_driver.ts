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
import { traceparentOf } from "../event/traceparent.ts";
import type { AttemptKey, ExecutableTask } from "../executor/port.ts";
import { codeOf } from "../task/memo_key.ts";
import type { RunRequest } from "../task/run.ts";
import { Alarms } from "./alarms.ts";
import { inputsOf } from "./attempts.ts";
import type { Fact } from "./facts.ts";
import { isolationOf } from "./interruptions.ts";
import type { JournalWrite } from "./port.ts";
import type { prepareRun } from "./preparation.ts";
import type { PermitRequest } from "./permits.ts";
import { type DeciderPorts, RunDecider } from "./run_decider.ts";
import { isAskedFor } from "./rerun.ts";
import { applyFact, copyOf, isFinalRun, type RunState } from "./run_state.ts";

/** What a driver does to the world. */
export interface DriverPorts extends Pick<DeciderPorts, "tell" | "releasePermit"> {
  readonly clock: Clock;
  readonly log: Logger;
  /** Plans the run; rejects with what is wrong with its request. */
  prepare(request: RunRequest): ReturnType<typeof prepareRun>;
  /** Writes to the journal, all or nothing. */
  commit(writes: readonly JournalWrite[]): Promise<unknown>;
  /** Whether an attempt has its permit; if not, it waits for it, and is told. */
  takePermit(request: PermitRequest): boolean;
  /** Shows events to the live world. */
  deliver(events: readonly EncodedEvent[]): void;
  /** Hands an attempt to the executors. */
  submit(task: ExecutableTask): void;
  /** Calls an attempt off. */
  cancel(attempt: AttemptKey): void;
  /** An attempt of a streaming task has ended: with so many chunks, or, with `undefined`, with nothing. */
  streamEnded(attempt: AttemptKey, chunks: number | undefined): void;
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
  readonly #decider: RunDecider;
  #incoming: Fact[] = [];
  #cancelled = false;
  #pumping: Promise<void> | undefined;
  /** Whether something came in that the pump has not looked at. */
  #fresh = false;
  #broken = false;
  readonly #alarms: Alarms;
  /** Attempts that are with the executors. */
  readonly #inFlight = new Map<string, number>();

  constructor(state: RunState, ports: DriverPorts) {
    this.#state = state;
    this.#decider = new RunDecider(copyOf(state), {
      tell: ports.tell,
      takePermit: (request) =>
        ports.takePermit({ ...request, granted: () => this.#granted(request.attempt.task) }),
      releasePermit: ports.releasePermit,
    });
    this.#ports = ports;
    this.#alarms = new Alarms(ports.clock);
  }

  /** The run as it is journalled. */
  get state(): RunState {
    return this.#state;
  }

  /** Whether an attempt is with the executors, or something is not journalled yet. */
  get busy(): boolean {
    return this.#pumping !== undefined || this.#inFlight.size > 0;
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

  /** A streaming task has stored a chunk: the first one may let others start. */
  chunkStored({ task, attempt }: AttemptKey): void {
    if (!this.#decider.awaitsChunk({ task, attempt })) return;
    this.push({ type: "streaming", task, attempt, atMs: this.#ports.clock.now() });
  }

  /** Goes on after a restart: waits for due retries and the end of its time, then starts what can start. */
  resume(): void {
    this.#watchDeadline();
    for (const [task, { status, retryAtMs }] of this.#state.tasks) {
      if (status === "retrying") this.#retryAt(task, retryAtMs ?? 0);
    }
    void this.#pump();
  }

  /**
   * Ends the run as cancelled, unless all its tasks are done; resolves once that is journalled. Then attempts
   * are called off.
   */
  cancel(): Promise<void> {
    this.#cancelled = true;
    return this.#pump();
  }

  /** The process ends while attempts run: resolves once that is journalled. */
  suspend(): Promise<void> {
    const atMs = this.#ports.clock.now();
    for (const [task, attempt] of this.#inFlight) {
      this.#incoming.push({ type: "suspended", task, attempt, atMs });
    }
    return this.#pump();
  }

  /** Forgets all timers. */
  close(): void {
    this.#alarms.clear();
  }

  #granted(task: string): void {
    this.#decider.granted(task);
    void this.#pump();
  }

  #settle(task: string, attempt: number): void {
    if (this.#inFlight.get(task) === attempt) this.#inFlight.delete(task);
  }

  /** Looks at what came in; resolves once all of it is journalled. */
  #pump(): Promise<void> {
    this.#fresh = true;
    if (this.#broken) return Promise.resolve();
    if (this.#pumping === undefined) {
      // Noted before it begins: a decision may give a permit to this very run.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#pumping = promise;
      void this.#pumpAll().then(resolve);
    }
    return this.#pumping;
  }

  async #pumpAll(): Promise<void> {
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
      this.#pumping = undefined;
      this.#ports.idle();
    }
  }

  /** Journals what came in and what follows from it; then acts. Says whether there may be more to do. */
  async #step(): Promise<boolean> {
    const { facts, told, writes } = this.#decider.decide(this.#incoming.splice(0), {
      atMs: this.#ports.clock.now(),
      draining: this.#ports.draining(),
      cancelled: this.#cancelled,
    });
    if (facts.length === 0) return false;
    await this.#commit(writes);
    for (const fact of facts) applyFact(this.#state, fact);
    this.#ports.deliver(told.map(({ event }) => event));
    // Acting comes first: a run that starts another of its own pipeline is over by then.
    for (const fact of facts) this.#act(fact);
    for (const { then } of told) then();
    return true;
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
    if (fact.type === "planned") this.#watchDeadline();
    if (fact.type === "started") this.#submit(fact.task, fact.attempt);
    if (fact.type === "failed" && fact.retryAtMs !== undefined) this.#retryAt(fact.task, fact.retryAtMs);
    if (fact.type === "recalled") this.#recall(fact);
    if (fact.type === "succeeded" || fact.type === "failed" || fact.type === "recalled") {
      this.#endStream(fact.task, fact.attempt, fact.type === "succeeded" ? fact.chunks : undefined);
    }
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
    const { run, status, accepted, plan, params, traceparent } = this.#state;
    if (isFinalRun(status)) return this.#ports.releasePermit({ runId: run.id, task, attempt });
    const descriptor = plan!.tasks[task]!;
    const { timeoutMs, isolation, permissions, memoryMb, priority, rateLimit } = descriptor;
    const memoCode = codeOf(descriptor);
    this.#inFlight.set(task, attempt);
    this.#ports.submit({
      runId: run.id,
      pipeline: run.pipeline,
      task,
      attempt,
      params,
      metadata: accepted.request.metadata ?? {},
      hops: accepted.hops,
      traceparent: traceparentOf(traceparent, run.id, task, String(attempt)),
      inputs: inputsOf(this.#state, task),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(priority === undefined ? {} : { priority }),
      isolation: isolationOf(isolation, this.#state.tasks.get(task)!),
      ...(memoCode === undefined ? {} : { memoCode }),
      ...(isAskedFor(accepted.request.rerun, task) ? { memoAnew: true } : {}),
      ...(permissions === undefined ? {} : { permissions }),
      ...(memoryMb === undefined ? {} : { memoryMb }),
      ...(rateLimit === undefined ? {} : { tellsStart: true as const }),
    });
  }

  #recall({ task, attempt }: { readonly task: string; readonly attempt: number }): void {
    if (this.#inFlight.get(task) !== attempt) return;
    this.#inFlight.delete(task);
    this.#ports.cancel({ runId: this.#state.run.id, task, attempt });
  }

  #endStream(task: string, attempt: number, chunks: number | undefined): void {
    if (!this.#state.plan!.tasks[task]!.stream) return;
    this.#ports.streamEnded({ runId: this.#state.run.id, task, attempt }, chunks);
  }

  #retryAt(task: string, atMs: number): void {
    this.#alarms.after(atMs - this.#ports.clock.now(), () => {
      this.#decider.due(task);
      void this.#pump();
    });
  }

  /** A run that is out of time decides so when it is looked at. */
  #watchDeadline(): void {
    const { deadlineMs } = this.#state;
    if (deadlineMs === undefined) return;
    const leftMs = deadlineMs - this.#ports.clock.now();
    if (leftMs <= 0) return void this.#pump();
    this.#alarms.after(leftMs, () => this.#watchDeadline()); // it may ring early
  }
}
