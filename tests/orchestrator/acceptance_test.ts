import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { EncodedEvent } from "../../src/event/event.ts";
import { Interests, withFire } from "../../src/orchestrator/acceptance.ts";
import type { PipelineDescriptor } from "../../src/task/descriptor.ts";

function event(topic: string, data: unknown = {}, more: Partial<EncodedEvent> = {}): EncodedEvent {
  return { id: "e1", topic, timeMs: 1_000, source: "test", data: JSON.stringify(data), ...more };
}

function interests(
  ...pipelines: readonly (Partial<PipelineDescriptor> & { readonly name: string })[]
): Interests {
  const known = new Interests();
  for (const pipeline of pipelines) known.addPipeline({ selection: {}, on: [], ...pipeline });
  return known;
}

function kinds({ writes }: { readonly writes: readonly { readonly kind: string }[] }): string[] {
  return writes.map(({ kind }) => kind);
}

Deno.test("Interests an event that nobody waits for leads to nothing", () => {
  assertEquals(interests({ name: "p" }).accept(event("go")), { writes: [], runs: [], triggers: [] });
});

Deno.test("Interests every pipeline with a pattern that matches is started, once each", () => {
  const known = interests({ name: "p", on: ["go", "**"] }, { name: "q", on: ["*"] }, {
    name: "r",
    on: ["stop"],
  });
  const accepted = known.accept(event("go"));
  assertEquals(accepted.runs.map(({ pipeline }) => pipeline), ["p", "q"]);
  assertEquals(kinds(accepted), ["event", "run", "run"]);
});

Deno.test("Interests the ids of runs follow from event and pipeline: the same event starts the same runs", () => {
  const known = interests({ name: "p", on: ["go"] }, { name: "q", on: ["go"] });
  const ids = (one: EncodedEvent) => known.accept(one).runs.map(({ id }) => id);
  assertEquals(ids(event("go")), ids(event("go")));
  assertEquals(new Set([...ids(event("go")), ...ids(event("go", {}, { id: "e2" }))]).size, 4);
});

Deno.test("Interests an event's object is the parameters; anything else gives none", () => {
  const known = interests({ name: "p", on: ["go"] });
  const paramsOf = (data: unknown) =>
    (known.accept(event("go", data)).runs[0]!.request as { request: unknown }).request;
  assertEquals(paramsOf({ n: 1 }), { pipeline: "p", params: { n: 1 } });
  for (const data of [null, [1], "text", 7, true]) {
    assertEquals(paramsOf(data), { pipeline: "p", params: {} });
  }
});

Deno.test("Interests a run counts the hops that led to it", () => {
  const known = interests({ name: "p", on: ["go"] });
  const { request } = known.accept(event("go", {}, { hops: 3 })).runs[0]!;
  assertEquals((request as { hops: number }).hops, 3);
});

Deno.test("Interests an event is routed once no trigger has to see it", () => {
  const known = interests({ name: "p", on: ["go"] });
  const routed = () =>
    known.accept(event("go")).writes.map((write) => write.kind === "event" && write.routed);
  assertEquals(routed()[0], true);
  known.addTrigger("t", "go");
  assertEquals(routed()[0], false);
  assertEquals(known.accept(event("go")).triggers, ["t"]);
  known.removeTrigger("t");
  known.removeTrigger("t");
  assertEquals(known.accept(event("go")).triggers, []);
});

Deno.test("Interests a trigger or pipeline that is added again takes the place of the earlier one", () => {
  const known = interests({ name: "p", on: ["a"] }, { name: "p", on: ["b"] });
  known.addTrigger("t", "a");
  known.addTrigger("t", "b");
  assertEquals(kinds(known.accept(event("a"))), []);
  const { runs, triggers } = known.accept(event("b"));
  assertEquals([runs.length, triggers], [1, ["t"]]);
});

Deno.test("Interests a request starts what it asks for, beside who listens to requests", () => {
  const known = interests({ name: "audit", on: ["run.request"] });
  const { runs } = known.acceptRequest(event("run.request"), { tags: ["etl"] });
  assertEquals(runs.map(({ pipeline }) => pipeline), ["adhoc", "audit"]);
  assertNotEquals(runs[0]!.id, runs[1]!.id);
});

Deno.test("Interests a pipeline that is asked for and listens to requests runs once, as asked", () => {
  const known = interests({ name: "p", on: ["**"] });
  const { runs, writes } = known.acceptRequest(event("run.request", { pipeline: "p" }), {
    pipeline: "p",
    params: { n: 1 },
  });
  assertEquals(runs.length, 1);
  assertEquals(kinds({ writes }), ["event", "run"]);
  assertEquals((runs[0]!.request as { request: unknown }).request, { pipeline: "p", params: { n: 1 } });
});

Deno.test("withFire() journals the fire in the same batch, and its event even if nobody waits for it", () => {
  const known = interests({ name: "p", on: ["go"] });
  const fire = { trigger: "t", scheduledMs: 900 };
  const fired = { kind: "trigger" as const, name: "t", firedMs: 1_000, scheduledMs: 900 };
  assertEquals(withFire(known.accept(event("stop")), event("stop"), fire), [
    { kind: "event", event: event("stop"), routed: true },
    fired,
  ]);
  const writes = withFire(known.accept(event("go")), event("go"), { trigger: "t" });
  assertEquals(kinds({ writes }), ["event", "run", "trigger"]);
  assert(!("scheduledMs" in writes[2]!));
});
