/**
 * Stops synchronous code that runs too long: the one thing on this platform that interrupts a loop inside a
 * Web Worker (`terminate()` does not; PLATFORM §0.1–2). It skips the `finally` of what it interrupts.
 *
 * @module
 */
import { Script } from "node:vm";
import type { AnySchema } from "./schema.ts";

/** Where the script finds what to call. A property of the global object is all that it can see. */
const SLOT = "~millrace:call";
/** 49 days: the longest time-out that `node:vm` takes. */
const MAX_LIMIT_MS = 2 ** 32 - 1;
let script: Script | undefined;

/** A schema whose checks are made by way of `call`: what it computes can be limited. */
export function guardSchema(schema: AnySchema, call: <T>(fn: () => T) => T): AnySchema {
  const standard = schema["~standard"];
  return { "~standard": { ...standard, validate: (value) => call(() => standard.validate(value)) } };
}

/** Thrown by {@linkcode callWithin} when time is up. */
export class Interrupted extends Error {}

/**
 * Calls `fn` and interrupts it after `limitMs`. Covers what runs before the first `await` only.
 *
 * @throws {Interrupted} If it was interrupted; or what `fn` throws.
 */
export function callWithin<T>(fn: () => T, limitMs: number): T {
  const scope = globalThis as unknown as Record<string, unknown>;
  script ??= new Script(`globalThis[${JSON.stringify(SLOT)}]()`);
  const outer = scope[SLOT];
  scope[SLOT] = fn;
  try {
    // The time-out must be a positive integer of 32 bits.
    const timeout = Math.min(Math.max(1, Math.ceil(limitMs)), MAX_LIMIT_MS);
    return script.runInThisContext({ timeout }) as T;
  } catch (error) {
    if ((error as { code?: unknown })?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") throw new Interrupted();
    throw error;
  } finally {
    scope[SLOT] = outer;
  }
}
