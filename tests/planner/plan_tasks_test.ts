import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { PlanProblem } from "../../src/base/error_codes.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import type { TaskDescriptor } from "../../src/task/descriptor.ts";
import type { Selection } from "../../src/task/plan.ts";
import { descriptor, descriptorsOf } from "./descriptors.ts";

const diamond = descriptorsOf({ d: ["b", "c"], c: ["a"], b: ["a"], a: [] });

function problemsOf(descriptors: Map<string, TaskDescriptor>, selection?: Selection): readonly PlanProblem[] {
  const error = assertThrows(() => planTasks(descriptors, selection), MillraceError);
  assert(MillraceError.is(error, "plan/invalid"), error.message);
  return error.details.problems;
}

Deno.test("planTasks orders tasks after what feeds them, and by name where that leaves a choice", () => {
  const plan = planTasks(diamond);
  assertEquals(plan.executionOrder, ["a", "b", "c", "d"]);
  assertEquals(plan.parallelLevels, [["a"], ["b", "c"], ["d"]]);
  assertEquals(plan.external, []);
  assertEquals(plan.tasks.d, diamond.get("d")!);
  assertMatch(plan.dagId, /^[0-9a-f]{64}$/);
});

Deno.test("planTasks puts a task behind the last one that feeds it", () => {
  const plan = planTasks(descriptorsOf({ a: [], b: ["a"], c: ["b", "a"], x: [], y: ["x", "c"] }));
  assertEquals(plan.parallelLevels, [["a", "x"], ["b"], ["c"], ["y"]]);
});

Deno.test("planTasks counts `after` and repeated edges like any other", () => {
  const tasks = descriptorsOf({ a: [], b: ["a", "a"], c: [] }, {
    b: { after: ["a", "c"] },
    c: { after: ["a"] },
  });
  assertEquals(planTasks(tasks).parallelLevels, [["a"], ["c"], ["b"]]);
});

Deno.test("planTasks takes the union of names, tags and roots", () => {
  const tasks = descriptorsOf(
    { a: [], b: ["a"], c: ["b"], tagged: [], both: [], other: [] },
    { tagged: { tags: ["x"] }, both: { tags: ["x", "y"] } },
  );
  assertEquals(planTasks(tasks, { names: ["other"], tags: ["x", "y"] }).executionOrder, [
    "both",
    "other",
    "tagged",
  ]);
  assertEquals(planTasks(tasks, { roots: ["c"] }).executionOrder, ["a", "b", "c"]);
  assertEquals(planTasks(tasks, { names: ["c"], includeUpstream: true }).executionOrder, ["a", "b", "c"]);
  assertEquals(planTasks(tasks, {}).executionOrder.length, 6);
  assertEquals(planTasks(tasks, { includeUpstream: true }).executionOrder.length, 6);
});

Deno.test("planTasks lists what selected tasks need from outside", () => {
  const plan = planTasks(diamond, { names: ["d", "c"] });
  assertEquals([plan.executionOrder, plan.external], [["c", "d"], ["a", "b"]]);
  assertEquals(Object.keys(plan.tasks), ["c", "d"]);
});

Deno.test("planTasks ignores what is wrong with tasks that are not selected", () => {
  const tasks = descriptorsOf({ a: [], broken: ["nowhere"], loop1: ["loop2"], loop2: ["loop1"] });
  assertEquals(planTasks(tasks, { names: ["a"] }).executionOrder, ["a"]);
});

Deno.test("planTasks breaks a cycle's hold on a selection that leaves part of it out", () => {
  const plan = planTasks(descriptorsOf({ a: ["b"], b: ["a"] }), { names: ["a"] });
  assertEquals([plan.executionOrder, plan.external], [["a"], ["b"]]);
});

