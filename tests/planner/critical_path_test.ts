import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { criticalPath } from "../../src/planner/critical_path.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import type { CriticalPath, Selection } from "../../src/task/plan.ts";
import { durationsOf } from "../../src/task/run.ts";
import { descriptorsOf } from "./descriptors.ts";

function pathOf(
  edges: Readonly<Record<string, readonly string[]>>,
  durationsMs: Readonly<Record<string, number>>,
  selection: Selection = {},
): CriticalPath {
  return criticalPath(planTasks(descriptorsOf(edges), selection), durationsMs);
}

Deno.test("criticalPath is the longest way by time, not by tasks", () => {
  const edges = { a: [], b: ["a"], c: ["b"], slow: [], end: ["c", "slow"] };
  assertEquals(pathOf(edges, { a: 1, b: 1, c: 1, slow: 10, end: 2 }), {
    tasks: ["slow", "end"],
    durationMs: 12,
  });
  assertEquals(pathOf(edges, { a: 9, b: 1, c: 1, slow: 10, end: 2 }), {
    tasks: ["a", "b", "c", "end"],
    durationMs: 13,
  });
});

Deno.test("criticalPath takes no time for a task that has no duration, nor for one outside", () => {
  assertEquals(pathOf({ a: [], b: ["a"] }, { b: 3 }), { tasks: ["a", "b"], durationMs: 3 });
  assertEquals(pathOf({ a: [], b: ["a"] }, { a: 9, b: 3 }, { names: ["b"] }), {
    tasks: ["b"],
    durationMs: 3,
  });
  assertEquals(pathOf({ toString: [] }, {}), { tasks: ["toString"], durationMs: 0 });
});

Deno.test("criticalPath prefers what comes first among ways of the same length", () => {
  assertEquals(pathOf({ a: [], b: [], c: ["b", "a"] }, { a: 5, b: 5, c: 1 }).tasks, ["b", "c"]);
  assertEquals(pathOf({ a: [], b: [] }, { a: 5, b: 5 }).tasks, ["a"]);
});

Deno.test("criticalPath goes through a chain of 100 000 tasks", () => {
  const name = (index: number): string => `t${String(index).padStart(6, "0")}`;
  const edges = Object.fromEntries(
    Array.from({ length: 100_000 }, (_, index) => [name(index), index === 0 ? [] : [name(index - 1)]]),
  );
  const { tasks, durationMs } = pathOf(
    edges,
    Object.fromEntries(Object.keys(edges).map((name) => [name, 1])),
  );
  assertEquals([tasks.length, durationMs], [100_000, 100_000]);
});

Deno.test("criticalPath is a way through the plan, and no way takes longer", () => {
  const names = ["a", "b", "c", "d", "e"];
  const cases = fc.tuple(
    fc.tuple(...names.map((_, index) => fc.subarray(names.slice(0, index)))),
    fc.tuple(...names.map(() => fc.nat(9))),
  );
  fc.assert(fc.property(cases, ([lists, times]) => {
    const edges = Object.fromEntries(names.map((name, index) => [name, lists[index]!]));
    const durations = Object.fromEntries(names.map((name, index) => [name, times[index]!]));
    const { tasks, durationMs } = pathOf(edges, durations);
    const longest = (name: string): number =>
      durations[name]! + Math.max(0, ...edges[name]!.map((source) => longest(source)));
    assertEquals(durationMs, Math.max(...names.map(longest)));
    assertEquals(tasks.reduce((sum, name) => sum + durations[name]!, 0), durationMs);
    for (const [index, name] of tasks.entries()) {
      if (index > 0) assertEquals(edges[name]!.includes(tasks[index - 1]!), true);
    }
  }));
});

Deno.test("durationsOf gives the time of each task that has ended", () => {
  const view = { status: "succeeded", attempts: 1, resultIds: [] } as const;
  assertEquals(
    durationsOf({ a: { ...view, startedMs: 5, endedMs: 8 }, b: { ...view, startedMs: 5 }, c: view }),
    { a: 3 },
  );
});
