/** JSON Schemas, changed copies of them, and values that are likely to fit one. */
import fc from "fast-check";

/** A schema as the tests write it. */
export type Json = boolean | { readonly [key: string]: unknown };

type Fields = Readonly<Record<string, unknown>>;

const NAMES = ["a", "b", "c"] as const;
const PATTERNS = ["^a*$", "^[ab]+$", "b"] as const;
const FORMATS = ["date", "email", "uuid", "date-time"] as const;
const VALUES = [null, true, false, 0, 1, 2.5, -3, "", "a", "ab", "b", {}, { a: 1 }, [], [1]] as const;

/** Some keys of an object at random: what is absent is left out, not `undefined`. */
function some(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Fields> {
  return fc.record(fields, { requiredKeys: [] });
}

const range = (low: string, high: string, min: number, max: number): fc.Arbitrary<Fields> =>
  some({ [low]: fc.integer({ min, max }), [high]: fc.integer({ min, max }) });

const numbers = fc.tuple(
  fc.constantFrom("number", "integer"),
  range("minimum", "maximum", -3, 6),
  some({ exclusiveMinimum: fc.integer({ min: -3, max: 3 }), multipleOf: fc.constantFrom(1, 2, 3, 4, 0.5) }),
).map(([type, bounds, more]) => ({ type, ...bounds, ...more }));

const strings = fc.tuple(
  range("minLength", "maxLength", 0, 4),
  some({ pattern: fc.constantFrom(...PATTERNS) }),
).map(([bounds, more]) => ({ type: "string", ...bounds, ...more }));

const scalars: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: numbers },
  { weight: 4, arbitrary: strings },
  { weight: 1, arbitrary: fc.constantFrom(...FORMATS).map((format) => ({ type: "string", format })) },
  { weight: 2, arbitrary: fc.constantFrom("null", "boolean", "number", "string").map((type) => ({ type })) },
  { weight: 1, arbitrary: fc.constant({ type: ["string", "null"] }) },
  { weight: 2, arbitrary: fc.constantFrom(...VALUES).map((value) => ({ const: value })) },
  { weight: 2, arbitrary: fc.subarray([...VALUES], { minLength: 1 }).map((values) => ({ enum: values })) },
  { weight: 1, arbitrary: fc.constantFrom<Json>(true, {}, false, { description: "any" }) },
);

/** Any schema; `$defs` are those of {@linkcode documents}. */
export const schemas: fc.Arbitrary<Json> = fc.letrec<{ schema: Json }>((tie) => {
  const inner = tie("schema");
  const arrays = fc.tuple(
    some({ items: inner, prefixItems: fc.array(inner, { minLength: 1, maxLength: 2 }) }),
    range("minItems", "maxItems", 0, 3),
    some({ uniqueItems: fc.constant(true), contains: fc.constant({ type: "string" }) }),
    fc.nat(5),
  ).map(([items, bounds, more, luck]) => ({
    type: "array",
    ...items,
    ...bounds,
    // Beside `prefixItems`, the validator takes an empty array for `contains`, and overlooks items that are not
    // unique if `items` has another type (ajv 8.20).
    ...luck === 0 && !("prefixItems" in items) ? more : {},
  }));
  const objects = fc.tuple(
    some(Object.fromEntries(NAMES.map((name) => [name, inner]))),
    fc.subarray([...NAMES]),
    fc.oneof(
      fc.constant({}),
      fc.constant({ additionalProperties: false }),
      some({ additionalProperties: inner }),
    ),
    some({
      patternProperties: some({ "^[ab]$": inner, "^x": inner }),
      propertyNames: fc.constantFrom({ type: "string" }, { enum: ["a", "b"] }, { maxLength: 3 }),
      minProperties: fc.nat(2),
      maxProperties: fc.nat(3),
      dependentRequired: fc.constant({ a: ["b"] }),
    }),
    fc.nat(4),
  ).map(([properties, required, additional, more, luck]) => ({
    type: "object",
    properties,
    required: required.filter((name) => !hasDefault(properties[name])),
    ...additional,
    ...luck === 0 ? more : {},
  }));
  const unions = fc.tuple(
    fc.constantFrom("anyOf", "anyOf", "oneOf", "allOf"),
    fc.array(inner, { minLength: 1, maxLength: 3 }),
  )
    .map(([key, parts]) => ({ [key]: parts }));
  const tagged = fc.tuple(
    fc.constantFrom("anyOf", "oneOf"),
    fc.subarray(["x", "y", "z"], { minLength: 1 }),
    inner,
    inner,
  )
    .map(([key, tags, one, other]) => ({
      [key]: tags.map((tag, index) => ({
        type: "object",
        properties: { kind: { const: tag }, value: index === 0 ? one : other },
        required: ["kind", "value"],
      })),
    }));
  const rare = fc.oneof(
    inner.map((not) => ({ not })),
    fc.tuple(inner, inner).map(([one, other]) => ({ if: one, then: other })),
    // A default that does not fit would be a mistake of the schema.
    fc.constantFrom({ type: "integer", default: 1 }, { type: "string", default: "" }, { default: null }),
  );
  const refs = fc.constantFrom("#/$defs/tree", "#/$defs/list").map(($ref) => ({ $ref }));
  return {
    schema: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 6, arbitrary: scalars },
      { weight: 2, arbitrary: arrays },
      { weight: 5, arbitrary: objects },
      { weight: 2, arbitrary: unions },
      { weight: 2, arbitrary: tagged },
      { weight: 1, arbitrary: refs },
      { weight: 1, arbitrary: rare },
    ),
  };
}).schema;