Deno.test("planTasks reports everything at once, in one error", () => {
  const tasks = descriptorsOf({
    extract: [],
    load: ["extrct"],
    self: ["self"],
    x: ["z"],
    y: ["x"],
    z: ["y"],
    sum: ["extract"],
  }, { sum: { inputs: [{ param: "rows", task: "extract", collect: true }] } });
  const problems = problemsOf(tasks, { names: ["lod"], roots: ["load", "self", "z", "sum"] });
  assertEquals(problems, [
    { kind: "unknown-task", tasks: ["lod"], message: 'no task is called "lod", did you mean "load"?' },
    {
      kind: "missing-dependency",
      tasks: ["load", "extrct"],
      message: 'task "load" depends on "extrct", which is not registered, did you mean "extract"?',
    },
    { kind: "self-reference", tasks: ["self"], message: 'task "self" depends on itself' },
    {
      kind: "type-mismatch",
      tasks: ["extract", "sum"],
      message: 'task "sum" collects "extract" as its input "rows", but "extract" does not stream',
    },
    {
      kind: "cycle",
      tasks: ["x", "y", "z", "x"],
      message: "tasks depend on each other in a cycle: x → y → z → x",
    },
  ]);
  const error = assertThrows(() => planTasks(tasks, { roots: ["self"] }), MillraceError);
  assertEquals(error.message, 'Cannot plan as task "self" depends on itself');
});

Deno.test("planTasks reports cycles that share a task, up to ten", () => {
  const two = problemsOf(descriptorsOf({ hub: ["a", "b"], a: ["hub"], b: ["hub"] }));
  assertEquals(two.map((problem) => problem.tasks), [["a", "hub", "a"], ["b", "hub", "b"]]);
  const pairs: Record<string, string[]> = {};
  for (let index = 0; index < 30; index++) {
    pairs[`a${index}`] = [`b${index}`];
    pairs[`b${index}`] = [`a${index}`];
  }
  assertEquals(problemsOf(descriptorsOf(pairs)).length, 10);
});

Deno.test("planTasks refuses to plan nothing", () => {
  assertEquals(problemsOf(diamond, { tags: ["nope"] })[0]?.message, 'no task has a tag of "nope"');
  assertEquals(problemsOf(diamond, { names: [] })[0]?.kind, "empty-selection");
  assertEquals(problemsOf(new Map())[0]?.message, "no task is registered");
  assertEquals(problemsOf(diamond, { names: ["nope"] }).map((problem) => problem.kind), ["unknown-task"]);
});

Deno.test("planTasks allows collect() of a streaming task, also from outside the selection", () => {
  const rows = descriptor("rows", [], { stream: true });
  const sum = descriptor("sum", [], { inputs: [{ param: "rows", task: "rows", collect: true }] });
  const tasks = new Map([["rows", rows], ["sum", sum]]);
  assertEquals(planTasks(tasks).executionOrder, ["rows", "sum"]);
  assertEquals(planTasks(tasks, { names: ["sum"] }).external, ["rows"]);
});

Deno.test("dagId depends on nothing but what the tasks are", () => {
  const idOf = (...tasks: TaskDescriptor[]): string =>
    planTasks(new Map(tasks.map((task) => [task.name, task]))).dagId;
  const input = (param: string): TaskDescriptor["inputs"][number] => ({ param, task: "a", collect: false });
  const a = descriptor("a");
  const b = descriptor("b", [], { inputs: [input("p"), input("q")] });
  const id = idOf(a, b);
  assertEquals(idOf(b, a), id, "order of definition");
  assertEquals(idOf(a, { ...b, inputs: [input("q"), input("p")] }), id, "order of edges");
  assertEquals(idOf(a, { ...b, tags: ["x"] }), id, "tags");
  assertEquals(
    idOf(a, { ...b, output: { type: "object", required: [] } }),
    idOf(a, {
      ...b,
      output: { required: [], type: "object" },
    }),
    "order of keys in a schema",
  );

  const changes: Partial<TaskDescriptor>[] = [
    { inputs: [input("p")] },
    { inputs: [], after: ["a"] },
    { output: { type: "string" } },
    { params: { type: "object" } },
    { maxRetries: 1 },
    { timeoutMs: 5 },
    { failSafe: true },
    { stream: true },
    { isolation: "process" },
    { backoff: { ...b.backoff, factor: 3 } },
  ];
  const ids = changes.map((change) => idOf(a, { ...b, ...change }));
  assertEquals(new Set([id, ...ids]).size, changes.length + 1);
  assertNotEquals(idOf(a), id);
});

