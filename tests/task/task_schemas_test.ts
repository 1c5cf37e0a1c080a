import { assertEquals, assertStrictEquals } from "@std/assert";
import { withSchemas } from "../../src/task/task_schemas.ts";
import { descriptor } from "../planner/descriptors.ts";

const [text, number] = [{ type: "string" }, { type: "number" }];

Deno.test("withSchemas fills in what a definition does not say", () => {
  const task = descriptor("load", ["rows", "rates"]);
  const { output, inputs, ...rest } = withSchemas(task, { load: { output: text, inputs: { rows: number } } });
  assertEquals([output, inputs.map((input) => input.schema)], [text, [number, undefined]]);
  const { inputs: _, ...before } = task;
  assertEquals(rest, before);
});

Deno.test("withSchemas keeps what a definition says, and leaves other tasks alone", () => {
  const task = descriptor("load", [], {
    output: number,
    inputs: [{ param: "rows", task: "rows", collect: true, schema: number }],
  });
  const schemas = { load: { output: text, inputs: { rows: text, gone: text } } };
  assertEquals(withSchemas(task, schemas), task);
  assertStrictEquals(withSchemas(task, { toString: { output: text } }), task);
  const named = descriptor("toString");
  assertStrictEquals(withSchemas(named, {}), named);
});
