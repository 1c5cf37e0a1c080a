import { assert, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import { DedupeWindow } from "../../src/broker/dedupe_window.ts";

Deno.test("DedupeWindow admits an id once within the window, and again at its edge", () => {
  const window = new DedupeWindow(1000, 10);
  assert(window.admit("a", 5000));
  assertFalse(window.admit("a", 5000));
  assertFalse(window.admit("a", 5999));
  assert(window.admit("a", 6000));
  assertFalse(window.admit("a", 6001));
});

Deno.test("DedupeWindow remembers an id for the whole window, whatever comes in between", () => {
  const window = new DedupeWindow(1000, 10);
  window.admit("first", 0);
  window.admit("a", 999);
  window.admit("b", 1000);
  assertFalse(window.admit("a", 1998));
  assert(window.admit("first", 1998));
});

Deno.test("DedupeWindow remembers at least the last so many ids, and not many more", () => {
  const window = new DedupeWindow(1000, 10);
  for (let index = 0; index < 100; index++) assert(window.admit(`${index}`, 0));
  for (let index = 90; index < 100; index++) assertFalse(window.admit(`${index}`, 0), `${index}`);
  assert(window.admit("79", 0));
});

Deno.test("DedupeWindow.note remembers ids, one by one or of a batch, like those that were admitted", () => {
  const window = new DedupeWindow(1000, 10);
  window.note("a", 1, 5000);
  window.note(() => ["b", "c"], 2, 5500);
  assertFalse(window.admit("a", 5999));
  assertFalse(window.admit("c", 5999));
  assert(window.admit("a", 6000));
  assertFalse(window.admit("b", 6499));
  assert(window.admit("b", 6500));
});

Deno.test("DedupeWindow.note reads the ids of a batch only when an id is asked about", () => {
  const window = new DedupeWindow(1000, 10);
  let reads = 0;
  const batch = (...ids: string[]) => (): string[] => {
    reads++;
    return ids;
  };
  for (let index = 0; index < 100; index++) window.note(batch(`${index}`, `${index}+`), 2, 0);
  assertEquals(reads, 0);
  assertFalse(window.admit("99+", 0));
  assertFalse(window.admit("95", 0));
  assert(window.admit("79", 0), "it has been forgotten");
  assert(reads <= 10, `${reads} batches hold the ids that are remembered`);
});

Deno.test("DedupeWindow answers the same whether an id was admitted or noted", () => {
  const step = fc.record({
    id: fc.nat({ max: 8 }).map(String),
    ms: fc.nat({ max: 400 }),
    note: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const [admitting, noting] = [new DedupeWindow(1000, 3), new DedupeWindow(1000, 3)];
    let nowMs = 0;
    for (const { id, ms, note } of steps) {
      nowMs += ms;
      const fresh = `fresh ${id} ${nowMs}`;
      const isNew = admitting.admit(note ? fresh : id, nowMs);
      if (note && isNew) noting.note(fresh, 1, nowMs);
      else assertEquals(noting.admit(note ? fresh : id, nowMs), isNew);
    }
  }));
});
