import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { type AnySchema, jsonSchemaOf } from "../../src/base/schema.ts";
import { type AnyJsonSchema, fitSchemas } from "../../src/planner/schema_fit.ts";

/** The verdict in short: `yes`, `no at 'path': reason`, `unknown at 'path': reason`. */
function verdict(output: AnyJsonSchema, input: AnyJsonSchema): string {
  const fit = fitSchemas(output, input);
  if (fit.fit === "compatible") return "yes";
  return `${fit.fit === "unknown" ? "unknown" : "no"} at '${fit.path}': ${fit.reason}`;
}

/** The same of what one schema of zod gives and another takes. */
function ofZod(output: AnySchema, input: AnySchema): string {
  return verdict(jsonSchemaOf(output, "output")!, jsonSchemaOf(input, "input")!);
}

/** The same with both in an array: alone, a schema of which nothing can be said has no JSON Schema. */
function ofItems(output: z.ZodType, input: z.ZodType): string {
  return ofZod(z.array(output), z.array(input));
}

const object = (properties: Record<string, unknown>, more: object = {}): AnyJsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  ...more,
});
const [text, number, integer] = [{ type: "string" }, { type: "number" }, { type: "integer" }];

Deno.test("fitSchemas compares kinds of values", () => {
  assertEquals(verdict(integer, number), "yes");
  assertEquals(verdict(number, integer), "no at '': gives number, but integer is needed");
  assertEquals(verdict(text, number), "no at '': gives string, but number is needed");
  assertEquals(verdict({ type: ["string", "null"] }, text), "no at '': gives null, but string is needed");
  assertEquals(verdict({ type: "null" }, { type: ["string", "null"] }), "yes");
  assertEquals(verdict({ type: "boolean" }, { enum: [false, true, 1] }), "yes");
  assertEquals(verdict(text, { type: "array" }), "no at '': gives string, but array is needed");
});

Deno.test("fitSchemas compares bounds, multiples, formats and patterns", () => {
  assertEquals(
    verdict({ type: "number", minimum: 1, maximum: 3 }, { type: "number", minimum: 0, maximum: 3 }),
    "yes",
  );
  assertEquals(
    verdict({ type: "integer", minimum: 0 }, { type: "number", minimum: 1 }),
    "no at '': may be less than 1",
  );
  assertEquals(verdict({ type: "number", exclusiveMinimum: 1 }, { type: "number", minimum: 1 }), "yes");
  assertEquals(
    verdict({ type: "number", minimum: 1 }, { type: "number", exclusiveMinimum: 1 }),
    "no at '': may be less than 1, or equal to it",
  );
  assertEquals(verdict({ type: "integer", multipleOf: 6 }, { type: "integer", multipleOf: 3 }), "yes");
  assertEquals(
    verdict({ multipleOf: 3, type: "integer" }, { type: "integer", multipleOf: 6 }),
    "no at '': need not be a multiple of 6",
  );
  assertEquals(verdict({ type: "string", minLength: 2 }, { type: "string", minLength: 1 }), "yes");
  assertEquals(verdict(text, { type: "string", maxLength: 3 }), "no at '': may be longer than 3");
  assertEquals(
    verdict(text, { type: "string", format: "date" }),
    `no at '': need not have the format "date"`,
  );
  assertEquals(verdict({ type: "string", format: "date" }, text), "yes");
  assertEquals(verdict(text, { type: "string", pattern: "^a$" }), `no at '': need not match "^a$"`);
  assertEquals(
    verdict({ type: "string", pattern: "^a$" }, { type: "string", pattern: "^a+$" }),
    `unknown at '': need not match "^a+$"`,
  );
  assertEquals(verdict({ const: "aa" }, { type: "string", pattern: "^a+$" }), "yes");
});

