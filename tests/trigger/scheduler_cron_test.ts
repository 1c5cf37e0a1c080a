import { assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { timeOfId } from "../../src/base/ids.ts";
import { defineCronTrigger } from "../../src/task/define_trigger.ts";
import { MAX_CATCH_UP } from "../../src/trigger/cron.ts";
import { LATE_MS } from "../../src/trigger/scheduler.ts";
import { createRig, HOUR_MS, MINUTE_MS, NOON, type Rig } from "./scheduler_harness.ts";

const hourly = defineCronTrigger({ name: "hourly", cron: "0 * * * *", topic: "hour.passed" });

/** The scheduled times of what was published, as hours after noon. */
const hoursOf = ({ published }: Rig): number[] =>
  published.map(({ fire }) => (fire.scheduledMs! - NOON) / HOUR_MS);

Deno.test("Scheduler fires a cron trigger at its times, once it is armed", async () => {
  const rig = createRig(NOON + 1);
  rig.scheduler.add(hourly);
  await rig.clock.advance(2 * HOUR_MS);
  assertEquals([rig.published.length, rig.clock.pending], [0, 0]);
  assertEquals(rig.scheduler.view("hourly").running, false);

  rig.scheduler.arm();
  assertEquals(rig.scheduler.view("hourly").nextMs, NOON + 3 * HOUR_MS);
  await rig.clock.advance(2 * HOUR_MS);
  assertEquals(hoursOf(rig), [3, 4]);
  assertEquals(rig.events()[0], `hour.passed {"scheduledMs":${NOON + 3 * HOUR_MS}}`);
  assertEquals(rig.announced[0], {
    topic: "trigger.hourly.fired",
    data: {
      trigger: "hourly",
      kind: "cron",
      eventId: rig.published[0]!.event.id,
      scheduledMs: NOON + 3 * HOUR_MS,
    },
    hops: 0,
  });
  assertEquals(rig.scheduler.view("hourly"), {
    name: "hourly",
    kind: "cron",
    topic: "hour.passed",
    cron: "0 * * * *",
    timezone: "UTC",
    running: true,
    count: 2,
    lastFiredMs: NOON + 4 * HOUR_MS,
    nextMs: NOON + 5 * HOUR_MS,
  });
});

Deno.test("Scheduler derives the id of a cron fire from trigger and time: the same fire is the same event", async () => {
  const ids: string[] = [];
  for (const _ of ["before a crash", "after it"]) {
    const rig = createRig();
    rig.scheduler.add(hourly);
    rig.scheduler.add(defineCronTrigger({ name: "other", cron: "0 * * * *", topic: "hour.passed" }));
    rig.scheduler.arm();
    await rig.clock.advance(2 * HOUR_MS);
    ids.push(rig.published.map(({ event }) => event.id).join());
    assertEquals(new Set(rig.published.map(({ event }) => event.id)).size, 4);
    assertEquals(timeOfId(rig.published[0]!.event.id), NOON + HOUR_MS);
  }
  assertEquals(ids[0], ids[1]);
});

Deno.test("Scheduler delays each fire by up to its jitter, and keeps its scheduled time", async () => {
  const rig = createRig();
  const jittery = { name: "jittery", cron: "0 * * * *", topic: "hour.passed", jitterMs: 10 * MINUTE_MS };
  rig.scheduler.add(defineCronTrigger(jittery));
  rig.world.random = () => 0.5;
  rig.scheduler.arm();
  rig.world.random = () => 1;
  await rig.clock.advance(HOUR_MS + 5 * MINUTE_MS - 1);
  assertEquals(rig.published.length, 0);
  await rig.clock.advance(1);
  assertEquals(hoursOf(rig), [1]);
  await rig.clock.advance(HOUR_MS + 5 * MINUTE_MS - 1);
  assertEquals(rig.published.length, 1);
  await rig.clock.advance(1);
  assertEquals(hoursOf(rig), [1, 2]);
  assertEquals(rig.published[1]!.event.timeMs, NOON + 2 * HOUR_MS + 10 * MINUTE_MS);
});

Deno.test("Scheduler fires each time once, even if the jitter is longer than the time between", async () => {
  const rig = createRig();
  rig.scheduler.add(
    defineCronTrigger({ name: "wild", cron: "* * * * *", topic: "a.b", jitterMs: 10 * MINUTE_MS }),
  );
  rig.world.random = () => 1;
  rig.scheduler.arm();
  await rig.clock.advance(30 * MINUTE_MS);
  const times = rig.published.map(({ fire }) => (fire.scheduledMs! - NOON) / MINUTE_MS);
  assertEquals(times, Array.from({ length: 20 }, (_, index) => index + 1));
});

Deno.test("Scheduler waits on if its alarm comes early or the clock is set back, and fires once", async () => {
  const rig = createRig();
  rig.scheduler.add(hourly);
  rig.scheduler.arm();
  rig.world.wallOffMs = -20 * MINUTE_MS;
  await rig.clock.advance(HOUR_MS);
  assertEquals(rig.published.length, 0);
  assertEquals(rig.scheduler.view("hourly").nextMs, NOON + HOUR_MS);
  await rig.clock.advance(20 * MINUTE_MS);
  assertEquals(hoursOf(rig), [1]);
  await rig.clock.advance(HOUR_MS);
  assertEquals(hoursOf(rig), [1, 2]);
});

for (const [catchUp, made] of [["none", []], ["one", [3]], ["all", [1, 2, 3]]] as const) {
  Deno.test(`Scheduler treats what a machine slept through as missed: catchUp "${catchUp}"`, async () => {
    const rig = createRig();
    rig.scheduler.add(defineCronTrigger({ name: "h", cron: "0 * * * *", topic: "a.b", catchUp }));
    rig.scheduler.arm();
    await rig.clock.advance(HOUR_MS - 1);
    rig.world.wallOffMs = 2.5 * HOUR_MS;
    await rig.clock.advance(1);
    assertEquals(hoursOf(rig), [...made]);
    const missed = rig.announced.filter(({ topic }) => topic === "trigger.h.missed");
    assertEquals(missed.length, 3 - made.length);
    await rig.clock.advance(0.5 * HOUR_MS);
    assertEquals(hoursOf(rig), [...made, 4]);
  });
}

Deno.test("Scheduler fires what is only a little late", async () => {
  const rig = createRig();
  rig.scheduler.add(hourly);
  rig.scheduler.arm();
  rig.world.wallOffMs = LATE_MS - 1;
  await rig.clock.advance(HOUR_MS);
  assertEquals(hoursOf(rig), [1]);
});

for (const [catchUp, made] of [["none", []], ["one", [-1]], ["all", [-3, -2, -1]]] as const) {
  Deno.test(`Scheduler makes up for what was missed while nothing ran: catchUp "${catchUp}"`, async () => {
    const rig = createRig(NOON - 1);
    const trigger = defineCronTrigger({ name: "h", cron: "0 * * * *", topic: "a.b", catchUp });
    rig.scheduler.add(trigger, { count: 7, lastFiredMs: 5, lastScheduledMs: NOON - 4 * HOUR_MS });
    assertEquals(rig.published.length, 0);
    rig.scheduler.arm();
    await rig.clock.advance(0);
    assertEquals(hoursOf(rig), [...made]);
    assertEquals(rig.scheduler.view("h").count, 7 + made.length);
    const missed = rig.announced.filter(({ topic }) => topic === "trigger.h.missed");
    const missedHours = missed.map(({ data }) => (data.scheduledMs as number - NOON) / HOUR_MS);
    assertEquals(missedHours, [-3, -2, -1].filter((hour) => !(made as readonly number[]).includes(hour)));
    await rig.clock.advance(1);
    assertEquals(hoursOf(rig), [...made, 0]);
  });
}

Deno.test("Scheduler makes up for at most so many fires, the latest", async () => {
  const rig = createRig();
  const trigger = defineCronTrigger({ name: "m", cron: "* * * * *", topic: "a.b", catchUp: "all" });
  rig.scheduler.add(trigger, { count: 0, lastScheduledMs: NOON - 5_000 * MINUTE_MS });
  rig.scheduler.arm();
  await rig.clock.advance(0);
  assertEquals(rig.published.length, MAX_CATCH_UP);
  assertEquals(rig.published.at(-1)!.fire.scheduledMs, NOON);
});

Deno.test("Scheduler misses nothing of a trigger that never fired before", async () => {
  const rig = createRig();
  const trigger = defineCronTrigger({ name: "h", cron: "0 * * * *", topic: "a.b", catchUp: "all" });
  rig.scheduler.add(trigger, { count: 0 });
  rig.scheduler.arm();
  await rig.clock.advance(0);
  assertEquals([rig.published.length, rig.announced.length], [0, 0]);
});

Deno.test("Scheduler stops making up for fires when it stops or the trigger is removed", async () => {
  for (const end of [(rig: Rig) => rig.scheduler.stop(), (rig: Rig) => void rig.scheduler.remove("h")]) {
    const rig = createRig();
    const trigger = defineCronTrigger({ name: "h", cron: "0 * * * *", topic: "a.b", catchUp: "all" });
    rig.world.publish = () => {
      if (rig.published.length === 1) end(rig);
      return Promise.resolve({ runIds: [] });
    };
    rig.scheduler.add(trigger, { count: 0, lastScheduledMs: NOON - 9 * HOUR_MS });
    rig.scheduler.arm();
    await rig.clock.advance(0);
    assertEquals([rig.published.length, rig.clock.pending], [2, 0]);
  }
});

Deno.test("Scheduler fires on while an earlier fire still waits to be accepted", async () => {
  const rig = createRig();
  const first = Promise.withResolvers<void>();
  let calls = 0;
  rig.world.publish = async () => {
    if (++calls === 1) await first.promise;
    return { runIds: [] };
  };
  rig.scheduler.add(hourly);
  rig.scheduler.arm();
  await rig.clock.advance(2 * HOUR_MS);
  assertEquals(hoursOf(rig), [2]);
  first.resolve();
  await rig.clock.advance(0);
  assertEquals(hoursOf(rig), [2, 1]);
  assertEquals(rig.scheduler.view("hourly").count, 2);
});

Deno.test("Scheduler lets several triggers fire at the same time", async () => {
  const rig = createRig();
  for (const name of ["one", "two"]) {
    rig.scheduler.add(defineCronTrigger({ name, cron: "0 * * * *", topic: `${name}.due` }));
  }
  rig.scheduler.arm();
  await rig.clock.advance(HOUR_MS);
  assertEquals(rig.published.map(({ event }) => event.topic), ["one.due", "two.due"]);
});

Deno.test("Scheduler arms a trigger that is added later at once, and lets go of one that is removed", async () => {
  const rig = createRig();
  rig.scheduler.arm();
  rig.scheduler.add(hourly);
  assertEquals(rig.clock.pending, 1);
  assertEquals(rig.scheduler.remove("hourly"), true);
  assertEquals(rig.scheduler.remove("hourly"), false);
  assertEquals([rig.clock.pending, rig.scheduler.list()], [0, []]);
  await rig.clock.advance(HOUR_MS);
  rig.scheduler.add(hourly);
  await rig.clock.advance(HOUR_MS);
  assertEquals(hoursOf(rig), [2]);
});

Deno.test("Scheduler that is armed twice fires once, and can be armed again after a stop", async () => {
  const rig = createRig();
  rig.scheduler.add(hourly);
  rig.scheduler.arm();
  rig.scheduler.arm();
  await rig.clock.advance(HOUR_MS);
  assertEquals(hoursOf(rig), [1]);
  rig.scheduler.stop();
  assertEquals([rig.clock.pending, rig.scheduler.view("hourly").running], [0, false]);
  await rig.clock.advance(HOUR_MS);
  rig.scheduler.arm();
  await rig.clock.advance(HOUR_MS);
  assertEquals(hoursOf(rig), [1, 3]);
});

Deno.test("Scheduler takes a name once", () => {
  const rig = createRig();
  rig.scheduler.add(hourly);
  const error = assertThrows(() => rig.scheduler.add(hourly), MillraceError, 'Cannot add trigger "hourly"');
  assertEquals((error as MillraceError).code, "trigger/duplicate");
});

Deno.test("Scheduler tells of a cron fire that fails, and fires the next", async () => {
  const rig = createRig();
  let broken = true;
  rig.scheduler.add(defineCronTrigger({
    name: "moody",
    cron: "0 * * * *",
    topic: "a.b",
    event: ({ scheduledMs }) => {
      if (broken) throw new TypeError("no data today");
      return { scheduledMs };
    },
  }));
  rig.scheduler.add(hourly);
  rig.scheduler.arm();
  await rig.clock.advance(HOUR_MS);
  assertEquals(rig.told().sort(), ["hourly.fired", "moody.failed"]);
  const failed = rig.announced.find(({ topic }) => topic === "trigger.moody.failed")!;
  assertEquals(failed.data.scheduledMs, NOON + HOUR_MS);
  assertEquals((failed.data.error as { message: string }).message, "no data today");
  assertEquals(rig.records.map(({ level, attrs }) => [level, attrs.trigger]), [["error", "moody"]]);
  broken = false;
  await rig.clock.advance(HOUR_MS);
  assertEquals(rig.scheduler.view("moody").count, 1);
});
