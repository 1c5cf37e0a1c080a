import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { MillraceError } from "../../src/base/errors.ts";
import { MAX_HOPS } from "../../src/event/event.ts";
import { defineEventTrigger, defineManualTrigger } from "../../src/task/define_trigger.ts";
import { createRig, eventOf, type Rig } from "./scheduler_harness.ts";

const after = defineEventTrigger({ name: "after", source: "a.*", topic: "c.d" });

/** Lets the triggers see an event; tells by a list what came of it. */
function consider(rig: Rig, id: string, data: unknown, names = ["after"]): string[] {
  const end: string[] = [];
  rig.scheduler.consider(eventOf(id, data), names).then(
    () => end.push("done"),
    (error) => end.push(error.code ?? error.message),
  );
  return end;
}

Deno.test("Scheduler.consider publishes what an event trigger makes of an event, one hop further", async () => {
  const rig = createRig();
  rig.scheduler.add(defineEventTrigger({
    name: "after",
    source: "a.*",
    topic: "c.d",
    map: ({ id, topic, data }) => ({ id, topic, data }),
  }));
  await rig.scheduler.consider(eventOf("e1", { n: 1 }), ["after"]);
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await rig.scheduler.consider(eventOf("e2", { n: 2 }, { hops: 4, traceparent }), ["after"]);
  assertEquals(rig.events(), [
    'c.d {"id":"e1","topic":"a.b","data":{"n":1}}',
    'c.d {"id":"e2","topic":"a.b","data":{"n":2}}',
  ]);
  assertEquals(rig.published.map(({ event }) => event.hops), [1, 5]);
  assertEquals(rig.published.map(({ event }) => event.traceparent), [undefined, traceparent]);
  assertEquals(rig.published[0]!.event.source, "trigger/after");
});

Deno.test("Scheduler.consider derives the id from event and trigger: seen twice, it makes the same event", async () => {
  const rig = createRig();
  rig.scheduler.add(after);
  rig.scheduler.add(defineEventTrigger({ name: "too", source: "a.*", topic: "c.d" }));
  for (const _ of ["first", "after a crash"]) {
    await rig.scheduler.consider(eventOf("e1", {}), ["after", "too"]);
  }
  const ids = rig.published.map(({ event }) => event.id);
  assertEquals([ids[0], ids[1]], [ids[2], ids[3]]);
  assert(ids[0] !== ids[1]);
});

Deno.test("Scheduler.consider passes the hops on to what it announces, so that no trigger feeds on itself", async () => {
  const rig = createRig();
  rig.scheduler.add(after);
  await rig.scheduler.consider(eventOf("e1", {}, { hops: MAX_HOPS }), ["after"]);
  rig.world.publish = () => Promise.reject(new Error("refused"));
  await rig.scheduler.consider(eventOf("e2", {}, { hops: 7 }), ["after"]);
  assertEquals(rig.announced.map(({ topic, hops }) => [topic, hops]), [
    ["trigger.after.fired", MAX_HOPS + 1],
    ["trigger.after.failed", 8],
  ]);
});

Deno.test("Scheduler.consider passes over events whose data does not fit or that `when` does not want", async () => {
  const rig = createRig();
  rig.scheduler.add(defineEventTrigger({
    name: "after",
    source: "a.*",
    topic: "c.d",
    data: z.object({ n: z.coerce.number() }),
    when: ({ data }) => data.n > 1,
  }));
  for (const data of ["text", { n: "x" }, { n: 1 }, { n: "2", more: true }]) {
    await rig.scheduler.consider(eventOf("e", data), ["after"]);
  }
  assertEquals([rig.events(), rig.told()], [['c.d {"n":2}'], ["after.fired"]]);
});

Deno.test("Scheduler.consider tells of a trigger whose function throws, and disturbs nothing else", async () => {
  const rig = createRig();
  const options = { source: "a.*", topic: "c.d" };
  rig.scheduler.add(defineEventTrigger({
    name: "when",
    ...options,
    when: () => {
      throw new Error("in when");
    },
  }));
  rig.scheduler.add(defineEventTrigger({
    name: "map",
    ...options,
    map: () => {
      throw new Error("in map");
    },
  }));
  rig.scheduler.add(defineEventTrigger({ name: "odd", ...options, map: () => () => {} }));
  rig.scheduler.add(after);
  await rig.scheduler.consider(eventOf("e1", { n: 1 }), ["when", "map", "odd", "after"]);
  assertEquals(rig.events(), ['c.d {"n":1}']);
  assertEquals(rig.told().sort(), ["after.fired", "map.failed", "odd.failed", "when.failed"]);
  const failed = rig.announced.find(({ topic }) => topic === "trigger.when.failed")!;
  assertEquals(failed.data.eventId, "e1");
  assertEquals((failed.data.error as { message: string }).message, "in when");
  assertEquals(rig.records.map(({ attrs }) => attrs.error), [
    "in when",
    "in map",
    'Cannot publish to "c.d" as the data of an event must be a JSON value: function is not a JSON value',
  ]);
});

Deno.test("Scheduler.consider rejects with what may go better next time, so that the event is shown again", async () => {
  const rig = createRig();
  rig.scheduler.add(after);
  const away = new MillraceError("store/unavailable", "Cannot write", {
    details: { path: "x", reason: "y" },
  });
  rig.world.publish = () => Promise.reject(away);
  const error = await assertRejects(() => rig.scheduler.consider(eventOf("e1", {}), ["after"]));
  assertEquals([error === away, rig.told()], [true, []]);
  rig.world.publish = () => Promise.resolve({ runIds: [] });
  await rig.scheduler.consider(eventOf("e1", {}), ["after"]);
  assertEquals(rig.scheduler.view("after").count, 1);
});

