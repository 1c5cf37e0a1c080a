import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { limitedOf, Permits } from "../../src/orchestrator/permits.ts";

const keyOf = (task: string, runId = "r1") => ({ runId, task, attempt: 1 });

/** Permits, and who was told of one. */
function createPermits() {
  const permits = new Permits();
  const granted: string[] = [];
  return {
    permits,
    granted,
    take: (task: string, key = "k", limit = 1, priority = 0) =>
      permits.take({ attempt: keyOf(task), key, limit, priority, granted: () => void granted.push(task) }),
    release: (task: string) => permits.release(keyOf(task)),
  };
}

Deno.test("Permits gives as many as there are, and the next ones in turn", () => {
  const { take, release, granted } = createPermits();
  assertEquals(["a", "b", "c", "d"].map((task) => take(task, "k", 2)), [true, true, false, false]);
  assert(take("a", "k", 2), "who has one has it");
  assert(!take("c", "k", 2), "who waits goes on waiting, in the same place");
  release("b");
  assertEquals(granted.slice(2), ["c"]);
  assert(take("c", "k", 2));
  release("a");
  release("a");
  assertEquals(granted.slice(2), ["c", "d"]);
});

Deno.test("Permits of different keys have nothing to do with each other", () => {
  const { take } = createPermits();
  assertEquals([take("a", "k"), take("b", "l"), take("c", "k")], [true, true, false]);
});

Deno.test("Permits who waits no more is left out", () => {
  const { take, release, granted } = createPermits();
  for (const task of ["a", "b", "c"]) take(task);
  release("b");
  release("a");
  assertEquals(granted, ["a", "c"]);
});

Deno.test("Permits gives the higher priority its permit first", () => {
  const { take, release, granted } = createPermits();
  for (const [task, priority] of [["a", 0], ["b", 0], ["c", 5]] as const) take(task, "k", 1, priority);
  for (const task of ["a", "c"]) release(task);
  assertEquals(granted, ["a", "c", "b"]);
});

Deno.test("Permits of one key with different limits: each keeps its own", () => {
  const { take, release, granted } = createPermits();
  assertEquals([take("a", "k", 2), take("b", "k", 2), take("strict", "k", 1)], [true, true, false]);
  release("a");
  assertEquals(granted.includes("strict"), false, "one is still there");
  release("b");
  assert(granted.includes("strict"));
});

Deno.test("limitedOf() is the key, and the values of the parameters that it goes by", () => {
  const key = { key: "api", limit: 1, by: ["customer", "toString"] };
  assertEquals(limitedOf(key, { customer: 7, other: 1 }), limitedOf(key, { customer: 7, other: 2 }));
  assert(limitedOf(key, { customer: 7 }) !== limitedOf(key, { customer: "7" }));
  assert(limitedOf(key, {}) !== limitedOf({ ...key, by: [] }, {}));
});

Deno.test("Permits never gives more than there are, and loses none", () => {
  const move = fc.record({
    task: fc.nat(9),
    key: fc.constantFrom("k", "l"),
    kind: fc.constantFrom("take", "release"),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 100 }), fc.integer({ min: 1, max: 3 }), (moves, limit) => {
      const permits = new Permits();
      const held = new Map<string, string>();
      const waiting = new Map<string, string>();
      for (const { task, key, kind } of moves) {
        const name = `t${task}`;
        if (kind === "take") {
          if (held.has(name) || waiting.has(name)) continue;
          waiting.set(name, key);
          permits.take({
            attempt: keyOf(name),
            key,
            limit,
            priority: task % 2,
            granted: () => {
              held.set(name, waiting.get(name)!);
              waiting.delete(name);
            },
          });
        } else {
          held.delete(name);
          waiting.delete(name);
          permits.release(keyOf(name));
        }
        for (const one of ["k", "l"]) {
          const count = [...held.values()].filter((other) => other === one).length;
          assert(count <= limit);
          if (count < limit) assert(![...waiting.values()].includes(one), "nobody waits for what is there");
        }
      }
    }),
  );
});
