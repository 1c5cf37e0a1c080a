// What the compiler infers. Each test compiles or does not; `deno test` checks before it runs.
import { assertThrows } from "@std/assert";
import { z } from "zod";
import {
  collect,
  defineApiTrigger,
  defineCronTrigger,
  defineEventTrigger,
  definePipeline,
  defineTask,
  defineTrigger,
  type Edge,
  from,
  isFailure,
  type MillraceEvent,
  type ReceivedOf,
  type Task,
  type TaskContext,
  type TaskFailure,
} from "./definitions.ts";
import { assertType, type IsExact } from "./is_exact.ts";

type Params = Readonly<Record<string, unknown>>;
const Sale = z.object({ id: z.string(), amount: z.number() });
type Sale = { id: string; amount: number };

Deno.test("defineTask infers the output from what run returns", () => {
  const sync = defineTask({ name: "sync", run: () => 1 });
  assertType<IsExact<typeof sync, Task<number, number, "sync", unknown>>>();
  const asynchronous = defineTask({ name: "asynchronous", run: () => Promise.resolve({ id: "a" }) });
  assertType<IsExact<typeof asynchronous, Task<{ id: string }, { id: string }, "asynchronous", unknown>>>();
  const nothing = defineTask({ name: "nothing", run() {} });
  assertType<IsExact<typeof nothing, Task<void, void, "nothing", unknown>>>();
});

Deno.test("a ReadableStream that run returns is one value: it arrives as it is, and cannot be collected", () => {
  const csv = defineTask({ name: "csv", run: () => new ReadableStream<Uint8Array>() });
  assertType<IsExact<ReceivedOf<typeof csv>, ReadableStream<Uint8Array>>>();
  // @ts-expect-error: it has no chunks of its own
  assertThrows(() => collect(csv), TypeError, "does not stream");
  from(csv, z.instanceof(ReadableStream));
});

Deno.test("defineTask takes the output of the schema, not what run returns", () => {
  const parsed = defineTask({ name: "parsed", output: z.string().transform(Number), run: () => "12" });
  assertType<IsExact<typeof parsed, Task<number, number, "parsed", unknown>>>();
  const exact = defineTask({
    name: "exact",
    output: z.object({ kind: z.literal("a") }),
    run: () => ({ kind: "a" as const }),
  });
  assertType<IsExact<typeof exact, Task<{ kind: "a" }, { kind: "a" }, "exact", unknown>>>();
});

Deno.test("defineTask gives an AsyncIterable of the chunks of a generator", () => {
  const sync = defineTask({
    name: "sync",
    stream: true,
    *run() {
      yield 1;
    },
  });
  assertType<IsExact<typeof sync, Task<number, AsyncIterable<number>, "sync", unknown>>>();
  const asynchronous = defineTask({
    name: "asynchronous",
    output: Sale,
    stream: true,
    async *run() {
      await Promise.resolve();
      yield { id: "a", amount: 1 };
    },
  });
  assertType<IsExact<typeof asynchronous, Task<Sale, AsyncIterable<Sale>, "asynchronous", unknown>>>();
  const array = defineTask({ name: "array", stream: true, run: () => ["a"] });
  assertType<IsExact<typeof array, Task<string, AsyncIterable<string>, "array", unknown>>>();
});

Deno.test("defineTask adds the failure of a fail-safe task to what arrives, not to the output", () => {
  const risky = defineTask({ name: "risky", failSafe: true, run: () => 1 });
  assertType<IsExact<typeof risky, Task<number, number | TaskFailure, "risky", unknown>>>();
  const widened = defineTask({ name: "widened", failSafe: true as boolean, run: () => 1 });
  assertType<IsExact<typeof widened, Task<number, number | TaskFailure, "widened", unknown>>>();
  const safe = defineTask({ name: "safe", failSafe: false, run: () => 1 });
  assertType<IsExact<typeof safe, Task<number, number, "safe", unknown>>>();
  const stream = defineTask({ name: "stream", failSafe: true, stream: true, run: () => [1] });
  assertType<IsExact<typeof stream, Task<number, AsyncIterable<number> | TaskFailure, "stream", unknown>>>();
});

Deno.test("run gets its inputs by key, whichever of run and inputs stands first", () => {
  const rows = defineTask({ name: "rows", stream: true, output: Sale, run: () => [] });
  const rate = defineTask({ name: "rate", failSafe: true, run: () => 11.4 });
  defineTask({
    name: "after",
    inputs: { rows, all: collect(rows), rate, note: from("note", z.string()) },
    run(inputs) {
      assertType<IsExact<typeof inputs.rows, AsyncIterable<Sale>>>();
      assertType<IsExact<typeof inputs.all, readonly Sale[]>>();
      assertType<IsExact<typeof inputs.rate, number | TaskFailure>>();
      assertType<IsExact<typeof inputs.note, string>>();
    },
  });
  const before = defineTask({ name: "before", run: ({ rate }) => rate, inputs: { rate } });
  assertType<IsExact<typeof before, Task<number | TaskFailure, number | TaskFailure, "before", unknown>>>();
});

Deno.test("run gets no inputs where none are named", () => {
  defineTask({
    name: "alone",
    run(inputs, ctx) {
      assertType<IsExact<keyof typeof inputs, never>>();
      assertType<IsExact<typeof ctx, TaskContext<Params>>>();
    },
  });
});

Deno.test("ctx.params is what comes out of the schema; a run must give what goes in", () => {
  const task = defineTask({
    name: "task",
    params: z.object({ day: z.string().transform((text) => new Date(text)), limit: z.number().default(10) }),
    run(_inputs, { params }) {
      assertType<IsExact<typeof params, { day: Date; limit: number }>>();
    },
  });
  assertType<IsExact<typeof task, Task<void, void, "task", { day: string; limit?: number | undefined }>>>();
});

