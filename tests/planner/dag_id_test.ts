import { assert, assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { z } from "zod";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { describeTask } from "../../src/task/describe.ts";
import type { TaskDescriptor } from "../../src/task/descriptor.ts";
import { prepareTask } from "../../src/task/prepared_task.ts";
import { canonicalForm } from "../../src/task/task_hash.ts";

const NAMES = ["a", "b", "c", "d"];
/** Schemas that refuse nothing, so that every edge can be planned. */
const schemas = fc.dictionary(fc.constantFrom("title", "10", "9", "é", "😀"), fc.jsonValue(), { maxKeys: 3 });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

/** Any task but its edges, as JSON would bring it: what was not said is not there. */
const policies: fc.Arbitrary<Omit<TaskDescriptor, "name" | "inputs" | "after">> = fc.record({
  tags: fc.subarray(["x", "y"]),
  stream: fc.boolean(),
  failSafe: fc.boolean(),
  maxRetries: fc.nat(3),
  backoff: fc.record({
    baseMs: fc.constantFrom(0, 0.5, 1e21),
    factor: fc.nat(2),
    maxMs: fc.nat(2),
    jitter: fc.boolean(),
  }),
  timeoutMs: optional(fc.constantFrom(1, 5)),
  isolation: fc.constantFrom("worker" as const, "process" as const, "inline" as const),
  permissions: optional(fc.record({ net: fc.boolean(), read: fc.subarray(["x", "y"]) })),
  memoryMb: optional(fc.nat(2)),
  cache: optional(fc.record({ ttlMs: fc.nat(2), keyed: fc.boolean(), version: fc.constantFrom("k", "l") })),
  maxAhead: optional(fc.nat(2)),
  concurrencyKey: optional(
    fc.record({
      key: fc.constantFrom("x", "😀\n"),
      limit: fc.nat(2),
      by: fc.constantFrom([], ["p", "q"], ["q", "p"]),
    }),
  ),
  rateLimit: optional(
    fc.record({
      key: fc.constantFrom("x", "y"),
      limit: fc.nat(2),
      perMs: fc.constantFrom(1, 1e21),
      by: fc.constantFrom([], ["p", "q"], ["q", "p"]),
    }),
  ),
  priority: optional(fc.nat(2)),
  params: optional(schemas),
  output: optional(schemas),
}).map((policy) => JSON.parse(JSON.stringify(policy)));

/** Any few tasks, each fed by earlier ones. */
const tasks: fc.Arbitrary<TaskDescriptor[]> = fc.tuple(
  ...NAMES.map((name, index) =>
    fc.record({
      policy: policies,
      inputs: fc.subarray(NAMES.slice(0, index)),
      after: fc.subarray(NAMES.slice(0, index)),
      schema: optional(schemas),
    }).map(({ policy, inputs, after, schema }): TaskDescriptor => ({
      name,
      inputs: inputs.map((task) => ({
        param: `p${task}`,
        task,
        collect: false,
        ...(schema === undefined ? {} : { schema }),
      })),
      after,
      ...policy,
    }))
  ),
);

function idOf(descriptors: readonly TaskDescriptor[]): string {
  return planTasks(new Map(descriptors.map((task) => [task.name, task]))).dagId;
}

/** The same data with its keys in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
}

Deno.test("canonicalForm is the canonical JSON of RFC 8785", () => {
  fc.assert(fc.property(tasks, (tasks) => {
    for (const task of tasks) {
      assertEquals(canonicalForm(task), canonicalize(JSON.parse(canonicalForm(task))));
    }
  }));
});

Deno.test("dagId stays the same in any order of definition, of edges, of tags and of keys", () => {
  fc.assert(fc.property(tasks, (tasks) => {
    const other = tasks.toReversed().map((task): TaskDescriptor => ({
      ...reversed(task) as TaskDescriptor,
      tags: [...task.tags, "more"],
      inputs: task.inputs.toReversed(),
      after: [...task.after.toReversed(), ...task.after],
    }));
    assertEquals(idOf(other), idOf(tasks));
  }));
});

Deno.test("dagId changes whenever anything else changes", () => {
  const essence = (tasks: readonly TaskDescriptor[]): string =>
    canonicalize(tasks.map(({ tags: _, ...rest }) => rest))!;
  const pairs = fc.oneof(
    fc.tuple(tasks, tasks),
    // Two that differ in one policy only.
    fc.tuple(tasks, policies, fc.nat(3)).chain(([tasks, policy, at]) =>
      fc.constantFrom(...Object.keys(policy) as (keyof typeof policy)[]).map((key) =>
        [tasks, tasks.map((task, index) => index === at ? { ...task, [key]: policy[key] } : task)] as const
      )
    ),
  );
  fc.assert(
    fc.property(pairs, ([one, other]) => {
      assertEquals(idOf(one) === idOf(other), essence(one) === essence(other));
    }),
    { numRuns: 500 },
  );
});

Deno.test("dagId tells a task that is left out, and parts that could run into each other", () => {
  const [a, b] = [bare("a"), bare("b")];
  assertNotEquals(idOf([a, b]), idOf([a]));
  const concurrencyKey = { key: "x", limit: 1, by: [] };
  assertNotEquals(idOf([{ ...a, concurrencyKey }, b]), idOf([a, { ...b, concurrencyKey }]));
});

Deno.test("dagId of defined tasks changes with a schema, an edge and a policy", () => {
  const run = (): number => 1;
  const source = defineTask({ name: "source", run });
  const base = { name: "task", inputs: { source }, run } as const;
  const variants = [
    defineTask(base),
    defineTask({ ...base, output: z.number() }),
    defineTask({ ...base, output: z.number().int() }),
    defineTask({ ...base, params: z.object({ day: z.string() }) }),
    defineTask({ ...base, inputs: { other: source } }),
    defineTask({ ...base, inputs: {}, after: [source] }),
    defineTask({ ...base, maxRetries: 1 }),
    defineTask({ ...base, cache: true }),
    defineTask({ ...base, permissions: { net: true } }),
  ];
  const ids = variants.map((task) => idOf([describeTask(source), describeTask(task)]));
  assertEquals(new Set(ids).size, variants.length);
});

Deno.test("prepareTask remembers frozen descriptors, and looks again at those that can change", () => {
  const frozen = describeTask(defineTask({ name: "task", run: () => 1 }));
  assertStrictEquals(prepareTask(frozen), prepareTask(frozen));
  const open = { ...bare("task"), maxRetries: 0 };
  const before = prepareTask(open).hash;
  open.maxRetries = 1;
  assert(prepareTask(open).hash !== before);
});

function bare(name: string): TaskDescriptor {
  return { ...describeTask(defineTask({ name, run: () => 1 })) };
}
