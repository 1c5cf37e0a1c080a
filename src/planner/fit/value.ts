/**
 * Values as schemas see them: those of JSON, and those that Millrace keeps beyond JSON.
 *
 * A schema says the latter by `x-type`, with `x-keys`, `x-values` and `x-items` for what is inside. The names
 * are those of the classes.
 *
 * @module
 */

/** What a value is, to JSON Schema. */
export type JsonKind = "null" | "boolean" | "number" | "string" | "array" | "object";

/** Typed arrays and the bytes below them. */
const BYTES = [
  "ArrayBuffer",
  "DataView",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

/** The values of `x-type`, with an example of each. */
const RICH: ReadonlyMap<string, () => unknown> = new Map<string, () => unknown>([
  ["undefined", () => undefined],
  ["bigint", () => 0n],
  ["Date", () => new Date(0)],
  ["Map", () => new Map()],
  ["Set", () => new Set()],
  ["RegExp", () => /a/],
  ["URL", () => new URL("https://example.org/")],
  ["Error", () => new Error("example")],
  ...BYTES.map((name) => [name, () => bytes(name)] as const),
]);

/** Whether `x-type` may have this value. */
export function isRichType(name: unknown): name is string {
  return typeof name === "string" && RICH.has(name);
}

/** A value of a rich type. */
export function richExample(name: string): unknown {
  return RICH.get(name)?.();
}

/** The kind of a JSON value, else the rich type of a value; `undefined` for what is neither. */
export function kindOf(value: unknown): JsonKind | string | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "number":
    case "bigint":
    case "undefined":
      return typeof value;
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return "array";
      const tag = Object.prototype.toString.call(value).slice(8, -1);
      return tag === "Object" ? "object" : RICH.has(tag) ? tag : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether two JSON values are the same to JSON Schema: the order of keys does not count. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (kindOf(a) !== kindOf(b)) return false;
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)];
  return keysA.length === keysB.length &&
    keysA.every((key) =>
      Object.hasOwn(b, key) &&
      isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])
    );
}

function bytes(name: typeof BYTES[number]): unknown {
  if (name === "DataView") return new DataView(new ArrayBuffer(0));
  const Bytes = (globalThis as unknown as Record<string, new (length: number) => unknown>)[name]!;
  return new Bytes(0);
}