Deno.test("fitSchemas compares properties: required, optional, additional, named by a pattern", () => {
  const closed = { additionalProperties: false };
  assertEquals(verdict(object({ a: text, b: number }), object({ a: text })), "yes");
  assertEquals(
    verdict(object({ a: text }), object({ a: text, b: number })),
    "no at 'b': may be absent, but is required",
  );
  assertEquals(verdict(object({ a: { b: text } }), object({ a: { b: text } })), "yes");
  assertEquals(
    verdict(object({ a: object({ "b c": text }) }), object({ a: object({ "b c": number }) })),
    `no at 'a."b c"': gives string, but number is needed`,
  );
  assertEquals(
    verdict(object({ a: text, b: text }), object({ a: text }, closed)),
    "no at 'b': is not allowed",
  );
  assertEquals(verdict(object({ a: text }, closed), object({ a: text }, closed)), "yes");
  const optional = { type: "object", properties: { a: text } };
  assertEquals(verdict(object({}, closed), optional), "yes");
  assertEquals(verdict({ type: "object" }, optional), "unknown at 'a': nothing is said about it");
  const record = { type: "object", additionalProperties: number };
  assertEquals(verdict(record, record), "yes");
  assertEquals(
    verdict(record, { type: "object", additionalProperties: text }),
    "no at '*': gives number, but string is needed",
  );
  assertEquals(verdict(record, optional), "no at 'a': gives number, but string is needed");
  const byPattern = { type: "object", patternProperties: { "^x": integer }, additionalProperties: false };
  assertEquals(verdict(byPattern, { ...byPattern, patternProperties: { "^x": number } }), "yes");
  assertEquals(
    verdict(object({ x1: text }, closed), { type: "object", patternProperties: { "^x": number } }),
    "no at 'x1': gives string, but number is needed",
  );
  assertEquals(
    verdict(object({ ab: text }, closed), { type: "object", propertyNames: { maxLength: 1 } }),
    "no at 'ab': the name may not be allowed",
  );
  assertEquals(
    verdict(object({ a: text }, closed), { type: "object", minProperties: 2 }),
    "no at '': may have fewer than 2 properties",
  );
});

Deno.test("fitSchemas lets a property with a default be absent from an input", () => {
  const input = object({ a: { type: "string", default: "x" } });
  assertEquals(verdict(object({}, { additionalProperties: false }), input), "yes");
  assertEquals(verdict(object({ a: number }), input), "no at 'a': gives number, but string is needed");
});

Deno.test("fitSchemas compares arrays and tuples", () => {
  const pair = { type: "array", prefixItems: [text, number], items: false, minItems: 2 };
  assertEquals(verdict({ type: "array", items: integer }, { type: "array", items: number }), "yes");
  assertEquals(
    verdict({ type: "array", items: object({ id: text }) }, { type: "array", items: object({ id: number }) }),
    "no at '[].id': gives string, but number is needed",
  );
  assertEquals(verdict(pair, { type: "array", items: { type: ["string", "number"] } }), "yes");
  assertEquals(
    verdict(pair, { type: "array", prefixItems: [text, text] }),
    "no at '[1]': gives number, but string is needed",
  );
  assertEquals(
    verdict({ type: "array", items: text }, { ...pair, prefixItems: [text, text] }),
    "no at '': may have fewer than 2 items",
  );
  assertEquals(
    verdict({ type: "array", items: text }, { type: "array", maxItems: 2 }),
    "no at '': may have more than 2 items",
  );
  assertEquals(
    verdict({ type: "array", items: text }, { type: "array", uniqueItems: true }),
    "no at '': may have the same item twice",
  );
  assertEquals(
    verdict({ type: "array" }, { type: "array", items: text }),
    "unknown at '[]': nothing is said about these items",
  );
  assertEquals(verdict({ type: "array", items: false }, { type: "array", items: text, maxItems: 0 }), "yes");
});

Deno.test("fitSchemas compares unions, told apart by kind or by a property", () => {
  const card = object({ kind: { const: "card" }, last4: text });
  const invoice = object({ kind: { const: "invoice" }, days: integer });
  const transfer = object({ kind: { const: "transfer" } });
  assertEquals(verdict({ anyOf: [text, integer] }, { anyOf: [number, text] }), "yes");
  assertEquals(verdict({ oneOf: [card, invoice] }, { oneOf: [transfer, invoice, card] }), "yes");
  assertEquals(
    verdict({ oneOf: [card, transfer] }, { oneOf: [card, invoice] }),
    "no at '': fits none of 2 alternatives",
  );
  const changed = object({ kind: { const: "invoice" }, days: text });
  assertEquals(
    verdict({ oneOf: [card, invoice] }, { anyOf: [card, changed] }),
    "no at 'days': gives integer, but string is needed",
  );
  const either = object({ kind: { enum: ["card", "transfer"] }, last4: text });
  assertEquals(
    verdict(either, { oneOf: [card, transfer] }),
    "yes",
    "taken apart by what tells the alternatives apart",
  );
  assertEquals(
    verdict(text, { oneOf: [text, { type: "string", minLength: 0 }] }),
    "no at '': fits none of 2 alternatives",
    "it fits both",
  );
  assertEquals(
    verdict({ allOf: [object({ a: text }), object({ b: number })] }, object({ a: text, b: number })),
    "yes",
  );
  assertEquals(
    verdict(object({ a: text, b: text }), { allOf: [object({ a: text }), object({ b: number })] }),
    "no at 'b': gives string, but number is needed",
  );
});

