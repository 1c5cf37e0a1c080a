/** Random worlds in which runs are started, repeated, remembered and forgotten, and whose process ends now and then. */
import { assert, assertEquals } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import type { AttemptOutcome, ExecutableTask } from "../../src/executor/port.ts";
import { replay, type RunState } from "../../src/orchestrator/run_state.ts";
import { sweep } from "../../src/orchestrator/sweep.ts";
import type { IOManager, ResultKey } from "../../src/store/port.ts";
import type { RerunFrom } from "../../src/task/run.ts";
import { isFailure } from "../../src/task/task.ts";
import { planOf } from "./plans.ts";
import { failure, keyOf, World } from "./world.ts";

/** How many worlds; each has its own seed. */
const WORLDS = 150;
/** How many things happen in each. */
const MOVES = 120;

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

const edges = { a: [], b: ["a"], c: ["b"], d: [] };
const cache = { keyed: false, version: "1", ttlMs: 50 };

class Simulation {
  readonly #random: () => number;
  readonly #world = new World({
    pipelines: [
      { name: "p", on: ["go"], plan: planOf(edges, { a: { cache }, d: { cache } }), concurrency: 2 },
      // Reads the latest result of a task that it leaves out.
      { name: "q", on: ["read"], plan: planOf({ ...edges, e: ["a"] }, {}, { names: ["e"] }) },
    ],
  });
  reruns = 0;
  hits = 0;
  forgotten = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  async run(): Promise<void> {
    const world = this.#world;
    for (let move = 0; move < MOVES; move++) {
      await this.#move();
      await world.settle();
      await this.#check();
    }
    while (world.attempts.length > 0) await this.#finish(world.attempts[0]!);
    assertEquals(await world.journal.unfinished(), [], "every run comes to its end");
    await this.#forget({});
    const left = new Set([...world.stored.keys()].map((key) => key.split("/").slice(0, 2).join("/")));
    for (const [runId, task] of [...left].map((key) => key.split("/"))) {
      assertEquals((await world.journal.latestResult(task!))?.runId, runId, "only what is the latest stays");
    }
  }

  async #move(): Promise<void> {
    const world = this.#world;
    const luck = this.#random();
    if (luck < 0.15) await world.publish(luck < 0.11 ? "go" : "read", { n: this.#below(2) });
    else if (luck < 0.25) await this.#rerun();
    else if (luck < 0.35) {
      await this.#forget(this.#pick([{ keep: 0 }, { keep: 1 }, { endedBeforeMs: world.clock.now() }]));
    } else if (luck < 0.4) await world.clock.advance(20);
    else if (luck < 0.43) {
      world.crash();
      await world.engine.recover();
    } else if (world.attempts.length > 0) await this.#finish(this.#pick(world.attempts));
  }

  /** Ends an attempt: by an earlier result, by one of its own, or in vain. */
  async #finish(attempt: ExecutableTask): Promise<void> {
    const world = this.#world;
    const { runId, task, attempt: number, memoCode, memoAnew, params } = attempt;
    const key = `${task}/${params.n}`;
    const cached = memoCode === undefined || memoAnew
      ? undefined
      : await world.engine.recall({ runId, task, attempt: number }, key);
    if (cached !== undefined) {
      this.hits++;
      const index = world.attempts.indexOf(attempt);
      if (index >= 0) world.attempts.splice(index, 1);
      world.engine.outcome({ runId, task, attempt: number }, { ok: true, durationMs: 1, cached });
    } else {
      const outcome: AttemptOutcome = this.#random() < 0.25
        ? failure(false)
        : { ok: true, durationMs: 1, ...(memoCode === undefined ? {} : { memo: { key, digest: "d" } }) };
      world.report(attempt, outcome);
    }
    await world.settle();
  }

  async #rerun(): Promise<void> {
    const ended = (await this.#world.journal.runs({ limit: 100 })).filter(({ endedMs }) =>
      endedMs !== undefined
    );
    if (ended.length === 0) return;
    const from = this.#pick<RerunFrom>(["failure", "start", { tasks: ["b"] }, { tasks: ["d"] }]);
    const params = this.#random() < 0.3 ? { params: { n: this.#below(3) } } : {};
    try {
      await this.#world.publish("run.request", { rerun: { runId: this.#pick(ended).id, from }, ...params });
      this.reruns++;
    } catch (error) {
      assert(MillraceError.is(error, "run/not-repeatable"), String(error));
      const { reason } = error.details;
      assert(!reason.includes("must still be there"), "what a kept run has is there");
    }
  }

  async #forget(filter: { readonly keep?: number; readonly endedBeforeMs?: number }): Promise<void> {
    this.forgotten += (await this.#world.journal.prune(filter)).length;
    // Sometimes only a few steps are made: then the process may end, or others may come to read.
    for (let steps = filter.keep === undefined ? Infinity : this.#below(4); steps > 0; steps--) {
      if (await sweep(this.#world.journal, this.#io, { clearRun: () => Promise.resolve() }) === undefined) {
        return;
      }
    }
  }

  /** The stored results of the world as an I/O manager. */
  get #io(): Pick<IOManager, "clearRun" | "list" | "delete"> {
    const { stored } = this.#world;
    const list = (runId: string): ResultKey[] =>
      [...stored.keys()].map((key) => key.split("/")).filter(([run]) => run === runId)
        .map(([runId, task, attempt]) => ({ runId: runId!, task: task!, resultId: `a${attempt}` }));
    const remove = ({ runId, task, resultId }: ResultKey): boolean =>
      stored.delete(keyOf({ runId, task, attempt: Number(resultId.slice(1)) }));
    return {
      list: ({ runId }) => Promise.resolve(list(runId)),
      delete: (key) => Promise.resolve(remove(key)),
      clearRun: (runId) => Promise.resolve(list(runId).filter(remove).length),
    };
  }

  /** Whatever a kept run has, and whatever a running attempt reads, is there. */
  async #check(): Promise<void> {
    const { journal, attempts, stored } = this.#world;
    const isThere = (runId: string, task: string, resultId: string): void =>
      assert(
        stored.has(`${runId}/${task}/${resultId.slice(1)}`),
        `the result ${resultId} of ${task} in ${runId} is there`,
      );
    for (const { id } of await journal.runs({ limit: 1_000 })) {
      const found = await journal.run(id);
      const state: RunState = replay(found!.run, found!.facts);
      assert(state.error?.code !== "run/not-found", "what an accepted run repeats is there");
      for (const [task, { succeeded }] of state.tasks) {
        if (succeeded !== undefined) isThere(succeeded.runId ?? id, task, `a${succeeded.attempt}`);
      }
      for (const [task, { runId, resultIds }] of Object.entries(state.external)) {
        isThere(runId, task, resultIds[0]!);
      }
    }
    for (const { inputs } of attempts) {
      for (const source of Object.values(inputs)) {
        if (!isFailure(source) && "resultIds" in source) {
          isThere(source.runId, source.task, source.resultIds[0]!);
        }
      }
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }
}

Deno.test("Engine whatever is repeated, remembered and forgotten: what is read is there, and what is not is not", async () => {
  let [reruns, hits, forgotten] = [0, 0, 0];
  for (let seed = 1; seed <= WORLDS; seed++) {
    const simulation = new Simulation(seed);
    try {
      await simulation.run();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    reruns += simulation.reruns;
    hits += simulation.hits;
    forgotten += simulation.forgotten;
  }
  assert(Math.min(reruns, hits, forgotten) > WORLDS, `enough happened: ${[reruns, hits, forgotten]}`);
});
