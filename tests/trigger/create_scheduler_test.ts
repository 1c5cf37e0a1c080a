import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createBroker,
  createScheduler,
  defineCronTrigger,
  defineEventTrigger,
  defineManualTrigger,
  type LogRecord,
  MillraceError,
} from "@millrace/millrace";
import { createVirtualClock } from "@millrace/millrace/testing";

const HOUR_MS = 3_600_000;

function createRig() {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1));
  const broker = createBroker({ clock });
  const records: LogRecord[] = [];
  const scheduler = createScheduler({ broker, clock, log: (record) => records.push(record) });
  const seen: string[] = [];
  const seeing = (async () => {
    for await (const { topic, data } of broker.subscribe("out.**")) {
      seen.push(`${topic} ${JSON.stringify(data)}`);
    }
  })();
  return {
    clock,
    broker,
    records,
    scheduler,
    seen,
    settle: () => clock.advance(0),
    async [Symbol.asyncDispose]() {
      await scheduler[Symbol.asyncDispose]();
      await broker.close();
      await seeing;
    },
  };
}

Deno.test("createScheduler fires by the clock, by hand and by other events", async () => {
  await using rig = createRig();
  const { scheduler, broker, clock, seen } = rig;
  scheduler.add(
    defineCronTrigger({ name: "hourly", cron: "0 * * * *", topic: "out.hour", event: () => "h" }),
  );
  scheduler.add(defineManualTrigger({ name: "go", topic: "out.hand" }));
  scheduler.add(defineEventTrigger({ name: "after", source: "in.*", topic: "out.after" }));
  await broker.publish("in.one", { n: 1 });
  await clock.advance(HOUR_MS);
  assertEquals((await scheduler.fire("go", { by: "me" })).count, 1);
  await rig.settle();
  assertEquals(seen, ['out.after {"n":1}', 'out.hour "h"', 'out.hand {"by":"me"}']);
  assertEquals(scheduler.list().map(({ name, count, running }) => `${name} ${count} ${running}`), [
    "after 1 true",
    "go 1 true",
    "hourly 1 true",
  ]);
});

Deno.test("createScheduler counts hops, so that triggers that feed each other come to an end", async () => {
  await using rig = createRig();
  const { scheduler, broker, seen, records } = rig;
  scheduler.add(defineEventTrigger({ name: "ping", source: "out.pong", topic: "out.ping" }));
  scheduler.add(defineEventTrigger({ name: "pong", source: "out.ping", topic: "out.pong" }));
  await broker.publish("out.ping", {});
  await rig.settle();
  await rig.settle();
  assertEquals(seen.length, 17, "the event itself and sixteen hops");
  assertEquals(records.map(({ message }) => message), ["A trigger failed"]);
});

Deno.test("createScheduler debounces a burst of events to the last", async () => {
  await using rig = createRig();
  const { scheduler, broker, clock, seen } = rig;
  scheduler.add(
    defineEventTrigger({ name: "calm", source: "in.**", topic: "out.calm", debounceMs: 1_000 }),
  );
  for (let n = 0; n < 5; n++) {
    await broker.publish("in.x", n);
    await clock.advance(500);
  }
  assertEquals(seen, []);
  await clock.advance(500);
  assertEquals(seen, ["out.calm 4"]);
});

Deno.test("createScheduler throttles a burst of events to the first", async () => {
  await using rig = createRig();
  const { scheduler, broker, clock, seen } = rig;
  scheduler.add(
    defineEventTrigger({ name: "slow", source: "in.**", topic: "out.slow", throttleMs: 1_000 }),
  );
  for (let n = 0; n < 5; n++) {
    await broker.publish("in.x", n);
    await clock.advance(300);
  }
  assertEquals(seen, ["out.slow 0", "out.slow 4"]);
});

Deno.test("createScheduler.remove while events flow stops the trigger, and its name is free again", async () => {
  await using rig = createRig();
  const { scheduler, broker, seen } = rig;
  const trigger = defineEventTrigger({ name: "after", source: "in.*", topic: "out.after" });
  scheduler.add(trigger);
  for (let n = 0; n < 6; n++) {
    await broker.publish("in.x", n);
    await rig.settle();
    if (n === 2) assertEquals(scheduler.remove("after"), true);
    if (n === 3) scheduler.add(trigger);
  }
  assertEquals(seen, ["out.after 0", "out.after 1", "out.after 2", "out.after 4", "out.after 5"]);
  assertEquals(scheduler.remove("never"), false);
});

Deno.test("createScheduler goes on listening after an event that failed", async () => {
  await using rig = createRig();
  const { scheduler, broker, seen, records } = rig;
  scheduler.add(defineEventTrigger({
    name: "moody",
    source: "in.*",
    topic: "out.moody",
    map: ({ data }) => {
      if (data === "bad") throw new Error("no");
      return data;
    },
  }));
  for (const data of ["good", "bad", "fine"]) await broker.publish("in.x", data);
  await rig.settle();
  assertEquals(seen, ['out.moody "good"', 'out.moody "fine"']);
  assertEquals(records.map(({ attrs }) => attrs.trigger), ["moody"]);
});

Deno.test("createScheduler lets go of everything when it is disposed, also of what is held back", async () => {
  const rig = createRig();
  const { scheduler, broker, clock } = rig;
  scheduler.add(defineCronTrigger({ name: "hourly", cron: "0 * * * *", topic: "out.hour" }));
  scheduler.add(defineEventTrigger({ name: "calm", source: "in.*", topic: "out.calm", debounceMs: 1e6 }));
  await broker.publish("in.x", 1);
  await rig.settle();
  assertEquals(clock.pending, 2);
  await rig[Symbol.asyncDispose]();
  assertEquals(clock.pending, 0);
  await clock.advance(1e7);
  assertEquals(rig.seen, []);
});

Deno.test("createScheduler refuses a name twice, a closed broker, unknown options and unknown names", async () => {
  await using rig = createRig();
  const { scheduler, broker } = rig;
  const trigger = defineEventTrigger({ name: "after", source: "in.*", topic: "out.after" });
  scheduler.add(trigger);
  assertThrows(() => scheduler.add(trigger), MillraceError, "as a name must be unique");
  await assertRejects(() => scheduler.fire("aftre"), MillraceError, 'did you mean "after"?');
  assertThrows(() => createScheduler({ broker, clok: 1 } as never), TypeError, 'did you mean "clock"?');
  await broker.close();
  const other = defineEventTrigger({ name: "other", source: "in.*", topic: "out.other" });
  const error = assertThrows(() => scheduler.add(other), MillraceError);
  assertEquals((error as MillraceError).code, "broker/closed");
  assertEquals(scheduler.list().map(({ name }) => name), ["after"]);
});
