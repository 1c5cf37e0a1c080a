import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { deal } from "../../src/executor/deal.ts";

interface Job {
  readonly n: number;
  readonly best: string | undefined;
}

function dealAll(hands: readonly { name: string; size: number; room: number }[], jobs: readonly Job[]) {
  const waiting = [...jobs];
  const dealt = deal(hands, () => waiting.shift(), ({ best }) => best);
  return { dealt, waiting };
}

Deno.test("deal gives the next job to who has least, and among these to who is preferred", () => {
  const hands = [{ name: "a", size: 2, room: 9 }, { name: "b", size: 0, room: 9 }, {
    name: "c",
    size: 0,
    room: 1,
  }];
  const jobs = ["c", "c", "a", "a", "a", undefined].map((best, n) => ({ n, best }));
  const { dealt } = dealAll(hands, jobs);
  assertEquals(
    [...dealt].map(([{ name }, jobs]) => `${name}: ${jobs.map(({ n }) => n)}`),
    ["c: 0", "b: 1,2,4", "a: 3,5"],
  );
});

Deno.test("deal leaves nobody with less while another waits, keeps the order, and fills what has room", () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  fc.assert(fc.property(
    fc.uniqueArray(fc.record({ name, size: fc.nat(6), room: fc.nat(6) }), {
      selector: ({ name }) => name,
      maxLength: 4,
    }),
    fc.array(fc.option(name, { nil: undefined }), { maxLength: 30 }),
    (hands, wishes) => {
      const jobs = wishes.map((best, n) => ({ n, best }));
      const { dealt, waiting } = dealAll(hands, jobs);
      const total = hands.reduce((sum, { room }) => sum + room, 0);
      assertEquals(waiting, jobs.slice(Math.min(total, jobs.length)));
      for (const [hand, got] of dealt) {
        assert(got.length > 0 && got.length <= hand.room);
        assertEquals(got, got.toSorted((a, b) => a.n - b.n));
        for (const other of hands) {
          const has = dealt.get(other)?.length ?? 0;
          if (has < other.room) assert(hand.size + got.length <= other.size + has + 1);
        }
      }
      assertEquals([...dealt.values()].flat().length + waiting.length, jobs.length);
    },
  ));
});
