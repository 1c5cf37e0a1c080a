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
import type { Plan } from "../task/plan.ts";
import type { RunEnd, RunRequest, RunView } from "../task/run.ts";
import { parseRunRequest } from "../task/run_request.ts";
import { type Acceptance, Interests, RUN_REQUEST } from "./acceptance.ts";
import { Admission } from "./admission.ts";
import type { ExternalResult, Fact } from "./facts.ts";
import { backoffMs } from "./next_steps.ts";
import type { JournalWrite, RunJournal } from "./port.ts";
import { type DriverPorts, RunDriver } from "./run_driver.ts";
import { noticeEvent } from "./run_events.ts";
import { acceptedRun, endOf, replay, type RunState, viewRun } from "./run_state.ts";

/** A run request, checked and planned. */
export interface Prepared {
  /** The plan. */
  readonly plan: Plan;
  /** The parameters as the pipeline's schema gave them. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** The trigger whose fire an event is. */
export interface Fire {
  /** Its name. */
  readonly trigger: string;
  /** When it was meant to fire, for cron. */
  readonly scheduledMs?: number;
}

/** What the engine needs of the world. */
export interface EnginePorts {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  /** A number from 0 to 1. */
  random(): number;
  readonly journal: Pick<RunJournal, "commit" | "unfinished" | "unrouted" | "run" | "latestResult">;
  /** Checks and plans a request; rejects with what is wrong with it. */
  prepare(request: RunRequest): Promise<Prepared>;
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

/** The engine of one platform. */
export class Engine {
  readonly #ports: EnginePorts;
  readonly #pipelines = new Map<string, PipelineDescriptor>();
  readonly #interests = new Interests();
  readonly #admission = new Admission();
  readonly #drivers = new Map<string, RunDriver>();
  readonly #waiters = new Map<string, ((end: RunEnd) => void)[]>();
  #draining = false;
  #drained: (() => void) | undefined;

