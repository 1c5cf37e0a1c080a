import { assertEquals } from "@std/assert";
import { findCycle, type Import, type ModuleGraph } from "./module_graph.ts";

function graphOf(
  edges: Readonly<Record<string, readonly (readonly [string, Import["kind"]])[]>>,
): ModuleGraph {
  return new Map(
    Object.entries(edges).map(([from, imports]) => [
      from,
      imports.map(([to, kind]) => ({ specifier: `./${to}`, to, kind })),
    ]),
  );
}

Deno.test("findCycle() names the modules of a cycle in order", () => {
  const graph = graphOf({
    entry: [["a", "value"]],
    a: [["b", "value"]],
    b: [["c", "value"], ["a", "type"]],
    c: [["a", "value"]],
  });
  assertEquals(findCycle(graph), ["a", "b", "c", "a"]);
});

Deno.test("findCycle() lets modules know each other by type or on demand, and meet in a third", () => {
  const graph = graphOf({
    a: [["b", "value"], ["c", "value"]],
    b: [["a", "type"], ["d", "value"]],
    c: [["a", "dynamic"], ["d", "value"]],
    d: [],
  });
  assertEquals(findCycle(graph), []);
});
