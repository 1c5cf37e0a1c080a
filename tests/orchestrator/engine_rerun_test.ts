/** Runs that repeat others: which tasks run again, and whose results the rest of them are. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { MillraceError } from "../../src/base/errors.ts";
import type { ErrorDetails } from "../../src/base/error_codes.ts";
import type { ExecutableTask } from "../../src/executor/port.ts";
import type { TaskDescriptor } from "../../src/task/descriptor.ts";
import type { Plan } from "../../src/task/plan.ts";
import type { RerunFrom, RunView } from "../../src/task/run.ts";
import { planOf, type Play, plays } from "./plans.ts";
import { failure, success, World } from "./world.ts";

const free = { contextFree: true } as const;

/** What a test changes in a plan: the world's pipeline takes whatever is here. */
interface Changing {
  plan: Plan;
}

function changing(plan: Plan): { readonly world: World; readonly now: Changing } {
  const now: Changing = { plan };
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan }],
    prepare: ({ params }) => Promise.resolve({ plan: now.plan, params: params ?? {} }),
  });
  return { world, now };
}

/** Runs the pipeline to its end; these tasks fail. */
async function ranWithout(world: World, ...failing: string[]): Promise<string> {
  const { runIds: [runId] } = await world.publish("go", { day: 1 });
  await world.finishAll(({ task }) => failing.includes(task) ? failure(false) : success());
  return runId!;
}

async function rerun(world: World, runId: string, from: RerunFrom, more = {}): Promise<string> {
  const { runIds } = await world.publish("run.request", { rerun: { runId, from }, ...more });
  return runIds[0]!;
}

/** The tasks that a run has attempted. */
function attempted(world: World, runId: string): string[] {
  return world.submitted.filter((key) => key.runId === runId).map(({ task }) => task).sort();
}

async function refused(promise: Promise<unknown>): Promise<ErrorDetails["run/not-repeatable"]> {
  const error = await assertRejects(() => promise, MillraceError);
  assert(MillraceError.is(error, "run/not-repeatable"), String(error));
  return error.details;
}

const abc = { a: [], b: ["a"], c: ["b"], d: [] };

Deno.test("Engine a re-run from failure runs what did not succeed, on the results of the first run", async () => {
  const { world } = changing(planOf(abc));
  const first = await ranWithout(world, "b");
  const second = await rerun(world, first, "failure");
  await world.settle();
  assertEquals(world.attempts.map(({ task, inputs }) => ({ task, inputs })), [
    { task: "b", inputs: { a: { runId: first, task: "a", resultIds: ["a1"] } } },
  ]);
  await world.finishAll();
  const view = await world.engine.view(second);
  assertEquals([view.status, view.parentRunId, view.request.params], ["succeeded", first, { day: 1 }]);
  assertEquals([view.tasks.a!.status, view.tasks.a!.from, view.tasks.a!.resultIds, view.tasks.a!.attempts], [
    "succeeded",
    { runId: first },
    ["a1"],
    0,
  ]);
  assertEquals([view.tasks.b!.from, view.tasks.c!.status], [undefined, "succeeded"]);
  assertEquals(attempted(world, second), ["b", "c"]);
  assertEquals((await world.journal.runs({})).map(({ parentRunId }) => parentRunId), [first, undefined]);
  const started = world.shown.find(({ topic, source }) =>
    topic === "run.p.started" && source === `run/${second}`
  );
  assertEquals(JSON.parse(started!.data).parentRunId, first);
});

Deno.test("Engine a re-run of a re-run refers to the run that made a result, however far back", async () => {
  const { world } = changing(planOf(abc));
  const first = await ranWithout(world, "b");
  const second = await rerun(world, first, "failure");
  await world.finishAll(({ task }) => task === "c" ? failure(false) : success());
  const third = await rerun(world, second, "failure");
  await world.finishAll();
  const { tasks } = await world.engine.view(third);
  assertEquals([tasks.a!.from?.runId, tasks.b!.from?.runId, tasks.c!.from], [first, second, undefined]);
});

Deno.test("Engine a re-run from tasks runs these and what comes after; from start all", async () => {
  const { world } = changing(planOf(abc));
  const first = await ranWithout(world);
  const some = await rerun(world, first, { tasks: ["b"] });
  await world.finishAll();
  assertEquals(attempted(world, some), ["b", "c"]);
  const all = await rerun(world, first, "start");
  await world.finishAll();
  assertEquals(attempted(world, all), ["a", "b", "c", "d"]);
});

