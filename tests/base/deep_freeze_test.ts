import { assert, assertStrictEquals } from "@std/assert";
import { deepFreeze } from "../../src/base/deep_freeze.ts";

Deno.test("deepFreeze freezes data to its leaves, and gives it back", () => {
  const data = { list: [{ a: 1 }], nothing: null, text: "x" };
  assertStrictEquals(deepFreeze(data), data);
  for (const part of [data, data.list, data.list[0]]) assert(Object.isFrozen(part));
});

Deno.test("deepFreeze freezes what a frozen object holds", () => {
  const data = Object.freeze({ list: [1] });
  deepFreeze(data);
  assert(Object.isFrozen(data.list));
});
