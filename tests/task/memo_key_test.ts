import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { codeOf, digestOf, memoKeyOf, type MemoParts, textOf } from "../../src/task/memo_key.ts";
import { descriptor } from "../planner/descriptors.ts";

const text = fc.constantFrom("", "a", "b", '","', "json:1");
const parts: fc.Arbitrary<MemoParts> = fc.record(
  { task: text, code: text, text, inputs: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }) },
  { requiredKeys: ["task", "code", "text"], noNullPrototype: true },
);

Deno.test("memoKeyOf() is the same for the same parts only", () => {
  const canonical = ({ inputs, ...rest }: MemoParts) => [rest, inputs && Object.entries(inputs).sort()];
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
      assertEquals(memoKeyOf(a) === memoKeyOf(b), same);
    }),
    { numRuns: 2_000 },
  );
  const [x, y] = [{ x: "1", y: "2" }, { y: "2", x: "1" }];
  assertEquals(
    memoKeyOf({ task: "t", code: "", text: "", inputs: x }),
    memoKeyOf({ task: "t", code: "", text: "", inputs: y }),
  );
});

Deno.test("textOf() is the same for equal values, whatever the order of their keys", () => {
  assertEquals(textOf({ a: 1, b: [2] }), textOf({ b: [2], a: 1 }));
  const values = [undefined, null, 0, -0, 1n, 1, "1", [1], new Date(1), new Map([[1, 1]]), new Set([1]), {}];
  assertEquals(new Set(values.map(textOf)).size, values.length);
});

Deno.test("digestOf() tells one value from a stream of it, and streams by their order", () => {
  const digests = [digestOf("a"), digestOf(["a"]), digestOf(["a", "b"]), digestOf(["b", "a"]), digestOf([])];
  assertEquals(new Set(digests).size, digests.length);
});

Deno.test("codeOf() a version stands for the code; without one all of the definition does", () => {
  const of = (version: string | undefined, more = {}) =>
    codeOf(
      descriptor("t", [], {
        cache: { keyed: false, ...(version === undefined ? {} : { version }) },
        ...more,
      }),
    );
  assertEquals(codeOf(descriptor("t")), undefined);
  assertEquals(of("1"), of("1", { stream: true }));
  assertNotEquals(of("1"), of("2"));
  assertNotEquals(of(undefined), of(undefined, { stream: true }));
});
