/** Random worlds that crash at random moments, until every run has ended; a seed determines all of it. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { EncodedEvent } from "../../src/event/event.ts";
import type { AttemptKey, AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import type { Fact } from "../../src/orchestrator/facts.ts";
import type { RunRecord } from "../../src/orchestrator/port.ts";
import { replay } from "../../src/orchestrator/run_state.ts";
import { isFailure } from "../../src/task/task.ts";
import { naiveEnd, statusesOf } from "./naive_run.ts";
import { KEYS, type Play, plays, RATES } from "./plans.ts";
import { failure, type Fate, keyOf, success, World, type WorldOptions } from "./world.ts";

/** How often a world may crash, one of these: it must come to an end, and not only because it was restarted. */
const MAX_CRASHES = [0, 1, 9];
/** How many events the world is given. */
const EVENTS = 2;

/** Numbers from 0 to 1 that a seed determines ("mulberry32"). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A random world: `first` starts by events, `second` as it ends, `third` as a trigger sees that one end. */
export class Simulation {
  readonly #random: () => number;
  readonly #plays: ReadonlyMap<string, Play>;
  readonly #world: World;
  readonly #accepted = new Set<EncodedEvent>();
  readonly #limits: ReadonlyMap<string, number>;
  readonly #maxCrashes: number;
  /** Runs whose cancel was answered, with the number of attempts that had been handed over by then. */
  readonly #cancelled = new Map<string, number>();
  /** Attempts whose executor died in place of a failure that they had coming. */
  readonly #died = new Set<string>();
  #events: EncodedEvent[] = [];
  #crashes = 0;
  #earlyStarts = 0;
  /** Readings of streams that nobody has answered, with the process that was asked. */
  readonly #readings = new Map<Promise<unknown>, number>();

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.#maxCrashes = this.#pick(MAX_CRASHES);
    const names = ["first", "second", "third"];
    const drawn = fc.sample(plays(4), { numRuns: names.length, seed });
    this.#plays = new Map(names.map((name, index) => [name, drawn[index]!]));
    const on = [["go"], ["run.first.*"], ["second.over"]];
    const pipelines = names.map((name, index): WorldOptions["pipelines"][number] => ({
      name,
      plan: drawn[index]!.plan,
      on: index === 1 ? ["run.first.succeeded", "run.first.failed"] : on[index]!,
      ...this.#pick([{}, { overlap: "queue" as const }, { concurrency: 2 }]),
      // Nobody waits for the last pipeline: its runs may also be refused or cancelled.
      ...(index < 2 ? {} : this.#pick([{}, { overlap: "skip" as const }, { overlap: "cancel" as const }])),
    }));
    this.#limits = new Map(pipelines.map(({ name, overlap, concurrency }) => [
      name,
      concurrency ?? (overlap === undefined ? Infinity : 1),
    ]));
    this.#world = new World({
      pipelines,
      triggers: [{ name: "over", source: "run.second.succeeded|run.second.failed", topic: "second.over" }],
      fate: () => this.#fate(),
      answers: true,
      // Half of the worlds have a pool whose messages are under way for a while, and executors that die.
      ...this.#pick([{}, { executors: 1 }, {}, { executors: 3 }]),
      random: this.#random,
    });
    this.#events = Array.from({ length: EVENTS }, (_, n) => this.#world.event("go", { n }));
  }

  /** How often it crashed. */
  get crashes(): number {
    return this.#crashes;
  }

  /** How many attempts began to read others that still ran. */
  get earlyStarts(): number {
    return this.#earlyStarts;
  }

  /** Lives the world to its end; throws if something does not hold that must. */
  async run(): Promise<void> {
    const world = this.#world;
    let process = world.process;
    for (let turn = 0; process !== world.process || !await this.#isOver(); turn++) {
      assert(turn < 5_000, "the world does not come to an end");
      const attempts = world.attempts.length;
      await this.#move();
      const moved = this.#moveCrew();
      if (process !== world.process) {
        process = world.process;
        void world.engine.recover();
      } else if (attempts === 0 && !moved) await world.clock.advance(5_000);
      // Sometimes the next thing happens while this one is being written.
      if (this.#random() < 0.7) await world.settle();
      this.#checkLimits();
      this.#checkInputs();
      this.#checkKeys();
      this.#checkRates();
    }
    await this.#check();
  }

  /** One thing happens. */
  async #move(): Promise<void> {
    const world = this.#world;
    const attempt = world.attempts[Math.floor(this.#random() * world.attempts.length)];
    const past = world.submitted[Math.floor(this.#random() * world.submitted.length)];
    const event = this.#pick(this.#events);
    const luck = this.#random();
    if (luck < 0.2) {
      // Who gets no answer asks again, and sometimes who got one does so too.
      void world.engine.accept(event).then(() => this.#accepted.add(event), () => {});
    } else if (luck < 0.25 && past !== undefined) {
      const open = world.attempts.some((other) => keyOf(other) === keyOf(past));
      if (!open && !(world.crew?.has(past) ?? false)) {
        world.engine.outcome(past, this.#random() < 0.5 ? failure() : { ok: true, durationMs: 1 });
      }
    } else if (luck < 0.3) await world.clock.advance(500);
    else if (luck < 0.35) this.#crash();
    else if (luck < 0.37 && attempt?.pipeline === "third") this.#cancel(attempt.runId);
    else if (luck < 0.4 && attempt !== undefined && this.#mayDie(attempt)) {
      this.#died.add(keyOf(attempt));
      world.crew!.lose(attempt);
    } else if (attempt !== undefined && luck < 0.55) this.#stream(attempt);
    else if (attempt !== undefined) world.report(attempt, this.#outcomeOf(attempt));
  }

  /** An attempt stores a chunk, and reads what others store. */
  #stream(attempt: ExecutableTask): void {
    const { engine, process } = this.#world;
    if (this.#isStream(attempt)) engine.notice(attempt, { kind: "chunk", chunk: 0 });
    for (const source of Object.values(attempt.inputs)) {
      if (!("attempt" in source)) continue;
      const reading = engine.streams.read(attempt, source, this.#random() < 0.5 ? 0 : 1).catch(() => {});
      this.#readings.set(reading, process);
      void reading.then(() => this.#readings.delete(reading));
    }
  }

  #isStream({ pipeline, task }: { readonly pipeline: string; readonly task: string }): boolean {
    return this.#plays.get(pipeline)!.plan.tasks[task]!.stream;
  }

  #cancel(runId: string): void {
    this.#world.engine.cancel(runId).then(
      () => this.#cancelled.set(runId, this.#world.submitted.length),
      () => {},
    );
  }

  /** Some messages between the pool and its executors arrive; says whether any was under way. */
  #moveCrew(): boolean {
    let moved = false;
    for (let left = Math.floor(this.#random() * 4); left > 0; left--) {
      moved = (this.#world.crew?.move() ?? false) || moved;
    }
    return moved;
  }

  /** The death of its executor stands for a failure that an attempt has coming anyway. */
  #mayDie(attempt: ExecutableTask): boolean {
    const outcome = this.#outcomeOf(attempt);
    return this.#world.crew !== undefined && !outcome.ok && outcome.retryable &&
      outcome.error.code !== "task/timed-out";
  }

  /** Some attempts had stored their result, and not said so. */
  #crash(): void {
    if (!this.#mayCrash()) return;
    for (const attempt of this.#world.attempts) {
      const outcome = this.#outcomeOf(attempt);
      if (this.#random() < 0.5 && outcome.ok) this.#world.store(attempt, outcome.chunks);
    }
    this.#world.crash();
  }

  #fate(): Fate {
    const luck = this.#random();
    if (luck < 0.03) return "refused";
    if (luck < 0.06 && this.#mayCrash()) return "lost before";
    return luck < 0.09 && this.#mayCrash() ? "lost after" : "written";
  }

  #mayCrash(): boolean {
    return this.#crashes < this.#maxCrashes && ++this.#crashes > 0;
  }

  /** What an attempt comes to: as often as its script says it fails. */
  #outcomeOf(attempt: ExecutableTask): AttemptOutcome {
    const { runId, pipeline, task } = attempt;
    const { failures, slow, retryable } = this.#plays.get(pipeline)!.scripts[task]!;
    const failed = (this.#world.facts.get(runId) ?? []).filter((one) =>
      one.type === "failed" && one.task === task
    );
    if (failed.length >= failures) return success(this.#isStream(attempt) ? 1 : undefined);
    const { error, ...more } = failure(retryable) as Extract<ReturnType<typeof failure>, { ok: false }>;
    return { ...more, error: slow ? { ...error, code: "task/timed-out" as const } : error };
  }

  async #isOver(): Promise<boolean> {
    const { attempts, clock, journal, process } = this.#world;
    await this.#world.settle();
    if (process !== this.#world.process) return false;
    if (this.#accepted.size < EVENTS || attempts.length > 0 || clock.pending > 0) return false;
    return (await journal.unfinished()).length === 0;
  }

  /** No pipeline has more runs under way than it may; what was called off may take a moment to end. */
  #checkLimits(): void {
    const calledOff = new Set(this.#world.calledOff.map(keyOf));
    const going = this.#world.attempts.filter((attempt) => !calledOff.has(keyOf(attempt)));
    const runs = Map.groupBy(going, ({ pipeline }) => pipeline);
    for (const [pipeline, attempts] of runs) {
      const underWay = new Set(attempts.map(({ runId }) => runId)).size;
      assert(underWay <= this.#limits.get(pipeline)!, `"${pipeline}" has ${underWay} runs under way`);
    }
  }

  /** No more attempts of one concurrency key are with the executors than it allows. */
  #checkKeys(): void {
    for (const { key, limit } of KEYS) {
      const running = this.#world.attempts.filter(({ pipeline, task }) =>
        this.#plays.get(pipeline)!.plan.tasks[task]!.concurrencyKey?.key === key
      );
      assert(running.length <= limit, `${running.length} attempts of key "${key}"`);
    }
  }

  /** No window, wherever it is laid, holds more starts than the rate limit allows, over all processes. */
  #checkRates(): void {
    for (const { key, limit, perMs } of RATES) {
      const times = this.#world.begun.filter(({ pipeline, task }) =>
        this.#plays.get(pipeline)!.plan.tasks[task]!.rateLimit?.key === key
      ).map(({ atMs }) => atMs);
      for (const [index, atMs] of times.entries()) {
        assert((times[index + limit] ?? Infinity) >= atMs + perMs, `too many starts of "${key}"`);
      }
    }
  }

  /** Nobody is given a failure in place of a value but of a task that may fail. */
  #checkInputs(): void {
    for (const { pipeline, inputs } of this.#world.attempts) {
      const failures = Object.values(inputs).filter(isFailure);
      assert(failures.every(({ task }) => this.#plays.get(pipeline)!.plan.tasks[task]!.failSafe));
    }
  }

  async #check(): Promise<void> {
    const world = this.#world;
    assertEquals(await world.journal.unrouted(), [], "triggers saw every event");
    const keys = world.submitted.map(keyOf);
    assertEquals(keys.length, new Set(keys).size, "no attempt is handed over twice");
    const again = world.submitted.filter((key) =>
      Array.from({ length: key.attempt - 1 }, (_, before) => ({ ...key, attempt: before + 1 }))
        .some((earlier) =>
          world.stored.has(keyOf(earlier)) && !this.#readInVain(earlier) && !this.#isVictim(earlier)
        )
    );
    const late = world.submitted.filter(({ runId }, index) =>
      index >= (this.#cancelled.get(runId) ?? Infinity)
    );
    assertEquals(late, [], "nothing of a cancelled run is begun");
    assertEquals(again, [], "what has a result, journalled or only stored, is never executed again");
    const waiting = [...this.#readings.values()].filter((process) => process === world.process);
    assertEquals(waiting, [], "nobody waits for chunks that never come");
    const runs = await world.journal.runs({ limit: 1_000 });
    for (const pipeline of this.#plays.keys()) {
      const started = runs.filter((run) => run.pipeline === pipeline);
      assertEquals(started.length, EVENTS, `"${pipeline}" was started once for each cause`);
      for (const run of started) this.#checkRun(run, (await world.journal.run(run.id))!.facts as Fact[]);
    }
  }

  /** Whether an attempt was done, but its executor was given up for another one before it could say so. */
  #isVictim({ runId, task, attempt }: AttemptKey): boolean {
    return this.#world.facts.get(runId)!.some((one) =>
      one.type === "failed" && one.error.code === "executor/lost" && one.task === task &&
      one.attempt === attempt && !this.#died.has(keyOf({ runId, task, attempt }))
    );
  }

  /** Whether an attempt has read another one that came to nothing: then so did it. */
  #readInVain({ runId, task, attempt }: AttemptKey): boolean {
    return this.#world.facts.get(runId)!.some((one) =>
      one.type === "recalled" && one.task === task && one.attempt === attempt
    );
  }

  /** Nothing is made of the chunks of an attempt that did not succeed. */
  #checkStreams(facts: readonly Fact[]): void {
    const succeeded = new Map(
      facts.flatMap((one) => one.type === "succeeded" ? [[one.task, one.attempt] as const] : []),
    );
    for (const one of facts) {
      if (one.type !== "started" || one.live === undefined) continue;
      this.#earlyStarts++;
      if (succeeded.get(one.task) !== one.attempt) continue;
      for (const [source, attempt] of Object.entries(one.live)) assertEquals(succeeded.get(source), attempt);
    }
  }

  #checkRun(run: RunRecord, facts: readonly Fact[]): void {
    const play = this.#plays.get(run.pipeline)!;
    const expected = naiveEnd(play);
    const state = replay(run, facts);
    const statuses = statusesOf(state, expected);
    const hasVictims = facts.some((one) =>
      one.type === "failed" && this.#isVictim({ ...one, runId: run.id })
    );
    if (run.status === "cancelled") assertEquals(run.pipeline, "third");
    // Who loses an attempt for nothing may have one too few.
    else if (!hasVictims) {
      assertEquals({ status: run.status, tasks: statuses }, {
        status: expected.status,
        tasks: expected.tasks,
      });
    }
    this.#checkStreams(facts);
    const successes = facts.flatMap((one) => one.type === "succeeded" ? [one] : []);
    assertEquals(
      successes.length,
      new Set(successes.map(({ task }) => task)).size,
      "each success is told once",
    );
    for (const { task, attempt } of successes) {
      const key = { runId: run.id, task, attempt };
      assert(this.#world.stored.has(keyOf(key)), `the result of ${keyOf(key)} is stored`);
    }
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)]!;
  }
}
