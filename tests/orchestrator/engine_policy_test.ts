/** What a run may do and may not: its time, its end by hand, and what it says of its cause. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { planOf } from "./plans.ts";
import { failure, keyOf, success, World } from "./world.ts";

const ab = planOf({ a: [], b: ["a"] });
const one = planOf({ a: [] });

function statuses(tasks: Readonly<Record<string, { readonly status: string }>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tasks).map(([name, { status }]) => [name, status]));
}

// --- the time of a run

Deno.test("Engine a run that is out of time fails, says so, and calls off what runs", async () => {
  const plan = planOf({ a: [], b: ["a"], c: [] });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan, timeoutMs: 5_000 }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.finish("c");
  await world.clock.advance(4_999);
  assertEquals(world.running, ["a"]);
  await world.clock.advance(1);
  const end = await world.engine.ended(runId!);
  assertEquals(statuses(end.tasks), { a: "cancelled", b: "cancelled", c: "succeeded" });
  assertEquals([end.status, end.error?.code, end.error?.details], [
    "failed",
    "run/timed-out",
    { runId, timeoutMs: 5_000 },
  ]);
  assertEquals(world.calledOff, [{ runId: runId!, task: "a", attempt: 1 }]);
  assertEquals(world.topics.at(-1), "run.p.failed");
  assertEquals(world.clock.pending, 0);
});

Deno.test("Engine the request's time-out goes before the pipeline's, and is all that a selection has", async () => {
  const world = new World({
    pipelines: [{ name: "p", plan: one, timeoutMs: 5_000 }, { name: "adhoc", plan: one }],
  });
  await world.publish("run.request", { pipeline: "p", timeoutMs: 9_000 });
  await world.publish("run.request", { names: ["a"], timeoutMs: 7_000 });
  await world.clock.advance(6_999);
  assertEquals(world.running.length, 2);
  await world.clock.advance(1);
  assertEquals(world.attempts.map(({ pipeline }) => pipeline), ["p"]);
  await world.clock.advance(2_000);
  assertEquals(world.running, []);
});

Deno.test("Engine the time of a run begins when it starts: waiting in line does not count", async () => {
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one, overlap: "queue", timeoutMs: 5_000 }],
  });
  await world.publish("go");
  await world.clock.advance(4_000);
  const { runIds: [second] } = await world.publish("go");
  await world.clock.advance(1_000);
  await world.clock.advance(4_000);
  assertEquals((await world.engine.view(second!)).status, "running");
  await world.finish("a");
  assertEquals((await world.engine.ended(second!)).status, "succeeded");
});

Deno.test("Engine the time of a run goes on while the platform is down", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: ab, timeoutMs: 5_000 }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.clock.advance(2_000);
  world.crash();
  await world.engine.recover();
  await world.clock.advance(2_999);
  assertEquals(world.running, ["a"]);
  world.crash();
  await world.clock.advance(60_000);
  await world.engine.recover();
  await world.settle();
  assertEquals(world.running, [], "nothing is started that is out of time");
  assertEquals((await world.engine.ended(runId!)).error?.code, "run/timed-out");
});

Deno.test("Engine a run whose last result was stored in time has succeeded, however late that is known", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one, timeoutMs: 5_000 }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  world.store({ runId: runId!, task: "a", attempt: 1 });
  world.crash();
  await world.clock.advance(60_000);
  await world.engine.recover();
  assertEquals((await world.engine.ended(runId!)).status, "succeeded");
});

Deno.test("Engine a run that ends in time leaves no alarm, and one that waits to try again is out of time too", async () => {
  const plan = planOf({ a: [] }, { a: { maxRetries: 1 } });
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan, timeoutMs: 600_000 }] });
  await world.publish("go");
  await world.settle();
  await world.finish("a");
  assertEquals(world.clock.pending, 0);
  const { runIds: [runId] } = await world.publish("run.request", { pipeline: "p", timeoutMs: 100 });
  await world.settle();
  await world.finish("a", failure());
  await world.clock.advance(100);
  assertEquals((await world.engine.ended(runId!)).error?.code, "run/timed-out");
  assertEquals(world.clock.pending, 0);
});

// --- cancelling

Deno.test("Engine.cancel() is answered once it is journalled: from then on no crash brings the run back", async () => {
  let lost = true;
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan: one }],
    fate: (writes) =>
      lost && writes.some((write) => write.kind === "status" && write.status === "cancelled")
        ? "lost before"
        : "written",
  });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  let answered = false;
  void world.engine.cancel(runId!).then(() => answered = true);
  await world.settle();
  assertEquals([answered, world.process], [false, 1]);
  lost = false;
  await world.engine.recover();
  await world.settle();
  assertEquals(world.running, ["a"], "who got no answer must ask again");
  await world.engine.cancel(runId!);
  world.crash();
  await world.engine.recover();
  await world.settle();
  assertEquals([world.running, (await world.engine.view(runId!)).status], [[], "cancelled"]);
});

Deno.test("Engine.cancel() a success that comes once the cancel is decided never counts", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  const key = { runId: runId!, task: "a", attempt: 1 };
  const cancelled = world.engine.cancel(runId!);
  world.report(key, success());
  await cancelled;
  world.report(key, success());
  await world.settle();
  const view = await world.engine.view(runId!);
  assertEquals([view.status, view.tasks.a!.status, view.tasks.a!.resultIds], ["cancelled", "cancelled", []]);
  assertEquals(await world.journal.latestResult("a"), undefined);
});

Deno.test("Engine.cancel() a stored result is not adopted after a crash once the run is cancelled", async () => {
  const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one }] });
  const { runIds: [runId] } = await world.publish("go");
  await world.settle();
  await world.engine.cancel(runId!);
  world.store({ runId: runId!, task: "a", attempt: 1 });
  world.crash();
  assertEquals(await world.engine.recover(), 0);
  assertEquals((await world.engine.view(runId!)).status, "cancelled");
});

// --- overlap after a restart

Deno.test("Engine overlap after a crash: what was accepted and not decided is decided as it would have been", async () => {
  for (const overlap of ["skip", "queue", "cancel"] as const) {
    const world = new World({ pipelines: [{ name: "p", on: ["go"], plan: one, overlap }] });
    const { runIds: [first] } = await world.publish("go");
    await world.settle();
    // Accepted, and the process ends before anything follows from it.
    const { runIds: [second] } = await world.publish("go");
    world.crash();
    await world.engine.recover();
    await world.settle();
    const [a, b] = await Promise.all([first, second].map((runId) => world.engine.view(runId!)));
    const expected = {
      skip: ["running", "cancelled", ["a"]],
      queue: ["running", "pending", ["a"]],
      cancel: ["cancelled", "running", ["a"]],
    }[overlap];
    assertEquals([overlap, a!.status, b!.status, world.running], [overlap, ...expected]);
  }
});

// --- what is known of the cause

Deno.test("Engine a run goes on with the trace of its cause, and each attempt has a span of its own", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const plan = planOf({ a: [] }, { a: { maxRetries: 1 } });
  const world = new World({
    pipelines: [{ name: "p", on: ["go"], plan }, { name: "q", on: ["run.p.succeeded"], plan }],
  });
  await world.publish("go", {}, { traceparent });
  await world.settle();
  const first = world.attempts[0]!;
  await world.finish("a", failure());
  await world.clock.advance(60_000);
  const second = world.attempts[0]!;
  world.crash();
  await world.engine.recover();
  await world.settle();
  const third = world.attempts[0]!;
  await world.finish("a");
  const chained = world.attempts[0]!;
  const attempts = [first, second, third, chained];
  for (const attempt of attempts) {
    assertMatch(attempt.traceparent, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/, keyOf(attempt));
  }
  assertEquals(new Set(attempts.map((attempt) => attempt.traceparent)).size, 4);
  assertEquals(attempts.map(({ hops }) => hops), [0, 0, 0, 1]);
  assert(world.shown.every((event) => event.traceparent?.startsWith(traceparent.slice(0, 36))));
});
