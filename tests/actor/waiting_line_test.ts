import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { WaitingLine } from "../../src/actor/waiting_line.ts";

const step = fc.oneof(
  fc.constant("join" as const),
  fc.constant("next" as const),
  fc.record({ leave: fc.nat(40) }),
);

Deno.test("WaitingLine lets go in order whoever has not left, as a list would", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
    const line = new WaitingLine();
    const leaves: (() => void)[] = [];
    const gone: number[] = [];
    let model: number[] = [];
    const expected: number[] = [];
    for (const one of steps) {
      if (one === "join") {
        const number = leaves.length;
        leaves.push(line.join(() => gone.push(number)));
        model.push(number);
      } else if (one === "next") {
        line.next();
        expected.push(...model.splice(0, 1));
      } else {
        leaves[one.leave]?.();
        model = model.filter((number) => number !== one.leave);
      }
      assertEquals([line.length, gone], [model.length, expected]);
    }
    line.all();
    assertEquals([line.length, gone], [0, [...expected, ...model]]);
  }));
});
