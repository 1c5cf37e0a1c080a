/**
 * The one error class of Millrace, and its form as data.
 *
 * A class does not survive a thread boundary: structured clone turns a subclass into a plain `Error` and
 * drops its own properties (measured on Deno 2.9.6). So the identity of an error is its string `code`, and
 * errors cross threads and processes as {@linkcode WireError} values.
 *
 * @module
 */
import { ERROR_CODES, type ErrorCode, type ErrorDetails } from "./error_codes.ts";

/** What the constructor of {@linkcode MillraceError} takes beyond code and message. */
export interface MillraceErrorOptions<Code extends ErrorCode> {
  /** Facts for programs; JSON-serialisable. */
  readonly details: ErrorDetails[Code];
  /** What led to this error. */
  readonly cause?: unknown;
}

/**
 * Every failure that a caller may want to tell apart.
 *
 * Misuse of the API (a wrong argument, an unknown option) is a `TypeError` or `RangeError` instead, and is
 * never retried.
 *
 * @example Tell one failure from another
 * ```ts
 * import { assert } from "@std/assert";
 * import { matchTopic, MillraceError } from "@millrace/millrace";
 * try {
 *   matchTopic("a..b", "a.b");
 * } catch (error) {
 *   assert(MillraceError.is(error, "pattern/invalid"));
 *   assert(error.details.position === 2);
 * }
 * ```
 */
export class MillraceError<Code extends ErrorCode = ErrorCode> extends Error {
  static {
    // On the prototype, so that it is not an own property of each instance.
    this.prototype.name = "MillraceError";
  }

  /** One of the catalogue of codes, `stage/kebab-case`; never renamed. */
  readonly code: Code;
  /** Facts for programs; JSON-serialisable; their shape belongs to the code. */
  readonly details: ErrorDetails[Code];
  /** Whether the same action may succeed when tried again. */
  readonly retryable: boolean;

  /**
   * Makes an error of the catalogue.
   *
   * @param code What kind of failure it is.
   * @param message What could not be done, the rule and the value, as one sentence without a full stop.
   * @param options Details and cause.
   */
  constructor(code: Code, message: string, options: MillraceErrorOptions<Code>) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryable = ERROR_CODES[code].retryable;
  }

  /**
   * Whether `value` is a Millrace error, and if a code is given, one of that code.
   *
   * @param value Anything.
   * @param code The code to look for.
   * @returns Whether it is; narrows `details` too.
   */
  static is<Code extends ErrorCode = ErrorCode>(value: unknown, code?: Code): value is MillraceError<Code> {
    try {
      return value instanceof MillraceError && (code === undefined || value.code === code);
    } catch {
      return false; // a proxy that does not say what it is
    }
  }
}

/** An error as data: what crosses threads, is journalled and is answered over HTTP. */
export interface WireError {
  /** A code of the catalogue, or `task/threw` for an error that is not ours. */
  readonly code: ErrorCode;
  /** What happened, for people. */
  readonly message: string;
  /** Facts for programs. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The name of the error's class, for errors that are not ours. */
  readonly name?: string;
  /** Where it happened, as the engine wrote it. */
  readonly stack?: string;
  /** What led to it, at most {@linkcode MAX_CAUSE_DEPTH} deep. */
  readonly cause?: WireError;
}

/** How many causes of an error cross a boundary; deeper ones are cut off. */
export const MAX_CAUSE_DEPTH = 5;

/** How many characters of a message, and of a stack, cross a boundary: both are journalled, and shown to people. */
export const MAX_ERROR_TEXT = 16_384;

/** Turns anything thrown into data. Never throws: an unreadable value becomes its type's name. */
export function toWire(thrown: unknown, depth: number = MAX_CAUSE_DEPTH): WireError {
  try {
    return thrown instanceof Error ? errorToWire(thrown, depth) : valueToWire(thrown);
  } catch {
    return valueToWire(thrown); // an error whose own properties throw
  }
}

/** Anybody may have put anything into the properties of an error: only texts go on. */
function errorToWire(error: Error, depth: number): WireError {
  const cause = error.cause === undefined || depth <= 0 ? {} : { cause: toWire(error.cause, depth - 1) };
  const stack = typeof error.stack === "string" ? { stack: cut(error.stack) } : {};
  const message = describe(error.message);
  if (MillraceError.is(error)) {
    return { code: error.code, message, details: plain(error.details), ...stack, ...cause };
  }
  return { code: "task/threw", message, details: {}, name: describe(error.name), ...stack, ...cause };
}

function valueToWire(value: unknown): WireError {
  return { code: "task/threw", message: describe(value), details: {}, name: typeof value };
}

/** Turns data back into an error that `MillraceError.is` recognises; the stack is the original one. */
export function fromWire(wire: WireError): Error {
  const cause = wire.cause === undefined ? {} : { cause: fromWire(wire.cause) };
  let error: Error;
  const isOurs = wire.name === undefined && Object.hasOwn(ERROR_CODES, wire.code);
  if (!isOurs) {
    // Also a code that another version wrote into the journal.
    error = new Error(wire.message, cause);
    error.name = wire.name ?? wire.code;
  } else {
    error = new MillraceError(wire.code, wire.message, { details: wire.details as never, ...cause });
  }
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  try {
    return describe(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return describe(thrown);
  }
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return cut(String(value));
  try {
    return cut(JSON.stringify(value) ?? typeof value);
  } catch {
    return typeof value;
  }
}

function cut(text: string): string {
  if (text.length <= MAX_ERROR_TEXT) return text;
  const end = ` … (${text.length} characters)`;
  return text.slice(0, MAX_ERROR_TEXT - end.length).toWellFormed() + end;
}

function plain(details: unknown): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(JSON.stringify(details ?? {}));
  } catch {
    return {};
  }
}
