/**
 * Whether the simulation of runs would notice: the engine is broken on purpose, one way after the other, and
 * each time the random worlds of `deno task simulate` must find out.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

/** One way to break the engine: a text that stands once in a file, and what stands there instead. */
interface Mutation {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What finds out. The reducer's guards are a second line: no world gets past the first. @default {"worlds"} */
  readonly by?: "worlds" | "reducer" | "pool";
}

const run = "orchestrator/run_state.ts";
const driver = "orchestrator/run_driver.ts";
const decider = "orchestrator/run_decider.ts";
const engine = "orchestrator/engine.ts";
const steps = "orchestrator/next_steps.ts";

const MUTATIONS: readonly Mutation[] = [
  {
    what: "results of stale attempts are accepted",
    file: run,
    from: `task.status === "running" && fact.attempt === task.attempts`,
    to: `task.status !== "pending"`,
  },
  {
    what: "a run's final state is not final",
    by: "reducer",
    file: run,
    from: `  if (isFinalRun(state.status)) return false;\n  switch`,
    to: `  switch`,
  },
  {
    what: "a task's final state is not final",
    by: "reducer",
    file: run,
    from: `  if (isFinalTask(task.status)) return task;\n  const current`,
    to: `  const current`,
  },
  {
    what: "an interrupted attempt counts as a success",
    file: run,
    from: `    case "interrupted":\n`,
    to: `    case "interrupted":\n` +
      `      if (current) return { ...task, status: "succeeded", succeeded: { attempt: fact.attempt } };\n`,
  },
  {
    what: "attempts start before that is journalled",
    file: driver,
    from: `    await this.#commit(writes);\n`,
    to:
      `    for (const fact of facts) if (fact.type === "started") { applyFact(this.#state, fact); this.#act(fact); }\n` +
      `    await this.#commit(writes);\n`,
  },
  {
    what: "what cannot be written is forgotten",
    file: driver,
    from: `        await this.#again("The journal could not be written; trying again", error);\n`,
    to: `        return;\n`,
  },
  {
    what: "runs that another run starts are not journalled with its end",
    file: decider,
    from: `    for (const { writes: more } of told) writes.push(...more);\n`,
    to: ``,
  },
  {
    what: "a retry is forgotten by a restart",
    file: driver,
    from: `if (status === "retrying") this.#retryAt(task, retryAtMs ?? 0);`,
    to: ``,
  },
  {
    what: "the same event starts its runs twice",
    file: engine,
    from: `if (!duplicate) this.#accepted(event, acceptance);`,
    to: `this.#accepted(event, acceptance);`,
  },
  {
    what: "events that triggers have not seen are forgotten by a restart",
    file: engine,
    from: `for (const event of await this.#ports.journal.unrouted()) {`,
    to: `for (const event of [] as EncodedEvent[]) {`,
  },
  {
    what: "results that were stored before a crash are made again",
    file: "orchestrator/preparation.ts",
    from: `      found === undefined\n`,
    to: `      found === undefined || state.run.id !== ""\n`,
  },
  {
    what: "a run that waits is forgotten when its turn comes",
    file: engine,
    from: `for (const next of this.#admission.ended(id, pipeline)) void this.#drivers.get(next)?.start();`,
    to: `this.#admission.ended(id, pipeline);`,
  },
  {
    what: "runs under way are not counted after a restart",
    file: engine,
    from: `      this.#admission.resumed(run.id, run.pipeline, this.#pipelines.get(run.pipeline));\n`,
    to: ``,
  },
  {
    what: "what needs a failed task is not skipped",
    file: steps,
    from: `if (gone && !this.#isFailSafe(name)) {`,
    to: `if (gone && name === "") {`,
  },
  {
    what: "fail-safe tasks take others with them",
    file: steps,
    from: `    return this.#plan.tasks[name]!.failSafe;\n`,
    to: `    return this.#plan.tasks[name] === undefined;\n`,
  },
  {
    what: "a reader of chunks that came to nothing counts",
    file: decider,
    from: `    if (this.#isHeld(fact)) return;\n`,
    to: ``,
  },
  {
    what: "readers of chunks that came to nothing go on",
    file: decider,
    from: `      this.#recallReaders(fact);\n`,
    to: ``,
  },
  {
    what: "concurrency keys are not looked at",
    file: "orchestrator/needs.ts",
    from: `  if (concurrencyKey !== undefined) {\n`,
    to: `  if (concurrencyKey === null) {\n`,
  },
  {
    what: "rate limits are not looked at",
    file: "orchestrator/needs.ts",
    from: `  if (rateLimit !== undefined) {\n`,
    to: `  if (rateLimit === null) {\n`,
  },
  {
    what: "starts are forgotten by a restart",
    file: engine,
    from: `this.#permits.restore(await this.#ports.journal.starts())`,
    to: `this.#permits.restore([])`,
  },
  {
    what: "an attempt counts from the decision to start it, not from when it begins",
    file: "orchestrator/rooms.ts",
    from: `    const left = limit - this.#open.size;\n`,
    to: `    const left = limit;\n`,
  },
  {
    what: "permits are never given back",
    file: engine,
    from: `    this.#permits.release(key);\n`,
    to: ``,
  },
  {
    what: "a cancelled run goes on",
    file: decider,
    from: `    for (const [task] of open) this.#take({ type: "cancelled", task, atMs });\n`,
    to: `    if (cancelled) return;\n`,
  },
  {
    what: "what was called off before it was begun goes to another executor",
    by: "pool",
    file: "executor/pool.ts",
    from: `putBack(jobs.filter(({ cancelledMs }) => cancelledMs === undefined));\n` +
      `    for (const job of jobs) if (job.cancelledMs !== undefined)`,
    to: `putBack(jobs);\n    for (const job of jobs) if (job.work === undefined)`,
  },
  {
    what: "what a lost executor had not begun is lost with it",
    by: "pool",
    file: "executor/pool.ts",
    from: `    this.#takeBack(lane);\n    for (const job of lane.jobs)`,
    to: `    for (const job of lane.jobs)`,
  },
  {
    what: "an executor begins what the pool has taken back",
    by: "pool",
    file: "executor/claims.ts",
    from: `  return Atomics.compareExchange(claims, 0, number, after(number)) === number;`,
    to: `  return Atomics.compareExchange(claims, 0, number, after(number)) !== undefined;`,
  },
  {
    what: "one try too many",
    file: "orchestrator/attempts.ts",
    from: `return failures > maxRetries ?`,
    to: `return failures > maxRetries + 1 ?`,
  },
];

