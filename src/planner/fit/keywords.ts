/**
 * Reads the keywords of a JSON Schema; one of the wrong form gives the comparison up.
 *
 * @module
 */
import type { JsonSchema } from "../../base/schema.ts";
import { GivenUp } from "./node.ts";

/** Says that a schema has more to it than JSON Schema can say: a check by code, a class. */
export const PARTIAL = "x-partial";

/** Keywords that stand for, or combine, other schemas. */
export const COMBINING: readonly string[] = (
  `$ref $dynamicRef $recursiveRef allOf anyOf oneOf not if ${PARTIAL}`
).split(" ");

/** The keywords that restrict a value (JSON Schema 2020-12, and ours); all others only say something about it. */
const ASSERTIONS: ReadonlySet<string> = new Set([
  ...COMBINING,
  ...("type enum const x-type multipleOf minimum maximum exclusiveMinimum exclusiveMaximum " +
    "minLength maxLength pattern format items prefixItems minItems maxItems uniqueItems contains unevaluatedItems " +
    "properties required additionalProperties patternProperties propertyNames minProperties maxProperties " +
    "dependentRequired dependentSchemas unevaluatedProperties").split(" "),
]);

/** Whether a schema restricts values by itself, not by the schemas that it combines. */
export function restrictsItself(schema: JsonSchema): boolean {
  return Object.keys(schema).some((key) => ASSERTIONS.has(key) && !COMBINING.includes(key));
}

/** Whether a schema restricts nothing. */
export function isAnything(schema: JsonSchema): boolean {
  return !Object.keys(schema).some((key) => ASSERTIONS.has(key));
}

/** A finite number, if there is one. */
export function numberAt(schema: JsonSchema, key: string): number | undefined {
  const value = schema[key];
  if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
  throw malformed(key);
}

/** A text, if there is one. */
export function textAt(schema: JsonSchema, key: string): string | undefined {
  const value = schema[key];
  if (value === undefined || typeof value === "string") return value;
  throw malformed(key);
}

/** A list, if there is one. */
export function listAt(schema: JsonSchema, key: string): readonly unknown[] | undefined {
  const value = schema[key];
  if (value === undefined || Array.isArray(value)) return value;
  throw malformed(key);
}

/** A list of texts; empty if there is none. */
export function textsAt(schema: JsonSchema, key: string): readonly string[] {
  const list = listAt(schema, key) ?? [];
  if (list.every((item) => typeof item === "string")) return list;
  throw malformed(key);
}

/** The entries of an object; none if there is none. */
export function entriesAt(schema: JsonSchema, key: string): readonly (readonly [string, unknown])[] {
  const value = schema[key];
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed(key);
  return Object.entries(value);
}

/** The names in `type`, if it is there. */
export function typesAt(schema: JsonSchema): readonly string[] | undefined {
  const { type } = schema;
  return typeof type === "string" ? [type] : type === undefined ? undefined : textsAt(schema, "type");
}

function malformed(key: string): GivenUp {
  return new GivenUp(`"${key}" of a schema has not the form that JSON Schema prescribes`);
}
