import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { KeyTable } from "../../src/event/key_table.ts";

Deno.test("KeyTable agrees with a Map through any changes, zero and neighbours included", () => {
  const key = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer()).filter((key) => key !== 1);
  const step = fc.oneof(fc.record({ set: key, value: fc.nat() }), fc.record({ delete: key }));
  fc.assert(fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
    const table = new KeyTable<number>();
    const model = new Map<number, number>();
    for (const step of steps) {
      if ("set" in step) {
        table.set(step.set, step.value);
        model.set(step.set, step.value);
      } else {
        table.delete(step.delete);
        model.delete(step.delete);
      }
      assertEquals(table.size, model.size);
    }
    for (const [key, value] of model) assertEquals(table.get(key), value);
    for (const step of steps) {
      if ("delete" in step) assertEquals(table.get(step.delete), model.get(step.delete));
    }
  }));
});

Deno.test("KeyTable grows and shrinks without losing a key", () => {
  const table = new KeyTable<number>();
  for (let key = 2; key < 5_000; key++) table.set(key, key);
  for (let key = 2; key < 4_990; key++) table.delete(key);
  assertEquals(Array.from({ length: 10 }, (_, index) => table.get(4_990 + index)), [
    ...Array.from({ length: 10 }, (_, index) => 4_990 + index),
  ]);
  assertEquals([table.size, table.get(17)], [10, undefined]);
});
