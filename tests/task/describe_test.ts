import { assertEquals } from "@std/assert";
import { z } from "zod";
import {
  collect,
  definePipeline,
  defineTask,
  describePipeline,
  describeTask,
  from,
} from "../../src/task/mod.ts";
import { orFailure } from "../../src/task/wrap_schema.ts";

Deno.test("describeTask gives plain data, edges by name", () => {
  const rows = defineTask({ name: "rows", stream: true, output: z.number(), run: () => [1] });
  const rate = defineTask({ name: "rate", failSafe: true, run: () => 1 });
  const task = defineTask({
    name: "total",
    inputs: { all: collect(rows), rows, rate, note: from("note", z.string()) },
    after: [rate, "rate", "backup"],
    tags: ["etl"],
    timeoutMs: 5,
    run: () => 1,
  });
  const descriptor = describeTask(task);
  const { inputs, ...rest } = JSON.parse(JSON.stringify(descriptor));
  assertEquals(descriptor as unknown, { inputs, ...rest }, "nothing is lost as JSON");
  assertEquals(inputs.slice(0, 3), [
    { param: "all", task: "rows", collect: true },
    { param: "rows", task: "rows", collect: false },
    { param: "rate", task: "rate", collect: false },
  ]);
  assertEquals([inputs[3].task, inputs[3].schema.type], ["note", "string"]);
  assertEquals(rest, {
    name: "total",
    after: ["rate", "backup"],
    tags: ["etl"],
    stream: false,
    failSafe: false,
    maxRetries: 0,
    backoff: { baseMs: 1_000, factor: 2, maxMs: 30_000, jitter: true },
    timeoutMs: 5,
    isolation: "worker",
    contextFree: true,
  });
});

Deno.test("describeTask says what goes into params and comes out of output", () => {
  const schema = z.string().transform(Number).pipe(z.number());
  const { params, output } = describeTask(
    defineTask({ name: "task", params: schema, output: schema, run: () => "1" }),
  );
  assertEquals([params?.type, output?.type], ["string", "number"]);
});

Deno.test("describeTask says whether a task can read no parameters", () => {
  const tasks = [
    defineTask({ name: "a", run: () => 1 }),
    defineTask({ name: "b", run: (_, { runId }) => runId }),
    defineTask({ name: "c", params: z.object({}), run: () => 1 }),
  ];
  assertEquals(tasks.map((task) => describeTask(task).contextFree), [true, undefined, undefined]);
});

Deno.test("describeTask says whether a failure may come: by a task it is known, by a name it is not", () => {
  const rate = defineTask({ name: "rate", failSafe: true, run: () => 1 });
  const schema = z.number();
  const inputs = { task: from(rate, schema), name: from("rate", schema) };
  const [byTask, byName] = describeTask(defineTask({ name: "t", inputs, run: () => 1 })).inputs;
  assertEquals(byTask?.schema, orFailure(byName!.schema!));
  assertEquals(byName?.schema?.type, "number");
});

Deno.test("describeTask leaves out a schema that JSON Schema cannot say", () => {
  const silent = {
    "~standard": { version: 1, vendor: "silent", validate: (value: unknown) => ({ value }) },
  } as const;
  assertEquals(describeTask(defineTask({ name: "task", output: silent, run: () => 1 })).output, undefined);
});

Deno.test("describeTask says what the code of a remembered task is known by", () => {
  const cacheOf = (
    cache: boolean | { key?: () => unknown; version?: string; ttlMs?: number },
    run = () => 1,
  ) => describeTask(defineTask({ name: "task", cache, run })).cache;
  assertEquals([cacheOf(false), cacheOf({ version: "2", ttlMs: 5 })], [
    undefined,
    { keyed: false, version: "2", ttlMs: 5 },
  ]);
  const known = [cacheOf(true), cacheOf({}), cacheOf(true, () => 2), cacheOf({ key: () => 1 })];
  assertEquals(known.map((cache) => cache?.keyed), [false, false, false, true]);
  assertEquals(known[0], known[1]);
  assertEquals(new Set(known.map((cache) => cache?.source)).size, 3);
});

Deno.test("describePipeline keeps how long its runs are kept", () => {
  const task = defineTask({ name: "task", run: () => 1 });
  const pipeline = definePipeline({ name: "p", tasks: [task], retention: { maxRuns: 1 } });
  assertEquals(describePipeline(pipeline).retention, { maxRuns: 1 });
});
