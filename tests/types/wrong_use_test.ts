// What must not compile, each with the sentence that the compiler shows. The functions are never called.
import { assert } from "@std/assert";
import { z } from "zod";
import {
  collect,
  defineApiTrigger,
  defineCronTrigger,
  defineEventTrigger,
  defineManualTrigger,
  definePipeline,
  defineTask,
  defineTrigger,
  from,
  type Task,
} from "./definitions.ts";

const extract = defineTask({ name: "extract", run: () => ({ id: 1, at: { day: "x" } }) });
const chunks = defineTask({ name: "chunks", stream: true, run: () => [1, 2] });
const risky = defineTask({ name: "risky", failSafe: true, run: () => 1 });
const needy = defineTask({ name: "needy", params: z.object({ day: z.string() }), run: () => 1 });

/** Wrong uses by what they do wrong. */
const wrong: Record<string, () => unknown> = {
  // @ts-expect-error Object literal may only specify known properties, but 'retries' does not exist
  "an unknown option": () => defineTask({ name: "a", retries: 3, run: () => 1 }),
  // @ts-expect-error Property 'name' is missing
  "no name": () => defineTask({ run: () => 1 }),
  // @ts-expect-error Property 'run' is missing
  "no run": () => defineTask({ name: "a" }),
  "a generator that does not say stream": () =>
    defineTask({
      name: "a",
      // @ts-expect-error Type 'Generator<number>' is not assignable to type '"run is a generator: add 'stream: true'"'
      *run() {
        yield 1;
      },
    }),
  "an async generator that does not say stream": () =>
    defineTask({
      name: "a",
      // @ts-expect-error "run is a generator: add 'stream: true'"
      async *run() {
        yield await 1;
      },
    }),
  // @ts-expect-error Type 'number' is not assignable to type 'ChunkSource<unknown>'
  "a stream that is none": () => defineTask({ name: "a", stream: true, run: () => 1 }),
  // @ts-expect-error Type 'false' is not assignable to type 'true'
  "stream that is false": () => defineTask({ name: "a", stream: false, run: () => 1 }),
  "a run that does not fit the output schema": () =>
    // @ts-expect-error Type 'number' is not assignable to type 'string | Promise<string>'
    defineTask({ name: "a", output: z.string(), run: () => 1 }),
  "chunks that do not fit the output schema": () =>
    // @ts-expect-error Type 'string' is not assignable to type 'ChunkSource<number>'
    defineTask({ name: "a", output: z.number(), stream: true, run: () => ["x"] }),
  "an input that is not named": () =>
    // @ts-expect-error Property 'other' does not exist on type 'InputValues<…>'
    defineTask({ name: "a", inputs: { extract }, run: ({ other }) => other }),
  "an input used as another type": () =>
    // @ts-expect-error Property 'length' does not exist on type '{ id: number … }'
    defineTask({ name: "a", inputs: { extract }, run: (inputs) => inputs.extract.length }),
  "a stream used as an array": () =>
    // @ts-expect-error Property 'length' does not exist on type 'AsyncIterable<number>'
    defineTask({ name: "a", inputs: { chunks }, run: (inputs) => inputs.chunks.length }),
  "a value that may be a failure": () =>
    // @ts-expect-error Operator '+' cannot be applied to types 'number | TaskFailure' and 'number'
    defineTask({ name: "a", inputs: { risky }, run: (inputs) => inputs.risky + 1 }),
  "an input that is written to": () =>
    defineTask({
      name: "a",
      inputs: { extract },
      // @ts-expect-error Cannot assign to 'extract' because it is a read-only property
      run: (inputs) => (inputs.extract = { id: 1, at: { day: "" } }),
    }),
  "an annotated input of another type": () =>
    // @ts-expect-error Types of parameters 'inputs' and 'inputs' are incompatible
    defineTask({ name: "a", inputs: { extract }, run: (inputs: { extract: string }) => inputs }),
  "an input by name without from()": () =>
    // @ts-expect-error Type 'string' is not assignable to type 'Task | Edge'
    defineTask({ name: "a", inputs: { extract: "extract" }, run: () => 1 }),
  // @ts-expect-error Type 'number' is not assignable to type 'string | Task'
  "an after that is no task": () => defineTask({ name: "a", after: [1], run: () => 1 }),
  "a parameter that the schema has not": () =>
    defineTask({
      name: "a",
      params: z.object({ day: z.string() }),
      // @ts-expect-error Property 'week' does not exist on type '{ day: string }'
      run: (_inputs, { params }) => params.week,
    }),
  // @ts-expect-error Property 'sleep' does not exist on type 'TaskContext<…>'
  "a context that cannot do that": () => defineTask({ name: "a", run: (_inputs, ctx) => ctx.sleep(1) }),
  // @ts-expect-error Type '"thread"' is not assignable to type 'Isolation'
  "an unknown isolation": () => defineTask({ name: "a", isolation: "thread", run: () => 1 }),
  // @ts-expect-error 'base' does not exist in type 'Partial<Backoff>'
  "an unknown back-off option": () => defineTask({ name: "a", backoff: { base: 1 }, run: () => 1 }),
  // @ts-expect-error Type 'Task<{…}>' is not assignable to type 'Task<string>'
  "a task annotated with another output": (): Task<string> => extract,
  // @ts-expect-error "Task 'risky' does not stream: name it in 'inputs' without collect()"
  "collect of a task that does not stream": () => collect(risky),
  // @ts-expect-error "Wrong edge: what task 'extract' gives does not fit this schema, at 'id'"
  "from with a schema that does not fit": () => from(extract, z.object({ id: z.string() })),
  "from with a schema that does not fit deep inside": () =>
    // @ts-expect-error "Wrong edge: what task 'extract' gives does not fit this schema, at 'at.day'"
    from(extract, z.object({ at: z.object({ day: z.number() }) })),
  "from with a schema that needs more": () =>
    // @ts-expect-error "Wrong edge: what task 'extract' gives does not fit this schema, at 'missing'"
    from(extract, z.object({ id: z.number(), missing: z.string() })),
  // @ts-expect-error "Wrong edge: what task 'extract' gives does not fit this schema"
  "from with a schema of another kind": () => from(extract, z.string()),
  // @ts-expect-error "Task 'chunks' streams: name it in 'inputs' itself or with collect()"
  "from with a task that streams": () => from(chunks, z.number()),
  // @ts-expect-error Expected 2 arguments, but got 1
  "from without a schema": () => from("extract"),
  "a pipeline without the parameters of its task": () =>
    // @ts-expect-error "Task 'needy' needs parameters: give the pipeline a 'params' schema"
    definePipeline({ name: "p", tasks: [extract, needy] }),
  "a pipeline with other parameters": () =>
    // @ts-expect-error "Task 'needy' needs other parameters than the pipeline's 'params' give, at 'day'"
    definePipeline({ name: "p", params: z.object({ day: z.number() }), tasks: [needy] }),
  "a pipeline with tasks and a selection": () =>
    // @ts-expect-error Types of property 'select' are incompatible
    definePipeline({ name: "p", tasks: [extract], select: { tags: ["a"] } }),
  // @ts-expect-error Property 'select' is missing
  "a pipeline without tasks": () => definePipeline({ name: "p" }),
  // @ts-expect-error Type '"wait"' is not assignable to type 'Overlap'
  "an unknown overlap": () => definePipeline({ name: "p", tasks: [extract], overlap: "wait" }),
  // @ts-expect-error 'retry' does not exist in type 'PipelineOptions<…>'
  "an unknown pipeline option": () => definePipeline({ name: "p", tasks: [extract], retry: 1 }),
  // @ts-expect-error Property 'cron' is missing
  "a cron trigger without expression": () => defineCronTrigger({ name: "t", topic: "a" }),
  // @ts-expect-error Type '"some"' is not assignable to type '"none" | "one" | "all"'
  "an unknown catch-up": () => defineCronTrigger({ name: "t", cron: "@daily", topic: "a", catchUp: "some" }),
  "a body used as another type": () =>
    defineApiTrigger({
      name: "t",
      topic: "a",
      body: z.object({ day: z.string() }),
      // @ts-expect-error Property 'week' does not exist on type '{ day: string }'
      event: (body) => body.week,
    }),
  "event data without a schema": () =>
    // @ts-expect-error 'event.data' is of type 'unknown'
    defineEventTrigger({ name: "t", source: "a", topic: "b", when: (event) => event.data.ok }),
  "an option of another kind of trigger": () =>
    // @ts-expect-error 'cron' does not exist in type 'ManualTriggerOptions<"t">'
    defineManualTrigger({ name: "t", topic: "a", cron: "@daily" }),
  // @ts-expect-error Type '"file"' is not assignable to type 'TriggerKind'
  "an unknown kind of trigger": () => defineTrigger({ kind: "file", name: "t", topic: "a" }),
};

Deno.test("wrong uses of definitions do not compile", () => {
  // That the compiler has checked this file is the test.
  assert(Object.keys(wrong).length >= 30);
});
