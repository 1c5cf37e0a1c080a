import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { collect, defineTask, from, type Task } from "../../src/task/mod.ts";

const run = (): number => 1;

/** Options as a JavaScript user may write them. */
function define(options: Record<string, unknown>): Task {
  return defineTask({ name: "task", run, ...options } as never);
}

Deno.test("defineTask gives the defaults of what was not said", () => {
  const { run: given, ...task } = defineTask({ name: "task", run });
  assertStrictEquals(given, run);
  assertEquals(task, {
    "~millrace": "task",
    name: "task",
    inputs: {},
    after: [],
    tags: [],
    stream: false,
    failSafe: false,
    maxRetries: 0,
    backoff: { baseMs: 1_000, factor: 2, maxMs: 30_000, jitter: true },
    isolation: "worker",
  });
});

Deno.test("defineTask keeps what was said", () => {
  const extract = define({ name: "extract" });
  const output = z.string();
  const task = define({
    inputs: { extract },
    after: [extract, "backup"],
    params: output,
    output,
    tags: ["etl", "daily", "etl"],
    maxRetries: 3,
    timeoutMs: 1_000,
    failSafe: true,
    isolation: "process",
    permissions: { net: ["example.com"] },
    memoryMb: 64,
    cache: { ttlMs: 1 },
    concurrencyKey: "api",
    rateLimit: { limit: 2, perMs: 1_000 },
    priority: -1,
  });
  assertStrictEquals(task.inputs.extract, extract);
  assertEquals(task.after, [extract, "backup"]);
  assertStrictEquals(task.output, output);
  assertEquals(task.tags, ["etl", "daily"]);
  assertEquals([task.maxRetries, task.timeoutMs, task.failSafe, task.isolation], [3, 1_000, true, "process"]);
  assertEquals([task.memoryMb, task.cache, task.concurrencyKey, task.priority], [
    64,
    { ttlMs: 1 },
    { key: "api", limit: 1, by: [] },
    -1,
  ]);
  assertEquals(task.rateLimit, { key: "task", limit: 2, perMs: 1_000, by: [] });
});

Deno.test("defineTask gives a definition that nothing can change", () => {
  const [tags, net, cache] = [["a"], ["x"], { ttlMs: 1 }];
  const task = defineTask({ name: "task", tags, permissions: { net }, cache, run });
  tags.push("b");
  net.push("y");
  cache.ttlMs = 2;
  assertEquals([task.tags, task.permissions, task.cache], [["a"], { net: ["x"] }, { ttlMs: 1 }]);
  const { inputs, after, backoff, permissions } = task;
  for (const part of [task, task.tags, inputs, after, backoff, permissions, permissions?.net, task.cache]) {
    assert(Object.isFrozen(part));
  }
});

Deno.test("defineTask completes a partial back-off", () => {
  assertEquals(define({ backoff: { baseMs: 10, jitter: false } }).backoff, {
    baseMs: 10,
    factor: 2,
    maxMs: 30_000,
    jitter: false,
  });
  assertEquals(define({ backoff: { baseMs: 60_000 } }).backoff.maxMs, 60_000);
});

Deno.test("defineTask takes names of letters, digits, _ and - that start with a letter", () => {
  for (const name of ["a", "extract_sales-2", "x".repeat(63)]) assertEquals(define({ name }).name, name);
  for (const name of ["", "2a", "a.b", "a b", "ä", "_a", "x".repeat(64), 1, undefined, null]) {
    assertThrows(() => define({ name }), TypeError, "its name must be");
  }
});

Deno.test("defineTask refuses an unknown option and suggests the nearest", () => {
  assertThrows(
    () => define({ maxRetrys: 1 }),
    TypeError,
    'Cannot define task "task" as it has no option "maxRetrys", did you mean "maxRetries"?',
  );
  assertThrows(() => define({ backoff: { base: 1 } }), TypeError, '"backoff" has no option "base"');
  assertThrows(() => define({ permissions: { nett: true } }), TypeError, 'did you mean "net"?');
  assertThrows(() => define({ cache: { ttl: 1 } }), TypeError, '"cache" has no option "ttl"');
});

