import { assertEquals, assertRejects } from "@std/assert";
import { EndWaiters } from "../../src/orchestrator/end_waiters.ts";
import type { RunEnd } from "../../src/task/run.ts";

const end: RunEnd = { runId: "r1", status: "succeeded", tasks: {} };
const unknown = () => Promise.resolve(undefined);

Deno.test("EndWaiters.ended() answers with an end that is known", async () => {
  assertEquals(await new EndWaiters().ended("r1", () => Promise.resolve(end)), end);
});

Deno.test("EndWaiters.tell() answers everybody who waits for that run", async () => {
  const waiters = new EndWaiters();
  const both = Promise.all([waiters.ended("r1", unknown), waiters.ended("r1", unknown)]);
  waiters.tell({ ...end, runId: "r2" });
  await unknown();
  waiters.tell(end);
  assertEquals(await both, [end, end]);
});

Deno.test("EndWaiters.ended() misses no end that is told while it asks whether it is known", async () => {
  const waiters = new EndWaiters();
  const asked = Promise.withResolvers<undefined>();
  const waiting = waiters.ended("r1", () => asked.promise);
  waiters.tell(end);
  asked.resolve(undefined);
  assertEquals(await waiting, end);
});

Deno.test("EndWaiters.ended() rejects as the question does, and leaves the others waiting", async () => {
  const waiters = new EndWaiters();
  const waiting = waiters.ended("r1", unknown);
  await assertRejects(() => waiters.ended("r1", () => Promise.reject(new Error("no"))), Error, "no");
  waiters.tell(end);
  assertEquals(await waiting, end);
});
