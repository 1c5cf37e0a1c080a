/**
 * Values on the command line, read or refused.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { nearest } from "../base/names.ts";

/** Refuses a value: the sentence follows "… is invalid". */
export class InvalidValue extends Error {
  static {
    this.prototype.name = "InvalidValue";
  }
}

/** A whole number within bounds, both included. */
export function parseWholeNumber(text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new InvalidValue(`Must be a whole number from ${min} to ${max}.`);
}

/** One of a few words; suggests the nearest. */
export function parseChoice<const Choice extends string>(text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  const near = nearest(text, choices);
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  throw new InvalidValue(`Must be one of ${choices.join(", ")}.${hint}`);
}

/** Names separated by commas, added to those of the same option before. */
export function parseList(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(",").map((name) => name.trim()).filter((name) => name !== "")];
}

/** A JSON object. */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidValue(`Must be a JSON object, such as '{"day":"2026-01-31"}': ${messageOf(error)}.`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new InvalidValue(`Must be a JSON object, such as '{"day":"2026-01-31"}'.`);
}

/**
 * `key=value`, added to those before. The value is JSON where it reads as JSON (`n=3`, `all=true`,
 * `tags=["a"]`), else text (`day=2026-01-31`; `n="3"` for the text 3).
 */
export function parseParam(
  text: string,
  before: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidValue("Must be key=value.");
  // Not by assignment: a key such as __proto__ must stay a key.
  return Object.fromEntries([...Object.entries(before), [
    text.slice(0, equals),
    jsonOrText(text.slice(equals + 1)),
  ]]);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** A span of time such as `90s`, `12h` or `7d`, in ms. */
export function parseSpan(text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text) ?? [];
  if (count === undefined) {
    throw new InvalidValue("Must be a number and ms, s, m, h, d or w, such as 12h or 7d.");
  }
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}