Deno.test("fitSchemas does not take a property that a pattern names for one of the others", () => {
  const patterned = { type: "object", patternProperties: { "^a": text }, additionalProperties: false };
  const output = { allOf: [{ type: "object", properties: { a: true } }, patterned] };
  const input = { type: "object", properties: { a: number } };
  assertEquals(verdict(output, input), "unknown at 'a': nothing is said about it");
});

Deno.test("fitSchemas follows schemas that contain themselves, and ends", () => {
  const tree = (value: object, required: string[] = ["value", "children"]): AnyJsonSchema => ({
    $ref: "#/$defs/tree",
    $defs: {
      tree: {
        type: "object",
        properties: { value, children: { type: "array", items: { $ref: "#/$defs/tree" } } },
        required,
      },
    },
  });
  assertEquals(verdict(tree(integer), tree(number, ["value"])), "yes");
  assertEquals(verdict(tree(number), tree(integer)), "no at 'value': gives number, but integer is needed");
  assertEquals(
    verdict(tree(integer, ["value"]), tree(integer)),
    "no at 'children': may be absent, but is required",
  );
  const unrolled = object({ value: integer, children: { type: "array", items: { $ref: "#" } } });
  assertEquals(verdict(unrolled, tree(integer)), "yes");
});

Deno.test("fitSchemas knows of any and never", () => {
  assertEquals(verdict(text, true), "yes");
  assertEquals(verdict({}, { description: "whatever" }), "yes");
  assertEquals(verdict(true, text), "unknown at '': nothing is said about it");
  assertEquals(verdict(false, text), "yes", "nothing is given");
  assertEquals(verdict({ not: {} }, text), "yes");
  assertEquals(verdict(text, false), "no at '': gives string, but nothing is needed");
  assertEquals(verdict(object({ a: false }), object({ a: text, b: text })), "yes", "no such object");
});

Deno.test("fitSchemas does not pretend to understand what it does not", () => {
  assertEquals(verdict(text, { type: "string", not: { const: "a" } }), `no at '': "not" is not understood`);
  assertEquals(
    verdict(text, { type: "string", "x-partial": true }),
    "unknown at '': more is needed than its schema says",
  );
  assertEquals(
    verdict({ type: "string", "x-partial": true }, number),
    "no at '': gives string, but number is needed",
  );
  assertEquals(
    verdict({ type: "string", "x-partial": true }, { type: "string", minLength: 1 }),
    "unknown at '': may be shorter than 1",
  );
  assertEquals(
    verdict({ $ref: "other.json" }, text),
    `unknown at '': a "$ref" leaves its document: "other.json"`,
  );
  assertEquals(
    verdict({ $ref: "#/$defs/a" }, text),
    `unknown at '': a "$ref" points to nothing: "#/$defs/a"`,
  );
  assertEquals(verdict({ anyOf: [{ $ref: "#" }] }, text), "unknown at '': a schema consists of itself");
  assertEquals(
    verdict({ type: 5 }, text),
    `unknown at '': "type" of a schema has not the form that JSON Schema prescribes`,
  );
});

Deno.test("fitSchemas compares values beyond JSON by x-type", () => {
  const map = (values: object): AnyJsonSchema => ({ "x-type": "Map", "x-keys": text, "x-values": values });
  assertEquals(verdict({ "x-type": "Date" }, { "x-type": "Date" }), "yes");
  assertEquals(
    verdict({ "x-type": "Date" }, { type: "string", format: "date-time" }),
    "no at '': gives Date, but string is needed",
  );
  assertEquals(verdict({ "x-type": "bigint" }, integer), "no at '': gives bigint, but integer is needed");
  assertEquals(
    verdict({ "x-type": "Uint8Array" }, { "x-type": "Uint16Array" }),
    "no at '': gives Uint8Array, but Uint16Array is needed",
  );
  assertEquals(verdict({ "x-type": "undefined" }, text), "no at '': gives undefined, but string is needed");
  assertEquals(verdict(map(integer), map(number)), "yes");
  assertEquals(verdict(map(number), map(text)), "no at 'values': gives number, but string is needed");
  assertEquals(
    verdict({ "x-type": "Set", "x-items": text }, { "x-type": "Set", "x-items": number }),
    "no at 'items': gives string, but number is needed",
  );
  assertEquals(verdict({ "x-type": "Map" }, map(text)), "unknown at 'keys': nothing is said about them");
  assertEquals(
    verdict({ "x-type": "Date" }, { type: "object" }),
    "no at '': gives Date, but object is needed",
  );
  assertEquals(verdict({ "x-type": "Date" }, {}), "yes");
});

