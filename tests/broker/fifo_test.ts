import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Fifo } from "../../src/broker/fifo.ts";

Deno.test("Fifo behaves like an array that is pushed and shifted", () => {
  fc.assert(fc.property(fc.array(fc.option(fc.nat()), { maxLength: 100 }), (steps) => {
    const fifo = new Fifo<number>();
    const model: number[] = [];
    for (const step of steps) {
      if (step === null) assertEquals(fifo.shift(), model.shift());
      else {
        fifo.push(step);
        model.push(step);
      }
      assertEquals(fifo.size, model.length);
    }
  }));
});