Deno.test("Engine a re-run with changed parameters runs what may read them, and what comes after", async () => {
  const day = { params: { type: "object", properties: { day: {} } } };
  const plan = planOf(
    { extract: [], rate: [], total: ["extract"], any: [], loose: [] },
    {
      extract: day,
      rate: { params: { type: "object", properties: { bank: {} } } },
      total: free,
      loose: { params: { type: "object", properties: { bank: {} }, additionalProperties: {} } },
    },
  );
  const { world } = changing(plan);
  const first = await ranWithout(world, "total");
  const same = await rerun(world, first, "failure", { params: { day: 1 } });
  await world.finishAll();
  assertEquals(attempted(world, same), ["total"]);
  const other = await rerun(world, first, "failure", { params: { day: 2 }, metadata: { by: "me" } });
  await world.finishAll();
  assertEquals(attempted(world, other), ["any", "extract", "loose", "total"]);
  const { request } = await world.engine.view(other);
  assertEquals([request.params, request.metadata], [{ day: 2 }, { by: "me" }]);
});

Deno.test("Engine a re-run of a failure that was safe runs who was given the failure", async () => {
  const { world } = changing(planOf({ a: [], b: ["a"], c: [] }, { a: { failSafe: true } }));
  const first = await ranWithout(world, "a");
  assertEquals((await world.engine.view(first)).status, "succeeded");
  const second = await rerun(world, first, "failure");
  await world.finishAll();
  assertEquals(attempted(world, second), ["a", "b"]);
});

Deno.test("Engine a re-run is refused if a result that it would take over is of a task defined otherwise", async () => {
  const { world, now } = changing(planOf(abc));
  const first = await ranWithout(world, "c");
  now.plan = planOf(abc, { a: { timeoutMs: 5 }, c: { maxRetries: 3 } });
  assertEquals((await refused(rerun(world, first, "failure"))).tasks, ["a"]);
  const second = await rerun(world, first, { tasks: ["a"] });
  await world.finishAll();
  assertEquals(attempted(world, second), ["a", "b", "c"]);
});

Deno.test("Engine a re-run is refused for unfinished runs, unknown tasks, and where nothing would run", async () => {
  const { world } = changing(planOf(abc));
  const first = await ranWithout(world);
  assertEquals((await refused(rerun(world, first, { tasks: ["b", "x"] }))).tasks, ["x"]);
  await refused(rerun(world, first, "failure"));
  const { runIds: [open] } = await world.publish("go");
  await refused(rerun(world, open!, "start"));
  const error = await assertRejects(() => rerun(world, "nobody", "start"), MillraceError);
  assertEquals(MillraceError.is(error) && error.code, "run/not-found");
});

Deno.test("Engine a re-run is refused if results that it would take over are gone, by the names of their tasks", async () => {
  const { world } = changing(planOf(abc));
  const first = await ranWithout(world, "c");
  for (const task of ["b", "d"]) world.stored.delete(`${first}/${task}/1`);
  assertEquals((await refused(rerun(world, first, "failure"))).tasks, ["d", "b"]);
  const second = await rerun(world, first, { tasks: ["b", "d"] });
  await world.finishAll();
  assertEquals(attempted(world, second), ["b", "c", "d"]);
});

Deno.test("Engine what an unfinished re-run reads is not forgotten, and its results outlive their run", async () => {
  const { world } = changing(planOf(abc));
  const first = await ranWithout(world, "c");
  await world.clock.advance(1);
  const second = await rerun(world, first, "failure");
  assertEquals(await world.journal.prune({}), []);
  await world.finishAll();
  await world.clock.advance(1);
  const third = await rerun(world, second, { tasks: ["d"] });
  await world.finishAll();
  assertEquals(await world.journal.prune({ keep: 1 }), [first, second]);
  const kept: Record<string, readonly string[]> = {};
  for (let next = await world.journal.release(); next; next = await world.journal.release()) {
    kept[next.runId] = next.kept;
    await world.journal.released(next.runId, next.kept);
  }
  assertEquals(kept, { [first]: ["a", "b"], [second]: ["c"] });
  const { tasks } = await world.engine.view(third);
  assertEquals([tasks.a!.from?.runId, tasks.c!.from?.runId], [first, second]);
});

Deno.test("Engine a run that never had a plan is repeated in full", async () => {
  const { world, now } = changing(planOf(abc));
  const { runIds: [first] } = await world.publish("go");
  world.engine.cancel(first!);
  await world.settle();
  now.plan = planOf({ z: [] });
  const second = await rerun(world, first!, "failure");
  await world.finishAll();
  assertEquals([attempted(world, second), (await world.engine.view(second)).status], [["z"], "succeeded"]);
});

