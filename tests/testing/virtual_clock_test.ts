import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createVirtualClock } from "../../src/testing/mod.ts";

Deno.test("createVirtualClock() stands still at its start", async () => {
  assertEquals(createVirtualClock().now(), 0);
  const clock = createVirtualClock(1_000);
  await clock.advance(0);
  assertEquals(clock.now(), 1_000);
});

Deno.test("createVirtualClock() refuses a start that is no time", () => {
  assertThrows(() => createVirtualClock(NaN), RangeError, "current value is NaN");
});

Deno.test("VirtualClock.advance() lets an alarm go off at its own time, and once", async () => {
  const clock = createVirtualClock(100);
  const rangAt: number[] = [];
  clock.after(50, () => rangAt.push(clock.now()));
  await clock.advance(49);
  assertEquals(rangAt, []);
  await clock.advance(1);
  assertEquals(rangAt, [150]);
  await clock.advance(1_000);
  assertEquals(rangAt, [150]);
  assertEquals(clock.now(), 1_150);
});

Deno.test("VirtualClock.advance() runs alarms in order of time, then of setting", async () => {
  const delays = fc.array(fc.nat({ max: 20 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(delays, fc.nat({ max: 25 }), async (delaysMs, byMs) => {
      const clock = createVirtualClock();
      const rang: { atMs: number; index: number }[] = [];
      delaysMs.forEach((delayMs, index) => {
        clock.after(delayMs, () => rang.push({ atMs: clock.now(), index }));
      });
      await clock.advance(byMs);
      const due = delaysMs.map((atMs, index) => ({ atMs, index })).filter(({ atMs }) => atMs <= byMs);
      assertEquals(rang, due.sort((a, b) => a.atMs - b.atMs || a.index - b.index));
      assertEquals(clock.pending, delaysMs.length - due.length);
      assertEquals(clock.now(), byMs);
    }),
    { numRuns: 50 },
  );
});

Deno.test("VirtualClock.advance() runs alarms that are set on the way", async () => {
  const clock = createVirtualClock();
  const rangAt: number[] = [];
  const everySecond = (): void => {
    rangAt.push(clock.now());
    clock.after(1_000, everySecond);
  };
  clock.after(1_000, everySecond);
  await clock.advance(3_500);
  assertEquals(rangAt, [1_000, 2_000, 3_000]);
  assertEquals(clock.pending, 1);
});

Deno.test("VirtualClock.advance() lets promises settle before the next alarm, however long their chain", async () => {
  const clock = createVirtualClock();
  const log: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let turn = 0; turn < 1_000; turn++) await Promise.resolve();
    log.push(name);
  };
  clock.after(1, () => void work("first").then(() => clock.after(0, () => log.push("set by first"))));
  clock.after(2, () => log.push("second"));
  await clock.advance(2);
  assertEquals(log, ["first", "set by first", "second"]);
});

Deno.test("VirtualClock.advance() by nothing lets promises settle and runs what is due", async () => {
  const clock = createVirtualClock();
  const log: string[] = [];
  void Promise.resolve().then(() => log.push("promise"));
  clock.after(-5, () => log.push("alarm"));
  await clock.advance(0);
  assertEquals(log, ["promise", "alarm"]);
});

Deno.test("VirtualClock.after() gives a way to call the alarm off, any number of times", async () => {
  const clock = createVirtualClock();
  const log: string[] = [];
  const cancel = clock.after(10, () => log.push("off"));
  clock.after(10, () => log.push("on"));
  assertEquals(clock.pending, 2);
  cancel();
  cancel();
  assertEquals(clock.pending, 1);
  await clock.advance(10);
  assertEquals(log, ["on"]);
});

Deno.test("VirtualClock.advance() rejects with what an alarm throws, and can go on from there", async () => {
  const clock = createVirtualClock();
  const log: string[] = [];
  clock.after(5, () => {
    throw new Error("boom");
  });
  clock.after(6, () => log.push("later"));
  await assertRejects(() => clock.advance(10), Error, "boom");
  assertEquals([clock.now(), clock.pending], [5, 1]);
  await clock.advance(1);
  assertEquals(log, ["later"]);
});

Deno.test("VirtualClock.advance() refuses to go back, to go on for ever, and to be called on the move", async () => {
  const clock = createVirtualClock();
  for (const byMs of [-1, NaN, Infinity]) {
    await assertRejects(() => clock.advance(byMs), RangeError, `current value is ${byMs}`);
  }
  const first = clock.advance(1);
  await assertRejects(() => clock.advance(1), TypeError, "await the advance before");
  await first;
});
