/**
 * From the keywords of one schema, without those that combine schemas, to branches.
 *
 * @module
 */
import type { JsonSchema } from "../../base/schema.ts";
import type { Bound, Branch, NumberBranch } from "./branch.ts";
import { hasFormat } from "./format.ts";
import { entriesAt, listAt, numberAt, textAt, textsAt, typesAt } from "./keywords.ts";
import { GivenUp, type Node } from "./node.ts";
import { isRichType } from "./value.ts";

const JSON_KINDS = ["null", "boolean", "number", "string", "array", "object"];

/** The branches of a schema's own keywords. */
export function readBranches(node: Node): readonly Branch[] {
  const schema = node.schema as JsonSchema;
  if (schema.const !== undefined || "const" in schema) return [constant(schema.const)];
  if (schema.enum !== undefined) return listAt(schema, "enum")!.map(constant);
  if (isRichType(schema["x-type"])) return [richBranch(node, schema, schema["x-type"])];
  const types = typesAt(schema);
  const branches = [...new Set(types ?? JSON_KINDS)].flatMap((type) => branchesOfType(node, schema, type));
  return types === undefined ? [...branches, { kind: "rich", opaque: [] }] : branches;
}

function branchesOfType(node: Node, schema: JsonSchema, type: string): readonly Branch[] {
  switch (type) {
    case "null":
      return [constant(null)];
    case "boolean":
      return [constant(true), constant(false)];
    case "integer":
      return numberBranch(schema, true);
    case "number":
      return numberBranch(schema, false);
    case "string":
      return stringBranch(schema);
    case "array":
      return arrayBranch(node, schema);
    case "object":
      return objectBranch(node, schema);
    default:
      throw new GivenUp(`there is no type "${type}"`);
  }
}

function constant(value: unknown): Branch {
  return { kind: "const", value, opaque: [] };
}

function numberBranch(schema: JsonSchema, whole: boolean): readonly Branch[] {
  const multiple = numberAt(schema, "multipleOf");
  const min = tighter(
    boundAt(schema, "minimum", false),
    boundAt(schema, "exclusiveMinimum", true),
    (a, b) => a > b,
  );
  const max = tighter(
    boundAt(schema, "maximum", false),
    boundAt(schema, "exclusiveMaximum", true),
    (a, b) => a < b,
  );
  return withoutEmpty({
    kind: "number",
    whole,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    multiples: multiple === undefined ? [] : [multiple],
    opaque: [],
  });
}

/** The number branch alone, or nothing if no number is in it. */
export function withoutEmpty(branch: NumberBranch): readonly Branch[] {
  const { min, max } = branch;
  if (min === undefined || max === undefined || min.at < max.at) return [branch];
  return min.at === max.at && !min.open && !max.open ? [branch] : [];
}

/** The bound that leaves less. */
export function tighter(
  a: Bound | undefined,
  b: Bound | undefined,
  isBeyond: (a: number, b: number) => boolean,
): Bound | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.at === b.at) return a.open ? a : b;
  return isBeyond(a.at, b.at) ? a : b;
}

function boundAt(schema: JsonSchema, key: string, open: boolean): Bound | undefined {
  const at = numberAt(schema, key);
  return at === undefined ? undefined : { at, open };
}

function stringBranch(schema: JsonSchema): readonly Branch[] {
  const [pattern, format] = [textAt(schema, "pattern"), textAt(schema, "format")];
  const blankless = format !== undefined && hasFormat(format, "") === false;
  const min = Math.max(numberAt(schema, "minLength") ?? 0, blankless ? 1 : 0);
  const max = numberAt(schema, "maxLength") ?? Infinity;
  if (min > max) return [];
  return [{
    kind: "string",
    min,
    max,
    patterns: pattern === undefined ? [] : [pattern],
    formats: format === undefined ? [] : [format],
    opaque: [],
  }];
}

function arrayBranch(node: Node, schema: JsonSchema): readonly Branch[] {
  const at = (item: unknown): Node => node.document.node(item);
  const first = (listAt(schema, "prefixItems") ?? []).map(at);
  const { items } = schema;
  const min = numberAt(schema, "minItems") ?? 0;
  const most = numberAt(schema, "maxItems") ?? Infinity;
  const max = items === false ? Math.min(most, first.length) : most;
  if (min > max) return [];
  return [{
    kind: "array",
    first,
    ...(items === undefined ? {} : { rest: at(items) }),
    min,
    max,
    unique: schema.uniqueItems === true,
    opaque: opaqueOf(schema, ["contains", "unevaluatedItems"]),
  }];
}

function objectBranch(node: Node, schema: JsonSchema): readonly Branch[] {
  const at = (property: unknown): Node => node.document.node(property);
  const nodes = (key: string): Map<string, Node> =>
    new Map(entriesAt(schema, key).map(([name, property]) => [name, at(property)]));
  const { additionalProperties, propertyNames } = schema;
  const [properties, required] = [nodes("properties"), new Set(textsAt(schema, "required"))];
  if (node.document.fillsDefaults) {
    for (const name of required) if (hasDefault(properties.get(name))) required.delete(name);
  }
  return [{
    kind: "object",
    properties,
    required,
    patterns: nodes("patternProperties"),
    ...(additionalProperties === undefined ? {} : { additional: at(additionalProperties) }),
    ...(propertyNames === undefined ? {} : { names: at(propertyNames) }),
    min: numberAt(schema, "minProperties") ?? 0,
    max: numberAt(schema, "maxProperties") ?? Infinity,
    opaque: opaqueOf(schema, ["dependentRequired", "dependentSchemas", "unevaluatedProperties"]),
  }];
}

/** Whether what is absent is filled in. */
export function hasDefault(node: Node | undefined): boolean {
  return typeof node?.schema === "object" && "default" in node.schema;
}

function richBranch(node: Node, schema: JsonSchema, type: string): Branch {
  const inside = (key: string): Node | undefined =>
    schema[key] === undefined ? undefined : node.document.node(schema[key]);
  const [keys, values, items] = [inside("x-keys"), inside("x-values"), inside("x-items")];
  return {
    kind: "rich",
    type,
    ...(keys === undefined ? {} : { keys }),
    ...(values === undefined ? {} : { values }),
    ...(items === undefined ? {} : { items }),
    opaque: [],
  };
}

function opaqueOf(schema: JsonSchema, keys: readonly string[]): readonly string[] {
  return keys.filter((key) => schema[key] !== undefined);
}
