import { assertEquals } from "@std/assert";
import { findUncloneable } from "../../src/actor/uncloneable.ts";

Deno.test("findUncloneable names the first part that cannot be cloned by its path", () => {
  const fn = (): void => {};
  assertEquals(findUncloneable(fn), "");
  assertEquals(findUncloneable({ a: 1, b: [{ c: 1 }, { d: fn }], e: fn }), "b.1.d");
});

Deno.test("findUncloneable names a property that throws when it is read", () => {
  const trap = {
    get mine(): never {
      throw new Error("hands off");
    },
  };
  assertEquals(findUncloneable({ a: [trap] }), "a.0.mine");
});

Deno.test("findUncloneable stops at some depth: a longer path helps nobody", () => {
  let deep: unknown = () => {};
  for (let level = 0; level < 100; level++) deep = [deep];
  assertEquals(findUncloneable(deep), Array.from({ length: 16 }, () => "0").join("."));
});
