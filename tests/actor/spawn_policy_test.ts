import { assertEquals, assertThrows } from "@std/assert";
import { spawnPolicyOf } from "../../src/actor/spawn_policy.ts";

Deno.test("spawnPolicyOf gives what is wished, and its defaults for the rest", () => {
  assertEquals(spawnPolicyOf("a", {}), { restart: "transient", startMs: 60_000, stopMs: 5_000 });
  assertEquals(spawnPolicyOf("a", { restart: "permanent", startMs: 1, stopMs: 2 }), {
    restart: "permanent",
    startMs: 1,
    stopMs: 2,
  });
});

Deno.test("spawnPolicyOf refuses times that are none, and restarts that it does not know, by name and value", () => {
  for (const stopMs of [0, -1, NaN, Infinity]) {
    assertThrows(() => spawnPolicyOf("a", { stopMs }), RangeError, `actor "a" as stopMs must be`);
    assertThrows(() => spawnPolicyOf("a", { startMs: stopMs }), RangeError, `current value is ${stopMs}`);
  }
  assertThrows(() => spawnPolicyOf("a", { restart: "always" as never }), RangeError, `value is "always"`);
});
