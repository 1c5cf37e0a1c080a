import { assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { assertHops, decodeEvent, encodeEvent, MAX_HOPS, type MillraceEvent } from "../../src/event/event.ts";

const event: MillraceEvent = { id: "1", topic: "a.b", timeMs: 5, source: "test", data: { x: [1, null] } };

Deno.test("encodeEvent and decodeEvent are inverse", () => {
  const encoded = encodeEvent(event);
  assertEquals(encoded.data, '{"x":[1,null]}');
  assertEquals(decodeEvent(encoded), event);
});

Deno.test("encodeEvent takes no data as null", () => {
  assertEquals(encodeEvent({ ...event, data: undefined }).data, "null");
});

Deno.test("encodeEvent refuses data that is no JSON value", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  for (const data of [cycle, 1n, () => 1, Symbol("x")]) {
    const error = assertThrows(() => encodeEvent({ ...event, data }), MillraceError);
    assertEquals(error.code, "event/invalid");
  }
});

Deno.test("assertHops refuses a chain that is too long", () => {
  assertHops(event);
  assertHops({ topic: "a", hops: MAX_HOPS });
  const error = assertThrows(() => assertHops({ topic: "a", hops: MAX_HOPS + 1 }), MillraceError);
  assertEquals(error.code, "event/too-many-hops");
});
