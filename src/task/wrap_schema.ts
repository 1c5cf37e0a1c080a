/**
 * Schemas of what becomes of a value on its way: an array of chunks, or a failure in its place.
 *
 * @module
 */
import type { JsonSchema } from "../base/schema.ts";

/** A {@linkcode TaskFailure}: what a fail-safe task gives when it fails. */
export const FAILURE_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    "~millrace": { const: "failure" },
    task: { type: "string" },
    status: { enum: ["failed", "timed_out", "skipped", "cancelled"] },
    error: {
      type: "object",
      properties: { code: { type: "string" }, message: { type: "string" }, details: { type: "object" } },
      required: ["code", "message", "details"],
    },
  },
  required: ["~millrace", "task", "status", "error"],
};

/** An array of such values. */
export function arrayOf(item: JsonSchema): JsonSchema {
  return { type: "array", items: rebased(item, "/items") };
}

/** Such a value, or a failure. */
export function orFailure(value: JsonSchema): JsonSchema {
  return anyOf([value, FAILURE_SCHEMA]);
}

/** A value of any of the schemas. */
export function anyOf(schemas: readonly JsonSchema[]): JsonSchema {
  return { anyOf: schemas.map((schema, index) => rebased(schema, `/anyOf/${index}`)) };
}

/** Keywords that hold values, not schemas. */
const VALUES = ["const", "enum", "default", "examples"];

/** A schema that stands at `pointer` of another one: what it refers to by `$ref` moves along. */
function rebased<Part>(part: Part, pointer: string): Part {
  if (typeof part !== "object" || part === null) return part;
  if (Array.isArray(part)) return part.map((item) => rebased(item, pointer)) as Part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      if (key === "$ref" && typeof value === "string" && value.startsWith("#")) {
        return [key, `#${pointer}${value.slice(1)}`];
      }
      return [key, VALUES.includes(key) ? value : rebased(value, pointer)];
    }),
  ) as Part;
}
