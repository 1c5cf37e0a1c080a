import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createReadySet } from "../../src/task/ready_set.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import type { Selection } from "../../src/task/plan.ts";
import { descriptorsOf } from "../planner/descriptors.ts";

const diamond = { a: [], b: ["a"], c: ["a"], d: ["b", "c"] };

function readySetOf(edges: Readonly<Record<string, readonly string[]>>, selection?: Selection) {
  return createReadySet(planTasks(descriptorsOf(edges), selection));
}

Deno.test("createReadySet gives what waits for nothing, and then what each end releases", () => {
  const tasks = readySetOf(diamond);
  assertEquals([...tasks.ready], ["a"]);
  assertEquals(tasks.end("a"), ["b", "c"]);
  assertEquals([...tasks.ready], ["b", "c"]);
  assertEquals(tasks.end("c"), []);
  assertEquals(tasks.end("b"), ["d"]);
  assertEquals([[...tasks.ready], tasks.open], [["d"], 1]);
});

Deno.test("createReadySet an end that is told twice counts once", () => {
  const tasks = readySetOf(diamond);
  tasks.end("a");
  tasks.end("b");
  assertEquals([tasks.end("b"), tasks.open, tasks.hasEnded("b"), tasks.hasEnded("d")], [[], 2, true, false]);
});

Deno.test("createReadySet a task that ends before its time is not released again", () => {
  const tasks = readySetOf({ a: [], b: ["a"], c: ["b"] });
  assertEquals(tasks.end("b"), ["c"]);
  assertEquals(tasks.end("a"), []);
});

Deno.test("createReadySet does not wait for external tasks", () => {
  assertEquals([...readySetOf(diamond, { names: ["b", "d"] }).ready], ["b"]);
});

Deno.test("createReadySet lists what depends on a task, each once", () => {
  assertEquals(readySetOf({ a: [], b: ["a", "a"], c: ["a"] }).downstreamOf("a"), ["b", "c"]);
});

Deno.test("createReadySet refuses a task that the plan has not", () => {
  assertThrows(() => readySetOf(diamond).end("x"), RangeError, 'the plan must have it: current value is "x"');
});

Deno.test("createReadySet always gives what a search through the plan would, in any order of ends", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const graphs = fc.tuple(...names.map((_, index) => fc.subarray(names.slice(0, index))))
    .map((lists) => Object.fromEntries(names.map((name, index) => [name, lists[index]!])));
  fc.assert(
    fc.property(graphs, fc.array(fc.constantFrom(...names), { maxLength: 10 }), (edges, ends) => {
      const tasks = readySetOf(edges);
      const ended = new Set<string>();
      const ready = (): string[] =>
        names.filter((name) => !ended.has(name) && edges[name]!.every((source) => ended.has(source)));
      for (const name of ends) {
        const before = new Set(ready());
        ended.add(name);
        const released = ready().filter((one) => !before.has(one));
        assertEquals([...tasks.end(name)].sort(), released);
        assertEquals([...tasks.ready].sort(), ready());
        assertEquals(tasks.open, names.length - ended.size);
      }
    }),
  );
});
