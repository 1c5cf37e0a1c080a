import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import type { JsonSchema } from "../../src/base/schema.ts";
import { schemaText } from "../../src/planner/schema_text.ts";
import { orFailure } from "../../src/task/wrap_schema.ts";

function textOf(schema: z.ZodType): string {
  return schemaText(z.toJSONSchema(schema, { target: "draft-2020-12" }) as JsonSchema);
}

Deno.test("schemaText writes a schema as TypeScript would", () => {
  const cases: [z.ZodType, string][] = [
    [z.string(), "string"],
    [z.int(), "number"],
    [z.any(), "unknown"],
    [z.never(), "…"],
    [z.null(), "null"],
    [z.literal("a"), '"a"'],
    [z.enum(["a", "b"]), '"a" | "b"'],
    [z.array(z.number()), "number[]"],
    [z.array(z.union([z.string(), z.null()])), "(string | null)[]"],
    [z.tuple([z.string(), z.number()]), "[string, number]"],
    [z.tuple([z.string()], z.number()), "[string, ...number[]]"],
    [z.object({ id: z.string(), "a-b": z.number().optional() }), '{ id: string; "a-b"?: number }'],
    [z.array(z.object({ id: z.string() })), "{ id: string }[]"],
    [z.record(z.string(), z.number()), "{ [key: string]: number }"],
    [z.object({}), "object"],
  ];
  for (const [schema, text] of cases) assertEquals(textOf(schema), text);
  assertEquals(schemaText({ type: ["string", "null"] }), "string | null");
  assertEquals(schemaText({ $ref: "#/$defs/Order" }), "Order");
  assertEquals(
    schemaText({ allOf: [{ $ref: "#/$defs/A" }, { anyOf: [{ type: "string" }, { type: "null" }] }] }),
    "A & (string | null)",
  );
});

Deno.test("schemaText names values beyond JSON, and failures", () => {
  assertEquals(schemaText({ type: "array", items: { "x-type": "Date" } }), "Date[]");
  const map = { "x-type": "Map", "x-keys": { type: "string" }, "x-values": { "x-type": "bigint" } };
  assertEquals(schemaText(map), "Map<string, bigint>");
  assertEquals(schemaText({ "x-type": "Set", "x-items": map }), "Set<Map<string, bigint>>");
  assertEquals(schemaText({ "x-partial": true }), "unknown");
  assertEquals(schemaText({ type: "string", "x-partial": true }), "string");
  assertEquals(schemaText(orFailure({ type: "null" })), "null | TaskFailure");
});

Deno.test("schemaText stays short: what is deep or wide is cut off", () => {
  let deep: z.ZodType = z.string();
  for (let depth = 0; depth < 20; depth++) deep = z.object({ in: deep });
  assertEquals(textOf(deep), "{ in: { in: { in: { … } } } }");
  const wide = z.enum(Array.from({ length: 20 }, (_, index) => `v${index}`));
  assertEquals(textOf(wide).split(" | ").length, 9);
  assert(textOf(wide).endsWith(" | …"));
});

Deno.test("schemaText gives a text for any JSON that claims to be a schema", () => {
  const keys = fc.constantFrom("type", "properties", "items", "anyOf", "enum", "$ref", "required", "x");
  const schemas = fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.constantFrom("object", "array")));
  fc.assert(fc.property(schemas, (schema) => assert(schemaText(schema).length > 0)));
});
