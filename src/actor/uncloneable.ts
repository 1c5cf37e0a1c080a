/**
 * Why a value cannot be cloned.
 *
 * @module
 */

/** How deep the culprit is searched for: a path longer than this helps nobody. */
const MAX_SEARCH_DEPTH = 16;

/** The path of the first part of `value` that structured clone refuses; "" for the value itself. */
export function findUncloneable(value: unknown, path = "", depth = 0): string {
  // What is nested without end cannot be cloned either: looking for the place must not fail in its turn.
  if (value !== null && typeof value === "object" && depth < MAX_SEARCH_DEPTH) {
    for (const key of Object.keys(value)) {
      let part: unknown;
      try {
        part = (value as Readonly<Record<string, unknown>>)[key];
        structuredClone(part);
      } catch {
        // A property that throws when it is read has no parts.
        return findUncloneable(part, path === "" ? key : `${path}.${key}`, depth + 1);
      }
    }
  }
  return path;
}