Deno.test("defineTask refuses numbers out of range with a RangeError that names rule and value", () => {
  const outside: Record<string, unknown>[] = [
    { maxRetries: -1 },
    { maxRetries: 1.5 },
    { maxRetries: Infinity },
    { timeoutMs: 0 },
    { timeoutMs: NaN },
    { backoff: { baseMs: -1 } },
    { backoff: { factor: 0.5 } },
    { backoff: { baseMs: 100, maxMs: 10 } },
    { memoryMb: 31, isolation: "process" },
    { memoryMb: 64.5, isolation: "process" },
    { cache: { ttlMs: 0 } },
    { priority: NaN },
    { concurrencyKey: { key: "a", limit: 0 } },
    { rateLimit: { limit: 0, perMs: 1 } },
    { rateLimit: { limit: 1.5, perMs: 1 } },
    { rateLimit: { limit: 1, perMs: 0 } },
    { rateLimit: { limit: 1, perMs: Infinity } },
    { stream: true, maxAhead: 0 },
  ];
  for (const options of outside) assertThrows(() => define(options), RangeError, "current value is");
  assertThrows(
    () => define({ maxRetries: -1 }),
    RangeError,
    'Cannot define task "task" as "maxRetries" must be an integer >= 0: current value is -1',
  );
});

Deno.test("defineTask refuses options of the wrong kind", () => {
  const mistaken: Record<string, unknown>[] = [
    { run: undefined },
    { run: "code" },
    { maxRetries: "3" },
    { tags: "etl" },
    { tags: [1] },
    { failSafe: "yes" },
    { retryIf: true },
    { isolation: "thread" },
    { output: { type: "string" } },
    { params: z.string },
    { after: "backup" },
    { after: [1] },
    { inputs: [] },
    { inputs: { a: "extract" } },
    { concurrencyKey: "" },
    { concurrencyKey: { limit: 2 } },
    { concurrencyKey: { key: "a", by: "customer" } },
    { concurrencyKey: { key: "a", max: 2 } },
    { rateLimit: 10 },
    { rateLimit: null },
    { rateLimit: { perMs: 1 } },
    { rateLimit: { limit: 1 } },
    { rateLimit: { limit: 1, perMs: 1, key: "" } },
    { rateLimit: { limit: 1, perMs: 1, by: "customer" } },
    { rateLimit: { max: 10, duration: 1_000 } },
    { maxAhead: 2 },
    { permissions: true },
    { permissions: {}, isolation: "inline" },
    { memoryMb: 64 },
    { memoryMb: 64, permissions: {} },
    { memoryMb: 64, isolation: "inline" },
    { permissions: { net: "example.com" } },
    { permissions: { read: [1] } },
    { cache: "always" },
    { cache: { ttlMs: "1" } },
    { cache: { key: 1 } },
    { cache: { version: "" } },
  ];
  for (const options of mistaken) assertThrows(() => define(options), TypeError, "Cannot define");
  assertThrows(() => defineTask(undefined as never), TypeError, "options must be an object");
  assertThrows(() => define({ isolation: "proces" }), TypeError, 'did you mean "process"?');
});

Deno.test("defineTask says what an undefined input most often comes from", () => {
  assertThrows(
    () => define({ inputs: { late: undefined } }),
    TypeError,
    "(if two modules import each other, name the task instead)",
  );
});

Deno.test("defineTask tells a generator that does not say that it streams", () => {
  const generators: unknown[] = [function* () {}, async function* () {}, { *run() {} }.run];
  for (const generator of generators) {
    assertThrows(() => define({ run: generator }), TypeError, 'add "stream: true"');
    assert(define({ run: generator, stream: true }).stream);
  }
});

Deno.test("defineTask refuses a stream of one promise", () => {
  assertThrows(() => define({ stream: true, run: async () => await 1 }), TypeError, 'write "async *run"');
});

Deno.test("collect takes all chunks of a streaming task", () => {
  const rows = define({ name: "rows", stream: true });
  assertEquals({ ...collect(rows as never) }, { "~millrace": "edge", task: rows, collect: true } as never);
});

Deno.test("collect refuses what does not stream", () => {
  assertThrows(
    () => collect(define({}) as never),
    TypeError,
    'Cannot collect task "task" as it does not stream',
  );
  assertThrows(() => collect("rows" as never), TypeError, "must be a task");
});

Deno.test("from takes a task or a name, with what is needed of it", () => {
  const schema = z.string();
  const task = define({});
  assertStrictEquals(from("task", schema).task, "task");
  assertStrictEquals(from(task, schema as never).task, task);
  assertStrictEquals(from("task", schema).schema, schema);
});

Deno.test("from refuses a stream, a bad name and a missing schema", () => {
  const schema = z.string();
  assertThrows(() => from(define({ stream: true }), schema as never), TypeError, "as it streams");
  assertThrows(() => from("a.b", schema), TypeError, "must be a task or a name");
  assertThrows(() => from("task", undefined as never), TypeError, "needs a schema");
  assertThrows(() => from("task", {} as never), TypeError, "Standard Schema");
});
