import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { type AnySchema, check, checked, describeIssue, jsonSchemaOf } from "../../src/base/schema.ts";

/** A schema of no library. */
function schemaOf(validate: AnySchema["~standard"]["validate"]): AnySchema {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

Deno.test("check gives what comes out of the schema", async () => {
  assertEquals(await check(z.object({ n: z.coerce.number() }), { n: "5", extra: 1 }), {
    ok: true,
    value: { n: 5 },
  });
  assertEquals(await check(schemaOf(() => ({ value: undefined })), 1), { ok: true, value: undefined });
});

Deno.test("check awaits a schema that validates asynchronously", async () => {
  const even = z.number().refine((n) => Promise.resolve(n % 2 === 0), "must be even");
  assertEquals(await check(even, 2), { ok: true, value: 2 });
  assertEquals(await check(even, 3), { ok: false, issues: ["must be even"] });
});

Deno.test("check names every issue with its path", async () => {
  const schema = z.object({
    rows: z.array(z.object({ n: z.number("a number") })),
    "odd key": z.string("a text"),
  });
  assertEquals(await check(schema, { rows: [{ n: 1 }, { n: "x" }], "odd key": 5 }), {
    ok: false,
    issues: ["at 'rows.1.n': a number", "at 'odd key': a text"],
  });
});

Deno.test("check rejects with what a schema throws", async () => {
  const broken = schemaOf(() => {
    throw new RangeError("the schema is broken");
  });
  await assertRejects(() => check(broken, 1), RangeError, "the schema is broken");
});

Deno.test("checked takes no issues for success only if they are absent", () => {
  assertEquals(checked({ value: 1 }), { ok: true, value: 1 });
  assertEquals(checked({ issues: [] }), { ok: false, issues: [] });
});

Deno.test("describeIssue writes each form of a path", () => {
  const message = "wrong";
  assertEquals(describeIssue({ message }), "wrong");
  assertEquals(describeIssue({ message, path: [] }), "wrong");
  assertEquals(describeIssue({ message, path: ["a", 0, { key: "b" }] }), "at 'a.0.b': wrong");
  assertEquals(describeIssue({ message, path: [Symbol("s")] }), "at 'Symbol(s)': wrong");
});

Deno.test("jsonSchemaOf gives either side of a schema whose library can tell", () => {
  const schema = z.object({ n: z.string().transform(Number).pipe(z.number()).default(1) });
  assertEquals(jsonSchemaOf(schema, "input")?.type, "object");
  assertEquals(jsonSchemaOf(z.number(), "output")?.type, "number");
  assertEquals(
    jsonSchemaOf(z.string().transform((text) => text.length).pipe(z.number()), "input")?.type,
    "string",
  );
  assertEquals(
    jsonSchemaOf(z.string().transform((text) => text.length).pipe(z.number()), "output")?.type,
    "number",
  );
});

Deno.test("jsonSchemaOf gives nothing where there is nothing to tell", () => {
  assertEquals(jsonSchemaOf(schemaOf((value) => ({ value })), "input"), undefined);
});

Deno.test("jsonSchemaOf says by x-type what zod has no JSON Schema for, and by x-partial where there is more", () => {
  const without$schema = (schema: AnySchema, side: "input" | "output"): unknown => {
    const { $schema: _, ...rest } = jsonSchemaOf(schema, side)!;
    return rest;
  };
  assertEquals(without$schema(z.date(), "input"), { "x-type": "Date" });
  assertEquals(without$schema(z.bigint(), "output"), { "x-type": "bigint" });
  assertEquals(without$schema(z.void(), "output"), { "x-type": "undefined" });
  assertEquals(jsonSchemaOf(z.set(z.string()), "input"), undefined, "nothing at all is said");
  assertEquals(without$schema(z.string().refine(Boolean), "input"), { type: "string", "x-partial": true });
  assertEquals(without$schema(z.array(z.coerce.number()), "input"), {
    type: "array",
    items: { "x-partial": true },
  });
  assertEquals(without$schema(z.coerce.number(), "output"), { type: "number" });
  assertEquals(without$schema(z.object({ at: z.date().optional() }), "input"), {
    type: "object",
    properties: { at: { "x-type": "Date" } },
  });
});
