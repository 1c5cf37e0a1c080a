/**
 * The API of `@std/assert` over `node:assert`, linked in its place where only npm can be reached.
 *
 * Where the two differ, this one is the stricter: `0` and `-0`, and objects with and without a prototype,
 * are not equal here. So a test that passes here passes with the original too.
 *
 * @module
 */
import { deepStrictEqual, notDeepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";

/** A class, abstract or not, whose instances are `T`. */
// deno-lint-ignore no-explicit-any -- the parameters of a class of which only the instances matter
type Class<T> = abstract new (...args: any[]) => T;

/** What `if` treats as false. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

/** Something with a length and items. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** Makes an error with a message. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** Whether two values are deeply equal. */
export function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails if `expr` is truthy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

/** Fails unless the values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  check(() => deepStrictEqual(actual, expected), "Values are not equal", msg);
}

/** Fails if the values are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  check(() => notDeepStrictEqual(actual, expected), "Values are equal", msg);
}

/** Fails unless the values are the same (`Object.is`). */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  check(
    () => strictEqual(actual, expected),
    "Values are not strictly equal",
    msg,
  );
}

/** Fails if the values are the same (`Object.is`). */
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  check(
    () => notStrictEqual(actual, expected),
    "Values are strictly equal",
    msg,
  );
}

/** Fails unless the numbers are nearly equal. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  // Relative to the expected value, as in `@std/assert`.
  const within = tolerance ??
    (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (Math.abs(expected - actual) <= within) return;
  lost(`Expected actual ${actual} to be within ${within} of ${expected}`, msg);
}

/** Fails if the value is `null` or `undefined`. */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    lost(`Expected actual ${actual} to not be null or undefined`, msg);
  }
}

/** Fails unless the value is an instance of the class. */
// deno-lint-ignore no-explicit-any -- the class of any instance
export function assertInstanceOf<T extends Class<any>>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  lost(
    `Expected object to be an instance of "${expectedType.name}" but was ${classOf(actual)}`,
    msg,
  );
}

/** Fails if the value is an instance of the class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: Class<T>,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (actual instanceof unexpectedType) {
    lost(
      `Expected object to not be an instance of "${unexpectedType.name}"`,
      msg,
    );
  }
}

/** Fails unless the value is an error of the class with a message that contains or matches. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: Class<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    lost(
      `Expected "error" to be an Error object but was ${classOf(error)}`,
      msg,
    );
  }
  if (ErrorClass !== undefined && !(error instanceof ErrorClass)) {
    lost(
      `Expected error to be instance of "${ErrorClass.name}", but was ${inspect(error)}`,
      msg,
    );
  }
  const { message } = error as Error;
  const fits = typeof msgMatches === "string"
    ? message.includes(msgMatches)
    : msgMatches === undefined || msgMatches.test(message);
  if (!fits) {
    lost(
      `Expected error message to include ${inspect(msgMatches)}, but got ${inspect(message)}`,
      msg,
    );
  }
}

/** Fails unless the text matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (!expected.test(actual)) {
    lost(`Expected actual: ${inspect(actual)} to match: ${expected}`, msg);
  }
}

/** Fails if the text matches. */
export function assertNotMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (expected.test(actual)) {
    lost(`Expected actual: ${inspect(actual)} to not match: ${expected}`, msg);
  }
}