Deno.test("ctx.params is read-only and unknown without a schema", () => {
  defineTask({
    name: "task",
    run(_inputs, { params, attempt, signal }) {
      assertType<IsExact<typeof params, Params>>();
      assertType<IsExact<typeof params.day, unknown>>();
      assertType<IsExact<typeof attempt, number>>();
      assertType<IsExact<typeof signal, AbortSignal>>();
    },
  });
});

Deno.test("a run that returns any gives any, one that only throws gives never", () => {
  const loose = defineTask({ name: "loose", run: () => JSON.parse("1") });
  // deno-lint-ignore no-explicit-any -- what is asserted
  assertType<IsExact<typeof loose, Task<any, any, "loose", unknown>>>();
  const broken = defineTask({
    name: "broken",
    run() {
      throw new Error("always");
    },
  });
  assertType<IsExact<typeof broken, Task<never, never, "broken", unknown>>>();
});

Deno.test("every task fits Task, and an annotated one needs its output only", () => {
  const annotated: Task<number> = defineTask({ name: "annotated", run: () => 1 });
  const any: readonly Task[] = [
    annotated,
    defineTask({ name: "stream", stream: true, failSafe: true, params: Sale, run: () => [1] }),
    defineTask({ name: "needy", inputs: { annotated }, run: ({ annotated }) => annotated }),
  ];
  void any;
});

Deno.test("collect gives the array of chunks and keeps the failure", () => {
  const rows = defineTask({ name: "rows", stream: true, run: () => ["a"] });
  assertType<IsExact<ReturnType<typeof collect<typeof rows>>, Edge<readonly string[]>>>();
  const risky = defineTask({ name: "risky", stream: true, failSafe: true, run: () => ["a"] });
  const edge = collect(risky);
  assertType<IsExact<typeof edge, Edge<readonly string[] | TaskFailure>>>();
});

Deno.test("from gives what comes out of its schema and keeps the failure", () => {
  const sale = defineTask({ name: "sale", run: () => ({ id: "a", amount: 1, extra: true }) });
  const edge = from(sale, Sale);
  assertType<IsExact<typeof edge, Edge<Sale>>>();
  const byName = from("sale", z.string().transform(Number));
  assertType<IsExact<typeof byName, Edge<number>>>();
  const risky = from(defineTask({ name: "risky", failSafe: true, run: () => "a" }), z.string());
  assertType<IsExact<typeof risky, Edge<string | TaskFailure>>>();
  const loose = from(defineTask({ name: "loose", run: () => JSON.parse("1") }), z.number());
  assertType<IsExact<typeof loose, Edge<number>>>();
});

Deno.test("isFailure narrows both ways", () => {
  const check = (value: number | TaskFailure): void => {
    if (isFailure(value)) assertType<IsExact<typeof value, TaskFailure>>();
    else assertType<IsExact<typeof value, number>>();
  };
  check(1);
});

Deno.test("definePipeline keeps its name and what its runs must be given", () => {
  const task = defineTask({ name: "task", params: z.object({ day: z.string() }), run: () => 1 });
  const pipeline = definePipeline({
    name: "daily",
    params: z.object({ day: z.string().default("today") }),
    tasks: [task],
  });
  assertType<IsExact<typeof pipeline.name, "daily">>();
  assertType<IsExact<NonNullable<typeof pipeline["~types"]>["params"], { day?: string | undefined }>>();
});

Deno.test("triggers type what their functions get", () => {
  const cron = defineCronTrigger({
    name: "cron",
    cron: "@daily",
    topic: "a",
    event(fire) {
      assertType<IsExact<typeof fire.scheduledMs, number>>();
    },
  });
  assertType<IsExact<typeof cron.name, "cron">>();
  defineApiTrigger({
    name: "api",
    topic: "a",
    body: Sale,
    verify: ({ headers, raw }) => headers.has("x") && raw.length > 0,
    event(body) {
      assertType<IsExact<typeof body, Sale>>();
    },
  });
  defineEventTrigger({
    name: "typed",
    source: "a",
    topic: "b",
    data: Sale,
    when: (event) => event.data.amount > 0,
    map(event) {
      assertType<IsExact<typeof event, MillraceEvent<Sale>>>();
    },
  });
  defineEventTrigger({
    name: "untyped",
    source: "a",
    topic: "b",
    when(event) {
      assertType<IsExact<typeof event.data, unknown>>();
      return true;
    },
  });
});

Deno.test("defineTrigger takes and gives the kind that kind says", () => {
  const cron = defineTrigger({ kind: "cron", name: "tick", cron: "@daily", topic: "a" });
  assertType<IsExact<typeof cron.kind, "cron">>();
  assertType<IsExact<typeof cron.catchUp, "none" | "one" | "all">>();
  const event = defineTrigger({
    kind: "event",
    name: "chain",
    source: "a",
    topic: "b",
    data: Sale,
    map(event) {
      assertType<IsExact<typeof event.data, Sale>>();
    },
  });
  assertType<IsExact<typeof event.kind, "event">>();
});

Deno.test("a schema of any library of the standard will do", () => {
  const Text = {
    "~standard": {
      version: 1,
      vendor: "own",
      validate: (value: unknown) =>
        typeof value === "string" ? { value } : { issues: [{ message: "Expected a string" }] },
      types: undefined as { input: string; output: string } | undefined,
    },
  } as const;
  const task = defineTask({ name: "task", output: Text, run: () => "a" });
  assertType<IsExact<typeof task, Task<string, string, "task", unknown>>>();
});
