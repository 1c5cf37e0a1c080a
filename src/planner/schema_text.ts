/**
 * JSON Schemas as short texts for people, in the words of TypeScript.
 *
 * @module
 */
import type { JsonSchema } from "../base/schema.ts";

/** How deep objects and arrays are written out. */
const MAX_DEPTH = 3;
/** How many members or alternatives are written out. */
const MAX_PARTS = 8;

/** The type that a schema describes; what is too deep, too wide or unknown is `…`. */
export function schemaText(schema: JsonSchema): string {
  return write(schema, 0);
}

function write(schema: unknown, depth: number): string {
  if (schema === true) return "unknown";
  if (schema === false) return "never";
  if (!isObject(schema)) return "…";
  const { $ref, enum: values, anyOf, oneOf, allOf, type } = schema;
  if (typeof $ref === "string") return $ref.split("/").at(-1)!.replace("#", "") || "…";
  if (isFailure(schema)) return "TaskFailure";
  if (typeof schema["x-type"] === "string") return richText(schema, depth);
  if ("const" in schema) return literal(schema.const);
  if (Array.isArray(values)) return joined(values.map(literal), " | ") || "never";
  const union = anyOf ?? oneOf;
  if (Array.isArray(union)) return alternatives(union, depth, " | ");
  if (Array.isArray(allOf)) return alternatives(allOf, depth, " & ");
  if (Array.isArray(type)) {
    return joined(
      type.map((one) => Array.isArray(one) ? "…" : write({ ...schema, type: one }, depth)),
      " | ",
    ) || "…";
  }
  switch (type) {
    case "object":
      return objectText(schema, depth);
    case "array":
      return arrayText(schema, depth);
    case "integer":
      return "number";
    case "string":
    case "number":
    case "boolean":
    case "null":
      return type;
    default:
      return type === undefined && Object.keys(schema).every(saysNothing) ? "unknown" : "…";
  }
}

function saysNothing(key: string): boolean {
  return key.startsWith("$") || key === "x-partial";
}

/** What a fail-safe task gives when it fails. */
function isFailure({ properties }: JsonSchema): boolean {
  const mark = isObject(properties) ? properties["~millrace"] : undefined;
  return isObject(mark) && mark.const === "failure";
}

/** `Date`, `Map<string, number>`, `Set<string>`. */
function richText(schema: JsonSchema, depth: number): string {
  const inside = ["x-keys", "x-values", "x-items"].filter((key) => key in schema);
  const name = schema["x-type"] as string;
  if (inside.length === 0) return name;
  return `${name}<${
    depth >= MAX_DEPTH ? "…" : inside.map((key) => write(schema[key], depth + 1)).join(", ")
  }>`;
}

function alternatives(schemas: readonly unknown[], depth: number, sign: " | " | " & "): string {
  const texts = schemas.map((schema) => {
    const text = write(schema, depth);
    return sign === " & " && / \| /.test(text) ? `(${text})` : text;
  });
  return joined([...new Set(texts)], sign) || "…";
}

function objectText({ properties, required, additionalProperties }: JsonSchema, depth: number): string {
  if (depth >= MAX_DEPTH) return "{ … }";
  const needed = Array.isArray(required) ? required : [];
  const members = Object.entries(isObject(properties) ? properties : {}).map(([key, member]) =>
    `${keyText(key)}${needed.includes(key) ? "" : "?"}: ${write(member, depth + 1)}`
  );
  if (isObject(additionalProperties)) {
    members.push(`[key: string]: ${write(additionalProperties, depth + 1)}`);
  }
  return members.length === 0 ? "object" : `{ ${joined(members, "; ")} }`;
}

function arrayText({ items, prefixItems }: JsonSchema, depth: number): string {
  if (depth >= MAX_DEPTH) return "[ … ]";
  if (Array.isArray(prefixItems)) {
    const rest = isObject(items) ? [`...${write({ type: "array", items }, depth)}`] : [];
    return `[${joined([...prefixItems.map((item) => write(item, depth + 1)), ...rest], ", ")}]`;
  }
  const item = items === undefined ? "unknown" : write(items, depth + 1);
  return / [|&] /.test(item) && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
}

function joined(parts: readonly string[], sign: string): string {
  return parts.length <= MAX_PARTS ? parts.join(sign) : [...parts.slice(0, MAX_PARTS), "…"].join(sign);
}

function literal(value: unknown): string {
  return JSON.stringify(value);
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
