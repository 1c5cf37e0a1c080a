/**
 * The engine: accepts causes, admits runs, drives them, and goes on after a crash.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { messageOf, MillraceError, toWire } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import { assertHops, type EncodedEvent, MAX_HOPS } from "../event/event.ts";
import type { AttemptKey, AttemptNotice, AttemptOutcome, ExecutableTask } from "../executor/port.ts";
import type { PipelineDescriptor } from "../task/descriptor.ts";
import type { ResultSource } from "../task/result_id.ts";
import type { RunEnd, RunRequest, RunView } from "../task/run.ts";
import type { Fire } from "../trigger/port.ts";
import { parseRunRequest } from "../task/run_request.ts";
import { type Acceptance, Interests, RUN_REQUEST, withFire } from "./acceptance.ts";
import { Admission, overlapSkipped } from "./admission.ts";
import { Alarms } from "./alarms.ts";
import { factOf } from "./attempts.ts";
import { EndWaiters } from "./end_waiters.ts";
import { Permits } from "./permits.ts";
import type { Memo, Recall, RunJournal, TaskOfRun } from "./port.ts";
import {
  loadRun,
  planRun,
  type Prepared,
  type PreparedRun,
  prepareRun,
  readsOfRerun,
  reconcile,
} from "./preparation.ts";
import { resolveRerun } from "./rerun.ts";
import type { Told } from "./run_decider.ts";
import { type DriverPorts, RunDriver } from "./run_driver.ts";
import { noticeEvent } from "./run_events.ts";
import { acceptedRun, endOf, isFinalRun, isRunning, replay, type RunState } from "./run_state.ts";
import { StreamDesk } from "./stream_desk.ts";
import { viewWithWaits } from "./waits.ts";

/** What the engine needs of the world. */
export interface EnginePorts {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  /** A number from 0 to 1. */
  random(): number;
  readonly journal: Pick<
    RunJournal,
    "commit" | "unfinished" | "unrouted" | "run" | "latestResult" | "starts"
  >;
  /** Checks and plans a request; rejects with what is wrong with it. */
  prepare(request: RunRequest): Promise<Prepared>;
  /** What is remembered, to be kept from now on for the run that takes it. */
  recall(wanted: Recall): Promise<Memo | undefined>;
  /** Which of these results are there. */
  present(results: readonly (ResultSource & TaskOfRun)[]): Promise<readonly boolean[]>;
  /** Hands an attempt to the executors. */
  submit(task: ExecutableTask): void;
  /** Calls an attempt off. */
  cancel(attempt: AttemptKey): void;
  /** The result that an attempt stored completely before the process ended, if it did. */
  adoptable(attempt: AttemptKey): Promise<{ readonly chunks?: number } | undefined>;
  /** Shows events to the live world. */
  deliver(events: readonly EncodedEvent[]): void;
  /** Lets event triggers see an event; resolves once what they made of it is accepted. */
  consider(event: EncodedEvent, triggers: readonly string[]): Promise<void>;
}

/** How long to wait before an event is shown again to triggers that could not see it, in ms. */
const AGAIN_MS = 1_000;

/** How long the end waits for the word that attempts are suspended: a journal that cannot write holds up no end. */
const SUSPEND_MS = 1_000;

