import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { EncodedEvent } from "../../src/event/event.ts";
import type { Fact } from "../../src/orchestrator/facts.ts";
import { eventOfFact, noticeEvent } from "../../src/orchestrator/run_events.ts";
import { acceptedRun, applyFact, type RunState } from "../../src/orchestrator/run_state.ts";
import { fact, planned, planOf, recordOf, stateAfter, threw, timedOut } from "./plans.ts";

const plan = planned(planOf({ a: [] }));

/** The event of the last of these facts. */
function told(...facts: readonly Fact[]): EncodedEvent | undefined {
  return eventOfFact(stateAfter(...facts), facts.at(-1)!);
}

function seen(event: EncodedEvent | undefined): [string, unknown] {
  return [event!.topic, JSON.parse(event!.data)];
}

Deno.test("eventOfFact() a run starts once it is planned", () => {
  const [topic, data] = seen(told(planned(planOf({ a: [] }), { params: { day: 1 } })));
  const { dagId } = stateAfter(plan).plan!;
  assertEquals(topic, "run.p.started");
  assertEquals(data, {
    runId: "r1",
    pipeline: "p",
    dagId,
    status: "running",
    params: { day: 1 },
    metadata: {},
    startedMs: 2,
  });
});

Deno.test("eventOfFact() a run ends with its state, times and error", () => {
  const ended: Fact = { type: "ended", status: "failed", error: threw("a"), atMs: 9 };
  const [topic, data] = seen(told(plan, fact("started", "a", 1, { atMs: 5 }), ended));
  assertEquals(topic, "run.p.failed");
  const { status, startedMs, endedMs, error } = data as Record<string, unknown>;
  assertEquals([status, startedMs, endedMs, error], ["failed", 5, 9, threw("a")]);
});

Deno.test("eventOfFact() every step of a task has its topic", () => {
  const started = fact("started", "a");
  const slow: Fact = { type: "failed", task: "a", attempt: 1, error: timedOut("a"), atMs: 4 };
  const base = { runId: "r1", task: "a", attempt: 1 };
  assertEquals(seen(told(plan, started)), ["task.p.a.started", base]);
  assertEquals(seen(told(plan, started, fact("succeeded", "a", 1, { chunks: 2 }))), [
    "task.p.a.succeeded",
    { ...base, resultId: "a1", durationMs: 1, chunks: 2 },
  ]);
  assertEquals(seen(told(plan, started, fact("failed", "a"))), [
    "task.p.a.failed",
    { ...base, error: threw("a") },
  ]);
  assertEquals(seen(told(plan, started, fact("failed", "a", 1, { retryAtMs: 7 }))), [
    "task.p.a.retrying",
    { ...base, error: threw("a"), nextTryMs: 7 },
  ]);
  assertEquals(seen(told(plan, started, slow)), ["task.p.a.timed_out", { ...base, error: timedOut("a") }]);
  assertEquals(seen(told(plan, { type: "skipped", task: "a", because: "x", atMs: 1 })), [
    "task.p.a.skipped",
    { ...base, attempt: 0, because: "x" },
  ]);
  assertEquals(seen(told(plan, started, { type: "cancelled", task: "a", atMs: 1 })), [
    "task.p.a.cancelled",
    base,
  ]);
  assertEquals(told(plan, started, fact("interrupted", "a")), undefined);
});

Deno.test("eventOfFact() the same fact gives the same event; another fact another id", () => {
  const started = fact("started", "a");
  assertEquals(told(plan, started), told(plan, started));
  const facts = [
    started,
    fact("failed", "a", 1, { retryAtMs: 7 }),
    fact("started", "a", 2),
    fact("failed", "a", 2),
  ];
  const ids = facts.map((_, index) => told(plan, ...facts.slice(0, index + 1))!.id);
  assertEquals(new Set(ids).size, facts.length);
  const other = acceptedRun(recordOf("r2"));
  for (const one of [plan, started]) applyFact(other, one);
  assertNotEquals(eventOfFact(other, started)!.id, ids[0]);
});

Deno.test("eventOfFact() comes from the run, one hop further than what led to it", () => {
  const run = recordOf();
  const state: RunState = acceptedRun({ ...run, request: { request: { pipeline: "p" }, hops: 4 } });
  applyFact(state, plan);
  const { source, hops, timeMs } = eventOfFact(state, plan)!;
  assertEquals([source, hops, timeMs], ["run/r1", 5, 2]);
});

Deno.test("noticeEvent() says what an attempt says, under the id that it is given", () => {
  const state = stateAfter(plan, fact("started", "a"));
  const event = noticeEvent(state, "a", "chunk", 8, { attempt: 1, chunk: 3 }, "id-1");
  assertEquals([event.id, event.timeMs], ["id-1", 8]);
  assertEquals(seen(event), ["task.p.a.chunk", { runId: "r1", task: "a", attempt: 1, chunk: 3 }]);
  assert(event.hops === 1);
});
