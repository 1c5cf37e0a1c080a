/**
 * Whether a schema takes a value: yes, no, or not known. Proves examples; no validator for anything else.
 *
 * @module
 */
import type { JsonSchema } from "../../base/schema.ts";
import { hasFormat, matchesPattern } from "./format.ts";
import { entriesAt, listAt, numberAt, PARTIAL, textAt, textsAt, typesAt } from "./keywords.ts";
import { GivenUp, type Node } from "./node.ts";
import { hasDefault } from "./read_branches.ts";
import { isRichType, isSame, kindOf } from "./value.ts";

/** Yes, no, or not known. */
export type Truth = boolean | undefined;

const MAX_DEPTH = 200;

/** Whether a part of the schema takes a part of the value. */
type Inner = (part: unknown, of: unknown) => Truth;

/** One aspect of a schema. */
type Check = (node: Node, schema: JsonSchema, value: unknown, inner: Inner) => Truth;

const NOT_UNDERSTOOD = ["$dynamicRef", "$recursiveRef", "unevaluatedItems", "unevaluatedProperties"];

const CHECKS: readonly Check[] = [
  ({ document }, schema, value, inner) =>
    schema.$ref === undefined ? true : inner(document.resolve(schema.$ref).schema, value),
  (_, schema) => hasNone(schema, NOT_UNDERSTOOD),
  // Of an output, examples stand for what is given, whatever else is true of it.
  ({ document }, schema) => document.fillsDefaults ? hasNone(schema, [PARTIAL]) : true,
  (_, schema, value) => ofKind(schema, value),
  (_, schema, value) => !("const" in schema) || isSame(schema.const, value),
  (_, schema, value) => listAt(schema, "enum")?.some((one) => isSame(one, value)) ?? true,
  (_, schema, value, inner) => ofCombinations(schema, (part) => inner(part, value)),
  (_, schema, value) => typeof value === "number" ? ofNumber(schema, value) : true,
  (node, schema, value) => typeof value === "string" ? ofString(node, schema, value) : true,
  (_, schema, value, inner) => Array.isArray(value) ? ofArray(schema, value, inner) : true,
  (node, schema, value, inner) =>
    kindOf(value) === "object" ? ofObject(node, schema, value as JsonSchema, inner) : true,
  (_, schema, value, inner) => value instanceof Map ? all(mapChecks(schema, value, inner)) : true,
  (_, schema, value, inner) =>
    value instanceof Set && schema["x-items"] !== undefined
      ? all(Array.from(value, (item) => () => inner(schema["x-items"], item)))
      : true,
];

/** Whether the schema takes the value; whatever it says that is not understood makes a yes unknown. */
export function accepts(node: Node, value: unknown, depth: number = 0): Truth {
  const { schema, document } = node;
  document.budget.spend();
  if (depth > MAX_DEPTH) throw new GivenUp("the schemas are nested too deep to compare");
  if (typeof schema === "boolean") return schema;
  const inner: Inner = (part, of) => accepts(document.node(part), of, depth + 1);
  let result: Truth = true;
  for (const check of CHECKS) {
    const truth = check(node, schema, value, inner);
    if (truth === false) return false;
    if (truth === undefined) result = undefined;
  }
  return result;
}

/** False as soon as one is; unknown if one is. */
function all(checks: Iterable<() => Truth>): Truth {
  let result: Truth = true;
  for (const check of checks) {
    const truth = check();
    if (truth === false) return false;
    if (truth === undefined) result = undefined;
  }
  return result;
}

function hasNone(schema: JsonSchema, keys: readonly string[]): Truth {
  return keys.some((key) => schema[key] !== undefined) ? undefined : true;
}

function ofKind(schema: JsonSchema, value: unknown): Truth {
  const kind = kindOf(value);
  if (isRichType(schema["x-type"]) && schema["x-type"] !== kind) return false;
  return typesAt(schema)?.some((type) => type === kind || type === "integer" && Number.isInteger(value)) ??
    true;
}

const COMBINATIONS = ["allOf", "anyOf", "oneOf", "not", "if"];

function ofCombinations(schema: JsonSchema, takes: (part: unknown) => Truth): Truth {
  if (hasNone(schema, COMBINATIONS)) return true;
  return all([
    ...(listAt(schema, "allOf") ?? []).map((part) => () => takes(part)),
    () => {
      const some = listAt(schema, "anyOf")?.map(takes);
      return some === undefined || some.includes(true) ? true : some.includes(undefined) ? undefined : false;
    },
    () => {
      const some = listAt(schema, "oneOf")?.map(takes);
      if (some === undefined) return true;
      const yes = some.filter((truth) => truth === true).length;
      const unknown = some.filter((truth) => truth === undefined).length;
      return yes > 1 ? false : unknown > 0 ? undefined : yes === 1;
    },
    () => {
      const truth = schema.not === undefined ? false : takes(schema.not);
      return truth === undefined ? undefined : !truth;
    },
    () => {
      const truth = schema.if === undefined ? undefined : takes(schema.if);
      if (schema.if === undefined) return true;
      const branches = { then: schema.then ?? true, else: schema.else ?? true };
      if (truth !== undefined) return takes(truth ? branches.then : branches.else);
      const [yes, no] = [takes(branches.then), takes(branches.else)];
      return yes === no ? yes : undefined;
    },
  ]);
}

