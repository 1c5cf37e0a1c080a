/**
 * Freezing plain data to its leaves.
 *
 * @module
 */

/** Freezes an object or array and all that it holds, and gives it back. The data must have no cycle. */
export function deepFreeze<T>(value: T): T {
  // What is frozen may hold what is not.
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