Deno.test("Scheduler.consider does not mind triggers that are gone or of another kind", async () => {
  const rig = createRig();
  rig.scheduler.add(defineManualTrigger({ name: "hand", topic: "a.b" }));
  await rig.scheduler.consider(eventOf("e1", {}), ["hand", "gone"]);
  assertEquals(rig.published, []);
});

const debounced = defineEventTrigger({ name: "after", source: "a.*", topic: "c.d", debounceMs: 100 });

Deno.test("Scheduler fires a debounced trigger once nothing more has come, with the latest event", async () => {
  const rig = createRig();
  rig.scheduler.add(debounced);
  const first = consider(rig, "e1", { n: 1 });
  await rig.clock.advance(99);
  assertEquals([first, rig.published.length], [[], 0]);
  const second = consider(rig, "e2", { n: 2 });
  await rig.clock.advance(99);
  assertEquals([first, second, rig.published.length], [["done"], [], 0]);
  await rig.clock.advance(1);
  assertEquals([second, rig.events()], [["done"], ['c.d {"n":2}']]);
  const third = consider(rig, "e3", { n: 3 });
  await rig.clock.advance(100);
  assertEquals([third, rig.events().length, rig.clock.pending], [["done"], 2, 0]);
});

Deno.test("Scheduler that stops rejects what a debounced trigger holds back: the next start shows it again", async () => {
  const rig = createRig();
  rig.scheduler.add(debounced);
  const held = consider(rig, "e1", { n: 1 });
  await rig.clock.advance(50);
  rig.scheduler.stop();
  const late = consider(rig, "e2", { n: 2 });
  await rig.clock.advance(1_000);
  assertEquals([held, late], [["trigger/halted"], ["trigger/halted"]]);
  assertEquals([rig.published, rig.told(), rig.clock.pending], [[], [], 0]);
});

Deno.test("Scheduler forgets what a debounced trigger holds back when the trigger is removed", async () => {
  const rig = createRig();
  rig.scheduler.add(debounced);
  const held = consider(rig, "e1", { n: 1 });
  await rig.clock.advance(50);
  rig.scheduler.remove("after");
  await rig.clock.advance(0);
  assertEquals([held, rig.clock.pending], [["done"], 0]);
  rig.scheduler.add(debounced);
  await rig.clock.advance(1_000);
  assertEquals(rig.published, []);
});

Deno.test("Scheduler tells of a debounced event that fails", async () => {
  const rig = createRig();
  rig.scheduler.add(debounced);
  rig.world.publish = () => Promise.reject(new Error("refused"));
  const held = consider(rig, "e1", {});
  await rig.clock.advance(100);
  assertEquals([held, rig.told()], [["done"], ["after.failed"]]);
});

const throttled = defineEventTrigger({ name: "after", source: "a.*", topic: "c.d", throttleMs: 100 });

Deno.test("Scheduler fires a throttled trigger with the first event, and tells of those that it skips", async () => {
  const rig = createRig();
  rig.scheduler.add(throttled);
  for (const [id, byMs] of [["e1", 99], ["e2", 1], ["e3", 0]] as const) {
    await rig.scheduler.consider(eventOf(id, { id }), ["after"]);
    await rig.clock.advance(byMs);
  }
  assertEquals(rig.events(), ['c.d {"id":"e1"}', 'c.d {"id":"e3"}']);
  assertEquals(rig.announced.map(({ topic, data }) => topic.split(".")[2] + " " + (data.eventId as string)), [
    `fired ${rig.published[0]!.event.id}`,
    "skipped e2",
    `fired ${rig.published[1]!.event.id}`,
  ]);
});

Deno.test("Scheduler throttles events that come while the first is not accepted yet", async () => {
  const rig = createRig();
  rig.scheduler.add(throttled);
  const accepted = Promise.withResolvers<{ runIds: string[] }>();
  rig.world.publish = () => accepted.promise;
  const ends = ["e1", "e2", "e3"].map((id) => consider(rig, id, {}));
  await rig.clock.advance(0);
  accepted.resolve({ runIds: [] });
  await rig.clock.advance(0);
  assertEquals([ends, rig.published.length], [[["done"], ["done"], ["done"]], 1]);
});

Deno.test("Scheduler does not count an event that failed against the next one", async () => {
  const rig = createRig();
  rig.scheduler.add(throttled);
  rig.world.publish = () => Promise.reject(new Error("refused"));
  await rig.scheduler.consider(eventOf("e1", {}), ["after"]);
  rig.world.publish = () => Promise.resolve({ runIds: [] });
  await rig.scheduler.consider(eventOf("e2", {}), ["after"]);
  assertEquals(rig.told(), ["after.failed", "after.fired"]);
});

Deno.test("Scheduler remembers over a restart when a throttled trigger fired, but no time in the future", async () => {
  const rig = createRig();
  rig.scheduler.add(throttled, { count: 1, lastFiredMs: rig.clock.now() - 50 });
  await rig.scheduler.consider(eventOf("e1", {}), ["after"]);
  assertEquals(rig.told(), ["after.skipped"]);
  rig.scheduler.remove("after");
  rig.scheduler.add(throttled, { count: 1, lastFiredMs: rig.clock.now() + 1e9 });
  await rig.scheduler.consider(eventOf("e2", {}), ["after"]);
  assertEquals(rig.told(), ["after.skipped", "after.fired"]);
});
