import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import type { PlanProblem } from "../../src/base/error_codes.ts";
import { MillraceError } from "../../src/base/errors.ts";
import type { JsonSchema } from "../../src/base/schema.ts";
import { createPlanner } from "../../src/planner/planner.ts";
import { fitEdge, verdictOn } from "../../src/planner/edge_fit.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import type { InputDescriptor, TaskDescriptor } from "../../src/task/descriptor.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { from } from "../../src/task/edge.ts";
import { createTaskRegistry } from "../../src/task/registry.ts";
import { FAILURE_SCHEMA } from "../../src/task/wrap_schema.ts";
import { descriptor } from "./descriptors.ts";

const [text, number] = [{ type: "string" }, { type: "number" }];

function edge(schema?: JsonSchema, collect = false): InputDescriptor {
  return { param: "rows", task: "extract", collect, ...(schema === undefined ? {} : { schema }) };
}

function extract(more: Partial<TaskDescriptor>): TaskDescriptor {
  return descriptor("extract", [], more);
}

function problemsOf(tasks: readonly TaskDescriptor[], strict = false): readonly PlanProblem[] {
  const descriptors = new Map(tasks.map((task) => [task.name, task]));
  const error = assertThrows(() => planTasks(descriptors, {}, { strict }), MillraceError);
  assert(MillraceError.is(error, "plan/invalid"), error.message);
  return error.details.problems;
}

Deno.test("fitEdge compares what is given with what is needed", () => {
  assertEquals(fitEdge(extract({ output: text }), edge(text)).fit, "compatible");
  assertEquals(fitEdge(extract({ output: number }), edge(text)).fit, "incompatible");
  assertEquals(fitEdge(extract({ output: {} }), edge(text)).fit, "unknown");
});

Deno.test("fitEdge says which side has no schema", () => {
  assertEquals(fitEdge(extract({}), edge(text)), { fit: "unchecked", missing: "output" });
  assertEquals(fitEdge(extract({ output: text }), edge()), { fit: "unchecked", missing: "input" });
});

Deno.test("fitEdge compares the chunks of a stream, collected as an array of them", () => {
  const stream = extract({ output: number, stream: true });
  assertEquals(fitEdge(stream, edge(number)).fit, "compatible");
  const list = { type: "array", items: number };
  assertEquals(fitEdge(stream, edge(list, true)).fit, "compatible");
  assertEquals(fitEdge(stream, edge(number, true)).fit, "incompatible");
  const tree = {
    $ref: "#/$defs/t",
    $defs: {
      t: { type: "object", properties: { next: { $ref: "#/$defs/t" } }, additionalProperties: false },
    },
  };
  assertEquals(
    fitEdge(extract({ output: tree, stream: true }), edge({ type: "array", items: { type: "object" } }, true))
      .fit,
    "compatible",
  );
});

Deno.test("fitEdge counts the failure of a fail-safe task among what it gives", () => {
  const risky = extract({ output: number, failSafe: true });
  const fit = fitEdge(risky, edge(number));
  assertEquals([fit.fit, "reason" in fit && fit.reason], [
    "incompatible",
    "may be a failure, as the task is fail-safe",
  ]);
  assertEquals(fitEdge(risky, edge({ anyOf: [number, FAILURE_SCHEMA] })).fit, "compatible");
});

Deno.test("verdictOn says in plain data what is known of an edge", () => {
  const on = (output: JsonSchema | undefined, input: InputDescriptor): unknown => {
    const source = extract(output === undefined ? {} : { output });
    const verdict = verdictOn(new Map([["extract", source]]), input);
    assertEquals(JSON.parse(JSON.stringify(verdict)), verdict);
    return verdict;
  };
  assertEquals(on(text, edge(text)), { fit: "compatible" });
  assertEquals(on(number, edge(text)), { fit: "incompatible", reason: "gives number, but string is needed" });
  const needs = { type: "object", properties: { id: text } };
  assertEquals(on({ type: "object" }, edge(needs)), {
    fit: "unknown",
    path: "id",
    reason: "nothing is said about it",
  });
  assertEquals(on(undefined, edge(text)), { fit: "unchecked" });
  assertEquals(verdictOn(new Map(), edge(text)), { fit: "unchecked" }, "no such task: another problem");
});

