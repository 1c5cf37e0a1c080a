import { assertEquals } from "@std/assert";
import { Alarms } from "../../src/orchestrator/alarms.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

Deno.test("Alarms.after() goes off once, at its time; a time that is past is now", async () => {
  const clock = createVirtualClock();
  const alarms = new Alarms(clock);
  const rang: string[] = [];
  alarms.after(10, () => rang.push("later"));
  alarms.after(-5, () => rang.push("now"));
  await clock.advance(0);
  assertEquals(rang, ["now"]);
  await clock.advance(10);
  assertEquals(rang, ["now", "later"]);
});

Deno.test("Alarms.after() can be called off", async () => {
  const clock = createVirtualClock();
  const rang: string[] = [];
  const cancel = new Alarms(clock).after(10, () => rang.push("never"));
  cancel();
  cancel();
  await clock.advance(20);
  assertEquals([rang, clock.pending], [[], 0]);
});

Deno.test("Alarms.clear() calls off all of this owner, pauses too, and of no other", async () => {
  const clock = createVirtualClock();
  const alarms = new Alarms(clock);
  const rang: string[] = [];
  alarms.after(10, () => rang.push("never"));
  void alarms.pause(10).then(() => rang.push("never"));
  new Alarms(clock).after(10, () => rang.push("other"));
  alarms.clear();
  assertEquals(clock.pending, 1);
  await clock.advance(20);
  assertEquals(rang, ["other"]);
});