/** The engine of one platform. */
export class Engine {
  /** Where attempts ask about streams. */
  readonly streams = new StreamDesk((runId) => this.#drivers.get(runId));
  readonly #ports: EnginePorts;
  readonly #pipelines = new Map<string, PipelineDescriptor>();
  readonly #interests = new Interests();
  readonly #admission = new Admission();
  readonly #drivers = new Map<string, RunDriver>();
  readonly #waiters = new EndWaiters();
  readonly #permits: Permits;
  readonly #alarms: Alarms;
  /** What was accepted while the journal is read: runs that were under way before come first. */
  #held: RunDriver[] | undefined;
  #draining = false;
  readonly #drained: (() => void)[] = [];

  constructor(ports: EnginePorts) {
    this.#ports = ports;
    this.#alarms = new Alarms(ports.clock);
    this.#permits = new Permits({
      now: () => ports.clock.now(),
      after: (delayMs, fn) => this.#alarms.after(delayMs, fn),
      wanted: () => void this.#restorePermits(),
      // Not known means: it may have begun until the very end.
      note: (write) => void ports.journal.commit([write]).catch(() => {}),
    });
  }

  /** Makes pipelines known. */
  addPipelines(pipelines: readonly PipelineDescriptor[]): void {
    for (const pipeline of pipelines) {
      this.#pipelines.set(pipeline.name, pipeline);
      this.#interests.addPipeline(pipeline);
    }
  }

  /** An event trigger wants to see what matches its source. */
  addTrigger(name: string, source: string): void {
    this.#interests.addTrigger(name, source);
  }

  /** The event trigger is no more. */
  removeTrigger(name: string): void {
    this.#interests.removeTrigger(name);
  }

  /** Continues what an earlier process left unfinished; gives the number of its runs. */
  async recover(): Promise<number> {
    const held: RunDriver[] = this.#held = [];
    const unfinished = await this.#ports.journal.unfinished();
    // What was accepted while the journal was read goes on already.
    const drivers = unfinished.filter(({ run }) => !this.#drivers.has(run.id))
      .map(({ run, facts }) => this.#drive(replay(run, facts)));
    // Runs that were under way come before those that only waited; all of them before the world goes on.
    const planned = drivers.filter(({ state }) => state.plan !== undefined);
    for (const { state: { run } } of planned) {
      this.#admission.resumed(run.id, run.pipeline, this.#pipelines.get(run.pipeline));
    }
    this.#held = undefined;
    for (const driver of drivers) if (driver.state.plan === undefined) this.#admit(driver);
    for (const driver of held) this.#admit(driver);
    const { log, clock } = this.#ports;
    const ports = { log, now: () => clock.now(), adoptable: (key: AttemptKey) => this.#ports.adoptable(key) };
    const facts = await Promise.all(planned.map((driver) => reconcile(driver.state, ports)));
    // In order: the oldest is the first to take what all of them share.
    for (const [index, driver] of planned.entries()) {
      driver.push(...facts[index]!);
      driver.resume();
    }
    for (const event of await this.#ports.journal.unrouted()) {
      const { triggers } = this.#interests.accept(event);
      void this.#route(event, triggers);
    }
    return drivers.length;
  }

  /**
   * Accepts an event: once this resolves, the runs that it starts are journalled. The same event again starts
   * nothing more.
   */
  async accept(event: EncodedEvent, fire?: Fire): Promise<{ readonly runIds: readonly string[] }> {
    assertHops(event);
    const checked = event.topic === RUN_REQUEST ? await this.#checkRequest(event) : undefined;
    const acceptance = checked === undefined
      ? this.#interests.accept(event)
      : this.#interests.acceptRequest(event, checked.request);
    const writes = fire === undefined ? acceptance.writes : withFire(acceptance, event, fire);
    const runIds = acceptance.runs.map((run) => run.id);
    if (writes.length === 0) return { runIds };
    const reads = checked?.reused === undefined
      ? []
      : [readsOfRerun(runIds[0]!, checked.request.rerun!.runId, checked.reused)];
    const { duplicate } = await this.#ports.journal.commit([...writes, ...reads]);
    if (!duplicate) this.#accepted(event, acceptance);
    return { runIds };
  }

  /** An attempt has ended. */
  outcome(key: AttemptKey, outcome: AttemptOutcome): void {
    this.streams.forget(key);
    const driver = this.#drivers.get(key.runId);
    if (driver !== undefined) { // else the run has ended without waiting for it
      const now = { atMs: this.#ports.clock.now(), random: this.#ports.random() };
      driver.push(factOf(driver.state, key, outcome, now));
    }
    if (outcome.ok && outcome.cached !== undefined) this.#permits.begun(key, undefined);
    // Only now: who reads what has failed is not to be started first.
    this.#permits.release(key);
  }

  /**
   * The earlier result that is remembered under a key, if it may stand for an attempt; from now on it is kept for
   * the attempt's run. Two attempts of the same key that run at the same time both run.
   */
  async recall({ runId, task, attempt }: AttemptKey, key: string): Promise<ResultSource | undefined> {
    const state = this.#drivers.get(runId)?.state;
    const current = state?.tasks.get(task);
    if (current?.status !== "running" || current.attempts !== attempt) return undefined;
    const { ttlMs = Infinity } = state!.plan!.tasks[task]!.cache ?? {};
    const sinceMs = this.#ports.clock.now() - ttlMs;
    const found = await this.#ports.recall({ runId, task, key, sinceMs });
    if (found === undefined) return undefined;
    const { runId: source, attempt: made, chunks } = found;
    return { runId: source, attempt: made, ...(chunks === undefined ? {} : { chunks }) };
  }

  /** A running attempt says something on its way. */
  notice(key: AttemptKey, notice: AttemptNotice): void {
    if (notice.kind === "begun") return this.#permits.begun(key, notice.atMs);
    const state = this.#drivers.get(key.runId)?.state;
    if (state === undefined || !isRunning(state, key)) return;
    const { kind, ...data } = notice;
    const more = { attempt: key.attempt, ...data };
    const nowMs = this.#ports.clock.now();
    this.#ports.deliver([noticeEvent(state, key.task, kind, nowMs, more, this.#ports.ids.next())]);
    if (notice.kind === "chunk") this.streams.stored(key, notice.chunk + 1);
  }

  /**
   * Cancels a run that has not ended, also one that nobody goes on with; resolves once that is journalled. Rejects
   * with `run/not-found`.
   */
  async cancel(runId: string): Promise<void> {
    const driver = this.#drivers.get(runId) ?? await this.#found(runId);
    await driver?.cancel();
  }

  /** The driver of an unfinished run that the journal knows; `undefined` if it has ended. */
  async #found(runId: string): Promise<RunDriver | undefined> {
    const state = await loadRun(this.#ports.journal, runId);
    if (isFinalRun(state.status)) return undefined;
    return this.#drivers.get(runId) ?? this.#drive(state);
  }

  /** Resolves once the run has a final state. */
  async ended(runId: string): Promise<RunEnd> {
    return await this.#waiters.ended(
      runId,
      async () => this.#drivers.has(runId) ? undefined : endOf(await loadRun(this.#ports.journal, runId)),
    );
  }

  /** A run as people see it, with what holds it up. */
  async view(runId: string): Promise<RunView> {
    const state = this.#drivers.get(runId)?.state ?? await loadRun(this.#ports.journal, runId);
    return viewWithWaits(state, {
      permitWait: (attempt) => this.#permits.waits(attempt),
      runsBefore: (id, pipeline) => this.#admission.before(id, pipeline),
    });
  }

  /** Starts no more attempts and waits for those that run; gives the number of unfinished runs. */
  async drain(deadlineMs: number): Promise<number> {
    this.#draining = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#alarms.after(deadlineMs, resolve);
    this.#drained.push(resolve);
    this.#checkDrained();
    await promise;
    cancel();
    const late = Promise.withResolvers<void>();
    const cancelLate = this.#alarms.after(SUSPEND_MS, late.resolve);
    const suspended = Promise.all([...this.#drivers.values()].map((driver) => driver.suspend()));
    await Promise.race([suspended, late.promise]);
    cancelLate();
    return this.#drivers.size;
  }

  /** Forgets all timers. */
  close(): void {
    this.#draining = true;
    this.#alarms.clear();
    for (const driver of this.#drivers.values()) driver.close();
  }

  /** A request that could not be started is refused here; it is kept as it came, but what it repeats is said. */
  async #checkRequest(
    event: EncodedEvent,
  ): Promise<{ readonly request: RunRequest } & Pick<PreparedRun, "reused">> {
    const asked = parseRunRequest(JSON.parse(event.data));
    if (asked.rerun === undefined) {
      await this.#ports.prepare(asked);
      return { request: asked };
    }
    const request = resolveRerun(asked, await loadRun(this.#ports.journal, asked.rerun.runId));
    const { reused = {} } = await planRun(this.#ports, request);
    return { request, reused };
  }

  /** What follows once an event is journalled. */
  #accepted(event: EncodedEvent, { runs, triggers }: Acceptance): void {
    // A recovery may have found a run before its acceptance was answered.
    const fresh = runs.filter(({ id }) => !this.#drivers.has(id));
    for (const run of fresh) this.#admit(this.#drive(acceptedRun(run)));
    if (triggers.length > 0) void this.#route(event, triggers);
  }

  async #route(event: EncodedEvent, triggers: readonly string[]): Promise<void> {
    for (;;) {
      try {
        if (triggers.length > 0) await this.#ports.consider(event, triggers);
        await this.#ports.journal.commit([{ kind: "routed", eventId: event.id }]);
        return;
      } catch (error) {
        // Until it is routed it stays so in the journal: at the latest the next start shows it again.
        if (MillraceError.is(error, "trigger/halted")) return; // held back, as the platform is closing
        this.#ports.log.error("Event triggers could not see an event", {
          eventId: event.id,
          error: messageOf(error),
        });
        if (this.#draining || !MillraceError.is(error) || !error.retryable) return;
        await this.#alarms.pause(AGAIN_MS);
      }
    }
  }

  /** What earlier processes have started counts against the rate limits of this one. */
  async #restorePermits(): Promise<void> {
    for (;;) {
      try {
        return this.#permits.restore(await this.#ports.journal.starts());
      } catch (error) {
        if (this.#draining) return;
        this.#ports.log.error("What counts against rate limits could not be read; trying again", {
          error: messageOf(error),
        });
        await this.#alarms.pause(AGAIN_MS);
      }
    }
  }

  #drive(state: RunState): RunDriver {
    const ports: DriverPorts = {
      clock: this.#ports.clock,
      log: this.#ports.log,
      prepare: (request) =>
        prepareRun(this.#ports, { id: state.run.id, request }, this.#pipelines.get(state.run.pipeline)),
      commit: (writes) => this.#ports.journal.commit(writes),
      tell: (event) => this.#tell(event),
      takePermit: (request) => this.#permits.take(request),
      releasePermit: (attempt) => this.#permits.release(attempt),
      deliver: (events) => this.#ports.deliver(events),
      submit: (task) => this.#ports.submit(task),
      cancel: (attempt) => this.#ports.cancel(attempt),
      streamEnded: (attempt, chunks) => this.streams.ended(attempt, chunks),
      draining: () => this.#draining,
      ended: (ended) => this.#ended(ended),
      idle: () => this.#checkDrained(),
    };
    const driver = new RunDriver(state, ports);
    this.#drivers.set(state.run.id, driver);
    return driver;
  }

  /** A run's event: whoever waits for it is started in the same transaction as the fact that it tells. */
  #tell(event: EncodedEvent): Told {
    if ((event.hops ?? 0) > MAX_HOPS) return { event, writes: [], then: () => {} };
    const acceptance = this.#interests.accept(event);
    return { event, writes: acceptance.writes, then: () => this.#accepted(event, acceptance) };
  }

  /** Starts a run, or lets it wait, or refuses it. */
  #admit(driver: RunDriver): void {
    if (this.#held !== undefined) return void this.#held.push(driver);
    const { run } = driver.state;
    const admitted = this.#admission.admit(run.id, run.pipeline, this.#pipelines.get(run.pipeline));
    if (admitted.kind === "start") void driver.start();
    if (admitted.kind === "skip") {
      const error = toWire(overlapSkipped(run.pipeline));
      driver.push({ type: "ended", status: "cancelled", error, atMs: this.#ports.clock.now() });
    }
    if (admitted.kind === "cancel") { for (const runId of admitted.runIds) void this.cancel(runId); }
  }

  #ended(state: RunState): void {
    const { id, pipeline } = state.run;
    this.#drivers.delete(id);
    this.streams.drop(id);
    this.#waiters.tell(endOf(state)!);
    for (const next of this.#admission.ended(id, pipeline)) void this.#drivers.get(next)?.start();
  }

  #checkDrained(): void {
    if (this.#drained.length === 0) return;
    for (const driver of this.#drivers.values()) if (driver.busy) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