/** A schema with its `$defs`, which refer to themselves. */
export const documents: fc.Arbitrary<Json> = fc.tuple(schemas, scalars, fc.boolean()).map((
  [schema, leaf, open],
) => ({
  ...typeof schema === "boolean" ? { allOf: [schema] } : schema,
  $defs: {
    tree: {
      type: "object",
      properties: { value: leaf, children: { type: "array", items: { $ref: "#/$defs/tree" } } },
      required: open ? ["value"] : ["value", "children"],
      ...open ? {} : { additionalProperties: false },
    },
    list: { anyOf: [{ type: "null" }, { type: "array", prefixItems: [leaf, { $ref: "#/$defs/list" }] }] },
  },
}));

/** A schema and a copy in which some places were changed: near enough to fit now and then. */
export const pairs: fc.Arbitrary<readonly [Json, Json]> = fc.tuple(
  documents,
  fc.array(schemas, { maxLength: 3 }),
  fc.infiniteStream(fc.nat(1_000_000)),
).map(([output, others, random]) => {
  const { $defs, ...rest } = output as Fields;
  const change = (schema: unknown): Json => changed(schema, change, others, random.next().value!);
  // Nothing is put in here: a schema that consists of itself is none.
  const changeDef = (schema: unknown): Json => changed(schema, changeDef, [], random.next().value!);
  return [output, { allOf: [change(rest)], $defs: mapped($defs, changeDef) }] as const;
});

const MAPS = ["properties", "patternProperties"];
const LISTS = ["anyOf", "oneOf", "allOf", "prefixItems"];

function mapped(map: unknown, change: (schema: unknown) => Json): Fields {
  return Object.fromEntries(Object.entries(map as Fields).map(([name, schema]) => [name, change(schema)]));
}

