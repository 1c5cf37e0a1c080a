/**
 * What is known of the formats and patterns of strings.
 *
 * @module
 */
import { callWithin } from "../../base/sync_limit.ts";

/** For each format that surely refuses blanks, a text that it surely takes. */
const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ["date", "2000-01-01"],
  ["date-time", "2000-01-01T00:00:00Z"],
  ["time", "00:00:00Z"],
  ["duration", "P1D"],
  ["email", "a@example.org"],
  ["hostname", "example.org"],
  ["ipv4", "127.0.0.1"],
  ["ipv6", "::1"],
  ["uri", "https://example.org/"],
  ["uuid", "00000000-0000-4000-8000-000000000000"],
]);

/** A text of the format, if it is a known one. */
export function exampleOfFormat(format: string): string | undefined {
  return EXAMPLES.get(format);
}

/** Whether a text has a format; `undefined` if that is not known. */
export function hasFormat(format: string, text: string): boolean | undefined {
  const example = EXAMPLES.get(format);
  if (example === undefined) return undefined;
  return text.trim() === "" ? false : text === example ? true : undefined;
}

/** A pattern of a hostile schema may take for ever; one that is honest takes microseconds. */
const LIMIT_MS = 20;
const MAX_PATTERN = 2_000;
const MAX_TEXT = 1_000;

/** Whether a text matches a pattern (ECMA-262, with `u`); `undefined` if that cannot be told in time. */
export function matchesPattern(pattern: string, text: string): boolean | undefined {
  if (pattern.length > MAX_PATTERN || text.length > MAX_TEXT) return undefined;
  try {
    const expression = new RegExp(pattern, "u");
    return callWithin(() => expression.test(text), LIMIT_MS);
  } catch {
    return undefined;
  }
}
