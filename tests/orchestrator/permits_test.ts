import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_PASSED } from "../../src/base/fair_queue.ts";
import type { Need } from "../../src/orchestrator/needs.ts";
import { Permits } from "../../src/orchestrator/permits.ts";
import type { JournalWrite, Start } from "../../src/orchestrator/port.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

const keyOf = (task: string, runId = "r1") => ({ runId, task, attempt: 1 });

/** Permits, and who was told of one. Starts of earlier processes are there at once, or only when asked for. */
function createPermits(earlier: readonly Start[] | null = []) {
  const clock = createVirtualClock(0);
  const noted: JournalWrite[] = [];
  const permits: Permits = new Permits({
    now: clock.now,
    after: clock.after,
    wanted: () => earlier && permits.restore(earlier),
    note: (write) => void noted.push(write),
  });
  const granted: string[] = [];
  const takeAll = (task: string, needs: readonly Need[], priority = 0) =>
    permits.take({ attempt: keyOf(task), needs, priority, granted: () => void granted.push(task) });
  return {
    clock,
    permits,
    granted,
    noted,
    takeAll,
    take: (task: string, key = "k", limit = 1, priority = 0) =>
      takeAll(task, [{ kind: "running", key, limit }], priority),
    begun: (task: string, atMs: number | undefined = clock.now()) => permits.begun(keyOf(task), atMs),
    release: (task: string) => permits.release(keyOf(task)),
  };
}

const rate = (limit: number, perMs: number, key = "k"): Need => ({ kind: "starts", key, limit, perMs });
const running = (limit: number, key = "k"): Need => ({ kind: "running", key, limit });

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

Deno.test("Permits lets as many start in a time as may, and the next ones as soon as they may", async () => {
  const { clock, takeAll, begun, granted } = createPermits();
  const start = (task: string) => takeAll(task, [rate(2, 100)]);
  assertEquals(["a", "b", "c"].map(start), [true, true, false]);
  begun("a");
  await clock.advance(60);
  begun("b");
  await clock.advance(39);
  assertEquals(granted, ["a", "b"]);
  await clock.advance(1);
  assertEquals(granted, ["a", "b", "c"]);
  assertEquals(clock.pending, 0);
});

Deno.test("Permits who has not begun counts for as long as that is so, and from then on", async () => {
  const { clock, takeAll, begun, granted } = createPermits();
  takeAll("a", [rate(1, 100)]);
  takeAll("b", [rate(1, 100)]);
  await clock.advance(1_000);
  assertEquals([granted, clock.pending], [["a"], 0], "nobody looks again and again");
  begun("a", clock.now() - 40);
  await clock.advance(60);
  assertEquals(granted, ["a", "b"]);
});

Deno.test("Permits who never says when it began has begun by its end; who never begins does not count", async () => {
  const { clock, permits, takeAll, release, granted, noted } = createPermits();
  for (const task of ["a", "b", "c"]) takeAll(task, [rate(1, 100)]);
  release("a");
  await clock.advance(100);
  assertEquals(granted, ["a", "b"]);
  takeAll("b", [rate(1, 100)]);
  permits.begun(keyOf("b"), undefined);
  assertEquals(granted, ["a", "b", "c"]);
  assertEquals(noted, [{ kind: "begun", ...keyOf("a"), atMs: 0 }, { kind: "begun", ...keyOf("b") }]);
});

Deno.test("Permits a permit that is given back before its attempt is started counts for nothing", () => {
  const { takeAll, release, granted, begun, noted } = createPermits();
  takeAll("a", [running(1)]);
  takeAll("b", [running(1), rate(1, 100)]);
  takeAll("c", [rate(1, 100)]);
  assertEquals(granted, ["a", "c"], "who waits holds nothing");
  begun("c");
  release("c");
  assertEquals(noted.length, 1);
});

Deno.test("Permits that wait for the starts of earlier processes give none, and then count them", async () => {
  const { clock, permits, takeAll, granted, noted } = createPermits(null);
  await clock.advance(1_000);
  takeAll("a", [rate(3, 100)]);
  takeAll("free", [running(1)]);
  assertEquals(granted, ["free"]);
  permits.restore([
    { ...keyOf("x", "r0"), key: "k", perMs: 100, begunMs: 950 },
    { ...keyOf("y", "r0"), key: "k", perMs: 100 },
    { ...keyOf("z", "r0"), key: "k", perMs: 100, begunMs: 9_999 },
  ]);
  assertEquals(noted, [{ kind: "begun", ...keyOf("y", "r0"), atMs: 1_000 }], "now at the latest");
  await clock.advance(49);
  assertEquals(granted, ["free"]);
  await clock.advance(1);
  assertEquals(granted, ["free", "a"]);
});

Deno.test("Permits.waits() says for what, and until when at the least", async () => {
  const { clock, permits, takeAll, begun } = createPermits();
  takeAll("a", [running(1), rate(1, 100)]);
  takeAll("b", [running(1), rate(1, 100)]);
  takeAll("c", [rate(1, 100)]);
  assertEquals(["a", "b", "c"].map((task) => permits.waits(keyOf(task))), [
    undefined,
    { kind: "running" },
    { kind: "starts" },
  ]);
  await clock.advance(10);
  begun("a");
  assertEquals(permits.waits(keyOf("c")), { kind: "starts", untilMs: 110 });
});

