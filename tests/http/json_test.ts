import { assertEquals } from "@std/assert";
import { toJsonText } from "../../src/http/json.ts";

Deno.test("toJsonText() shows what JSON has not as near as it gets", () => {
  const value = {
    big: 2n ** 64n,
    map: new Map([["a", 1]]),
    set: new Set([1]),
    floats: new Float64Array([0.5]),
    gone: undefined,
  };
  assertEquals(toJsonText(value), '{"big":"18446744073709551616","map":[["a",1]],"set":[1],"floats":[0.5]}');
  assertEquals(toJsonText(undefined), "null");
  assertEquals(toJsonText(() => {}), "null");
});
