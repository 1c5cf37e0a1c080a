import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Deadline, Deadlines } from "../../src/actor/deadlines.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

type Step =
  | { readonly add: number }
  | { readonly cancel: number }
  | { readonly pass: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: fc.integer({ min: -5, max: 50 }) }) },
    { weight: 3, arbitrary: fc.record({ cancel: fc.nat(200) }) },
    { weight: 2, arbitrary: fc.record({ pass: fc.nat(30) }) },
  ),
  { maxLength: 300 },
);

Deno.test("Deadlines fires what a list of alarms would, each at its time, with one alarm at most", async () => {
  await fc.assert(fc.asyncProperty(steps, async (all) => {
    const clock = createVirtualClock();
    const deadlines = new Deadlines(clock);
    const made: Deadline[] = [];
    const due = new Map<Deadline, number>();
    const fired: number[] = [];
    for (const step of all) {
      if ("add" in step) {
        const atMs = clock.now() + Math.max(0, step.add);
        const deadline = deadlines.add(step.add, () => {
          assertEquals(clock.now(), atMs);
          assert(due.delete(deadline), "fired twice, or after it was called off");
          fired.push(atMs);
        });
        made.push(deadline);
        due.set(deadline, atMs);
      } else if ("cancel" in step) {
        const deadline = made[step.cancel % Math.max(1, made.length)];
        if (deadline === undefined) continue;
        deadlines.cancel(deadline);
        due.delete(deadline);
      } else {
        await clock.advance(step.pass);
        for (const atMs of due.values()) assert(atMs > clock.now(), "was due and did not fire");
      }
      assertEquals(deadlines.size, due.size);
      // One alarm at most: it may stay when nobody waits any more, and rings once for nothing.
      assert(clock.pending === 1 || clock.pending === 0 && due.size === 0);
    }
    assertEquals(fired, fired.toSorted((a, b) => a - b));
    for (const deadline of due.keys()) deadlines.cancel(deadline);
    await clock.advance(1_000);
    assertEquals(clock.pending, 0);
  }));
});

Deno.test("Deadlines may be added and called off by one that fires", async () => {
  const clock = createVirtualClock();
  const deadlines = new Deadlines(clock);
  const fired: string[] = [];
  deadlines.add(10, () => {
    fired.push("first");
    deadlines.cancel(second);
    deadlines.add(0, () => fired.push("at once"));
    deadlines.add(5, () => fired.push("later"));
  });
  const second = deadlines.add(10, () => fired.push("second"));
  await clock.advance(10);
  assertEquals(fired, ["first", "at once"]);
  await clock.advance(5);
  assertEquals([fired, deadlines.size, clock.pending], [["first", "at once", "later"], 0, 0]);
});

Deno.test("Deadlines that were called off do not pile up behind one that waits", () => {
  const clock = createVirtualClock();
  const deadlines = new Deadlines(clock);
  deadlines.add(1_000, () => {});
  for (let n = 0; n < 10_000; n++) deadlines.cancel(deadlines.add(2_000, () => {}));
  assertEquals([deadlines.size, clock.pending], [1, 1]);
});
