/**
 * The little that Millrace needs of a schema: the Standard Schema v1 interface
 * (<https://standardschema.dev>), which zod, valibot and arktype implement.
 *
 * @module
 */

/** A schema of any library: the part of Standard Schema v1 that Millrace uses. */
export interface Schema<Input = unknown, Output = Input> {
  /** What the standard prescribes. */
  readonly "~standard": {
    /** The version of the standard. */
    readonly version: 1;
    /** Who made the schema, for example "zod". */
    readonly vendor: string;
    /** Checks and converts a value. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** The types, for the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What validation gives: a value, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing wrong with a value. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where, from the root. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Any schema. */
// deno-lint-ignore no-explicit-any -- a schema of any input and output; `unknown` would not accept them
export type AnySchema = Schema<any, any>;

/** What goes into a schema. */
export type InputOf<S extends AnySchema> = NonNullable<S["~standard"]["types"]>["input"];

/** What comes out of a schema. */
export type OutputOf<S extends AnySchema> = NonNullable<S["~standard"]["types"]>["output"];

/** A JSON Schema (draft 2020-12) as data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A value, or the issues as sentences `at 'path': message`. */
export type Checked<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly issues: readonly string[] };

/** Whether something is a schema of a library that implements Standard Schema. */
export function isSchema(value: unknown): value is AnySchema {
  // arktype's schemas are functions.
  const standard = (typeof value === "object" && value !== null) || typeof value === "function"
    ? (value as { "~standard"?: { version?: unknown; validate?: unknown } })["~standard"]
    : undefined;
  return standard?.version === 1 && typeof standard.validate === "function";
}

/** Checks a value at once; a schema that validates asynchronously is awaited. */
export async function check<S extends AnySchema>(schema: S, value: unknown): Promise<Checked<OutputOf<S>>> {
  return checked(await schema["~standard"].validate(value));
}

/** Turns the result of a validation into a value or sentences. */
export function checked<Output>(result: SchemaResult<Output>): Checked<Output> {
  if (result.issues === undefined) return { ok: true, value: result.value };
  return { ok: false, issues: result.issues.map(describeIssue) };
}

/** One issue as a sentence. */
export function describeIssue(issue: SchemaIssue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return path === "" ? issue.message : `at '${path}': ${issue.message}`;
}

/**
 * The JSON Schema of one side of a schema, or `undefined` where its library cannot tell
 * (`~standard.jsonSchema` of Standard JSON Schema: zod 4 and arktype have it, valibot 1 has not).
 *
 * Dates, bigints and `undefined` are `{ "x-type": … }`; where the schema asks for more than JSON Schema can
 * say (a `refine()`, a class), it has `"x-partial": true`.
 */
export function jsonSchemaOf(schema: AnySchema, side: "input" | "output"): JsonSchema | undefined {
  const standard = schema["~standard"] as {
    vendor?: unknown;
    jsonSchema?: Record<"input" | "output", (options: object) => JsonSchema>;
  };
  try {
    const libraryOptions = standard.vendor === "zod" ? zodOptions(side) : {};
    const json = standard.jsonSchema?.[side]({ target: "draft-2020-12", libraryOptions });
    return json === undefined || saysNothing(json) ? undefined : json;
  } catch {
    // Not expressible: unchecked at plan time, and the plan says so.
    return undefined;
  }
}

/** Whether there is more to the schema than JSON Schema can say, and that is all that it says. */
function saysNothing(json: JsonSchema): boolean {
  return json["x-partial"] === true &&
    Object.keys(json).every((key) => key === "x-partial" || key === "$schema");
}

/** The part of a zod schema that is looked at (zod 4.6: `z.toJSONSchema()`, its option `override`). */
interface ZodPart {
  readonly zodSchema: { readonly _zod: { readonly def: ZodDef } };
  readonly jsonSchema: Record<string, unknown>;
}

interface ZodDef {
  readonly type: string;
  readonly coerce?: boolean;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly check: string } } }[];
  readonly in?: { readonly _zod: { readonly def: ZodDef } };
}

/** What zod says nothing of, or not what is true of what goes in. */
function zodOptions(side: "input" | "output"): object {
  const override = ({ zodSchema, jsonSchema }: ZodPart): void => {
    const { def } = zodSchema._zod;
    const hasCheck = (name: string): boolean =>
      def.checks?.some((one) => one._zod.def.check === name) ?? false;
    const converts = def.coerce === true || def.type === "catch" || hasCheck("overwrite") ||
      def.type === "pipe" && def.in?._zod.def.type === "transform";
    if (side === "input" && converts) {
      for (const key of Object.keys(jsonSchema)) if (key !== "default") delete jsonSchema[key];
      jsonSchema["x-partial"] = true;
    } else if (def.type === "date") jsonSchema["x-type"] = "Date";
    else if (def.type === "bigint") jsonSchema["x-type"] = "bigint";
    else if (def.type === "undefined" || def.type === "void") jsonSchema["x-type"] = "undefined";
    else if (UNSAID.includes(def.type)) jsonSchema["x-partial"] = true;
    if (hasCheck("custom") || hasCheck("property")) jsonSchema["x-partial"] = true;
  };
  return { unrepresentable: "any", override };
}

/** Types of zod that JSON Schema has no word for. */
const UNSAID = ["symbol", "nan", "map", "set", "custom", "function", "transform", "file", "promise"];
