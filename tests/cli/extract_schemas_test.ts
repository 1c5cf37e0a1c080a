import { assertEquals } from "@std/assert";
import type { JsonSchema } from "../../src/base/schema.ts";
import { extractSchemas } from "../../src/cli/extract_schemas.ts";
import { FAILURE_SCHEMA } from "../../src/task/wrap_schema.ts";

// Reading a program takes a second or two: once for all.
const { schemas, gaps } = await extractSchemas(import.meta.resolve("./fixtures/typed_tasks.ts"));

const output = (task: string): JsonSchema | undefined => schemas[task]?.output;
const properties = (task: string): unknown => output(task)?.properties;
const [text, number, yes] = [{ type: "string" }, { type: "number" }, { type: "boolean" }];
const chunk = { type: "object", properties: { n: number }, required: ["n"] };

Deno.test("extractSchemas says scalars, literals, enums, brands and unions", () => {
  assertEquals(properties("scalars"), {
    text,
    word: { enum: ["a", "b"] },
    five: { const: 5 },
    yes,
    maybe: { anyOf: [{ type: "null" }, text] },
    level: { enum: ["high", "low"] },
    id: text,
    big: { "x-type": "bigint" },
    mixed: { anyOf: [{ enum: ["x", 1] }, yes, { type: "null" }] },
  });
});

Deno.test("extractSchemas says values beyond JSON by x-type, and unwraps the promise", () => {
  assertEquals(properties("rich"), {
    at: { "x-type": "Date" },
    map: { "x-type": "Map", "x-keys": text, "x-values": { type: "array", items: { "x-type": "Date" } } },
    set: { "x-type": "Set", "x-items": { enum: [1, 2] } },
    bytes: { "x-type": "Uint8Array" },
    floats: { "x-type": "Float64Array" },
    pattern: { "x-type": "RegExp" },
    url: { "x-type": "URL" },
    none: { "x-type": "undefined" },
  });
  assertEquals(output("nothing"), { "x-type": "undefined" });
});

Deno.test("extractSchemas says arrays, tuples, records, utility types and intersections", () => {
  const object = (of: Record<string, unknown>, required = Object.keys(of)): object => ({
    type: "object",
    properties: of,
    ...(required.length === 0 ? {} : { required }),
  });
  const inner = { type: "array", items: object({ x: number }) };
  assertEquals(properties("shapes"), {
    list: { type: "array", items: number },
    pair: { type: "array", prefixItems: [text, number], items: false, minItems: 1 },
    many: { type: "array", prefixItems: [text], items: number, minItems: 1 },
    record: { type: "object", additionalProperties: number },
    words: object({ a: number, b: number }),
    part: object({ a: text, b: number }, []),
    both: object({ a: number, b: text }),
    nested: object({ deep: object({ deeper: inner }) }),
  });
});

Deno.test("extractSchemas says types that contain themselves once, by $ref", () => {
  const [tree, json] = [{ $ref: "#/$defs/Tree" }, { $ref: "#/$defs/Json" }];
  assertEquals(properties("recursive"), { tree, json });
  assertEquals(output("recursive")?.$defs, {
    Tree: {
      type: "object",
      properties: { value: number, children: { type: "array", items: tree }, parent: tree },
      required: ["value", "children"],
    },
    Json: {
      anyOf: [{ type: "array", items: json }, yes, { type: "null" }, number, {
        type: "object",
        additionalProperties: json,
      }, text],
    },
  });
});

Deno.test("extractSchemas resolves npm packages, other files, and what the runtime offers", () => {
  assertEquals(properties("inferred"), { id: text, size: number });
  assertEquals(output("untyped"), { type: "array", items: { type: "array", items: text } });
  assertEquals(output("runtime"), number);
});

Deno.test("extractSchemas says what run takes: chunks of a stream, the array of them, a failure beside", () => {
  const failure = JSON.parse(JSON.stringify(FAILURE_SCHEMA));
  assertEquals(output("ticks"), chunk);
  const kinds = ({ anyOf }: JsonSchema): unknown[] => anyOf as unknown[];
  assertEquals(new Set(kinds(schemas.stream!.inputs!.ticks!)), new Set<unknown>([chunk, failure]));
  const list = { type: "array", items: chunk };
  assertEquals(new Set(kinds(schemas.collected!.inputs!.ticks!)), new Set<unknown>([list, failure]));
  assertEquals(schemas.elsewhere?.inputs?.some, {}, "unknown takes anything");
  assertEquals(schemas.reader?.inputs, { ticks: {} });
  assertEquals(schemas.ignoring?.inputs, { scalars: {} }, "so does a run that takes nothing");
});

Deno.test("extractSchemas leaves alone what the definition says itself", () => {
  assertEquals(schemas.schemaGiven, undefined);
  assertEquals(schemas.declared?.inputs, undefined);
  const counts = { "x-type": "Map", "x-keys": text, "x-values": number };
  assertEquals(schemas.counted, { output: counts }, "what its library cannot say, the types can");
});

Deno.test("extractSchemas reports what cannot be said, and leaves it open", () => {
  assertEquals(
    gaps.filter(({ task }) => task === "unsayable").map(({ path, reason }) => `${path}: ${reason}`),
    [
      'any: the compiler knows it as "any" only',
      "fn: a function is no data",
      "point: an instance of the class Point is no data",
      "promise[]: Promise has no schema",
      'unknown: it is "unknown"',
      "route: `/${string}` has no simple pattern",
      "symbol: symbol has no schema",
    ],
  );
  const open = { "x-partial": true };
  assertEquals(properties("unsayable"), {
    ok: number,
    any: open,
    fn: open,
    point: open,
    promise: { type: "array", items: open },
    unknown: open,
    route: open,
    symbol: open,
  });
  const rest = gaps.filter(({ task }) => task !== "unsayable").map((
    { task, side, reason },
  ) => [task, side, reason]);
  assertEquals(rest, [
    ["counted", "inputs.words", "its schema has no JSON Schema"],
    ["elsewhere", "inputs.all", "object has no schema"],
    ["one", "", "no call of defineTask() with this name as a literal was found"],
    ["two", "", "no call of defineTask() with this name as a literal was found"],
  ]);
});