Deno.test("Engine a re-run reads the external results that its parent read", async () => {
  const edges = { a: [], b: ["a"], c: ["a"] };
  const { world, now } = changing(planOf(edges, {}, { names: ["a"] }));
  const early = await ranWithout(world);
  now.plan = planOf(edges, {}, { names: ["b", "c"] });
  const first = await ranWithout(world, "c");
  now.plan = planOf(edges, {}, { names: ["a"] });
  const late = await ranWithout(world);
  now.plan = planOf(edges, {}, { names: ["b", "c"] });
  const readBy = async (from: RerunFrom): Promise<unknown> => {
    const runId = await rerun(world, first, from);
    await world.settle();
    const { inputs } = world.attempts.find(({ task }) => task === "c")!;
    await world.finishAll();
    await world.engine.ended(runId);
    return (inputs.a as { runId: string }).runId;
  };
  assertEquals([await readBy("failure"), await readBy("start")], [early, late]);
});

Deno.test("Engine a re-run goes on after a crash with what it took over", async () => {
  const { world } = changing(planOf(abc));
  const first = await ranWithout(world, "b");
  const second = await rerun(world, first, "failure");
  await world.settle();
  world.crash();
  await world.engine.recover();
  await world.finishAll();
  const { status, tasks } = await world.engine.view(second);
  assertEquals([status, tasks.a!.from?.runId, tasks.a!.attempts], ["succeeded", first, 0]);
});

/** What an attempt makes: of its task and of all that it reads, so that a wrong input is seen at the end. */
function valueOf(values: ReadonlyMap<string, string>, { task, inputs }: ExecutableTask): string {
  const read = Object.entries(inputs).sort().map(([param, source]) =>
    "runId" in source ? `${param}=${values.get(`${source.runId}/${source.task}`)}` : `${param}!`
  );
  return `${task}(${read.join()})`;
}

/** A run of a play, in which `failing` fails for good; what its tasks gave, by task. */
async function valuesOf(
  world: World,
  values: Map<string, string>,
  runId: string,
  failing: (task: TaskDescriptor) => boolean,
  plan: Plan,
): Promise<{ readonly view: RunView; readonly given: Record<string, string | undefined> }> {
  await world.finishAll((attempt) => {
    if (failing(plan.tasks[attempt.task]!)) return failure(false);
    values.set(`${attempt.runId}/${attempt.task}`, valueOf(values, attempt));
    return success();
  });
  const view = await world.engine.view(runId);
  const given = Object.entries(view.tasks).map(([task, { status, from }]) => [
    task,
    status === "succeeded" ? values.get(`${from?.runId ?? runId}/${task}`) : undefined,
  ]);
  return { view, given: Object.fromEntries(given) };
}

async function sameAsFresh({ plan }: Play, failing: number, chosen: number): Promise<void> {
  const { world } = changing(plan);
  const values = new Map<string, string>();
  const index = new Map(plan.executionOrder.map((task, at) => [task, at]));
  const bad = ({ name }: TaskDescriptor): boolean => ((failing >> index.get(name)!) & 1) === 1;
  const { runIds: [first] } = await world.publish("go");
  await valuesOf(world, values, first!, bad, plan);
  const named = plan.executionOrder.filter((_, at) => ((chosen >> at) & 1) === 1);
  const from = named.length === 0 ? "failure" : { tasks: named };
  const again = await rerun(world, first!, from).catch((error) => {
    assert(MillraceError.is(error, "run/not-repeatable"));
    assert(
      plan.executionOrder.every((task) => !bad(plan.tasks[task]!)),
      "only what failed nowhere is refused",
    );
  });
  if (again === undefined) return;
  const repeated = await valuesOf(world, values, again, () => false, plan);
  const { runIds: [fresh] } = await world.publish("go");
  const anew = await valuesOf(world, values, fresh!, () => false, plan);
  assertEquals([repeated.view.status, repeated.given], [anew.view.status, anew.given]);
  for (const task of named) assertEquals(repeated.view.tasks[task]!.from, undefined);
}

Deno.test("Engine whatever failed: a re-run of any plan ends with the results of a fresh run", async () => {
  const bits = fc.nat(255);
  await fc.assert(
    fc.asyncProperty(plays(), bits, bits, sameAsFresh),
    { numRuns: 200 },
  );
});
