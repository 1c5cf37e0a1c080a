/**
 * Guards a trigger's own functions: they run in the thread of the broker and the scheduler, and one that does
 * not return must not stop the whole platform.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { AnySchema } from "../base/schema.ts";
import { callWithin, guardSchema, Interrupted } from "../base/sync_limit.ts";
import type { Trigger } from "../task/trigger.ts";

/** How long a trigger's function may compute, in ms; it only shapes data. What it awaits is not counted. */
export const TRIGGER_LIMIT_MS = 1_000;

/** The trigger with its functions and schemas interrupted after {@linkcode TRIGGER_LIMIT_MS}: `trigger/too-slow`. */
export function guarded(trigger: Trigger): Trigger {
  const functions = Object.entries(trigger).filter(([, value]) => typeof value === "function");
  const guards = functions.map((
    [key, fn],
  ) => [key, (argument: unknown) => call(trigger.name, () => fn(argument))]);
  const schemas = (["body", "data"] as const).flatMap((key) => {
    const schema = (trigger as { readonly body?: AnySchema; readonly data?: AnySchema })[key];
    return schema === undefined ? [] : [[key, guardSchema(schema, (fn) => call(trigger.name, fn))]];
  });
  return { ...trigger, ...Object.fromEntries([...guards, ...schemas]) };
}

function call<T>(trigger: string, fn: () => T): T {
  try {
    return callWithin(fn, TRIGGER_LIMIT_MS);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new MillraceError(
      "trigger/too-slow",
      `Cannot fire trigger "${trigger}" as its functions must return within ${TRIGGER_LIMIT_MS} ms: one was interrupted`,
      { details: { trigger, limitMs: TRIGGER_LIMIT_MS } },
    );
  }
}
