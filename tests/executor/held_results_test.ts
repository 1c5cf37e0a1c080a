import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HeldResults } from "../../src/executor/held_results.ts";
import type { ResultKey, StoredResult } from "../../src/store/port.ts";

const KIB = 1024;

function keyOf(task: string | number): ResultKey {
  return { runId: "r", task: `t${task}`, resultId: "a1" };
}

function bytesOf(length: number, fill: number = 0): StoredResult {
  return {
    head: { codec: "bytes", bytes: length, sha256: "" },
    payload: new Uint8Array(length).fill(fill),
  };
}

Deno.test("HeldResults finds a result once it is said to be saved, by exactly its key", () => {
  const held = new HeldResults();
  const hold = held.note(keyOf(1), bytesOf(2, 7));
  assertEquals(held.find(keyOf(1)), undefined);
  hold();
  assertEquals(held.find(keyOf(1)), bytesOf(2, 7));
  assertEquals(held.find({ ...keyOf(1), runId: "other" }), undefined);
  assertEquals(held.find({ ...keyOf(1), resultId: "a2" }), undefined);
});

Deno.test("HeldResults holds what was noted, whatever becomes of it, and of what it gives", () => {
  const held = new HeldResults();
  const stored = bytesOf(2, 7);
  const hold = held.note(keyOf(1), stored);
  stored.payload.fill(1);
  hold();
  held.find(keyOf(1))!.payload.fill(2);
  assertEquals(held.find(keyOf(1)), bytesOf(2, 7));
});

Deno.test("HeldResults holds nothing of more than 64 KiB", () => {
  const held = new HeldResults();
  held.note(keyOf(1), bytesOf(64 * KIB + 1))();
  assertEquals([held.find(keyOf(1)), held.bytes], [undefined, 0]);
  held.note(keyOf(1), bytesOf(64 * KIB))();
  assertEquals(held.find(keyOf(1))?.payload.length, 64 * KIB);
});

Deno.test("HeldResults lets go of what was not asked for longest", () => {
  const held = new HeldResults();
  for (let n = 0; n < 15; n++) held.note(keyOf(n), bytesOf(64 * KIB))();
  held.find(keyOf(0));
  for (let n = 15; n < 20; n++) held.note(keyOf(n), bytesOf(64 * KIB))();
  const found = Array.from({ length: 20 }, (_, n) => n).filter((n) => held.find(keyOf(n)) !== undefined);
  assertEquals(found, [0, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

Deno.test("HeldResults never holds more than 1 MiB, however small the results", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.nat(40), fc.nat(80 * KIB)), { minLength: 20, maxLength: 60 }),
    (saves) => {
      const held = new HeldResults();
      for (const [task, length] of saves) {
        held.note(keyOf(task), bytesOf(length))();
        assert(held.bytes <= 1024 * KIB);
      }
      const last = saves.findLast(([, length]) => length <= 64 * KIB);
      if (last !== undefined) assert(held.find(keyOf(last[0])) !== undefined);
    },
  ));
  const held = new HeldResults();
  for (let n = 0; n < 10_000; n++) held.note(keyOf(n), bytesOf(0))();
  assertEquals(held.find(keyOf(0)), undefined);
});
