import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { MillraceError } from "../../src/base/errors.ts";
import {
  defineApiTrigger,
  defineCronTrigger,
  defineEventTrigger,
  defineManualTrigger,
} from "../../src/task/define_trigger.ts";
import { createRig, HOUR_MS, NOON } from "./scheduler_harness.ts";

const request = (signature: string) => ({
  headers: new Headers({ signature }),
  raw: new TextEncoder().encode("{}"),
});

Deno.test("Scheduler.fire of a manual trigger publishes what was given, once it is accepted answers with the runs", async () => {
  const rig = createRig();
  const accepted = Promise.withResolvers<{ runIds: string[] }>();
  rig.world.publish = () => accepted.promise;
  rig.scheduler.add(defineManualTrigger({ name: "go", topic: "work.wanted" }));
  const fired = rig.scheduler.fire("go", { n: 1 });
  await rig.clock.advance(0);
  assertEquals([rig.told(), rig.scheduler.view("go").count], [[], 0]);
  accepted.resolve({ runIds: ["r1"] });
  assertEquals(await fired, { eventId: "id-1", count: 1, runIds: ["r1"] });
  assertEquals(rig.published[0], {
    event: { id: "id-1", topic: "work.wanted", timeMs: NOON, source: "trigger/go", data: '{"n":1}' },
    fire: { trigger: "go" },
  });
  assertEquals(rig.told(), ["go.fired"]);
});

Deno.test("Scheduler.fire makes the data with the trigger's own function, of nothing as of an empty object", async () => {
  const rig = createRig();
  rig.scheduler.add(
    defineManualTrigger({ name: "hand", topic: "a.b", event: (data) => ({ by: "hand", data }) }),
  );
  rig.scheduler.add(
    defineApiTrigger({ name: "hook", topic: "a.b", event: (body) => ({ by: "hook", body }) }),
  );
  await rig.scheduler.fire("hand", undefined);
  await rig.scheduler.fire("hook", { x: 1 });
  assertEquals(rig.events(), ['a.b {"by":"hand","data":{}}', 'a.b {"by":"hook","body":{"x":1}}']);
});

Deno.test("Scheduler.fire of a cron trigger fires now, and leaves its times alone", async () => {
  const rig = createRig(NOON + 1);
  rig.scheduler.add(defineCronTrigger({ name: "hourly", cron: "0 * * * *", topic: "a.b" }));
  rig.scheduler.arm();
  await rig.scheduler.fire("hourly", undefined);
  assertEquals(rig.events(), [`a.b {"scheduledMs":${NOON + 1}}`]);
  assertEquals(rig.published[0]!.fire, { trigger: "hourly" }, "no scheduled time is used up");
  assertEquals(rig.scheduler.view("hourly").nextMs, NOON + HOUR_MS);
  await rig.clock.advance(HOUR_MS);
  assertEquals(rig.scheduler.view("hourly").count, 2);
});

Deno.test("Scheduler.fire refuses an event trigger, and says what to do instead", async () => {
  const rig = createRig();
  rig.scheduler.add(defineEventTrigger({ name: "after", source: "orders.*", topic: "a.b" }));
  const error = await assertRejects(
    () => rig.scheduler.fire("after", {}),
    MillraceError,
    'publish one on "orders.*"',
  );
  assertEquals((error as MillraceError).code, "trigger/not-fireable");
});

Deno.test("Scheduler.fire and view name the trigger that was meant", async () => {
  const rig = createRig();
  rig.scheduler.add(defineManualTrigger({ name: "nightly", topic: "a.b" }));
  const error = await assertRejects(
    () => rig.scheduler.fire("nihgtly", {}),
    MillraceError,
    'no trigger has that name, did you mean "nightly"?',
  );
  assert(MillraceError.is(error, "trigger/unknown"));
  assertEquals(error.details, { trigger: "nihgtly", suggestion: "nightly" });
  assertThrows(() => rig.scheduler.view("something else"), MillraceError, "as no trigger has that name");
});

