import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MillraceError, toWire } from "../../src/base/errors.ts";
import { type Outcome, packOutcomes, refused, unpackOutcomes } from "../../src/broker/outcome.ts";
import { Room } from "../../src/broker/room.ts";

const error = toWire(
  new MillraceError("broker/closed", "Cannot publish as the broker is closed", { details: {} }),
);
const count = fc.nat({ max: 2 });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    matched: count,
    enqueued: count,
    dropped: count,
    duplicate: fc.boolean(),
    sequence: fc.integer({ min: 1, max: 2 ** 40 }),
    runIds: fc.array(fc.uuid(), { minLength: 1, maxLength: 2 }),
  }, { requiredKeys: ["matched", "enqueued", "dropped", "duplicate"], noNullPrototype: true }),
  fc.constant(refused(error)),
);

function unpacked(packed: Parameters<typeof unpackOutcomes>[0]): Outcome[] {
  const outcomes: Outcome[] = [];
  unpackOutcomes(packed, (index, outcome) => outcomes[index] = outcome);
  return outcomes;
}

Deno.test("unpackOutcomes gives back what packOutcomes was given, also as JSON", () => {
  fc.assert(fc.property(fc.array(outcome), (outcomes) => {
    const packed = packOutcomes(outcomes, () => 0);
    assertEquals(unpacked(packed), outcomes);
    assertEquals(JSON.parse(JSON.stringify(packed)), packed);
  }));
});

Deno.test("packOutcomes needs five numbers for events that came to the same", () => {
  const same = { matched: 2, enqueued: 1, dropped: 1, duplicate: false };
  assertEquals(packOutcomes(Array(256).fill(same), () => 0), { runs: [256, 2, 1, 1, 0] });
});

Deno.test("packOutcomes asks for one ticket for all events that wait, and none where none waits", () => {
  const free = { matched: 1, enqueued: 1, dropped: 0, duplicate: false };
  const waits = { ...free, room: new Room() };
  const asked: number[][] = [];
  const { waits: packed } = packOutcomes([free, waits, free, waits], (rooms) => {
    asked.push(rooms.map(([index]) => index));
    return 7;
  });
  assertEquals([packed, asked], [{ indexes: [1, 3], ticket: 7 }, [[1, 3]]]);
});