function ofNumber(schema: JsonSchema, value: number): Truth {
  const multiple = numberAt(schema, "multipleOf");
  return value >= (numberAt(schema, "minimum") ?? -Infinity) &&
      value <= (numberAt(schema, "maximum") ?? Infinity) &&
      value > (numberAt(schema, "exclusiveMinimum") ?? -Infinity) &&
      value < (numberAt(schema, "exclusiveMaximum") ?? Infinity)
    ? multiple === undefined ? true : isMultiple(value, multiple)
    : false;
}

/** Fractions divide with errors of rounding, over which validators disagree. */
function isMultiple(value: number, multiple: number): Truth {
  const isExact = Number.isSafeInteger(multiple) && multiple !== 0 && Math.abs(value) < 2 ** 53;
  return value === 0 ? true : isExact ? Number.isInteger(value / multiple) : undefined;
}

function ofString(node: Node, schema: JsonSchema, value: string): Truth {
  const [pattern, format] = [textAt(schema, "pattern"), textAt(schema, "format")];
  const length = [...value].length;
  if (length < (numberAt(schema, "minLength") ?? 0)) return false;
  if (length > (numberAt(schema, "maxLength") ?? Infinity)) return false;
  return all([
    () => format === undefined ? true : hasFormat(format, value),
    () => pattern === undefined ? true : matches(node, pattern, value),
  ]);
}

/** Patterns that take their time are dear, so that a schema cannot have many of them. */
function matches(node: Node, pattern: string, text: string): Truth {
  const truth = matchesPattern(pattern, text);
  if (truth === undefined) node.document.budget.spend(5_000);
  return truth;
}

function ofArray(
  schema: JsonSchema,
  value: readonly unknown[],
  inner: Inner,
): Truth {
  if (value.length < (numberAt(schema, "minItems") ?? 0)) return false;
  if (value.length > (numberAt(schema, "maxItems") ?? Infinity)) return false;
  const first = listAt(schema, "prefixItems") ?? [];
  const rest = schema.items ?? true;
  return all([
    ...value.map((item, index) => () => inner(index < first.length ? first[index] : rest, item)),
    () =>
      schema.uniqueItems !== true ||
      !value.some((a, index) => value.slice(0, index).some((b) => isSame(a, b))),
    () => {
      if (schema.contains === undefined) return true;
      const some = value.map((item) => inner(schema.contains, item));
      const [yes, maybe] = [
        some.filter((truth) => truth).length,
        some.filter((truth) => truth !== false).length,
      ];
      const [min, max] = [numberAt(schema, "minContains") ?? 1, numberAt(schema, "maxContains") ?? Infinity];
      return maybe < min || yes > max ? false : yes >= min && maybe <= max ? true : undefined;
    },
  ]);
}

function ofObject(
  node: Node,
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
  inner: Inner,
): Truth {
  const names = Object.keys(value);
  const properties = new Map(entriesAt(schema, "properties"));
  const patterns = entriesAt(schema, "patternProperties");
  if (names.length < (numberAt(schema, "minProperties") ?? 0)) return false;
  if (names.length > (numberAt(schema, "maxProperties") ?? Infinity)) return false;
  const isFilledIn = (name: string): boolean =>
    node.document.fillsDefaults && properties.has(name) &&
    hasDefault(node.document.node(properties.get(name)));
  const misses = textsAt(schema, "required").some((name) => !Object.hasOwn(value, name) && !isFilledIn(name));
  if (misses) return false;
  return all([
    ...names.map((name) => () => {
      const found = patterns.map(([pattern, part]) => [matches(node, pattern, name), part] as const);
      const isOther = !properties.has(name) && !found.some(([truth]) => truth !== false);
      const mayBeOther = !properties.has(name) && !found.some(([truth]) => truth === true);
      return all([
        () => properties.has(name) ? inner(properties.get(name), value[name]) : true,
        ...found.map(([truth, part]) => () => {
          const fits = truth === false ? true : inner(part, value[name]);
          return truth === undefined && fits === false ? undefined : fits;
        }),
        () => {
          if (!mayBeOther) return true;
          const fits = inner(schema.additionalProperties ?? true, value[name]);
          return isOther || fits ? fits : undefined;
        },
        () => inner(schema.propertyNames ?? true, name),
      ]);
    }),
    ...entriesAt(schema, "dependentRequired").map(([name, needs]) => () =>
      !Object.hasOwn(value, name) || Array.isArray(needs) && needs.every((need) => Object.hasOwn(value, need))
    ),
    ...entriesAt(schema, "dependentSchemas").map(([name, part]) => () =>
      !Object.hasOwn(value, name) || inner(part, value)
    ),
  ]);
}

function* mapChecks(
  schema: JsonSchema,
  map: ReadonlyMap<unknown, unknown>,
  inner: Inner,
): Iterable<() => Truth> {
  for (const [key, value] of map) {
    yield () => schema["x-keys"] === undefined ? true : inner(schema["x-keys"], key);
    yield () => schema["x-values"] === undefined ? true : inner(schema["x-values"], value);
  }
}