  constructor(ports: EnginePorts) {
    this.#ports = ports;
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
    const unfinished = await this.#ports.journal.unfinished();
    const states = unfinished.map(({ run, facts }) => replay(run, facts));
    // Runs that were under way come before those that only waited.
    states.sort((a, b) => Number(b.plan !== undefined) - Number(a.plan !== undefined));
    for (const state of states) {
      const driver = this.#drive(state);
      if (state.plan === undefined) this.#admit(driver);
      else {
        this.#admission.resumed(state.run.id, state.run.pipeline);
        driver.push(...await this.#reconcile(state));
        driver.resume();
      }
    }
    for (const event of await this.#ports.journal.unrouted()) {
      const { triggers } = this.#interests.accept(event);
      void this.#route(event, triggers);
    }
    return states.length;
  }

  /**
   * Accepts an event: once this resolves, the runs that it starts are journalled. The same event again starts
   * nothing more.
   */
  async accept(event: EncodedEvent, fire?: Fire): Promise<{ readonly runIds: readonly string[] }> {
    assertHops(event);
    const prepared = event.topic === RUN_REQUEST ? await this.#prepareRequest(event) : undefined;
    const acceptance = prepared === undefined
      ? this.#interests.accept(event)
      : this.#interests.acceptRequest(event, prepared.request);
    const writes = [...acceptance.writes];
    if (fire !== undefined) {
      if (writes.length === 0) writes.push({ kind: "event", event, routed: true });
      writes.push(fireOf(event, fire));
    }
    const runIds = acceptance.runs.map((run) => run.id);
    if (writes.length === 0) return { runIds };
    const { duplicate } = await this.#ports.journal.commit(writes);
    if (!duplicate) this.#accepted(event, acceptance);
    return { runIds };
  }

  /** An attempt has ended. */
  outcome({ runId, task, attempt }: AttemptKey, outcome: AttemptOutcome): void {
    const driver = this.#drivers.get(runId);
    if (driver === undefined) return; // the run has ended without waiting for it
    const atMs = this.#ports.clock.now();
    if (outcome.ok) {
      const { chunks, durationMs } = outcome;
      driver.push({
        type: "succeeded",
        task,
        attempt,
        durationMs,
        atMs,
        ...(chunks === undefined ? {} : { chunks }),
      });
    } else {
      const retryAtMs = this.#retryAt(driver.state, task, outcome.retryable, atMs);
      const { error } = outcome;
      driver.push({
        type: "failed",
        task,
        attempt,
        error,
        atMs,
        ...(retryAtMs === undefined ? {} : { retryAtMs }),
      });
    }
    this.#checkDrained();
  }

  /** A running attempt says something on its way. */
  notice({ runId, task, attempt }: AttemptKey, { kind, ...data }: AttemptNotice): void {
    const state = this.#drivers.get(runId)?.state;
    if (state === undefined || state.tasks.get(task)?.attempts !== attempt) return;
    const event = noticeEvent(
      state,
      task,
      kind,
      this.#ports.clock.now(),
      { attempt, ...data },
      this.#ports.ids.next(),
    );
    this.#ports.deliver([event]);
  }

  /** Cancels a run that has not ended. */
  cancel(runId: string): void {
    this.#drivers.get(runId)?.cancel();
  }

  /** Resolves once the run has a final state. */
  async ended(runId: string): Promise<RunEnd> {
    if (!this.#drivers.has(runId)) {
      const end = endOf(await this.#load(runId));
      if (end !== undefined) return end;
    }
    return await new Promise((resolve) => {
      const waiters = this.#waiters.get(runId);
      if (waiters === undefined) this.#waiters.set(runId, [resolve]);
      else waiters.push(resolve);
    });
  }

  /** A run as people see it. */
  async view(runId: string): Promise<RunView> {
    return viewRun(this.#drivers.get(runId)?.state ?? await this.#load(runId));
  }

  /** Starts no more attempts and waits for those that run; gives the number of unfinished runs. */
  async drain(deadlineMs: number): Promise<number> {
    this.#draining = true;
    let cancel = (): void => {};
    await new Promise<void>((resolve) => {
      cancel = this.#ports.clock.after(deadlineMs, resolve);
      this.#drained = resolve;
      this.#checkDrained();
    });
    cancel();
    return this.#drivers.size;
  }

  /** Forgets all timers. */
  close(): void {
    this.#draining = true;
    for (const driver of this.#drivers.values()) driver.close();
  }

  async #load(runId: string): Promise<RunState> {
    const found = await this.#ports.journal.run(runId);
    if (found !== undefined) return replay(found.run, found.facts);
    throw new MillraceError("run/not-found", `Cannot find run "${runId}" as the journal does not know it`, {
      details: { runId },
    });
  }

  async #prepareRequest(event: EncodedEvent): Promise<{ readonly request: RunRequest }> {
    const request = parseRunRequest(JSON.parse(event.data));
    const { params } = await this.#ports.prepare(request);
    return { request: { ...request, params } };
  }

  /** What follows once an event is journalled. */
  #accepted(event: EncodedEvent, { runs, triggers }: Acceptance): void {
    for (const run of runs) this.#admit(this.#drive(acceptedRun(run)));
    if (triggers.length > 0) void this.#route(event, triggers);
  }

  async #route(event: EncodedEvent, triggers: readonly string[]): Promise<void> {
    try {
      if (triggers.length > 0) await this.#ports.consider(event, triggers);
      await this.#ports.journal.commit([{ kind: "routed", eventId: event.id }]);
    } catch (error) {
      // It stays unrouted in the journal: the next start shows it to the triggers again.
      this.#ports.log.error("Event triggers could not see an event", {
        eventId: event.id,
        error: messageOf(error),
      });
    }
  }

