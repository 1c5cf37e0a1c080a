import { assertEquals, assertRejects } from "@std/assert";
import { MillraceError, toWire } from "../../src/base/errors.ts";
import { TopicChecks } from "../../src/broker/topic_checks.ts";
import type { EncodedEvent } from "../../src/event/event.ts";

function event(topic: string, data: string): EncodedEvent {
  return { id: data, topic, timeMs: 1, source: "test", data };
}

Deno.test("TopicChecks asks whoever has the schema, and gives the event as that wants it", async () => {
  const checks = new TopicChecks();
  checks.add("a");
  assertEquals([checks.has("a"), checks.has("b")], [true, false]);
  const asked = checks.asked();
  const [first, second] = [checks.conform(event("a", "1")), checks.conform(event("a", "2"))];
  assertEquals((await asked.next()).value, [
    { ticket: 1, topic: "a", data: "1" },
    { ticket: 2, topic: "a", data: "2" },
  ]);
  const misfit = new MillraceError("event/invalid", "no", { details: { topic: "a", reason: "no" } });
  checks.answer({ ticket: 2, error: toWire(misfit) });
  checks.answer({ ticket: 1, data: "10" });
  checks.answer({ ticket: 1, data: "11" });
  assertEquals(await first, { ...event("a", "1"), data: "10" });
  const error = await assertRejects(() => second, MillraceError);
  assertEquals(error.code, "event/invalid");
});

Deno.test("TopicChecks lets nobody wait once the broker is closed", async () => {
  const checks = new TopicChecks();
  checks.add("a");
  const asked = checks.asked();
  const next = asked.next();
  const waiting = checks.conform(event("a", "1"));
  checks.close();
  for (const publication of [waiting, checks.conform(event("a", "2"))]) {
    const error = await assertRejects(() => publication, MillraceError);
    assertEquals(error.code, "broker/closed");
  }
  await next;
  assertEquals((await asked.next()).done, true);
});
