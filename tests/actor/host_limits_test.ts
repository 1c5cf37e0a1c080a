import { assertEquals, assertThrows } from "@std/assert";
import { assertLimits, limitFlags } from "../../src/actor/host_limits.ts";

Deno.test("limitFlags grants everything unless permissions are named", () => {
  assertEquals(limitFlags({}), ["-A"]);
});

Deno.test("limitFlags denies by name whatever is not granted, but Deno's own list of hosts to import from", () => {
  const nothing = [
    "--deny-net",
    "--deny-read",
    "--deny-write",
    "--deny-env",
    "--deny-sys",
    "--deny-run",
    "--deny-ffi",
  ];
  assertEquals(limitFlags({ permissions: {} }), nothing);
  assertEquals(limitFlags({ permissions: { net: false, read: [], import: [] } }), nothing);
});

Deno.test("limitFlags grants what is listed, with commas in names doubled", () => {
  const flags = limitFlags({
    permissions: { net: ["a.example:443", "b.example"], read: ["./a,b"], env: true, import: ["c.example"] },
  });
  assertEquals(flags.filter((flag) => flag.startsWith("--allow")), [
    "--allow-net=a.example:443,b.example",
    "--allow-read=./a,,b",
    "--allow-env",
    "--allow-import=c.example",
  ]);
});

Deno.test("limitFlags bounds the heap", () => {
  assertEquals(limitFlags({ memoryMb: 64 }), ["-A", "--v8-flags=--max-old-space-size=64"]);
});

Deno.test("assertLimits refuses unknown permissions and memory that is no whole number of MiB", () => {
  assertThrows(() => assertLimits("h", { permissions: { nett: true } as object }), TypeError, 'host "h"');
  for (const memoryMb of [0, -1, 0.5, NaN]) {
    assertThrows(() => assertLimits("h", { memoryMb }), RangeError, "memoryMb");
  }
  assertLimits("h", { memoryMb: 64, permissions: { net: true } });
});
