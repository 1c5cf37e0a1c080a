/**
 * What a value weighs, and how it may travel. Text is the fastest way between threads (PERFORMANCE §A), but
 * JSON keeps only plain values: a walk over the value decides.
 *
 * @module
 */

/** How deep a value may be nested to travel as text, and how deep is searched for refs. */
const MAX_DEPTH = 64;
/** How many parts of a value are looked at: a value may name one part many times over. */
const MAX_PARTS = 20_000;

/** From which length on a text is better copied whole than written as JSON, which looks at each character. */
const LONG_TEXT = 1_024;

let partsLeft = 0;
let longTexts = 0;

/**
 * The approximate bytes of a value that is to travel as text, or `NaN` for any other: what JSON does not give
 * back as it is, and what is mostly long texts. Only what structured clone keeps is looked at; two references to
 * one object become two objects, and named properties of an array (`index` of a RegExp match) are left behind:
 * to look for them would cost as much as the text.
 */
export function plainWeight(value: unknown): number {
  partsLeft = MAX_PARTS;
  longTexts = 0;
  const weight = weigh(value, 0);
  return longTexts * 2 > weight ? NaN : weight;
}

function weigh(value: unknown, depth: number): number {
  switch (typeof value) {
    case "string":
      if (value.length >= LONG_TEXT) longTexts += value.length;
      return value.length + 3;
    case "number":
      // NaN and infinities have no JSON; -0 loses its sign.
      return value - value === 0 && (value !== 0 || 1 / value > 0) ? 8 : NaN;
    case "boolean":
      return 5;
    case "object": {
      if (value === null) return 4;
      if (depth === MAX_DEPTH || --partsLeft < 0) return NaN;
      let sum = 2;
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index++) sum += weigh(value[index], depth + 1);
        return sum;
      }
      if (Object.getPrototypeOf(value) !== Object.prototype) return NaN;
      for (const key in value) {
        sum += key.length + 4 + weigh((value as Readonly<Record<string, unknown>>)[key], depth + 1);
      }
      return sum;
    }
    default:
      return NaN;
  }
}

/** The approximate bytes of any value: what its texts and buffers hold, and a little for each part. Never throws. */
export function anyWeight(value: unknown): number {
  partsLeft = MAX_PARTS;
  try {
    return weighAny(value, 0);
  } catch {
    return 8; // a property that throws when it is read
  }
}

function weighAny(value: unknown, depth: number): number {
  if (typeof value === "string") return value.length + 3;
  if (typeof value !== "object" || value === null || depth === MAX_DEPTH || --partsLeft < 0) return 8;
  if (ArrayBuffer.isView(value)) return weighAny(value.buffer, depth);
  if (value instanceof ArrayBuffer) return value.byteLength + 8;
  let sum = 8;
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    for (const part of value) sum += weighAny(part, depth + 1);
    return sum;
  }
  for (const key in value) {
    sum += key.length + 4 + weighAny((value as Readonly<Record<string, unknown>>)[key], depth + 1);
  }
  return sum;
}
