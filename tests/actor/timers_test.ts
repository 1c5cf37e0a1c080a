import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Tick, Timers } from "../../src/actor/timers.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

/** Timers whose ticks wait until the test takes them. */
function heldTimers() {
  const clock = createVirtualClock();
  const ticks: Tick[] = [];
  return { clock, ticks, timers: new Timers(clock, (tick) => void ticks.push(tick)) };
}

Deno.test("Timers discard a tick that waits when its timer is set anew, called off or over", async () => {
  const { clock, ticks, timers } = heldTimers();
  const ran: string[] = [];
  for (const key of ["anew", "off", "kept"]) timers.set(key, 10, () => void ran.push(key));
  await clock.advance(10);
  assertEquals(ticks.length, 3);
  timers.set("anew", 10, () => void ran.push("anew, later"));
  assert(timers.cancel("off"));
  for (const tick of ticks.splice(0)) await tick.run();
  assertEquals(ran, ["kept"]);
  await clock.advance(10);
  timers.end();
  for (const tick of ticks.splice(0)) await tick.run();
  assertEquals(ran, ["kept"]);
});

Deno.test("Timers leave one alarm per key, and none when all is over", async () => {
  const { clock, timers } = heldTimers();
  for (let n = 0; n < 10; n++) timers.set("k", 1_000, () => {});
  assertEquals([clock.pending, timers.size], [1, 1]);
  timers.set("other", 5, () => {}, 5);
  assertEquals(clock.pending, 2);
  timers.end();
  assertEquals([clock.pending, timers.size], [0, 0]);
  timers.set("late", 1, () => {});
  await clock.advance(10);
  assertEquals([clock.pending, timers.size], [0, 0]);
});

Deno.test("Timers tick periodically from the end of each turn, also after one that failed", async () => {
  const { clock, ticks, timers } = heldTimers();
  let runs = 0;
  timers.set("k", 10, () => {
    runs++;
    throw new Error("bad tick");
  }, 10);
  await clock.advance(10);
  await clock.advance(100); // the tick waits: no second one joins it
  assertEquals(ticks.length, 1);
  await assertRejects(async () => await ticks.shift()!.run(), Error, "bad tick");
  await clock.advance(9);
  assertEquals(ticks.length, 0);
  await clock.advance(1);
  assertEquals([ticks.length, runs], [1, 1]);
});

Deno.test("Timers that call themselves off in their turn tick no more", async () => {
  const { clock, ticks, timers } = heldTimers();
  timers.set("k", 1, () => void timers.cancel("k"), 1);
  await clock.advance(1);
  await ticks.shift()!.run();
  assertEquals([clock.pending, timers.size], [0, 0]);
});

Deno.test("Timers that set themselves anew in their turn keep the new one", async () => {
  const { clock, ticks, timers } = heldTimers();
  timers.set("k", 1, () => timers.set("k", 5, () => {}), 1);
  await clock.advance(1);
  await ticks.shift()!.run();
  assertEquals([clock.pending, timers.size], [1, 1]);
});

Deno.test("Timers agree with a naive model, whatever is set, replaced, called off and waited for", async () => {
  const key = fc.constantFrom("a", "b", "c");
  const step = fc.oneof(
    fc.record({ do: fc.constant("after" as const), key, ms: fc.nat(20) }),
    fc.record({ do: fc.constant("every" as const), key, ms: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ do: fc.constant("cancel" as const), key, ms: fc.constant(0) }),
    fc.record({ do: fc.constant("pass" as const), key, ms: fc.nat(30) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const clock = createVirtualClock();
    const ran: string[] = [];
    const timers = new Timers(clock, (tick) => void tick.run());
    const model = new Map<string, { id: number; atMs: number; everyMs: number | undefined }>();
    const expected: string[] = [];
    for (const [id, { do: what, key, ms }] of steps.entries()) {
      if (what === "cancel") {
        assertEquals(timers.cancel(key), model.delete(key));
      } else if (what === "pass") {
        const untilMs = clock.now() + ms;
        for (;;) {
          const due = [...model].filter(([, { atMs }]) => atMs <= untilMs)
            .toSorted(([, one], [, other]) => one.atMs - other.atMs);
          const [first] = due;
          if (first === undefined) break;
          const [name, timer] = first;
          // Of two that are due at the same time either may be first: the model says when, not who.
          expected.push(`${timer.id} at ${timer.atMs}`);
          if (timer.everyMs === undefined) model.delete(name);
          else timer.atMs += timer.everyMs;
        }
        await clock.advance(ms);
      } else {
        const everyMs = what === "every" ? ms : undefined;
        timers.set(key, ms, () => void ran.push(`${id} at ${clock.now()}`), everyMs);
        model.set(key, { id, atMs: clock.now() + ms, everyMs });
      }
      assertEquals(timers.size, model.size);
    }
    assertEquals(ran.toSorted(), expected.toSorted());
    const times = ran.map((one) => Number(one.split(" at ")[1]));
    assertEquals(times, times.toSorted((one, other) => one - other));
  }));
});