/** Fails unless the text contains the other. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (!actual.includes(expected)) {
    lost(
      `Expected actual: ${inspect(actual)} to contain: ${inspect(expected)}`,
      msg,
    );
  }
}

/** Fails unless each expected item deeply equals one of the actual ones. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const items = Array.from(actual);
  const missing = Array.from(expected).filter((one) => !items.some((item) => equal(item, one)));
  if (missing.length > 0) {
    lost(
      `Expected actual: ${inspect(items)} to include, missing: ${inspect(missing)}`,
      msg,
    );
  }
}

/** Fails unless what `expected` mentions, at any depth, is the same in `actual`. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any -- as in `@std/assert`: interfaces have no index signature
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  check(
    () => deepStrictEqual(pick(actual, expected), expected),
    "Object does not match",
    msg,
  );
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) {
    lost(`Expect ${inspect(actual)} > ${inspect(expected)}`, msg);
  }
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!(actual >= expected)) {
    lost(`Expect ${inspect(actual)} >= ${inspect(expected)}`, msg);
  }
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) {
    lost(`Expect ${inspect(actual)} < ${inspect(expected)}`, msg);
  }
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!(actual <= expected)) {
    lost(`Expect ${inspect(actual)} <= ${inspect(expected)}`, msg);
  }
}

/** Fails unless `fn` throws; gives what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless `fn` throws an error of the class with a message that contains the text; gives the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  ...expected: Expected
): unknown {
  try {
    fn();
  } catch (error) {
    return judged(error, expected);
  }
  lost("Expected function to throw", noteOf(expected));
}

/** Fails unless the promise rejects; gives the reason. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Fails unless it rejects with an error of the class with a message that contains the text; gives the error. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  ...expected: Expected
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch {
    lost("Function throws when expected to reject", noteOf(expected));
  }
  try {
    await promise;
  } catch (error) {
    return judged(error, expected);
  }
  lost("Expected function to reject", noteOf(expected));
}

/** Fails always. */
export function fail(msg?: string): never {
  lost("Failed assertion", msg);
}

/** Fails always: for what is not written yet. */
export function unimplemented(msg?: string): never {
  lost("Unimplemented", msg);
}

/** Fails always: for what cannot be reached. */
export function unreachable(reason?: string): never {
  lost("Unreachable", reason);
}

/** What `assertThrows` and `assertRejects` take after the function. */
type Expected = [(Class<Error> | string)?, string?, string?];

/** Gives the error back if it is the expected one. */
function judged(error: unknown, [first, msgIncludes, msg]: Expected): unknown {
  if (typeof first === "function") {
    assertIsError(error, first, msgIncludes, msg);
  }
  return error;
}

function noteOf([first, , msg]: Expected): string | undefined {
  return typeof first === "string" ? first : msg;
}

/** The part of `actual` that `expected` mentions; a cycle ends where `expected` ends. */
function pick(
  actual: unknown,
  expected: unknown,
  seen = new Map<unknown, unknown>(),
): unknown {
  if (
    !isPlain(actual) || !isPlain(expected) ||
    Array.isArray(actual) !== Array.isArray(expected)
  ) return actual;
  const known = seen.get(expected);
  if (known !== undefined) return known;
  const part: object = Array.isArray(actual)
    ? new Array(actual.length)
    : Object.create(Object.getPrototypeOf(expected));
  seen.set(expected, part);
  for (
    const key of Reflect.ownKeys(Array.isArray(actual) ? actual : expected)
  ) {
    if (key === "length" || !(key in actual)) continue;
    Reflect.set(
      part,
      key,
      pick(Reflect.get(actual, key), Reflect.get(expected, key), seen),
    );
  }
  return part;
}

/** An object or array whose properties are its content, which a Date, Map or Error is not. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return !/^\[object (Date|RegExp|Map|Set|Error|.*Array|ArrayBuffer|Promise)\]$/
    .test(
      Array.isArray(value) ? "" : Object.prototype.toString.call(value),
    );
}

/** Runs an assertion of Node; its message, with the difference, goes under ours. */
function check(
  run: () => void,
  message: string,
  msg: string | undefined,
): void {
  try {
    run();
  } catch (error) {
    throw new AssertionError(
      `${noted(message, msg)}\n\n${error instanceof Error ? error.message : error}`,
    );
  }
}

function lost(message: string, msg: string | undefined): never {
  throw new AssertionError(noted(message, msg));
}

function noted(message: string, msg: string | undefined): string {
  return msg === undefined || msg === "" ? message : `${message}: ${msg}`;
}

function classOf(value: unknown): string {
  return typeof value === "object" && value !== null
    ? `"${value.constructor?.name ?? "Object"}"`
    : inspect(value);
}
