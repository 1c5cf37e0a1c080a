import { assertEquals, assertThrows } from "@std/assert";
import { assertLimits, entryModule, environmentOf, limitFlags } from "../../src/actor/host_limits.ts";

Deno.test("limitFlags grants everything unless permissions are named", () => {
  assertEquals(limitFlags({}), ["-A"]);
});

Deno.test("limitFlags denies by name whatever is not granted, and lets modules come from the cache alone", () => {
  const nothing = [
    "--deny-net",
    "--deny-read",
    "--deny-write",
    "--deny-env",
    "--deny-sys",
    "--deny-run",
    "--deny-ffi",
    "--cached-only",
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
  assertEquals(flags.includes("--cached-only"), false);
});

Deno.test("limitFlags bounds the heap", () => {
  assertEquals(limitFlags({ memoryMb: 64 }), ["-A", "--v8-flags=--max-old-space-size=64"]);
});

Deno.test("assertLimits refuses unknown permissions and memory that is no whole number of MiB", () => {
  assertThrows(() => assertLimits("h", { permissions: { nett: true } as object }), TypeError, 'host "h"');
  for (const memoryMb of [0, -1, 0.5, NaN]) {
    assertThrows(() => assertLimits("h", { memoryMb }), RangeError, "memoryMb");
  }
  assertThrows(() => assertLimits("h", { modules: ["./a.ts"] }), TypeError, "must be URLs");
  assertLimits("h", { memoryMb: 64, permissions: { net: true }, modules: ["file:///a.ts"] });
});

Deno.test("entryModule is the entry itself, or a module that has others in its graph besides", async () => {
  const module = 'data:application/javascript,export default "it\\"s";';
  assertEquals(entryModule(module, {}), module);
  const made = await import(entryModule("data:application/javascript,", { modules: [module] }));
  assertEquals((await made.modules[0]()).default, 'it"s');
});

Deno.test("environmentOf gives a process only what it may see, and what is no secret", () => {
  const all = { PATH: "/bin", HOME: "/h", AWS_KEY: "k", AWS_REGION: "r", OTHER: "o", NPM_TOKEN: "t" };
  assertEquals(environmentOf({}, all), all);
  assertEquals(environmentOf({ permissions: { env: true } }, all), all);
  assertEquals(environmentOf({ permissions: {} }, all), { PATH: "/bin", HOME: "/h" });
  assertEquals(environmentOf({ permissions: { env: ["AWS_*", "OTHER"] } }, all), {
    PATH: "/bin",
    HOME: "/h",
    AWS_KEY: "k",
    AWS_REGION: "r",
    OTHER: "o",
  });
});
