import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { bytesOf } from "../../src/broker/log_rules.ts";
import { event } from "../contract/event_log_contract.ts";

Deno.test("bytesOf() counts the texts of an event in UTF-8, without its topic", () => {
  const text = fc.string({ unit: "grapheme" });
  const texts = fc.record({ id: text, source: text, data: text, key: text, traceparent: text });
  fc.assert(fc.property(texts, (texts) => {
    const expected = new TextEncoder().encode(Object.values(texts).join("")).length;
    assertEquals(bytesOf({ ...event(""), ...texts }), expected);
  }));
  assertEquals(bytesOf({ ...event("id"), data: "1", hops: 3 }), "id".length + "app".length + "1".length);
});
