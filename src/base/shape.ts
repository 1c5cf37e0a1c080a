/**
 * Checks JSON objects that come from outside: every wrong type and unknown key is named at once.
 *
 * @module
 */
import { nearest } from "./names.ts";
import type { Checked } from "./schema.ts";

/** What a member may be. */
export interface Kinds {
  /** A string that is not empty. */
  readonly string: string;
  /** A whole number from 0. */
  readonly count: number;
  /** A finite number above 0. */
  readonly positive: number;
  /** True or false. */
  readonly boolean: boolean;
  /** An array of strings that are not empty. */
  readonly strings: readonly string[];
  /** A JSON object. */
  readonly object: Readonly<Record<string, unknown>>;
  /** Any JSON value. */
  readonly any: unknown;
}

/** The members of an object and what each may be; all may be absent. */
export type Shape = Readonly<Record<string, keyof Kinds>>;

/** The type of an object of a shape. */
export type Shaped<S extends Shape> = { readonly [Key in keyof S]?: Kinds[S[Key]] };

const SAYS: Readonly<Record<keyof Kinds, string>> = {
  string: "a string that is not empty",
  count: "a whole number from 0",
  positive: "a number above 0",
  boolean: "true or false",
  strings: "an array of strings",
  object: "an object",
  any: "anything",
};

/** The value as an object of the shape, or everything that is wrong with it, one sentence each. */
export function checkShape<const S extends Shape>(value: unknown, shape: S): Checked<Shaped<S>> {
  if (!isObject(value)) {
    return { ok: false, issues: [`the body must be an object: it is ${typeName(value)}`] };
  }
  const issues: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    const kind = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (kind === undefined) issues.push(unknownKey("key", key, Object.keys(shape)));
    else if (!isKind(kind, member)) {
      issues.push(`at '${key}': must be ${SAYS[kind]}: it is ${typeName(member)}`);
    }
  }
  return issues.length === 0 ? { ok: true, value: value as Shaped<S> } : { ok: false, issues };
}

/** The sentence about a key that nobody knows, with the one that was meant. */
export function unknownKey(what: string, key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return `there is no ${what} "${key}"${near === undefined ? "" : `, did you mean "${near}"?`}`;
}

function isKind(kind: keyof Kinds, value: unknown): boolean {
  switch (kind) {
    case "string":
      return isText(value);
    case "count":
      return Number.isSafeInteger(value) && value as number >= 0;
    case "positive":
      return typeof value === "number" && Number.isFinite(value) && value > 0;
    case "boolean":
      return typeof value === "boolean";
    case "strings":
      return Array.isArray(value) && value.every(isText);
    case "object":
      return isObject(value);
    case "any":
      return true;
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (value === "") return "an empty string";
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
