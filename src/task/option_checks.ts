/**
 * Checks of the options of definitions. What is wrong is misuse of the API: a `TypeError` or `RangeError`
 * at the definition, which names the definition, the rule and the value.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { assertKeys, assertName, nearest } from "../base/names.ts";
import { isSchema } from "../base/schema.ts";
import { assertPublishable, parsePattern } from "../event/topic.ts";

/** Checks name and keys of options; gives how messages call the definition. */
export function assertOptions(kind: string, options: unknown, known: readonly string[]): string {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot define ${kind} as its options must be an object: current value is ${shown(options)}`,
    );
  }
  assertName(kind, "name" in options ? options.name : undefined);
  const what = `${kind} "${(options as { name: string }).name}"`;
  assertKeys(what, options, known);
  return what;
}

/** A number of at least `min`, whole where `whole` says so; absent is fine. */
export function assertNumber(
  what: string,
  key: string,
  value: unknown,
  { min, above, whole = false }: { readonly min?: number; readonly above?: number; readonly whole?: boolean },
): void {
  if (value === undefined) return;
  const rule = `${whole ? "an integer" : "a finite number"}${min === undefined ? "" : ` >= ${min}`}${
    above === undefined ? "" : ` > ${above}`
  }`;
  if (typeof value !== "number") throw new TypeError(wrong(what, key, rule, value));
  const fits = (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    (min === undefined || value >= min) && (above === undefined || value > above);
  if (!fits) throw new RangeError(wrong(what, key, rule, value));
}

/** A function; absent is fine. */
export function assertFunction(what: string, key: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") {
    throw new TypeError(wrong(what, key, "a function", value));
  }
}

/** A non-empty text; absent is not fine. */
export function assertText(what: string, key: string, value: unknown): asserts value is string {
  if (typeof value !== "string" || value === "") {
    throw new TypeError(wrong(what, key, "a non-empty string", value));
  }
}

/** A list of non-empty texts; absent is fine. */
export function assertTexts(what: string, key: string, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw new TypeError(wrong(what, key, "an array of strings", value));
  value.forEach((text, index) => assertText(what, `${key}[${index}]`, text));
}

/** `true` or `false`; absent is fine. */
export function assertBoolean(what: string, key: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw new TypeError(wrong(what, key, "true or false", value));
  }
}

/** One of some words; absent is fine. */
export function assertOneOf(what: string, key: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.includes(value as string)) return;
  const near = typeof value === "string" ? nearest(value, words) : undefined;
  const rule = `one of ${words.map((word) => `"${word}"`).join(", ")}`;
  throw new TypeError(
    wrong(what, key, rule, value) + (near === undefined ? "" : `, did you mean "${near}"?`),
  );
}

/** A schema of a library that implements Standard Schema; absent is fine. */
export function assertSchema(what: string, key: string, value: unknown): void {
  if (value === undefined || isSchema(value)) return;
  throw new TypeError(wrong(what, key, 'a Standard Schema (zod, valibot, arktype), with "~standard"', value));
}

/** A nested object of options with these keys; absent is fine. */
export function assertNested(what: string, key: string, value: unknown, known: readonly string[]): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null) throw new TypeError(wrong(what, key, "an object", value));
  for (const inner of Object.keys(value)) {
    if (known.includes(inner)) continue;
    const near = nearest(inner, known);
    throw new TypeError(
      `Cannot define ${what} as "${key}" has no option "${inner}"${
        near === undefined ? "" : `, did you mean "${near}"?`
      }`,
    );
  }
}

/** The sentence for a wrong value. */
export function wrong(what: string, key: string, rule: string, value: unknown): string {
  return `Cannot define ${what} as "${key}" must be ${rule}: current value is ${shown(value)}`;
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (typeof value === "function") return value.name === "" ? "a function" : `function ${value.name}`;
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "number") {
    return String(value);
  }
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** The definition without what is `undefined`, frozen: what was not said stays unsaid. */
export function frozen<T extends object>(definition: { readonly [Key in keyof T]: T[Key] | undefined }): T {
  const said: Partial<T> = {};
  for (const key in definition) {
    const value = definition[key];
    if (value !== undefined) said[key] = value;
  }
  return Object.freeze(said) as T;
}

/** A topic that users may publish to; the error of the grammar, with the name of the definition. */
export function assertTopicOption(what: string, topic: unknown): void {
  assertText(what, "topic", topic);
  naming(what, () => assertPublishable(topic));
}

/** A pattern; the error of the grammar, with the name of the definition. */
export function assertPattern(what: string, pattern: string): void {
  naming(what, () => parsePattern(pattern));
}

/** Runs a check whose errors do not know the definition; they get its name. */
export function naming(what: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!MillraceError.is(error)) throw error;
    throw new MillraceError(error.code, `Cannot define ${what}: ${error.message}`, {
      details: error.details,
      cause: error,
    });
  }
}
