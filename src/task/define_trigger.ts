/**
 * `defineCronTrigger()`, `defineApiTrigger()`, `defineEventTrigger()`, `defineManualTrigger()` and `defineTrigger()`.
 *
 * @module
 */
import type { AnySchema } from "../base/schema.ts";
import { assertSchedule } from "./cron_expression.ts";
import {
  assertFunction,
  assertNumber,
  assertOneOf,
  assertOptions,
  assertPattern,
  assertSchema,
  assertText,
  assertTopicOption,
  frozen,
  shown,
} from "./option_checks.ts";
import type {
  ApiTrigger,
  ApiTriggerOptions,
  CronTrigger,
  CronTriggerOptions,
  EventTrigger,
  EventTriggerOptions,
  ManualTrigger,
  ManualTriggerOptions,
  Trigger,
  TriggerKind,
  TriggerOptions,
} from "./trigger.ts";

/**
 * Defines a trigger that fires by the clock. Pure: nothing is scheduled.
 *
 * @throws {TypeError} If an option is unknown or of the wrong kind, the expression or the zone is invalid, or it never fires.
 * @throws {RangeError} If a number is out of range.
 * @throws {MillraceError} `topic/invalid` or `event/reserved-topic`.
 *
 * @example Every night at two, Oslo time
 * ```ts
 * import { defineCronTrigger } from "@millrace/millrace";
 *
 * defineCronTrigger({ name: "nightly", cron: "0 2 * * *", timezone: "Europe/Oslo", topic: "day.closed", catchUp: "one" });
 * ```
 */
export function defineCronTrigger<const Name extends string>(
  options: CronTriggerOptions<Name>,
): CronTrigger<Name> {
  const what = assertOptions("trigger", options, [
    "name",
    "cron",
    "timezone",
    "topic",
    "event",
    "jitterMs",
    "catchUp",
  ]);
  const { name, cron, timezone = "UTC", topic, event, jitterMs = 0, catchUp = "none" } = options;
  assertSchedule(what, cron, timezone);
  assertTopicOption(what, topic);
  assertFunction(what, "event", event);
  assertNumber(what, "jitterMs", jitterMs, { min: 0 });
  assertOneOf(what, "catchUp", catchUp, ["none", "one", "all"]);
  return frozen<CronTrigger<Name>>({
    "~millrace": "trigger",
    kind: "cron",
    name,
    cron,
    timezone,
    topic,
    jitterMs,
    catchUp,
    event: event ?? (({ scheduledMs }) => ({ scheduledMs })),
  });
}

/**
 * Defines a trigger that fires by an HTTP call.
 *
 * @throws {TypeError} If an option is unknown or of the wrong kind.
 * @throws {MillraceError} `topic/invalid` or `event/reserved-topic`.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * import { defineApiTrigger } from "@millrace/millrace";
 *
 * defineApiTrigger({ name: "hook", topic: "orders.received", body: z.object({ id: z.string() }) });
 * ```
 */
export function defineApiTrigger<const Name extends string, S extends AnySchema | undefined = undefined>(
  options: ApiTriggerOptions<Name, S>,
): ApiTrigger<Name> {
  const what = assertOptions("trigger", options, ["name", "topic", "body", "verify", "event"]);
  const { name, topic, body, verify, event } = options;
  assertTopicOption(what, topic);
  assertSchema(what, "body", body);
  assertFunction(what, "verify", verify);
  assertFunction(what, "event", event);
  return frozen<ApiTrigger<Name>>({
    "~millrace": "trigger",
    kind: "api",
    name,
    topic,
    body: body as AnySchema | undefined,
    verify,
    event: event ?? same,
  });
}

/**
 * Defines a trigger that fires by other events.
 *
 * @throws {TypeError} If an option is unknown or of the wrong kind.
 * @throws {RangeError} If a number is out of range.
 * @throws {MillraceError} `pattern/invalid`, `topic/invalid` or `event/reserved-topic`.
 *
 * @example
 * ```ts
 * import { defineEventTrigger } from "@millrace/millrace";
 *
 * defineEventTrigger({ name: "after_ingest", source: "run.ingest.succeeded", topic: "report.requested" });
 * ```
 */