/** How many worlds each broken engine is tried in. */
const WORLDS = "1000";

/** What the simulation is made of. */
const PARTS = [
  "src",
  "tests/orchestrator",
  "tests/executor",
  "tests/planner",
  "tests/std_assert",
  "deno.json",
  "deno.lock",
  "mod.ts",
];
const root = new URL("../../", import.meta.url);

async function copyTo(dir: string): Promise<void> {
  await Deno.mkdir(`${dir}/tests`, { recursive: true });
  const { success } = await new Deno.Command("cp", {
    args: ["-r", "--parents", ...PARTS, dir],
    cwd: root,
  }).output();
  assert(success, "the sources can be copied");
}

const LOOKS = {
  worlds: ["run", "-A", "--no-check", "tests/orchestrator/simulate.ts", "--worlds", WORLDS],
  pool: ["test", "-A", "--no-check", "tests/executor/pool_test.ts"],
  reducer: ["test", "-A", "--no-check", "tests/orchestrator/run_state_test.ts"],
};

/** What the worlds, or the tests of the reducer, of a copy say. */
async function look(
  dir: string,
  by: Mutation["by"] = "worlds",
): Promise<{ readonly ok: boolean; readonly said: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: LOOKS[by],
    cwd: dir,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(60_000),
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { ok: code === 0, said };
}

async function inCopy(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await copyTo(dir);
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("simulation of a whole engine finds nothing", () =>
  inCopy(async (dir) => {
    const { ok, said } = await look(dir);
    assert(ok, said);
    assertStringIncludes(said, `${WORLDS} worlds`);
  }));

for (const { what, file, from, to, by } of MUTATIONS) {
  Deno.test(`simulation finds out if ${what}`, () =>
    inCopy(async (dir) => {
      const path = `${dir}/src/${file}`;
      const text = await Deno.readTextFile(path);
      assertEquals(text.split(from).length, 2, `"${from}" stands once in ${file}`);
      await Deno.writeTextFile(path, text.replace(from, () => to));
      const { ok, said } = await look(dir, by);
      assert(!ok, "nothing was found");
      assertMatch(
        said,
        /seed \d+|\d+ passed|Uncaught TypeError/,
        "a world or a test found it, and not the compiler",
      );
    }));
}
