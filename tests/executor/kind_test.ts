import { assertEquals, assertNotEquals } from "@std/assert";
import { keyOfKind, kindOf } from "../../src/executor/kind.ts";

Deno.test("kindOf sends tasks with rights or a memory limit to a process, and leaves the others", () => {
  assertEquals(kindOf({ isolation: "worker" }), { isolation: "worker" });
  assertEquals(kindOf({ isolation: "process" }), { isolation: "process" });
  assertEquals(kindOf({ isolation: "worker", permissions: {} }), { isolation: "process", permissions: {} });
  assertEquals(kindOf({ isolation: "process", memoryMb: 64 }), { isolation: "process", memoryMb: 64 });
  assertEquals(kindOf({ isolation: "inline" }), { isolation: "inline" });
});

Deno.test("keyOfKind is the same for the same rights, however they are written", () => {
  const key = (permissions: object): string => keyOfKind({ isolation: "process", permissions });
  assertEquals(key({ net: ["b", "a", "b"], read: true }), key({ read: true, net: ["a", "b"], write: false }));
  assertEquals(key({}), key({ net: [], env: false }));
  const keys = [{}, { net: true }, { net: ["a"] }, { read: ["a"] }, { net: ["a,b"] }, { net: ["a", "b"] }]
    .map(key);
  assertEquals(new Set(keys).size, keys.length);
});

Deno.test("keyOfKind tells a process with no rights from one with all, and memory limits apart", () => {
  const process = { isolation: "process" } as const;
  assertNotEquals(keyOfKind(process), keyOfKind({ ...process, permissions: {} }));
  assertNotEquals(keyOfKind({ ...process, memoryMb: 64 }), keyOfKind({ ...process, memoryMb: 65 }));
  assertEquals([keyOfKind({ isolation: "worker" }), keyOfKind({ isolation: "inline" })], [
    "worker",
    "inline",
  ]);
});
