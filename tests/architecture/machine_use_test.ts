import { assertEquals } from "@std/assert";
import { machineUsesOf } from "./machine_use.ts";

Deno.test("machineUsesOf() finds time, timers, chance and the machine", () => {
  const uses: Readonly<Record<string, string>> = {
    "Deno.env.get('A');": "Deno.env",
    "globalThis.setTimeout(f);": "globalThis.setTimeout",
    "setTimeout(f, 1);": "setTimeout(f, 1)",
    "setImmediate(f);": "setImmediate(f)",
    "AbortSignal.timeout(5);": "AbortSignal.timeout(5)",
    "const t = Date.now();": "Date.now",
    "const t = performance.now();": "performance.now",
    "const t = new Date();": "new Date()",
    "const r = Math.random;": "Math.random",
    "crypto.randomUUID();": "crypto.randomUUID",
    "crypto.getRandomValues(b);": "crypto.getRandomValues",
    'import { randomBytes } from "node:crypto";': "randomBytes",
    'import { DatabaseSync } from "node:sqlite";': '"node:sqlite"',
  };
  for (const [source, use] of Object.entries(uses)) {
    assertEquals(machineUsesOf("a.ts", source), [use], source);
  }
});

Deno.test("machineUsesOf() lets types, text, comments and arithmetic be", () => {
  const source = `
    import { createHash } from "node:crypto";
    import type { DatabaseSync } from "node:sqlite";
    // Deno.open() and Date.now() are for adapters.
    const page = "setTimeout(poll, 100)" + \`Date.now() \${text}\`;
    const date = new Date(timeMs);
    function read(file: Deno.FsFile, clock: Clock): number { return clock.now(); }
  `;
  assertEquals(machineUsesOf("a.ts", source), []);
});
