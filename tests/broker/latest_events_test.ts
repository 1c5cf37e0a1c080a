import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LatestEvents } from "../../src/broker/latest_events.ts";
import type { EncodedEvent } from "../../src/event/event.ts";

Deno.test("LatestEvents agrees with a list from which the obsolete are struck", () => {
  const step = fc.oneof(
    fc.record({ topic: fc.constantFrom("a", "b"), key: fc.constantFrom(undefined, "", "k") }),
    fc.constant("shift" as const),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const queue = new LatestEvents();
    let model: EncodedEvent[] = [];
    for (const [index, step] of steps.entries()) {
      if (step === "shift") assertEquals(queue.shift(), model.shift());
      else {
        const { topic, key } = step;
        const event = {
          id: `${index}`,
          topic,
          timeMs: 0,
          source: "",
          data: "",
          ...(key === undefined ? {} : { key }),
        };
        const left = model.filter((other) => other.topic !== topic || other.key !== key);
        const replaced = queue.replace(event);
        assertEquals(replaced, left.length < model.length);
        if (!replaced) queue.push(event);
        model = [...left, event];
      }
      assertEquals(queue.size, model.length);
    }
  }));
});
