import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { MillraceError } from "../../src/base/errors.ts";
import {
  collect,
  collectDefinitions,
  defineManualTrigger,
  definePipeline,
  defineTask,
  from,
  mergeDefinitions,
  type Task,
} from "../../src/task/mod.ts";

const url = "file:///pipelines.ts";
const task = (name: string, options: Partial<Task> = {}): Task =>
  defineTask({ name, run: () => 1, ...options } as never);
const trigger = (name: string) => defineManualTrigger({ name, topic: "a" });
const names = (definitions: readonly { name: string }[]): string[] =>
  definitions.map(({ name }) => name).sort();

Deno.test("collectDefinitions gathers what a module exports, also in arrays, and leaves the rest alone", () => {
  const a = task("a");
  const { tasks, pipelines, triggers } = collectDefinitions({
    a,
    again: a,
    default: [task("b"), trigger("t")],
    daily: definePipeline({ name: "daily", tasks: [a] }),
    limit: 3,
    nothing: null,
    helper: () => 1,
    edge: from("a", z.number()),
    settings: { name: "not a task" },
  }, url);
  assertEquals([names(tasks), names(pipelines), names(triggers)], [["a", "b"], ["daily"], ["t"]]);
});

Deno.test("collectDefinitions reaches the tasks that exported ones refer to", () => {
  const rows = task("rows", { stream: true });
  const rate = task("rate");
  const backup = task("backup", { after: [task("disk"), "byName"] });
  const total = task("total", {
    inputs: { rows: collect(rows as never), rate: from(rate, z.any()), note: from("note", z.string()) },
    after: [backup],
  });
  const daily = definePipeline({ name: "daily", tasks: [total] });
  assertEquals(names(collectDefinitions({ daily }, url).tasks), ["backup", "disk", "rate", "rows", "total"]);
});

Deno.test("collectDefinitions follows a chain of any length", () => {
  let last = task("t0");
  for (let n = 1; n <= 20_000; n++) last = task(`t${n}`, { inputs: { last } });
  assertEquals(collectDefinitions({ last }, url).tasks.length, 20_001);
});

Deno.test("collectDefinitions refuses two definitions of one name", () => {
  const pipeline = () => definePipeline({ name: "p", select: {} });
  const doubles = {
    "task/duplicate": [task("a"), task("b", { inputs: { a: task("a") } })],
    "pipeline/duplicate": [pipeline(), pipeline()],
    "trigger/duplicate": [trigger("t"), trigger("t")],
  };
  for (const [code, [first, second]] of Object.entries(doubles)) {
    const error = assertThrows(
      () => collectDefinitions({ first, second }, url),
      MillraceError,
      "must be unique",
    );
    assertEquals(error.code as string, code);
  }
});

Deno.test("collectDefinitions refuses what only looks like a definition", () => {
  const forged = [
    { "~millrace": "task", name: "a" },
    { "~millrace": "pipeline", name: "p" },
    { "~millrace": "trigger", kind: "cron" },
  ];
  for (const handmade of forged) {
    const error = assertThrows(() => collectDefinitions({ handmade }, url), MillraceError, url);
    assert(MillraceError.is(error, "module/definition-invalid"));
    assertEquals(error.details, { module: url, export: "handmade" });
  }
});

Deno.test("mergeDefinitions joins modules that share definitions", () => {
  const shared = task("shared");
  const one = collectDefinitions({ shared, t: trigger("t") }, "file:///one.ts");
  const two = collectDefinitions({ a: task("a", { inputs: { shared } }) }, "file:///two.ts");
  const merged = mergeDefinitions(one, two);
  assertEquals([names(merged.tasks), names(merged.triggers)], [["a", "shared"], ["t"]]);
});

Deno.test("mergeDefinitions refuses two definitions of one name", () => {
  const one = collectDefinitions({ a: task("a") }, "file:///one.ts");
  const two = collectDefinitions({ a: task("a") }, "file:///two.ts");
  assertThrows(() => mergeDefinitions(one, two), MillraceError, '"a"');
});

Deno.test("mergeDefinitions of nothing is nothing", () => {
  assertEquals(mergeDefinitions(), { tasks: [], pipelines: [], triggers: [] });
});
