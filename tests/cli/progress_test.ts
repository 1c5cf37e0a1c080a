import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { MillraceEvent } from "../../src/event/event.ts";
import { isFinal, Progress } from "../../src/cli/progress.ts";
import { RUN_ID, runView, taskView } from "./fake_platform.ts";

let sequence = 0;

function event(topic: string, data: Record<string, unknown> = {}, timeMs = 0): MillraceEvent {
  return { id: `e${sequence++}`, topic, timeMs, source: "test", data: { runId: RUN_ID, ...data } };
}

function read(state: string, data: Record<string, unknown> = {}, timeMs = 0): MillraceEvent {
  return event(`task.flights.read.${state}`, { task: "read", attempt: 1, ...data }, timeMs);
}

Deno.test("Progress follows a run from its events", () => {
  const progress = new Progress();
  assertEquals(progress.apply(event("run.flights.started", { startedMs: 5 }))?.run.status, "running");
  assertEquals(progress.apply(read("started", {}, 10))?.task?.status, "running");
  assertEquals(progress.apply(read("chunk")), undefined);
  assertEquals(progress.apply(read("progress", { done: 3, total: 4 })), undefined);
  const { task } = progress.apply(read("succeeded", { durationMs: 7 }))!;
  assertEquals(task, {
    name: "read",
    status: "succeeded",
    attempt: 1,
    startedMs: 10,
    durationMs: 7,
    chunks: 1,
    done: 3,
    total: 4,
  });
  assertEquals(progress.active.length, 1);
  assertEquals(progress.apply(event("run.flights.succeeded", { endedMs: 20 }))?.run.endedMs, 20);
  assertEquals(progress.active.length, 0);
});

Deno.test("Progress begins each try from nothing but keeps the error of the one before", () => {
  const progress = new Progress();
  progress.apply(read("started"));
  progress.apply(read("chunk"));
  const error = { code: "task/threw", message: "no route", details: {} };
  assertEquals(progress.apply(read("retrying", { error, nextTryMs: 99 }))?.task?.nextTryMs, 99);
  const { task } = progress.apply(read("started", { attempt: 2 }, 99))!;
  assertEquals([task!.status, task!.chunks, task!.error, task!.nextTryMs], [
    "running",
    0,
    "no route",
    undefined,
  ]);
});

Deno.test("Progress notices a task whose start it missed", () => {
  const progress = new Progress();
  const change = progress.apply(read("chunk", {}, 30));
  assertEquals([change?.task?.status, change?.task?.chunks], ["running", 1]);
});

Deno.test("Progress ignores what is not about runs and tasks, or not understood", () => {
  const progress = new Progress();
  const strangers = [
    "trigger.nightly.fired",
    "run.request",
    "run.flights.paused",
    "task.flights.read.dreaming",
  ];
  for (const topic of strangers) assertEquals(progress.apply(event(topic)), undefined);
  assertEquals(progress.apply({ ...event("run.flights.started"), data: null }), undefined);
  assertEquals(progress.apply(event("task.flights.read.started", { runId: 7 })), undefined);
  assertEquals(progress.active, []);
});

Deno.test("Progress takes order, pending tasks and what it missed from a view", () => {
  const progress = new Progress();
  progress.apply(event("task.flights.report.started", { task: "report", attempt: 1 }));
  const changes = progress.seed(runView({
    tasks: {
      report: taskView({ status: "running", attempts: 1 }),
      read: taskView({ status: "succeeded", attempts: 2, resultIds: ["1", "2"], startedMs: 10, endedMs: 40 }),
    },
  }));
  const told = changes.map(({ task }) => task?.name ?? "the run");
  assertEquals(told, ["read", "the run"]);
  const tasks = [...progress.run(RUN_ID)!.tasks.values()];
  assertEquals(tasks.map((task) => task.name), ["read", "report"]);
  assertEquals([tasks[0]!.durationMs, tasks[0]!.chunks, tasks[0]!.attempt], [30, 2, 2]);
  assertEquals(progress.seed(runView()), []);
});

Deno.test("Progress is not brought back by a straggler", () => {
  const progress = new Progress();
  progress.seed(runView({ status: "failed", endedMs: 9 }));
  assertEquals(progress.apply(read("started")), undefined);
  assertEquals(progress.active, []);
});

Deno.test("Progress forgets old runs, never one under way", () => {
  const progress = new Progress();
  progress.seed(runView({ id: "kept" }));
  for (let run = 0; run < 300; run++) progress.seed(runView({ id: `run-${run}`, status: "succeeded" }));
  assert(progress.run("kept") !== undefined);
  assertEquals(progress.run("run-0"), undefined);
  assert(progress.run("run-299") !== undefined);
});

Deno.test("Progress never goes backwards, whatever order events come in", () => {
  const states = ["started", "chunk", "retrying", "succeeded", "failed", "skipped"];
  const arbitrary = fc.array(
    fc.record({ state: fc.constantFrom(...states), attempt: fc.integer({ min: 1, max: 3 }) }),
  );
  fc.assert(fc.property(arbitrary, (steps) => {
    const progress = new Progress();
    let attempt = 0;
    let final: string | undefined;
    for (const step of steps) {
      progress.apply(read(step.state, { attempt: step.attempt }));
      const task = progress.run(RUN_ID)!.tasks.get("read")!;
      assert(task.attempt >= attempt);
      attempt = task.attempt;
      if (final !== undefined) assertEquals(task.status, final);
      if (isFinal(task.status)) final = task.status;
    }
  }));
});
