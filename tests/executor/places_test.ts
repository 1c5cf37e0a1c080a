import { assertEquals } from "@std/assert";
import { originOf, Places } from "../../src/executor/places.ts";
import type { ExecutableTask } from "../../src/executor/port.ts";

const one = { runId: "r", task: "t", resultIds: ["a2"] };

function origin(inputs: ExecutableTask["inputs"]): string | undefined {
  return originOf({ inputs });
}

Deno.test("Places remembers where an attempt has ended, by its result", () => {
  const places = new Places();
  places.ended({ runId: "r", task: "t", attempt: 2 }, "e1");
  assertEquals(places.of(origin({ one })!), "e1");
  assertEquals(places.of("r/t/a1"), undefined);
});

Deno.test("Places remembers the last attempts only", () => {
  const places = new Places(2);
  for (const attempt of [1, 2, 3]) places.ended({ runId: "r", task: "t", attempt }, `e${attempt}`);
  assertEquals([1, 2, 3].map((n) => places.of(`r/t/a${n}`)), [undefined, "e2", "e3"]);
});

Deno.test("originOf is the one attempt that all inputs come from", () => {
  assertEquals(origin({ one }), "r/t/a2");
  assertEquals(origin({ one, again: one }), "r/t/a2");
  assertEquals(origin({}), undefined);
  assertEquals(origin({ one, other: { ...one, task: "u" } }), undefined);
  assertEquals(origin({ one, earlier: { ...one, resultIds: ["a1"] } }), undefined);
});

Deno.test("originOf is nothing for chunks, streams that are being written, and failures", () => {
  assertEquals(origin({ chunk: { ...one, resultIds: ["a1-000000"] } }), undefined);
  assertEquals(origin({ chunks: { ...one, resultIds: ["a1-000000", "a1-000001"] } }), undefined);
  assertEquals(origin({ none: { ...one, resultIds: [] } }), undefined);
  assertEquals(origin({ live: { runId: "r", task: "t", attempt: 1 } }), undefined);
});