Deno.test("Permits who waits for one thing keeps nobody from another", () => {
  const { takeAll, granted } = createPermits();
  for (const task of ["a1", "a2", "a3"]) takeAll(task, [running(1, "a"), rate(2, 100)]);
  takeAll("b1", [running(1, "b"), rate(2, 100)]);
  assertEquals(granted, ["a1", "b1"], "the starts are not held by those of a");
  takeAll("c1", [running(1, "c"), rate(1, 100, "c")]);
  takeAll("c2", [running(2, "c"), rate(1, 100, "c")]);
  takeAll("c3", [running(2, "c")]);
  assertEquals(granted, ["a1", "b1", "c1", "c3"], "nor is what is under way held by who waits for its start");
});

Deno.test("Permits who needs two things that are never free together has its turn all the same", async () => {
  const { clock, takeAll, begun, release, granted } = createPermits();
  const [one, other] = [running(1, "x"), rate(1, 10, "y")];
  takeAll("x0", [one]);
  takeAll("y0", [other]);
  begun("y0");
  takeAll("both", [one, other]);
  let turns = 0;
  for (; !granted.includes("both"); turns++) {
    assert(turns <= 2 * MAX_PASSED, "it starves");
    takeAll(`x${turns + 1}`, [one]);
    takeAll(`y${turns + 1}`, [other]);
    release(`x${turns}`);
    await clock.advance(10);
    for (const task of granted) if (task.startsWith("y")) begun(task);
  }
  assert(turns >= MAX_PASSED, "it had to wait");
});

Deno.test("Permits forgets keys that nobody needs any more", async () => {
  const { clock, takeAll, begun, release, granted } = createPermits();
  for (let n = 0; n < 1_000; n++) {
    takeAll(`t${n}`, [rate(1, 5, `k${n}`), running(1, `k${n}`)]);
    begun(`t${n}`);
    release(`t${n}`);
    await clock.advance(1);
  }
  assertEquals([granted.length, clock.pending], [1_000, 0]);
  takeAll("again", [rate(1, 5, "k999")]);
  assertEquals(granted.length, 1_000, "what still counts is not forgotten");
});

Deno.test("Permits of random needs: never more than may, none is lost, nobody waits for what is there", async () => {
  const needs: readonly Need[][] = [
    [running(1, "a")],
    [running(2, "a")],
    [rate(2, 5, "a")],
    [rate(1, 9, "b")],
    [running(1, "a"), rate(2, 5, "a")],
    [running(2, "b"), rate(2, 5, "a")],
    [running(2, "a"), rate(1, 9, "b")],
  ];
  const move = fc.record({
    kind: fc.constantFrom("take", "take", "begin", "end", "withdraw", "time"),
    needs: fc.constantFrom(...needs),
    priority: fc.nat(2),
    choice: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 20, maxLength: 150 }), async (moves) => {
      const { clock, permits, takeAll, begun, release, granted } = createPermits();
      const of = new Map<string, readonly Need[]>();
      const open = new Set<string>();
      const ended = new Set<string>();
      const begins = new Map<string, number>();
      const pick = (names: readonly string[], choice: number) => names[choice % names.length];
      const under = () => granted.filter((task) => !ended.has(task));
      for (const [n, { kind, needs, priority, choice }] of moves.entries()) {
        const waiting = [...open].filter((task) => !granted.includes(task));
        const idle = under().filter((task) => !begins.has(task));
        if (kind === "take") {
          of.set(`t${n}`, needs);
          open.add(`t${n}`);
          takeAll(`t${n}`, needs, priority);
        } else if (kind === "begin") {
          const task = pick(idle, choice);
          if (task === undefined) continue;
          takeAll(task, of.get(task)!);
          begins.set(task, clock.now());
          if (choice % 3 > 0) begun(task);
        } else if (kind === "end") {
          const task = pick(under().filter((task) => begins.has(task)), choice);
          if (task === undefined) continue;
          ended.add(task);
          release(task);
        } else if (kind === "withdraw") {
          const task = pick(waiting, choice);
          if (task === undefined) continue;
          open.delete(task);
          release(task);
        } else await clock.advance(1 + choice % 4);
        for (const [key, limit] of [["a", 2], ["b", 2]] as const) {
          const held = under().filter((task) =>
            of.get(task)!.some((need) => need.kind === "running" && need.key === key)
          );
          assert(held.length <= limit, `${held.length} have "${key}"`);
        }
        for (const [key, limit, perMs] of [["a", 2, 5], ["b", 1, 9]] as const) {
          const times = [...begins].flatMap(([task, atMs]) =>
            of.get(task)!.some((need) => need.kind === "starts" && need.key === key) ? [atMs] : []
          ).sort((a, b) => a - b);
          for (const [index, atMs] of times.entries()) {
            assert((times[index + limit] ?? Infinity) >= atMs + perMs, `too many starts of "${key}"`);
          }
        }
      }
      // All come to their end by themselves.
      for (let turns = 0; [...open].some((task) => !granted.includes(task)); turns++) {
        assert(turns < 2_000, "somebody waits for ever");
        for (const task of under()) {
          takeAll(task, of.get(task)!);
          begun(task);
          ended.add(task);
          release(task);
        }
        await clock.advance(1);
      }
      assertEquals(granted.length, new Set(granted).size, "each is told once");
      for (const task of open) assertEquals(permits.waits(keyOf(task)), undefined);
    }),
    { numRuns: 300 },
  );
});
