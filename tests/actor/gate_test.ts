import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Gate, WINDOW, WINDOW_BYTES } from "../../src/actor/gate.ts";

type Step =
  | { readonly send: number }
  | { readonly leave: number }
  | { readonly callOff: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ send: fc.nat(WINDOW_BYTES >> 2) }) },
    { weight: 2, arbitrary: fc.record({ leave: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ callOff: fc.nat(30) }) },
  ),
  { maxLength: 200 },
);

Deno.test("Gate lets through what a list of weights has room for, and those who wait in order", () => {
  fc.assert(fc.property(steps, (all) => {
    const gate = new Gate(() => {});
    const under: number[] = [];
    let waiting: { readonly bytes: number; readonly callOff: () => void }[] = [];
    const isFull = () => under.length >= WINDOW || under.reduce((sum, one) => sum + one, 0) >= WINDOW_BYTES;
    for (const step of all) {
      if ("send" in step) {
        const bytes = step.send;
        assertEquals(gate.full, isFull() || waiting.length > 0);
        if (gate.full) {
          const waiter = {
            bytes,
            callOff: gate.wait(() => {
              assertEquals(waiting[0], waiter, "out of order");
              waiting.shift();
              gate.enter(bytes);
              under.push(bytes);
            }),
          };
          waiting.push(waiter);
        } else {
          gate.enter(bytes);
          under.push(bytes);
        }
      } else if ("leave" in step) {
        under.splice(0, step.leave);
        gate.leave(step.leave);
        assertEquals(isFull() || waiting.length === 0, true, "somebody waits though there is room");
      } else {
        const waiter = waiting[step.callOff];
        waiting = waiting.filter((one) => one !== waiter);
        waiter?.callOff();
      }
      assertEquals([gate.used, gate.waiting], [under.length, waiting.length]);
    }
  }));
});

Deno.test("Gate holds a window of messages, however light, again and again", () => {
  const gate = new Gate(() => {});
  for (let round = 0; round < 5; round++) {
    while (!gate.full) gate.enter(0);
    assertEquals(gate.used, WINDOW);
    gate.leave(700);
    assertEquals([gate.full, gate.used], [false, WINDOW - 700]);
  }
});

Deno.test("Gate lets one message pass that is heavier than its window, and none beside it", () => {
  const gate = new Gate(() => {});
  gate.enter(2 ** 33);
  assertEquals(gate.full, true);
  gate.leave(1);
  assertEquals([gate.full, gate.used], [false, 0]);
  gate.enter(WINDOW_BYTES - 1);
  assertEquals(gate.full, false);
});

Deno.test("Gate release lets all go who wait, in order", () => {
  const gate = new Gate(() => {});
  gate.enter(WINDOW_BYTES);
  const gone: number[] = [];
  for (const n of [1, 2, 3]) gate.wait(() => gone.push(n));
  gate.release();
  assertEquals([gone, gate.waiting], [[1, 2, 3], 0]);
});

Deno.test("Gate asks for an acknowledgement once, however many find it full, and again while anybody waits", () => {
  let wanted = 0;
  const gate = new Gate(() => wanted++);
  for (let n = 0; n < WINDOW; n++) gate.enter(1);
  for (let n = 0; n < 10_000; n++) gate.want();
  const leaves = Array.from({ length: 3 }, () => gate.wait(() => gate.enter(1)));
  assertEquals(wanted, 1);
  gate.leave(1);
  assertEquals([wanted, gate.waiting], [2, 2]);
  for (const leave of leaves) leave();
  gate.leave(1);
  assertEquals([wanted, gate.waiting], [2, 0]);
});