Deno.test("Scheduler.fire checks the body, and publishes what comes out of the schema", async () => {
  const rig = createRig();
  const body = z.object({ order: z.object({ id: z.coerce.number() }) });
  rig.scheduler.add(defineApiTrigger({ name: "hook", topic: "a.b", body }));
  await rig.scheduler.fire("hook", { order: { id: "7", extra: 1 } });
  assertEquals(rig.events(), ['a.b {"order":{"id":7}}']);
  for (const bad of [undefined, null, "text", { order: { id: "x" } }]) {
    const error = await assertRejects(() => rig.scheduler.fire("hook", bad), MillraceError);
    assertEquals((error as MillraceError).code, "trigger/payload-invalid");
  }
  await assertRejects(() => rig.scheduler.fire("hook", { order: {} }), MillraceError, "at 'order.id':");
  assertEquals([rig.published.length, rig.told()], [1, ["hook.fired"]]);
});

Deno.test("Scheduler.fire refuses what is not genuine before it looks at the body", async () => {
  const rig = createRig();
  const seen: string[] = [];
  rig.scheduler.add(defineApiTrigger({
    name: "signed",
    topic: "a.b",
    body: z.object({ n: z.number() }),
    verify: ({ headers, raw }) => {
      seen.push(new TextDecoder().decode(raw));
      const signature = headers.get("signature")!;
      if (signature === "odd") throw new RangeError("signature is no hex");
      return Promise.resolve(signature === "good");
    },
  }));
  for (const call of [undefined, request("bad"), request("odd")]) {
    const error = await assertRejects(() => rig.scheduler.fire("signed", "not even an object", call));
    assert(MillraceError.is(error, "trigger/unverified"));
  }
  const { cause } = await assertRejects(() => rig.scheduler.fire("signed", {}, request("odd"))) as Error;
  assert(cause instanceof RangeError);
  assertEquals((await rig.scheduler.fire("signed", { n: 1 }, request("good"))).count, 1);
  assertEquals([rig.published.length, seen], [1, ["{}", "{}", "{}", "{}"]]);
});

Deno.test("Scheduler.fire rejects if the event is not accepted, and counts nothing", async () => {
  const rig = createRig();
  rig.world.publish = () => Promise.reject(new Error("the journal is full"));
  rig.scheduler.add(defineManualTrigger({ name: "go", topic: "a.b" }));
  await assertRejects(() => rig.scheduler.fire("go", {}), Error, "the journal is full");
  assertEquals([rig.scheduler.view("go").count, rig.told()], [0, []]);
  assertEquals(rig.scheduler.view("go").lastFiredMs, undefined);
});

Deno.test("Scheduler.fire rejects data that is no JSON value", async () => {
  const rig = createRig();
  rig.scheduler.add(defineManualTrigger({ name: "go", topic: "a.b" }));
  const error = await assertRejects(() => rig.scheduler.fire("go", { big: 1n }), MillraceError);
  assertEquals((error as MillraceError).code, "event/invalid");
});

Deno.test("Scheduler goes on counting where the history ends, and lists its triggers by name", async () => {
  const rig = createRig();
  rig.scheduler.add(defineManualTrigger({ name: "second", topic: "b.b" }));
  rig.scheduler.add(defineManualTrigger({ name: "first", topic: "a.b" }), { count: 41, lastFiredMs: 99 });
  assertEquals(rig.scheduler.list(), [
    { name: "first", kind: "manual", topic: "a.b", running: false, count: 41, lastFiredMs: 99 },
    { name: "second", kind: "manual", topic: "b.b", running: false, count: 0 },
  ]);
  assertEquals((await rig.scheduler.fire("first", {})).count, 42);
});

Deno.test("Scheduler.fire of an API trigger goes on with the trace of the call, if there is one", async () => {
  const rig = createRig();
  rig.scheduler.add(defineApiTrigger({ name: "hook", topic: "a.b" }));
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  for (const headers of [{ traceparent }, { traceparent: "nonsense" }, {}]) {
    await rig.scheduler.fire("hook", {}, {
      headers: new Headers(headers as HeadersInit),
      raw: new Uint8Array(),
    });
  }
  assertEquals(rig.published.map(({ event }) => event.traceparent), [traceparent, undefined, undefined]);
});
