import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { MillraceError } from "../../src/base/errors.ts";
import { definePipeline, defineTask, describePipeline, type Pipeline } from "../../src/task/mod.ts";

const task = defineTask({ name: "task", run: () => 1 });

/** Options as a JavaScript user may write them. */
function define(options: Record<string, unknown>): Pipeline {
  return definePipeline({ name: "pipeline", ...options } as never);
}

Deno.test("definePipeline with tasks selects exactly these", () => {
  const upstream = defineTask({ name: "upstream", run: () => 1 });
  const needy = defineTask({ name: "needy", inputs: { upstream }, run: () => 1 });
  const pipeline = definePipeline({
    name: "daily",
    tasks: [needy, task, needy],
    on: ["day.*"],
    overlap: "queue",
  });
  assertEquals(describePipeline(pipeline), {
    name: "daily",
    selection: { names: ["needy", "task"] },
    on: ["day.*"],
    overlap: "queue",
  });
});

Deno.test("definePipeline with a selection leaves the choice to the plan", () => {
  const params = z.object({ day: z.string().default("today") });
  const pipeline = definePipeline({
    name: "tagged",
    select: { tags: ["etl"], includeUpstream: true },
    params,
    concurrency: 2,
  });
  const { params: schema, ...rest } = describePipeline(pipeline);
  assertEquals(rest, {
    name: "tagged",
    selection: { tags: ["etl"], includeUpstream: true },
    on: [],
    concurrency: 2,
  });
  assertEquals(schema?.properties, { day: { default: "today", type: "string" } });
  assertEquals(schema?.required, undefined, "what has a default need not be given");
});

Deno.test("definePipeline takes a selector for its selection, and refuses a wrong one with its position", () => {
  assertEquals(describePipeline(definePipeline({ name: "p", select: "tag:etl+" })).selection, {
    select: "tag:etl+",
  });
  const error = assertThrows(() => definePipeline({ name: "p", select: "a b" }), MillraceError);
  assert(MillraceError.is(error, "selector/invalid"));
  assertEquals(error.details, { selector: "a b", position: 2 });
  assert(error.message.startsWith('Cannot define pipeline "p": Cannot select tasks as'));
});

Deno.test("definePipeline gives a definition that nothing can change", () => {
  const pipeline = define({ tasks: [task] });
  for (const part of [pipeline, pipeline.tasks, pipeline.on]) assert(Object.isFrozen(part));
});

Deno.test("definePipeline needs exactly one of tasks and select", () => {
  for (const options of [{}, { tasks: [task], select: {} }]) {
    assertThrows(() => define(options), TypeError, 'must have exactly one of "tasks" and "select"');
  }
});

Deno.test("definePipeline refuses options of the wrong kind", () => {
  const mistaken: Record<string, unknown>[] = [
    { name: "a.b", tasks: [task] },
    { tasks: [] },
    { tasks: task },
    { tasks: ["task"] },
    { select: ["etl"] },
    { select: { select: 1 } },
    { select: { tag: ["etl"] } },
    { select: { tags: "etl" } },
    { tasks: [task], on: "day.closed" },
    { tasks: [task], on: [""] },
    { tasks: [task], overlap: "wait" },
    { tasks: [task], params: {} },
    { tasks: [task], retention: { days: 1 } },
    { tasks: [task], concurency: 1 },
  ];
  for (const options of mistaken) assertThrows(() => define(options), TypeError, "Cannot define");
  assertThrows(() => define({ tasks: [task], concurency: 1 }), TypeError, 'did you mean "concurrency"?');
});

Deno.test("definePipeline refuses the name of runs without a pipeline", () => {
  assertThrows(() => definePipeline({ name: "adhoc", select: {} }), TypeError, '"adhoc" is what');
});

Deno.test("definePipeline refuses numbers out of range", () => {
  for (
    const options of [{ concurrency: 0 }, { concurrency: 1.5 }, { timeoutMs: 0 }, {
      retention: { maxAgeMs: -1 },
    }]
  ) {
    assertThrows(() => define({ tasks: [task], ...options }), RangeError, "current value is");
  }
});

Deno.test("definePipeline refuses what is no pattern, and names pipeline and position", () => {
  const error = assertThrows(
    () => define({ tasks: [task], on: ["day..closed"] }),
    MillraceError,
    '"pipeline"',
  );
  assert(MillraceError.is(error, "pattern/invalid"));
  assertEquals(error.details.position, 4);
});
