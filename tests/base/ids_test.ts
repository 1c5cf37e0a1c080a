import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { createIdSource, deriveId, timeOfId } from "../../src/base/ids.ts";
import { createVirtualClock } from "../../src/testing/mod.ts";

/** Any time that a UUIDv7 can hold: 48 bits. */
const timeMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });

Deno.test("createIdSource gives ids each greater than the one before, even while the clock stands", async () => {
  const clock = createVirtualClock(1_700_000_000_000);
  const ids = createIdSource(clock);
  const all: string[] = [];
  for (let ms = 0; ms < 3; ms++) {
    for (let n = 0; n < 5_000; n++) all.push(ids.next());
    await clock.advance(1);
  }
  assertEquals(all.toSorted(), all);
  assertEquals(new Set(all).size, all.length);
});

Deno.test("createIdSource gives greater ids, all UUIDv7, whatever the random source and however the clock goes on", () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 400 })), { maxLength: 8 });
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), steps, (bits, steps) => {
    let nowMs = 1_700_000_000_000;
    const ids = createIdSource({ now: () => nowMs, after: () => () => {} }, () => bits);
    let last = "";
    for (const [ms, count] of steps) {
      nowMs += ms;
      for (let n = 0; n < count; n++) {
        const id = ids.next();
        assert(id > last, `${id} after ${last}`);
        // Where random bits have the counter overflow, the time goes on.
        assert(timeOfId(id)! >= nowMs);
        last = id;
      }
    }
  }));
});

Deno.test("createIdSource gives greater ids also when the clock is set back a little", () => {
  let nowMs = 1_700_000_000_000;
  const ids = createIdSource({ now: () => nowMs, after: () => () => {} });
  const before = ids.next();
  nowMs -= 1_000;
  assert(ids.next() > before);
});

Deno.test("createIdSource puts the time into the id, and the rest comes from its random source", () => {
  const clock = createVirtualClock(1_700_000_000_000);
  const [a, b] = [createIdSource(clock, () => 7), createIdSource(clock, () => 7)];
  const id = a.next();
  assertEquals(id, b.next());
  assertEquals(timeOfId(id), 1_700_000_000_000);
  assertNotEquals(createIdSource(clock).next(), createIdSource(clock).next());
});

Deno.test("deriveId gives the same UUIDv7 for the same time and parts, and another one for others", () => {
  const id = deriveId(1_700_000_000_000, "trigger", "nightly");
  assertEquals(id, deriveId(1_700_000_000_000, "trigger", "nightly"));
  assertEquals(id, "018bcfe5-6800-" + id.slice(14), "the time comes first");
  const others = [
    deriveId(1_700_000_000_001, "trigger", "nightly"),
    deriveId(1_700_000_000_000, "trigger", "nightly2"),
    deriveId(1_700_000_000_000, "trigger,nightly"),
    deriveId(1_700_000_000_000, "triggern", "ightly"),
    deriveId(1_700_000_000_000, "nightly", "trigger"),
    deriveId(1_700_000_000_000),
  ];
  assertEquals(new Set([id, ...others]).size, others.length + 1);
});

Deno.test("deriveId gives a UUIDv7 that timeOfId reads, for any time and parts", () => {
  fc.assert(fc.property(timeMs, fc.array(fc.string()), (timeMs, parts) => {
    const id = deriveId(timeMs, ...parts);
    assert(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id));
    assertEquals(timeOfId(id), timeMs);
  }));
});

Deno.test("deriveId sorts by time", () => {
  fc.assert(fc.property(timeMs, timeMs, (a, b) => {
    assertEquals(Math.sign(a - b), deriveId(a, "x") < deriveId(b, "x") ? -1 : a === b ? 0 : 1);
  }));
});

Deno.test("timeOfId gives nothing for what is not a UUIDv7", () => {
  const v4 = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
  const v7 = deriveId(1, "x");
  for (const text of ["", "id-1", v4, v7 + "0", v7.slice(1), v7.replaceAll("-", ""), `{${v7}}`]) {
    assertEquals(timeOfId(text), undefined, text);
  }
});
