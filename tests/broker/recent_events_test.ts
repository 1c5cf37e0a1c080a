import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RECENT_EVENTS, RECENT_LENGTH, RecentEvents } from "../../src/broker/recent_events.ts";
import type { EncodedEvent } from "../../src/event/event.ts";

function event(n: number, more: Partial<EncodedEvent> = {}): EncodedEvent {
  return { id: `${n}`, topic: "a", timeMs: n, source: "s", data: `${n}`, ...more };
}

const ids = (events: readonly EncodedEvent[]): string[] => events.map(({ id }) => id);

Deno.test("RecentEvents.since() gives what came after an id, and says whether it knows all of it", () => {
  const recent = new RecentEvents();
  assertEquals(recent.since({ id: "1" }), { events: [], whole: false });
  for (let n = 1; n <= RECENT_EVENTS + 2; n++) recent.add(event(n));
  const last = `${RECENT_EVENTS + 2}`;
  assertEquals(recent.since({ id: last }), { events: [], whole: true });
  assertEquals(recent.since({ id: "3" }).events.length, RECENT_EVENTS - 1);
  assertEquals(recent.since({ id: "3" }).whole, true);
  assertEquals(recent.since({ id: "2" }).whole, false);
  assertEquals(recent.since({ id: "2" }).events.length, RECENT_EVENTS);
  assertEquals(recent.since("first").whole, true);
});

Deno.test("RecentEvents.since() gives what came from a time on, and says whether it knows all of it", () => {
  const recent = new RecentEvents();
  for (let n = 1; n <= RECENT_EVENTS + 2; n++) recent.add(event(n));
  const { events, whole } = recent.since({ timeMs: RECENT_EVENTS });
  assertEquals([ids(events), whole], [[1_024, 1_025, 1_026].map(String), true]);
  assertEquals(recent.since({ timeMs: 3 }).whole, true);
  assertEquals(recent.since({ timeMs: 2 }).whole, false);
});

Deno.test("RecentEvents.since() knows the sequence before an event, of whatever topic it is", () => {
  const recent = new RecentEvents();
  for (const [n, sequence] of [[1], [2, 7], [3], [4, 8], [5]] as const) {
    recent.add(event(n, sequence === undefined ? {} : { sequence }));
  }
  const after = (id: number) => recent.since({ id: `${id}` }).after;
  assertEquals([1, 2, 3, 4, 5].map(after), [6, 7, 7, 8, 8]);
  const without = new RecentEvents();
  without.add(event(1));
  assertEquals(without.since({ id: "1" }), { events: [], whole: true });
});

Deno.test("RecentEvents holds as much as it may, by count and by length", () => {
  const sizes = fc.array(fc.oneof(fc.nat(9), fc.integer({ min: 1, max: RECENT_LENGTH + 10 })), {
    maxLength: 40,
  });
  fc.assert(fc.property(sizes, (sizes) => {
    const recent = new RecentEvents();
    const naive: EncodedEvent[] = [];
    for (const [n, size] of sizes.entries()) {
      const one = event(n, { data: "x".repeat(size) });
      recent.add(one);
      naive.push(one);
      const length = (): number => naive.reduce((sum, { data }) => sum + data.length, 0);
      while (length() > RECENT_LENGTH) naive.shift();
      assertEquals(ids(recent.since("first").events), ids(naive));
    }
  }));
});