function changed(
  schema: unknown,
  change: (inner: unknown) => Json,
  others: readonly Json[],
  luck: number,
): Json {
  if (typeof schema !== "object" || schema === null) return schema as Json;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    copy[key] = MAPS.includes(key)
      ? mapped(value, change)
      : LISTS.includes(key)
      ? (value as unknown[]).map(change)
      : ["items", "additionalProperties"].includes(key)
      ? change(value)
      : value;
  }
  const other = others[luck % 3];
  const without = (...keys: readonly string[]): Json =>
    Object.fromEntries(Object.entries(copy).filter(([key]) => !keys.includes(key)));
  switch (Math.floor(luck / 3) % 16) {
    case 0:
      return { anyOf: [copy, other ?? true] };
    case 1:
      return other === undefined ? copy : { anyOf: [other, copy] };
    case 2:
      return without("minimum", "minLength", "minItems", "required");
    case 3:
      return without("maximum", "maxLength", "maxItems", "additionalProperties");
    case 4:
      return other ?? copy;
    case 5:
      return without("pattern", "multipleOf", "uniqueItems", "format");
    case 6: {
      // What is added is often not said of the output.
      if (copy.type === "array") return "prefixItems" in copy ? copy : { ...copy, uniqueItems: true };
      if (copy.type !== "object") return copy;
      return {
        ...copy,
        properties: { ...copy.properties as Fields, [NAMES[luck % 3]!]: other ?? { type: "string" } },
      };
    }
    case 7:
      return "minimum" in copy ? { ...without("minimum") as Fields, exclusiveMinimum: copy.minimum } : copy;
    default:
      return copy;
  }
}

/** A value that is likely to fit the schema. */
export function valuesOf(schema: unknown, root: Json, depth: number = 0): fc.Arbitrary<unknown> {
  const noise = fc.constantFrom<unknown>(...VALUES);
  if (typeof schema !== "object" || schema === null || depth > 6) return noise;
  const fields = schema as Fields;
  const inner = (part: unknown): fc.Arbitrary<unknown> => valuesOf(part, root, depth + 1);
  if (typeof fields.$ref === "string") {
    const name = fields.$ref.split("/").at(-1)!;
    return inner(((root as Fields).$defs as Fields)[name]);
  }
  if ("const" in fields) return fc.constant(fields.const);
  if (Array.isArray(fields.enum)) return fc.constantFrom(...fields.enum);
  for (const key of ["anyOf", "oneOf", "allOf"]) {
    const parts = fields[key];
    if (Array.isArray(parts) && parts.length > 0) return fc.oneof(...parts.map(inner));
  }
  if (fields.then !== undefined) return fc.oneof(inner(fields.if), inner(fields.then), noise);
  const types: unknown[] = Array.isArray(fields.type) ? fields.type : [fields.type];
  return fc.oneof(...types.map((type) => ofType(type, fields, inner, noise)));
}

function ofType(
  type: unknown,
  fields: Fields,
  inner: (part: unknown) => fc.Arbitrary<unknown>,
  noise: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
    case "number":
      return fc.oneof(fc.integer({ min: -8, max: 12 }), fc.constantFrom(0.5, 1.5, -2.5, 3.5));
    case "string":
      return fc.oneof(
        fc.string({ unit: fc.constantFrom("a", "b", "é", "😀"), maxLength: 5 }),
        fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 4 }),
        fc.constantFrom(
          "2024-02-29",
          "a@b.example",
          "8c1f3f66-9d3c-4b8e-8f31-0a4b7d0c9e11",
          "2024-02-29T12:00:00Z",
        ),
      );
    case "array": {
      const first = Array.isArray(fields.prefixItems) ? fields.prefixItems : [];
      return fc.nat(4).chain((length) =>
        fc.tuple(
          ...Array.from({ length }, (_, index) => inner(index < first.length ? first[index] : fields.items)),
        )
      );
    }
    case "object": {
      const properties = { ...fields.properties as Fields };
      const required = (fields.required ?? []) as string[];
      const known = Object.fromEntries(
        [...new Set([...Object.keys(properties), ...required])].map((
          name,
        ) => [name, inner(properties[name])]),
      );
      const others = some({
        ...Object.fromEntries(NAMES.map((name) => [name, noise])),
        x1: inner(fields.additionalProperties),
        zz: inner(fields.additionalProperties),
      });
      return fc.tuple(fc.record(known, { requiredKeys: required }), others, fc.nat(2))
        .map(([object, more, luck]) => luck === 0 ? { ...more, ...object } : { ...object });
    }
    default:
      return noise;
  }
}

function hasDefault(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && "default" in schema;
}
