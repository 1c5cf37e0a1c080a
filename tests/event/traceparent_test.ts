import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { traceparentOf } from "../../src/event/traceparent.ts";

const RUN = "0190b0a8-7d4a-7c3e-8f21-6f5e4d3c2b1a";
const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

Deno.test("traceparentOf() goes on with the trace of its parent, in a span of its own", () => {
  const run = traceparentOf(PARENT, RUN);
  assertMatch(run, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
  assertNotEquals(run.split("-")[2], PARENT.split("-")[2]);
});

Deno.test("traceparentOf() gives each attempt a span of its own, and always the same one", () => {
  const spans = [
    traceparentOf(PARENT, RUN),
    ...["a", "b"].flatMap((task) => ["1", "2"].map((attempt) => traceparentOf(PARENT, RUN, task, attempt))),
  ];
  assertEquals(new Set(spans).size, 5);
  assertEquals(traceparentOf(PARENT, RUN, "a", "1"), spans[1]);
});

Deno.test("traceparentOf() without a parent, or with one that breaks the form, starts the run's own trace", () => {
  const zero = "0".repeat(32);
  for (
    const parent of [
      undefined,
      "",
      "nonsense",
      `ff${PARENT.slice(2)}`,
      `00-${zero}-00f067aa0ba902b7-01`,
      `00-4bf92f3577b34da6a3ce929d0e0e4736-${zero.slice(16)}-01`,
      PARENT.toUpperCase(),
      `${PARENT}0`,
    ]
  ) {
    assertMatch(traceparentOf(parent, RUN), /^00-0190b0a87d4a7c3e8f216f5e4d3c2b1a-[0-9a-f]{16}-01$/, parent);
  }
});

Deno.test("traceparentOf() understands a parent of a later version", () => {
  assertMatch(traceparentOf(`cc${PARENT.slice(2)}-more`, RUN), /^00-4bf92f3577b34da6a3ce929d0e0e4736-/);
});