Deno.test("planTasks names the edge, the path and the reason of a mismatch", () => {
  const gives = { type: "object", properties: { id: number }, required: ["id"] };
  const needs = { type: "object", properties: { id: text }, required: ["id"] };
  assertEquals(problemsOf([extract({ output: gives }), descriptor("load", [], { inputs: [edge(needs)] })]), [{
    kind: "type-mismatch",
    tasks: ["extract", "load"],
    message:
      `what task "extract" gives does not fit input "rows" of task "load", at 'id': gives number, but string is needed`,
    path: "id",
    reason: "gives number, but string is needed",
  }]);
});

Deno.test("planTasks checks the edge from a task outside the selection, too", () => {
  const tasks = new Map([["extract", extract({ output: number })], [
    "load",
    descriptor("load", [], { inputs: [edge(text)] }),
  ]]);
  assertThrows(() => planTasks(tasks, { names: ["load"] }), MillraceError, "does not fit");
});

Deno.test("planTasks lets pass what is not known, and never compares what only orders", () => {
  const tasks = [
    extract({ output: {} }),
    descriptor("load", [], { inputs: [edge(text)], output: text }),
    descriptor("after", [], { after: ["load"], params: number }),
  ];
  assertEquals(planTasks(new Map(tasks.map((task) => [task.name, task]))).executionOrder, [
    "extract",
    "load",
    "after",
  ]);
});

Deno.test("planTasks, strict, wants a schema of every task and every input", () => {
  const problems = problemsOf([
    extract({}),
    descriptor("load", [], { inputs: [edge(), { ...edge(text), param: "other" }], output: text }),
  ], true);
  assertEquals(problems.map(({ kind, message }) => [kind, message]), [
    ["schema-missing", 'task "extract" has no schema for what it gives'],
    ["schema-missing", 'task "load" has no schema for its input "rows"'],
  ]);
  const complete = [extract({ output: {} }), descriptor("load", [], { inputs: [edge(text)], output: text })];
  assertEquals(
    planTasks(new Map(complete.map((task) => [task.name, task])), {}, { strict: true }).external,
    [],
  );
});

Deno.test("createPlanner takes schemas for tasks that have none, and may be strict", () => {
  const registry = createTaskRegistry();
  const rows = defineTask({ name: "rows", run: () => [1] });
  registry.register(rows);
  registry.register(
    defineTask({ name: "sum", inputs: { rows: from("rows", z.array(z.string())) }, run: () => 1 }),
  );
  assertEquals(createPlanner(registry).plan().executionOrder, ["rows", "sum"]);
  const schemas = { rows: { output: { type: "array", items: number } } };
  assertThrows(() => createPlanner(registry, { schemas }).plan(), MillraceError, "at '[]': gives number");
  assertThrows(() => createPlanner(registry, { strict: true }).plan(), MillraceError, "has no schema");
  assertThrows(() => createPlanner(registry, { stict: true } as object), TypeError, 'did you mean "strict"?');
});

Deno.test("createPlanner explains with the schemas that it was given, and prepares a task once", () => {
  const registry = createTaskRegistry();
  const rows = defineTask({ name: "rows", run: () => [1] });
  registry.register(rows);
  registry.register(defineTask({ name: "sum", inputs: { rows }, run: ({ rows }) => rows.length }));
  const schema = { type: "array", items: number };
  const planner = createPlanner(registry, {
    schemas: { rows: { output: schema }, sum: { inputs: { rows: schema } } },
  });
  assertEquals(planner.explain().edges[0]?.fit, "compatible");
  const [first, second] = [planner.plan(), planner.plan()];
  assertStrictEquals(first.tasks.rows, second.tasks.rows);
  assert(Object.isFrozen(first.tasks.sum?.inputs[0]?.schema), "what is hashed once must not change");
});

Deno.test("createPlanner knows that a task named itself may come with its failure, and one by name may not", () => {
  const rate = defineTask({ name: "rate", failSafe: true, output: z.number(), run: () => 1 });
  const planOf = (source: typeof rate | "rate"): unknown => {
    const registry = createTaskRegistry();
    registry.register(rate);
    registry.register(defineTask({ name: "use", inputs: { rate: from(source, z.number()) }, run: () => 1 }));
    return createPlanner(registry).plan();
  };
  planOf(rate);
  assertThrows(() => planOf("rate"), MillraceError, "may be a failure, as the task is fail-safe");
});