export function defineEventTrigger<const Name extends string, S extends AnySchema | undefined = undefined>(
  options: EventTriggerOptions<Name, S>,
): EventTrigger<Name> {
  const what = assertOptions("trigger", options, [
    "name",
    "source",
    "data",
    "when",
    "map",
    "topic",
    "debounceMs",
    "throttleMs",
  ]);
  const { name, source, data, when, map, topic, debounceMs, throttleMs } = options;
  assertText(what, "source", source);
  assertPattern(what, source);
  assertTopicOption(what, topic);
  assertSchema(what, "data", data);
  assertFunction(what, "when", when);
  assertFunction(what, "map", map);
  assertNumber(what, "debounceMs", debounceMs, { above: 0 });
  assertNumber(what, "throttleMs", throttleMs, { above: 0 });
  if (debounceMs !== undefined && throttleMs !== undefined) {
    throw new TypeError(`Cannot define ${what} as it must have at most one of "debounceMs" and "throttleMs"`);
  }
  return frozen<EventTrigger<Name>>({
    "~millrace": "trigger",
    kind: "event",
    name,
    source,
    data: data as AnySchema | undefined,
    when,
    map: map ?? ((event) => event.data),
    topic,
    debounceMs,
    throttleMs,
  });
}

/**
 * Defines a trigger that fires by hand: from code, the command line or the page.
 *
 * @throws {TypeError} If an option is unknown or of the wrong kind.
 * @throws {MillraceError} `topic/invalid` or `event/reserved-topic`.
 *
 * @example
 * ```ts
 * import { defineManualTrigger } from "@millrace/millrace";
 *
 * defineManualTrigger({ name: "rebuild", topic: "report.requested" });
 * ```
 */
export function defineManualTrigger<const Name extends string>(
  options: ManualTriggerOptions<Name>,
): ManualTrigger<Name> {
  const what = assertOptions("trigger", options, ["name", "topic", "event"]);
  const { name, topic, event } = options;
  assertTopicOption(what, topic);
  assertFunction(what, "event", event);
  return frozen<ManualTrigger<Name>>({
    "~millrace": "trigger",
    kind: "manual",
    name,
    topic,
    event: event ?? same,
  });
}

/**
 * Defines a trigger of the kind that `kind` says, with the options of that kind.
 *
 * @throws {TypeError} If `kind` is none of "cron", "api", "event" and "manual", and as the function of that kind does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineTrigger } from "@millrace/millrace";
 *
 * assertEquals(defineTrigger({ kind: "cron", name: "hourly", cron: "@hourly", topic: "hour.passed" }).timezone, "UTC");
 * ```
 */
export function defineTrigger<
  const Name extends string,
  K extends TriggerKind,
  S extends AnySchema | undefined = undefined,
>(
  options: { readonly kind: K } & TriggerOptions<Name, S>,
): Extract<Trigger<Name>, { readonly kind: K }> {
  const { kind, ...rest }: TriggerOptions<Name, S> = options;
  // `null`, because an absent kind is not fine.
  assertOneOf(`trigger ${shown(rest.name)}`, "kind", kind ?? null, ["cron", "api", "event", "manual"]);
  // Each branch defines the kind that `kind` names; the compiler cannot follow the destructuring.
  switch (kind) {
    case "cron":
      return defineCronTrigger(rest as CronTriggerOptions<Name>) as never;
    case "api":
      return defineApiTrigger(rest as ApiTriggerOptions<Name, S>) as never;
    case "event":
      return defineEventTrigger(rest as EventTriggerOptions<Name, S>) as never;
    case "manual":
      return defineManualTrigger(rest as ManualTriggerOptions<Name>) as never;
  }
}

function same(data: unknown): unknown {
  return data;
}
