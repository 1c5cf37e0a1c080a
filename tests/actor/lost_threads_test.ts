/** What cannot be interrupted: the host is given up and replaced, its thread counted as lost. */
import { assert, assertEquals } from "@std/assert";
import { runDeno } from "../fixtures_canary/children.ts";

const fixture = (file: string): string => new URL(`./fixtures/${file}`, import.meta.url).href;

const WAYS: readonly (readonly [how: string, told: string])[] = [
  ["loop", "actor/host-lost"],
  ["loop after an await", "actor/host-lost"],
  ["loop of microtasks", "actor/host-lost"],
  ["block", "actor/host-lost"],
  ["module", "actor/host-lost"],
  ["start", "actor/host-lost"],
];
for (const [how, told] of WAYS) {
  Deno.test(`stuckMs, ${how}: the host is replaced, all who wait are told, the lost thread is counted`, async () => {
    const { code, stdout, stderr } = await runDeno([
      "run",
      "-A",
      "--no-check",
      fixture("lost_threads.ts"),
      how,
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(JSON.parse(stdout), {
      told: [told, "actor/host-lost"],
      bystands: 0,
      back: 0,
      hosts: [["running", 0, 0], ["running", 1, 0], ["running", 0, 0]],
      lostThreads: 1,
      stopped: { unstopped: [], lostThreads: 1 },
    });
  });
}

Deno.test("ActorSystem: whatever a host survives, the program ends by itself once the system has stopped", async () => {
  const deeds = [
    ...["throw", "reject", "throw nothing", "overflow the stack", "answer with a function"],
    ...["reject to nobody", "throw in a timer", "throw in a microtask", "report an error"],
    ...["listen as a worker", "speak as a worker", "loop", "loop and catch", "block"],
    ...["close", "Deno.exit", "process.exit"],
  ];
  const { code, stdout, stderr } = await runDeno([
    "run",
    "-A",
    "--no-check",
    fixture("ending.ts"),
    "limitedActor",
    ...deeds,
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), { unstopped: [], lostThreads: 0 });
});

// A process host survives that; a Web Worker has no memory of its own (ACTORS M6).
Deno.test("out of memory in a worker host is the end of the program", async () => {
  const smallHeap = "--v8-flags=--max-old-space-size=48";
  const args = ["run", "-A", "--no-check", smallHeap, fixture("ending.ts"), "faultyActor", "eat all memory"];
  const { code, stderr } = await runDeno(args);
  assert(code !== 0);
  assert(stderr.includes("JavaScript out of memory"), stderr);
});
