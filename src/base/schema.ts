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
 */
export function jsonSchemaOf(schema: AnySchema, side: "input" | "output"): JsonSchema | undefined {
  const standard = schema["~standard"] as {
    jsonSchema?: Record<"input" | "output", (options: { target: string }) => JsonSchema>;
  };
  try {
    return standard.jsonSchema?.[side]({ target: "draft-2020-12" });
  } catch {
    // Not expressible (a Date, a bigint …): unchecked at plan time, and the plan says so.
    return undefined;
  }
}
