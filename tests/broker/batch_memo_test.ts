import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { BatchMemo } from "../../src/broker/batch_memo.ts";
import { encodeBatch } from "../../src/event/event_batch.ts";

const events = ["a", "b", "c"].map((id) => ({ id, topic: "t", timeMs: 1, source: "s", data: "1" }));

Deno.test("BatchMemo passes a batch on as it came, if all of it goes on", () => {
  const memo = new BatchMemo();
  const batch = encodeBatch(events);
  const decoded = memo.decode(batch);
  assertEquals(decoded, events);
  assertStrictEquals(memo.encode([...decoded]), batch);
  assertNotStrictEquals(memo.encode(decoded.slice(0, 2)), batch);
});

Deno.test("BatchMemo encodes what goes to many once", () => {
  const memo = new BatchMemo();
  const batch = memo.encode(events.slice(1));
  assertEquals(batch, encodeBatch(events.slice(1)));
  assertStrictEquals(memo.encode(events.slice(1)), batch);
  assert(memo.encode([events[1]!, { ...events[2]! }]) !== batch, "equal events may still be others");
});

Deno.test("BatchMemo encodes no events, too", () => {
  assertEquals(new BatchMemo().encode([]), encodeBatch([]));
});