Deno.test("fitSchemas reads what zod writes", () => {
  const order = z.object({
    id: z.string(),
    at: z.date(),
    size: z.int().optional(),
    tags: z.array(z.enum(["a", "b"])),
  });
  assertEquals(ofZod(order, order), "yes");
  assertEquals(ofZod(order, z.object({ id: z.string().nullable(), size: z.number().default(1) })), "yes");
  assertEquals(
    ofZod(order, z.object({ at: z.iso.datetime() })),
    "no at 'at': gives Date, but string is needed",
  );
  assertEquals(
    ofZod(order, z.object({ tags: z.array(z.literal("a")) })),
    `no at 'tags[]': gives "b", but "a" is needed`,
  );
  assertEquals(ofZod(order, z.strictObject({ id: z.string() })), "no at 'at': is not allowed");
  const [scores, named] = [z.record(z.string(), z.number()), z.object({ a: z.number().optional() })];
  assertEquals([ofZod(scores, scores), ofZod(scores, named)], ["yes", "yes"]);
  const Node = z.object({
    value: z.number(),
    get next() {
      return Node.optional();
    },
  });
  assertEquals(ofZod(Node, Node), "yes");
  assertEquals(ofZod(z.email(), z.number()), "no at '': gives string, but number is needed");
});

Deno.test("fitSchemas knows that zod may take more, or less, than its JSON Schema says", () => {
  const unknown = "unknown at '[]': nothing is said about what is needed";
  assertEquals(ofItems(z.string(), z.coerce.number()), unknown);
  assertEquals(ofItems(z.string(), z.preprocess(Number, z.number())), unknown);
  assertEquals(ofItems(z.string(), z.number().catch(0)), unknown);
  assertEquals(ofItems(z.string(), z.string().toLowerCase().regex(/^a+$/)), unknown);
  assertEquals(ofItems(z.string(), z.map(z.string(), z.string())), unknown);
  assertEquals(
    ofItems(z.string(), z.string().refine((word) => word !== "")),
    "unknown at '[]': more is needed than its schema says",
  );
  assertEquals(
    ofItems(z.string().transform(Number), z.string()),
    "unknown at '[]': nothing is said about it",
  );
});

Deno.test("fitSchemas gives an output that is refused", () => {
  const output = object({
    rows: { type: "array", items: object({ id: text, note: { type: ["string", "null"] } }) },
  });
  const fit = fitSchemas(output, object({ rows: { type: "array", items: object({ note: text }) } }));
  assert(fit.fit === "incompatible");
  assertEquals([fit.path, fit.example], ["rows[].note", { rows: [{ id: "", note: null }] }]);
});

Deno.test("fitSchemas gives up on schemas that would take for ever", () => {
  const nested = (depth: number, leaf: Record<string, unknown>): Record<string, unknown> =>
    depth === 0 ? leaf : { type: "array", items: nested(depth - 1, leaf) };
  assertEquals(verdict(nested(60, integer), nested(60, number)), "yes");
  assertEquals(
    verdict(nested(2_000, integer), nested(2_000, number)),
    "unknown at '': the schemas are nested too deep to compare",
  );
  let deepest: object = integer;
  for (let depth = 0; depth < 100_000; depth++) deepest = { const: deepest };
  assertEquals(
    verdict(deepest as AnyJsonSchema, { const: structuredCloneOf(deepest) }).startsWith("unknown"),
    true,
  );
  const wide = (leaf: object): AnyJsonSchema => ({
    $ref: "#/$defs/d0",
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => {
        const next = { $ref: `#/$defs/d${n + 1}` };
        return [`d${n}`, { anyOf: [object({ x: next }), object({ x: next, y: next })] }];
      }).concat([["d40", leaf as never]]),
    ),
  });
  assertEquals(verdict(wide(integer), wide(text)), "no at '': fits none of 2 alternatives");
  const evil = { type: "string", pattern: "^(a+)+$" };
  const tries = Array.from({ length: 1_000 }, (_, n) => `${"a".repeat(40)}!${n}`);
  assertEquals(verdict({ enum: tries }, evil), "unknown at '': the schemas are too large to compare");
});

/** `structuredClone` recurses too deep for this one. */
function structuredCloneOf(nested: object): object {
  let depth = 0;
  let inner: unknown = nested;
  while (typeof inner === "object" && inner !== null && "const" in inner) {
    [inner, depth] = [inner.const, depth + 1];
  }
  let copy: object = { ...inner as object };
  for (; depth > 0; depth--) copy = { const: copy };
  return copy;
}
