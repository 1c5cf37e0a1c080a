import { deepStrictEqual } from "node:assert/strict";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyWeight, plainWeight } from "../../src/actor/weigh.ts";

function survivesJson(value: unknown): boolean {
  try {
    const text = JSON.stringify(value);
    deepStrictEqual(text === undefined ? undefined : JSON.parse(text), value);
    return text !== undefined;
  } catch {
    return false;
  }
}

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

Deno.test("plainWeight is a number for exactly those values without long texts that JSON gives back as they are", () => {
  fc.assert(
    fc.property(fc.oneof(anything, fc.jsonValue()), (value) => {
      assertEquals(!Number.isNaN(plainWeight(value)), survivesJson(value));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("plainWeight is near the length of the text, and never below a fraction of it", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
    const weight = plainWeight(value);
    if (Number.isNaN(weight)) return; // -0
    // Escapes can make six characters of one; numbers have up to 24.
    assert(weight * 8 >= JSON.stringify(value).length, `${weight} for ${JSON.stringify(value)}`);
  }));
});

Deno.test("plainWeight and anyWeight of texts and buffers grow with them", () => {
  const short = "x".repeat(1_000);
  assertAlmostEquals(plainWeight([short, { short }]), 2_000, 100);
  const text = "x".repeat(100_000);
  assertAlmostEquals(anyWeight([text, new Map([[text, new Set([text])]])]), 300_000, 100);
  assertAlmostEquals(
    anyWeight({ bytes: new Uint8Array(50_000), buffer: new ArrayBuffer(50_000) }),
    100_000,
    100,
  );
});

Deno.test("plainWeight leaves what is mostly long texts to structured clone", () => {
  const text = "x".repeat(1_024);
  assertEquals(plainWeight({ head: [1, 2, 3], text }), NaN);
  assertEquals(plainWeight(text), NaN);
  const rest = Array.from({ length: 200 }, (_, id) => ({ id }));
  assert(plainWeight({ rest, text }) > 1_024, "most of it is no text");
});

Deno.test("plainWeight leaves what is nested too deep, or names itself, to structured clone", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 1_000; level++) deep = [deep];
  const ring: unknown[] = [];
  ring.push(ring);
  assertEquals([plainWeight(deep), plainWeight(ring)], [NaN, NaN]);
  assert(anyWeight(deep) > 0 && anyWeight(ring) > 0);
});

Deno.test("anyWeight of a view is that of its whole buffer, which crosses with it; memory that is shared weighs nothing", () => {
  assertEquals(anyWeight(new Uint8Array(new ArrayBuffer(1_000), 8, 4)), 1_008);
  assertEquals(anyWeight(new Uint8Array(new SharedArrayBuffer(1_000))), 8);
});

Deno.test("plainWeight and anyWeight end soon for a value that names one part many times over", () => {
  let wide: unknown = "x";
  for (let level = 0; level < 60; level++) wide = [wide, wide];
  assertEquals(plainWeight(wide), NaN);
  assert(anyWeight(wide) > 0);
});
