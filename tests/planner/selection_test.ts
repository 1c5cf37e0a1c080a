import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MillraceError } from "../../src/base/errors.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import { selectBy } from "../../src/planner/select_by.ts";
import { parseSelector, type Selector } from "../../src/task/selector.ts";
import { selectors } from "../task/selectors.ts";
import { descriptorsOf } from "./descriptors.ts";

/** extract_a, extract_b → clean → load → report; load → alert. */
const etl = descriptorsOf({
  extract_a: [],
  extract_b: [],
  clean: ["extract_a", "extract_b"],
  load: ["clean"],
  report: ["load"],
  alert: [],
}, {
  extract_a: { tags: ["raw", "team a"] },
  extract_b: { tags: ["raw"] },
  report: { tags: ["daily"] },
  alert: { after: ["load"], tags: ["daily"] },
});

function selected(select: string): string[] {
  return [...selectBy(etl, parseSelector(select)).selected].sort();
}

Deno.test("select takes names, patterns and tags", () => {
  assertEquals(selected("load"), ["load"]);
  assertEquals(selected("extract_*"), ["extract_a", "extract_b"]);
  assertEquals(selected("tag:daily"), ["alert", "report"]);
  assertEquals(selected("tag:ra*"), ["extract_a", "extract_b"]);
  assertEquals(selected('tag:"team a"'), ["extract_a"]);
  assertEquals(selected('tag:"team *"'), [], "in quotes * is a character");
  assertEquals(selected("*").length, 6);
});

Deno.test("select goes upstream and downstream as far as it is told, over every kind of edge", () => {
  assertEquals(selected("+load"), ["clean", "extract_a", "extract_b", "load"]);
  assertEquals(selected("1+load"), ["clean", "load"]);
  assertEquals(selected("clean+"), ["alert", "clean", "load", "report"]);
  assertEquals(selected("clean+1"), ["clean", "load"]);
  assertEquals(selected("1+load+1"), ["alert", "clean", "load", "report"]);
  assertEquals(selected("+(report or alert)").length, 6);
});

Deno.test("select joins parts with and, or and not", () => {
  assertEquals(selected("+load and not extract_*"), ["clean", "load"]);
  assertEquals(selected("report or extract_a"), ["extract_a", "report"]);
  assertEquals(selected("not tag:daily and not tag:raw"), ["clean", "load"]);
});

Deno.test("planTasks plans what a selector selects, together with what else is named", () => {
  const plan = planTasks(etl, { select: "1+load", names: ["report"] });
  assertEquals([plan.executionOrder, plan.external], [["clean", "load", "report"], [
    "extract_a",
    "extract_b",
  ]]);
  assertEquals(planTasks(etl, { select: "alert", includeUpstream: true }).executionOrder.length, 5);
});

Deno.test("planTasks refuses a selector that names an unknown task, selects nothing or cannot be read", () => {
  const messageOf = (select: string): string => {
    const error = assertThrows(() => planTasks(etl, { select }), MillraceError);
    assert(MillraceError.is(error, "plan/invalid"), error.message);
    return error.details.problems.map((problem) => problem.message).join();
  };
  assertEquals(messageOf("+laod"), 'no task is called "laod", did you mean "load"?');
  assertEquals(messageOf("tag:nope"), 'no task is selected by "tag:nope"');
  assertEquals(messageOf("not *"), 'no task is selected by "not *"');
  const error = assertThrows(() => planTasks(etl, { select: "load and" }), MillraceError);
  assert(MillraceError.is(error, "selector/invalid"));
  assertEquals(error.details.position, 8);
});

/** What a selector means, task by task. */
function naive(selector: Selector, upstream: Readonly<Record<string, readonly string[]>>): Set<string> {
  const names = Object.keys(upstream);
  const fits = (pattern: string, text: string): boolean =>
    new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text);
  switch (selector.kind) {
    case "name":
      return new Set(names.filter((name) => fits(selector.pattern, name)));
    case "tag":
      return new Set(
        names.filter((name) =>
          selector.quoted ? TAGS[name] === selector.pattern : fits(selector.pattern, TAGS[name]!)
        ),
      );
    case "not":
      return new Set(names.filter((name) => !naive(selector.of, upstream).has(name)));
    case "and":
      return new Set(names.filter((name) => selector.of.every((part) => naive(part, upstream).has(name))));
    case "or":
      return new Set(names.filter((name) => selector.of.some((part) => naive(part, upstream).has(name))));
    case "walk": {
      const from = [...naive(selector.of, upstream)];
      const reach = (steps: number, next: (name: string) => readonly string[]): string[] => {
        let reached = from;
        for (let step = 0; step < Math.min(steps, names.length); step++) {
          reached = [...reached, ...reached.flatMap(next)];
          reached = [...new Set(reached)];
        }
        return reached;
      };
      return new Set([
        ...reach(selector.upstream, (name) => upstream[name]!),
        ...reach(selector.downstream, (name) => names.filter((other) => upstream[other]!.includes(name))),
      ]);
    }
  }
}

const TAGS: Readonly<Record<string, string>> = { a: "x", b: "y", c1: "x", c2: "y z", and: "*", not: "y" };

Deno.test("select means the same as its definition, on any graph", () => {
  const sources = fc.subarray(Object.keys(TAGS));
  const graphs = fc.tuple(sources, sources, sources, sources, sources, sources)
    .map((lists) => Object.fromEntries(Object.keys(TAGS).map((name, index) => [name, lists[index]!])));
  fc.assert(
    fc.property(selectors, graphs, (selector, upstream) => {
      const tags = Object.fromEntries(Object.entries(TAGS).map(([name, tag]) => [name, { tags: [tag] }]));
      const { selected, unknown } = selectBy(descriptorsOf(upstream, tags), selector);
      assertEquals([...selected].sort(), [...naive(selector, upstream)].sort());
      assertEquals(unknown, []);
    }),
    { numRuns: 500 },
  );
});
