/**
 * Values as JSON answers.
 *
 * @module
 */

/**
 * Any stored value as JSON text. What JSON has not is shown as near as it gets: a bigint as a string, a Map
 * as an array of pairs, a Set and a typed array as an array, `undefined` as `null`.
 */
export function toJsonText(value: unknown): string {
  return JSON.stringify(value ?? null, showable) ?? "null";
}

function showable(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return [...value as Uint8Array];
  return value;
}
