import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FairQueue, MAX_PASSED } from "../../src/base/fair_queue.ts";

function drain<T>(queue: FairQueue<T>): T[] {
  const items: T[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

Deno.test("FairQueue gives what is alike in the order in which it came", () => {
  const queue = new FairQueue<number>();
  for (const n of [1, 2, 3]) queue.push(n, 0, "a");
  assertEquals(queue.shift(), 1);
  queue.push(4, 0, "a");
  assertEquals(drain(queue), [2, 3, 4]);
  assertEquals(queue.shift(), undefined);
});

Deno.test("FairQueue gives the higher priority first, whenever it came", () => {
  const queue = new FairQueue<string>();
  queue.push("low", -1, "a");
  queue.push("plain", 0, "a");
  queue.push("high", 2.5, "a");
  assertEquals(drain(queue), ["high", "plain", "low"]);
});

Deno.test("FairQueue lets groups of one priority take turns", () => {
  const queue = new FairQueue<string>();
  for (const n of [1, 2, 3, 4]) queue.push(`a${n}`, 0, "a");
  for (const n of [1, 2]) queue.push(`b${n}`, 0, "b");
  assertEquals(queue.shift(), "a1");
  queue.push("c1", 0, "c");
  assertEquals(drain(queue), ["b1", "a2", "c1", "b2", "a3", "a4"]);
});

Deno.test("FairQueue a priority that was passed over so often has its turn", () => {
  const queue = new FairQueue<string>();
  queue.push("low", 0, "a");
  const given: (string | undefined)[] = [];
  for (let n = 0; n < MAX_PASSED + 2; n++) {
    queue.push("high", 1, "a");
    const { priority } = queue;
    given.push(queue.shift());
    assertEquals(priority, given.at(-1) === "low" ? 0 : 1, "it says whose turn it is, and changes nothing");
  }
  assertEquals(given.indexOf("low"), MAX_PASSED);
});

Deno.test("FairQueue gives each item once, and makes none wait longer than it may", () => {
  const item = fc.record({
    priority: fc.integer({ min: -1, max: 1 }),
    group: fc.constantFrom("a", "b", "c"),
  });
  const move = fc.option(item, { nil: undefined, freq: 2 });
  fc.assert(fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
    const queue = new FairQueue<{ readonly priority: number; readonly group: string; readonly n: number }>();
    const waiting: { readonly priority: number; readonly group: string; readonly n: number }[] = [];
    const passed = new Map<number, number>();
    for (const [n, made] of moves.entries()) {
      if (made !== undefined) {
        queue.push({ ...made, n }, made.priority, made.group);
        waiting.push({ ...made, n });
        continue;
      }
      const given = queue.shift();
      assertEquals(given === undefined, waiting.length === 0);
      if (given === undefined) continue;
      const index = waiting.findIndex((other) => other.n === given.n);
      assert(index >= 0, "given once");
      const alike = waiting.filter((other) =>
        other.priority === given.priority && other.group === given.group
      );
      assertEquals(alike[0]!.n, given.n, "first in, first out");
      waiting.splice(index, 1);
      for (const priority of [-1, 0, 1]) {
        const waits = waiting.some((other) => other.priority === priority);
        const skipped = waits && given.priority > priority ? (passed.get(priority) ?? 0) + 1 : 0;
        passed.set(priority, skipped);
        // Two priorities may be due at the same time.
        assert(skipped <= MAX_PASSED + 2);
      }
    }
  }));
});