  #drive(state: RunState): RunDriver {
    const ports: DriverPorts = {
      clock: this.#ports.clock,
      log: this.#ports.log,
      commit: (writes) => this.#ports.journal.commit(writes),
      tell: (event) => this.#tell(event),
      deliver: (events) => this.#ports.deliver(events),
      submit: (task) => this.#ports.submit(task),
      cancel: (attempt) => this.#ports.cancel(attempt),
      draining: () => this.#draining,
      ended: (ended) => this.#ended(ended),
    };
    const driver = new RunDriver(state, ports);
    this.#drivers.set(state.run.id, driver);
    return driver;
  }

  /** A run's event: whoever waits for it is started in the same transaction as the fact that it tells. */
  #tell(event: EncodedEvent): { event: EncodedEvent; writes: readonly JournalWrite[]; then: () => void } {
    if ((event.hops ?? 0) > MAX_HOPS) return { event, writes: [], then: () => {} };
    const acceptance = this.#interests.accept(event);
    return { event, writes: acceptance.writes, then: () => this.#accepted(event, acceptance) };
  }

  /** Starts a run, or lets it wait, or refuses it. */
  #admit(driver: RunDriver): void {
    const { run } = driver.state;
    const admitted = this.#admission.admit(run.id, run.pipeline, this.#pipelines.get(run.pipeline));
    if (admitted.kind === "start") void this.#start(driver);
    if (admitted.kind === "skip") {
      const error = new MillraceError(
        "run/overlap-skipped",
        `Cannot start a run of pipeline "${run.pipeline}" as its overlap policy is "skip" and another run is unfinished`,
        { details: { pipeline: run.pipeline } },
      );
      driver.push({
        type: "ended",
        status: "cancelled",
        error: toWire(error),
        atMs: this.#ports.clock.now(),
      });
    }
    if (admitted.kind === "cancel") { for (const runId of admitted.runIds) this.cancel(runId); }
  }

  async #start(driver: RunDriver): Promise<void> {
    const { request } = driver.state.accepted;
    try {
      const { plan, params } = await this.#ports.prepare(request);
      const external = await this.#externals(plan);
      driver.push({ type: "planned", plan, params, external, atMs: this.#ports.clock.now() });
    } catch (error) {
      driver.push({ type: "ended", status: "failed", error: toWire(error), atMs: this.#ports.clock.now() });
    }
  }

  /** The latest succeeded results of the tasks that a plan leaves out. */
  async #externals(plan: Plan): Promise<Record<string, ExternalResult>> {
    const needed = new Set(
      plan.executionOrder.flatMap((task) => plan.tasks[task]!.inputs.map((input) => input.task)),
    );
    const external: Record<string, ExternalResult> = {};
    for (const task of plan.external) {
      if (!needed.has(task)) continue; // only an order: nothing to load
      const found = await this.#ports.journal.latestResult(task);
      if (found === undefined) {
        throw new MillraceError(
          "run/external-result-missing",
          `Cannot start the run as it reads task "${task}", which it leaves out: that task has no succeeded result yet`,
          { details: { task } },
        );
      }
      external[task] = found;
    }
    return external;
  }

  /** What became of the attempts that were running when the process ended. */
  async #reconcile(state: RunState): Promise<Fact[]> {
    const facts: Fact[] = [];
    for (const [task, { status, attempts: attempt }] of state.tasks) {
      if (status !== "running") continue;
      const found = await this.#ports.adoptable({ runId: state.run.id, task, attempt });
      const atMs = this.#ports.clock.now();
      facts.push(
        found === undefined
          ? { type: "interrupted", task, attempt, atMs }
          : { type: "succeeded", task, attempt, durationMs: 0, adopted: true, atMs, ...found },
      );
    }
    return facts;
  }

  #retryAt(state: RunState, task: string, retryable: boolean, nowMs: number): number | undefined {
    const policy = state.plan?.tasks[task];
    const failures = (state.tasks.get(task)?.failures ?? 0) + 1;
    if (policy === undefined || !retryable || failures > policy.maxRetries) return undefined;
    return nowMs + backoffMs(policy.backoff, failures, this.#ports.random());
  }

  #ended(state: RunState): void {
    const { id, pipeline } = state.run;
    this.#drivers.delete(id);
    const end = endOf(state)!;
    for (const resolve of this.#waiters.get(id) ?? []) resolve(end);
    this.#waiters.delete(id);
    const next = this.#admission.ended(id, pipeline);
    const waiting = next === undefined ? undefined : this.#drivers.get(next);
    if (waiting !== undefined && !this.#draining) void this.#start(waiting);
  }

  #checkDrained(): void {
    if (this.#drained === undefined) return;
    for (const driver of this.#drivers.values()) if (driver.inFlight > 0) return;
    this.#drained();
  }
}

function fireOf(event: EncodedEvent, { trigger, scheduledMs }: Fire): JournalWrite {
  return {
    kind: "trigger",
    name: trigger,
    firedMs: event.timeMs,
    ...(scheduledMs === undefined ? {} : { scheduledMs }),
  };
}
