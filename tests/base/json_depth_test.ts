import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { isTooDeep, MAX_JSON_DEPTH } from "../../src/base/json_depth.ts";

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

Deno.test("isTooDeep counts what stands within each other, not what stands side by side", () => {
  assertEquals(isTooDeep(nested(MAX_JSON_DEPTH)), false);
  assertEquals(isTooDeep(nested(MAX_JSON_DEPTH + 1)), true);
  assertEquals(isTooDeep(`[${"[],".repeat(5_000)}[]]`), false);
  assertEquals(isTooDeep('{"a":'.repeat(MAX_JSON_DEPTH + 1) + "1" + "}".repeat(MAX_JSON_DEPTH + 1)), true);
});

Deno.test("isTooDeep does not count brackets in strings", () => {
  assertEquals(isTooDeep(JSON.stringify("[".repeat(10_000))), false);
  assertEquals(isTooDeep(JSON.stringify('\\"[{'.repeat(10_000))), false);
});

Deno.test("isTooDeep agrees with a count over the parsed value", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(fc.property(fc.jsonValue(), fc.nat(300), (value, more) => {
    const text = "[".repeat(more) + JSON.stringify(value) + "]".repeat(more);
    assertEquals(isTooDeep(text), more + depthOf(value) > MAX_JSON_DEPTH);
  }));
});
