/**
 * A world for engines, in which the journal, the stored results and the time outlive them: a crash throws an
 * engine away in the middle of whatever it does, and the next one goes on from what was durable.
 */
import { MillraceError } from "../../src/base/errors.ts";
import { createIdSource, deriveId } from "../../src/base/ids.ts";
import { createLogger, type LogRecord } from "../../src/base/log.ts";
import type { EncodedEvent } from "../../src/event/event.ts";
import type { AttemptKey, AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import { Engine, type EnginePorts } from "../../src/orchestrator/engine.ts";
import type { Fact } from "../../src/orchestrator/facts.ts";
import { MemoryRunJournal } from "../../src/orchestrator/memory_run_journal.ts";
import type { Committed, JournalWrite } from "../../src/orchestrator/port.ts";
import { recall } from "../../src/orchestrator/recall.ts";
import type { PipelineDescriptor } from "../../src/task/descriptor.ts";
import type { Plan } from "../../src/task/plan.ts";
import type { RunRequest } from "../../src/task/run.ts";
import { Crew } from "./crew.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/virtual_clock.ts";

/** A pipeline and its plan. */
export interface WorldPipeline extends Partial<PipelineDescriptor> {
  readonly name: string;
  readonly plan: Plan;
}

/** A trigger that publishes to `topic` what it sees on `source`. */
export interface WorldTrigger {
  readonly name: string;
  readonly source: string;
  readonly topic: string;
}

/** What happens to a commit. */
export type Fate = "written" | "refused" | "lost before" | "lost after";

/** What a world is made of. */
export interface WorldOptions {
  readonly pipelines: readonly WorldPipeline[];
  readonly triggers?: readonly WorldTrigger[];
  /** The fate of each commit; all are written by default. */
  readonly fate?: (writes: readonly JournalWrite[]) => Fate;
  /** Whether what is called off ends by itself, as executors see to. @default {false} */
  readonly answers?: boolean;
  /** From 0 to 1. @default {0.5, always} */
  readonly random?: () => number;
  /** How many executors a real pool has; without it, an attempt is begun as it is handed over. */
  readonly executors?: number;
  /** In place of the plan of the request's pipeline and the parameters as they came. */
  readonly prepare?: EnginePorts["prepare"];
}

/** How long nothing is answered to an engine that is no more. */
function never(): Promise<never> {
  return new Promise(() => {});
}

/** The failure of a journal that cannot write now. */
export function unavailable(): MillraceError {
  return new MillraceError("store/unavailable", "Cannot write as the disk is full", {
    details: { path: "/journal", reason: "disk full" },
  });
}

/** The success of an attempt. */
export function success(chunks?: number): AttemptOutcome {
  return { ok: true, durationMs: 1, ...(chunks === undefined ? {} : { chunks }) };
}

/** The failure of an attempt. */
export function failure(retryable = true): AttemptOutcome {
  const error = { code: "task/threw", message: "broken", details: {}, name: "Error" } as const;
  return { ok: false, durationMs: 1, error, retryable };
}

/** See the module. */
export class World {
  readonly clock: VirtualClock = createVirtualClock(1_000_000);
  readonly journal = new MemoryRunJournal();
  readonly log: LogRecord[] = [];
  /** Events that were shown to the live world. */
  readonly shown: EncodedEvent[] = [];
  /** Attempts that are with the executors, in the order in which they were handed over. */
  readonly attempts: ExecutableTask[] = [];
  /** Every attempt that was ever handed over. */
  readonly submitted: AttemptKey[] = [];
  /** When attempts were begun that are to say so, in all processes. */
  readonly begun: (AttemptKey & { readonly pipeline: string; readonly atMs: number })[] = [];
  /** Attempts that were called off. */
  readonly calledOff: AttemptKey[] = [];
  /** Attempts whose result is stored, with the number of chunks. */
  readonly stored = new Map<string, { readonly chunks?: number }>();
  /** Facts as they became durable, by run. */
  readonly facts = new Map<string, Fact[]>();
  /** Events that triggers saw. */
  readonly considered: string[] = [];
  readonly #options: WorldOptions;
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #ids = createIdSource(this.clock, () => 7);
  /** Which process this is. */
  #process = 0;
  #engine: Engine;
  /** The pool of the process that is alive, and its executors. */
  crew: Crew | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#plans = new Map(options.pipelines.map(({ name, plan }) => [name, plan]));
    this.#engine = this.#start();
  }

  /** The engine that is alive. */
  get engine(): Engine {
    return this.#engine;
  }

  /** Which process is alive; grows with each crash. */
  get process(): number {
    return this.#process;
  }

  /** Lets everything go on that waits for nothing but promises. */
  async settle(): Promise<void> {
    await this.clock.advance(0);
  }

  /** Ends the process: memory and attempts are gone. A new engine must be told to recover. */
  crash(): void {
    this.#process++;
    this.attempts.length = 0;
    this.#engine = this.#start();
  }

  /** Publishes as the broker does. */
  publish(
    topic: string,
    data: unknown = {},
    more: Partial<EncodedEvent> = {},
  ): Promise<{ readonly runIds: readonly string[] }> {
    return this.#engine.accept(this.event(topic, data, more));
  }

  /** An event of now. */
  event(topic: string, data: unknown = {}, more: Partial<EncodedEvent> = {}): EncodedEvent {
    const id = more.id ?? this.#ids.next();
    return { id, topic, timeMs: this.clock.now(), source: "test", data: JSON.stringify(data), ...more };
  }

  /** Ends an attempt; what succeeded is stored first. */
  async finish(task: string, outcome: AttemptOutcome = success()): Promise<void> {
    const found = this.attempts.find((attempt) => attempt.task === task);
    if (found === undefined) throw new Error(`no attempt of "${task}" is with the executors`);
    this.report(found, outcome);
    await this.settle();
  }

  /** Tells the engine of an outcome, whether it waits for it or not. */
  report(key: AttemptKey, outcome: AttemptOutcome): void {
    const { runId, task, attempt } = key;
    if (outcome.ok) this.store(key, outcome.chunks);
    this.#remove(key);
    if (this.crew === undefined) this.#engine.outcome({ runId, task, attempt }, outcome);
    else this.crew.end(key, outcome);
  }

  /** Stores an attempt's result and tells nobody. */
  store(key: AttemptKey, chunks?: number): void {
    this.stored.set(keyOf(key), chunks === undefined ? {} : { chunks });
  }

  /** Finishes what is with the executors until nothing is left that goes on by itself. */
  async finishAll(outcome: (attempt: ExecutableTask) => AttemptOutcome = () => success()): Promise<void> {
    await this.settle();
    for (let turn = 0; this.attempts.length > 0 || this.clock.pending > 0; turn++) {
      if (turn > 10_000) throw new Error("the world does not come to rest");
      const attempt = this.attempts[0];
      if (attempt !== undefined) this.report(attempt, outcome(attempt));
      await this.clock.advance(attempt === undefined ? 60_000 : 0);
    }
  }

  /** The names of the tasks that are with the executors. */
  get running(): string[] {
    return this.attempts.map(({ task }) => task);
  }

  /** The topics that were shown, without what varies. */
  get topics(): string[] {
    return this.shown.map(({ topic }) => topic);
  }

  #remove(key: AttemptKey): void {
    const index = this.attempts.findIndex((other) => keyOf(other) === keyOf(key));
    if (index >= 0) this.attempts.splice(index, 1);
  }

  #start(): Engine {
    const process = this.#process;
    const { pipelines, triggers = [], random = () => 0.5 } = this.#options;
    /** An engine that is no more has no effect on the world, and hears nothing from it. */
    const alive = <A extends unknown[], R>(fn: (...args: A) => R) => (...args: A): R | Promise<never> =>
      process === this.#process ? fn(...args) : never();
    const quiet = <A extends unknown[]>(fn: (...args: A) => void) => (...args: A): void => {
      if (process === this.#process) fn(...args);
    };
    /** An executor calls the function of a task; sometimes its executor dies before it can say so. */
    const begin = (task: ExecutableTask): void => {
      this.attempts.push(task);
      if (!task.tellsStart) return;
      const { runId, task: name, attempt, pipeline } = task;
      const atMs = this.clock.now();
      this.begun.push({ runId, task: name, attempt, pipeline, atMs });
      if (random() < 0.3) return;
      const tell = (): void => engine.notice({ runId, task: name, attempt }, { kind: "begun", atMs });
      this.clock.after(random() <= 0.5 ? 0 : 300, quiet(tell));
    };
    const crew = this.#options.executors === undefined ? undefined : new Crew(this.#options.executors, {
      clock: { now: () => this.clock.now(), after: (delayMs, fn) => this.clock.after(delayMs, quiet(fn)) },
      random,
      begun: quiet((task) => begin(task)),
      lost: quiet((key) => this.#remove(key)),
      outcome: quiet(({ runId, task, attempt }, outcome) =>
        engine.outcome({ runId, task, attempt }, outcome)
      ),
    });
    this.crew = crew;
    const engine: Engine = new Engine({
      clock: { now: () => this.clock.now(), after: (delayMs, fn) => this.clock.after(delayMs, quiet(fn)) },
      ids: this.#ids,
      log: createLogger((record) => this.log.push(record), () => this.clock.now()),
      random,
      journal: {
        commit: alive((writes) => this.#commit(writes)),
        unfinished: alive(() => this.journal.unfinished()),
        unrouted: alive(() => this.journal.unrouted()),
        run: alive((runId) => this.journal.run(runId)),
        latestResult: alive((task) => this.journal.latestResult(task)),
        starts: alive(() => this.journal.starts()),
      },
      prepare: alive(this.#options.prepare ?? ((request) => this.#prepare(request))),
      recall: alive((wanted) => recall(this.journal, wanted)),
      present: alive((sources) => Promise.resolve(sources.map((source) => this.stored.has(keyOf(source))))),
      submit: quiet((task) => {
        this.submitted.push({ runId: task.runId, task: task.task, attempt: task.attempt });
        if (crew === undefined) begin(task);
        else crew.submit(task);
      }),
      cancel: quiet((key) => {
        this.calledOff.push(key);
        if (crew !== undefined) return crew.cancel(key);
        this.#remove(key);
        if (this.#options.answers) queueMicrotask(quiet(() => engine.outcome(key, failure(false))));
      }),
      adoptable: alive((key) => Promise.resolve(this.stored.get(keyOf(key)))),
      deliver: quiet((events) => void this.shown.push(...events)),
      consider: alive((event, names) => this.#consider(event, names)),
    });
    engine.addPipelines(
      pipelines.map(({ plan: _, ...pipeline }) => ({ selection: {}, on: [], ...pipeline })),
    );
    for (const { name, source } of triggers) engine.addTrigger(name, source);
    return engine;
  }

  async #prepare(request: RunRequest): Promise<{ plan: Plan; params: Readonly<Record<string, unknown>> }> {
    const plan = this.#plans.get(request.pipeline ?? "adhoc");
    if (plan !== undefined) return await Promise.resolve({ plan, params: request.params ?? {} });
    throw new MillraceError("pipeline/unknown", `Cannot find pipeline "${request.pipeline}"`, {
      details: { pipeline: request.pipeline ?? "" },
    });
  }

  async #commit(writes: readonly JournalWrite[]): Promise<Committed> {
    const fate = this.#options.fate?.(writes) ?? "written";
    if (fate === "refused") throw unavailable();
    if (fate === "lost before") {
      this.crash();
      return await never();
    }
    const done = await this.journal.commit(writes);
    if (!done.duplicate) this.#note(writes);
    if (fate === "written") return done;
    this.crash();
    return await never();
  }

  #note(writes: readonly JournalWrite[]): void {
    for (const write of writes) {
      if (write.kind !== "facts") continue;
      const facts = this.facts.get(write.runId) ?? [];
      facts.push(...write.facts as Fact[]);
      this.facts.set(write.runId, facts);
    }
  }

  async #consider(event: EncodedEvent, names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.considered.push(event.topic);
      const { topic } = this.#options.triggers!.find((trigger) => trigger.name === name)!;
      const id = deriveId(event.timeMs, event.id, "trigger", name);
      const fired = this.event(topic, { of: event.topic }, { id, hops: (event.hops ?? 0) + 1 });
      await this.#engine.accept(fired, { trigger: name });
    }
  }
}

/** An attempt as a text. */
export function keyOf({ runId, task, attempt }: AttemptKey): string {
  return `${runId}/${task}/${attempt}`;
}
