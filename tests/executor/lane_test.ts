import { assertEquals, assertNotEquals } from "@std/assert";
import { keyOfLane, laneOf } from "../../src/executor/lane.ts";

Deno.test("laneOf sends tasks with rights or a memory limit to a process, and leaves the others", () => {
  assertEquals(laneOf({ isolation: "worker" }), { isolation: "worker" });
  assertEquals(laneOf({ isolation: "process" }), { isolation: "process" });
  assertEquals(laneOf({ isolation: "worker", permissions: {} }), { isolation: "process", permissions: {} });
  assertEquals(laneOf({ isolation: "process", memoryMb: 64 }), { isolation: "process", memoryMb: 64 });
  assertEquals(laneOf({ isolation: "inline" }), { isolation: "inline" });
});

Deno.test("keyOfLane is the same for the same rights, however they are written", () => {
  const key = (permissions: object): string => keyOfLane({ isolation: "process", permissions });
  assertEquals(key({ net: ["b", "a", "b"], read: true }), key({ read: true, net: ["a", "b"], write: false }));
  assertEquals(key({}), key({ net: [], env: false }));
  const keys = [{}, { net: true }, { net: ["a"] }, { read: ["a"] }, { net: ["a,b"] }, { net: ["a", "b"] }]
    .map(key);
  assertEquals(new Set(keys).size, keys.length);
});

Deno.test("keyOfLane tells a process with no rights from one with all, and memory limits apart", () => {
  const process = { isolation: "process" } as const;
  assertNotEquals(keyOfLane(process), keyOfLane({ ...process, permissions: {} }));
  assertNotEquals(keyOfLane({ ...process, memoryMb: 64 }), keyOfLane({ ...process, memoryMb: 65 }));
  assertEquals([keyOfLane({ isolation: "worker" }), keyOfLane({ isolation: "inline" })], [
    "worker",
    "inline",
  ]);
});
