/**
 * The codec of durable payloads: JSON where JSON keeps the value as it is, devalue where it does not.
 *
 * Nothing is executed on decoding, and no value is silently altered: what no codec can keep is refused, with
 * the path to it. What structured clone leaves out is left out here too: properties that are not enumerable,
 * own properties of a `Map`, `Set`, `Date` or view, and symbol keys of an array; a getter becomes its value.
 *
 * @module
 */
import { DevalueError, parse, stringify } from "devalue";
import { fromWire, messageOf, MillraceError, toWire, type WireError } from "./errors.ts";

/** A value as text, and which codec wrote it. */
export interface Encoded {
  /** `json` for plain JSON, `devalue` (<https://github.com/sveltejs/devalue>) for everything else. */
  readonly codec: "json" | "devalue";
  /** The text. */
  readonly text: string;
}

/**
 * Encodes a value: JSON values, `undefined`, `NaN`, `-0`, bigints, dates, maps, sets, bytes, regular
 * expressions, URLs, sparse arrays and cycles come back as they were. An `Error` keeps its message, stack,
 * causes and its name or code, and if it is of the language's own classes, its class. A view of bytes keeps only the bytes that it shows. Two references to one
 * object stay one object only where devalue is needed anyway.
 *
 * Cost: two to three times `JSON.stringify` for plain JSON, some thirty times for the rest (measured).
 *
 * @throws {MillraceError} `store/unencodable` for functions, symbols, promises, instances of other classes,
 * and what else cannot be kept.
 */
export function encode(value: unknown): Encoded {
  try {
    // Text first: it refuses cycles, and it bounds the check that follows by its length.
    const text = JSON.stringify(value);
    if (text !== undefined && isPlain(value)) return { codec: "json", text };
  } catch {
    // A cycle, a bigint or too deep; devalue knows more, or says what is wrong.
  }
  try {
    return { codec: "devalue", text: stringify(value, REDUCERS, { operations: OPERATIONS }) };
  } catch (error) {
    throw unencodable(error);
  }
}

/** Decodes what {@linkcode encode} gave; throws if the text is not what the codec writes. */
export function decode(encoded: Encoded): unknown {
  return encoded.codec === "json" ? JSON.parse(encoded.text) : parse(encoded.text, REVIVERS);
}

/**
 * Longest array that is searched for named properties. The search makes every index a string: on 10,000
 * numbers it costs 2.5 times `JSON.stringify` (measured on Deno 2.9.6). Arrays with named properties are
 * small in practice: matches of regular expressions, template strings.
 */
const MAX_SEARCHED_ITEMS = 1_000;

/** Whether JSON gives the value back as it is. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || (Array.isArray(value) ? isPlainArray(value) : isPlainObject(value));
    default:
      return false;
  }
}

function isPlainArray(array: unknown[]): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype) return false;
  if (array.length <= MAX_SEARCHED_ITEMS && Object.keys(array).length !== array.length) return false;
  // By index, so that a hole shows as `undefined`.
  for (let index = 0; index < array.length; index++) {
    if (!isPlain(array[index])) return false;
  }
  return true;
}

function isPlainObject(object: object): boolean {
  if (Object.getPrototypeOf(object) !== Object.prototype) return false;
  for (const key in object) {
    if (!isPlain((object as Record<string, unknown>)[key])) return false;
  }
  return Object.getOwnPropertySymbols(object).length === 0;
}

function hasNamedProperties(array: unknown[]): boolean {
  if (array.length > MAX_SEARCHED_ITEMS) return false;
  const last = Object.keys(array).at(-1);
  // Indices come first, in ascending order, then names (ECMA-262, OrdinaryOwnPropertyKeys).
  return last !== undefined && !/^\d+$/.test(last);
}

const REDUCERS = { Error: (value: unknown) => value instanceof Error && toWire(value) };
const REVIVERS = { Error: (wire: WireError) => revived(fromWire(wire)) };

/** Classes of errors that are the language's own. */
const ERROR_CLASSES = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

/** An error of the language, and its causes, as instances of their classes again. */
function revived(error: Error): Error {
  if (Object.hasOwn(ERROR_CLASSES, error.name)) {
    Object.setPrototypeOf(error, ERROR_CLASSES[error.name as keyof typeof ERROR_CLASSES].prototype);
    delete (error as { name?: string }).name; // the class has it
  }
  if (error.cause instanceof Error) revived(error.cause);
  return error;
}

/** Where devalue would alter a value in silence, these make it refuse or keep it. */
const OPERATIONS = {
  /** A subclass of a built-in class would come back as that class: refused, as any class is. */
  tagOf(value: object): string {
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    if (tag === "Object") return tag;
    if (Array.isArray(value) && hasNamedProperties(value)) return "";
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    // By name, not by identity: values of another realm are welcome. Buffers are bytes.
    const exact = name === tag || `Temporal.${name}` === tag || (tag === "Uint8Array" && name === "Buffer");
    return exact ? tag : "";
  },
  /** A view would drag along its whole buffer: megabytes, or bytes of somebody else. */
  viewInfo(view: ArrayBufferView): ViewInfo {
    const { buffer, byteOffset, byteLength } = view;
    const bytes = byteLength === buffer.byteLength && buffer instanceof ArrayBuffer
      ? buffer
      : new Uint8Array(buffer, byteOffset, byteLength).slice().buffer;
    return { buffer: bytes, byteOffset: 0, byteLength, bufferByteLength: byteLength, length: byteLength };
  },
};

/** What devalue asks of a view; `length` matters only for a view of a part, and there is none here. */
interface ViewInfo {
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly bufferByteLength: number;
  readonly length: number;
}

function unencodable(error: unknown): MillraceError<"store/unencodable"> {
  const known = error instanceof DevalueError;
  const path = known ? `$${error.path}` : "$";
  const found = known ? kindOf(error.value) : messageOf(error);
  return new MillraceError(
    "store/unencodable",
    `Cannot encode a value as it must be plain data, a Date, Map, Set, bigint, bytes or Error: ` +
      `current value at ${path} is ${found}`,
    { details: { path }, cause: error },
  );
}

/** What a refused value is, for people. */
function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  if (typeof (value as { then?: unknown }).then === "function") return "a promise";
  if (Array.isArray(value) && value.constructor === Array) return "an array with named properties";
  const name = value.constructor?.name ?? "Object";
  return name === "Object" ? "an object with symbol keys or a key __proto__" : `an instance of ${name}`;
}
