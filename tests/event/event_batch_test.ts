import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeEvent, type EncodedEvent } from "../../src/event/event.ts";
import { decodeBatch, encodeBatch, readBatch } from "../../src/event/event_batch.ts";

const word = fc.constantFrom("a", "a.b", "ü.💥", "__proto__", '"\\', "");
const event: fc.Arbitrary<EncodedEvent> = fc.record({
  id: fc.oneof(fc.uuid(), fc.string()),
  topic: word,
  timeMs: fc.integer(),
  source: word,
  data: fc.jsonValue().map((value) => JSON.stringify(value)),
  hops: fc.nat({ max: 17 }),
  key: word,
  traceparent: word,
}, { requiredKeys: ["id", "topic", "timeMs", "source", "data"], noNullPrototype: true });

Deno.test("decodeBatch gives back what encodeBatch was given", () => {
  fc.assert(fc.property(fc.array(event), (events) => {
    assertEquals(decodeBatch(encodeBatch(events)), events);
  }));
});

Deno.test("readBatch gives the events that decodeEvent gives one by one", () => {
  fc.assert(fc.property(fc.array(event), (events) => {
    assertEquals(readBatch(encodeBatch(events)), events.map(decodeEvent));
  }));
});

Deno.test("encodeBatch names what all events share once, and writes no data twice", () => {
  const events = Array.from({ length: 256 }, (_, n) => ({
    id: `id-${n}`,
    topic: `topic.of.${n % 2}`,
    timeMs: 1_700_000_000_000 + n,
    source: "some-source",
    data: `{"n":"${"x".repeat(20)}"}`,
  }));
  const { heads, data } = encodeBatch(events);
  assertEquals(heads.split("some-source").length - 1, 1);
  assertEquals(heads.split("topic.of").length - 1, 2);
  assertEquals(data, `[${events.map((event) => event.data).join(",")}]`);
});