Deno.test("planTasks plans a chain of 100 000 tasks, and names a cycle of as many", () => {
  const tasks = new Map<string, TaskDescriptor>();
  const name = (index: number): string => `t${String(index).padStart(6, "0")}`;
  for (let index = 99_999; index >= 0; index--) {
    tasks.set(name(index), descriptor(name(index), index === 0 ? [] : [name(index - 1)]));
  }
  const plan = planTasks(tasks);
  assertEquals([plan.parallelLevels.length, plan.executionOrder[99_999]], [100_000, "t099999"]);

  tasks.set(name(0), descriptor(name(0), [name(99_999)]));
  const [problem] = problemsOf(tasks);
  assertEquals(problem?.tasks.length, 100_001);
  assert(problem!.message.length < 200, problem!.message);
});

/** A DAG: each task may depend on tasks of smaller index; names are shuffled against indexes. */
const dags = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc.tuple(
    fc.shuffledSubarray(names(size), { minLength: size }),
    fc.array(fc.array(fc.nat(size), { maxLength: 3 }), { minLength: size, maxLength: size }),
  )
).map(([order, edges]) =>
  order.map((name, index) =>
    [name, [
      ...new Set(edges[index]!.filter((source) => source < index).map((source) => order[source]!)),
    ]] as const
  )
);

Deno.test("planTasks agrees with the naive levels on any DAG, in any order of definition", () => {
  fc.assert(fc.property(dags, fc.infiniteStream(fc.nat()), (edges, random) => {
    const upstream = Object.fromEntries(edges);
    const plan = planTasks(descriptorsOf(upstream));
    assertEquals(plan.parallelLevels, naiveLevels(upstream));
    assertEquals(plan.executionOrder, plan.parallelLevels.flat());
    const shuffled = edges.map((edge) => [random.next().value, edge] as const).sort(([a], [b]) => a - b);
    assertEquals(planTasks(descriptorsOf(Object.fromEntries(shuffled.map(([, edge]) => edge)))), plan);
  }));
});

Deno.test("planTasks with a part of any DAG lists exactly what is missing as external", () => {
  fc.assert(fc.property(dags, fc.infiniteStream(fc.boolean()), (edges, random) => {
    const selected = edges.map(([name]) => name).filter(() => random.next().value);
    fc.pre(selected.length > 0);
    const plan = planTasks(descriptorsOf(Object.fromEntries(edges)), { names: selected });
    assertEquals([...plan.executionOrder].sort(), selected.sort());
    const needed = edges.filter(([name]) => selected.includes(name)).flatMap(([, sources]) => sources);
    assertEquals(plan.external, [...new Set(needed)].filter((name) => !selected.includes(name)).sort());
  }));
});

Deno.test("planTasks reports a true cycle for any graph that has one, and none for others", () => {
  const graphs = fc.integer({ min: 1, max: 8 }).chain((size) =>
    fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size })
  ).map((edges) =>
    Object.fromEntries(edges.map((sources, index) => [
      names(8)[index]!,
      sources.filter((source) => source !== index).map((source) => names(8)[source]!),
    ]))
  );
  fc.assert(
    fc.property(graphs, (upstream) => {
      let problems: readonly PlanProblem[] = [];
      try {
        planTasks(descriptorsOf(upstream));
      } catch (error) {
        assert(MillraceError.is(error, "plan/invalid"));
        problems = error.details.problems;
      }
      assertEquals(problems.length > 0, naiveLevels(upstream).flat().length < Object.keys(upstream).length);
      for (const { kind, tasks } of problems) {
        assertEquals([kind, tasks[0]], ["cycle", tasks.at(-1)!]);
        assertEquals(new Set(tasks).size, tasks.length - 1, "passes through each task once");
        for (let index = 1; index < tasks.length; index++) {
          assert(upstream[tasks[index]!]!.includes(tasks[index - 1]!), tasks.join(" → "));
        }
      }
      assertEquals(new Set(problems.map((problem) => problem.tasks.join())).size, problems.length);
    }),
    { numRuns: 500 },
  );
});

function names(size: number): string[] {
  return ["h", "c", "a", "f", "b", "k", "d", "j", "e", "l", "g", "i"].slice(0, size);
}

/** Takes away, again and again, everything that nothing left feeds; stops at cycles. */
function naiveLevels(upstream: Readonly<Record<string, readonly string[]>>): string[][] {
  const levels: string[][] = [];
  let left = Object.keys(upstream);
  for (;;) {
    const level = left.filter((name) => !upstream[name]!.some((source) => left.includes(source)));
    if (level.length === 0) return levels;
    levels.push(level.sort());
    left = left.filter((name) => !level.includes(name));
  }
}
