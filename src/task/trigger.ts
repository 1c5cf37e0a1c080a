/**
 * Triggers: what turns a cause into an event.
 *
 * @module
 */
import type { AnySchema, OutputOf } from "../base/schema.ts";
import type { MillraceEvent } from "../event/event.ts";
import { brandOf } from "./task.ts";

/** A defined trigger of any kind. */
export type Trigger<Name extends string = string> =
  | CronTrigger<Name>
  | ApiTrigger<Name>
  | EventTrigger<Name>
  | ManualTrigger<Name>;

/** What causes a trigger to fire. */
export type TriggerKind = Trigger["kind"];

/** What all triggers have. */
export interface TriggerBase<out Name extends string = string> {
  /** What it is, whichever copy of the library made it. */
  readonly "~millrace": "trigger";
  /** Unique among all triggers. */
  readonly name: Name;
  /** The topic it publishes to. */
  readonly topic: string;
}

/** Fires by the clock. */
export interface CronTrigger<out Name extends string = string> extends TriggerBase<Name> {
  /** By the clock. */
  readonly kind: "cron";
  /** Five fields, six with seconds in front, or a nickname such as `@daily`. */
  readonly cron: string;
  /** The IANA time zone of the fields. */
  readonly timezone: string;
  /** Each fire is delayed by a random time up to this, in ms. */
  readonly jitterMs: number;
  /** What happens with fires that were missed while nothing ran. */
  readonly catchUp: "none" | "one" | "all";
  /** Makes the event's data. */
  readonly event: (fire: CronFire) => unknown;
}

/** Fires by an HTTP call. */
export interface ApiTrigger<out Name extends string = string> extends TriggerBase<Name> {
  /** By an HTTP call. */
  readonly kind: "api";
  /** Checks what was sent. */
  readonly body?: AnySchema;
  /** Whether the call is genuine; asked before the body is looked at. */
  readonly verify?: (request: ApiRequest) => boolean | Promise<boolean>;
  /** Makes the event's data of the checked body. */
  readonly event: (body: never) => unknown;
}

/** Fires by other events. */
export interface EventTrigger<out Name extends string = string> extends TriggerBase<Name> {
  /** By other events. */
  readonly kind: "event";
  /** The pattern of the topics it listens to. */
  readonly source: string;
  /** Checks the data of the events; others do not fire it. */
  readonly data?: AnySchema;
  /** Whether this event fires it. */
  readonly when?: (event: MillraceEvent<never>) => boolean;
  /** Makes the new event's data of the old one. */
  readonly map: (event: MillraceEvent<never>) => unknown;
  /** Fires once nothing more has come for this long, in ms, with the latest event. */
  readonly debounceMs?: number;
  /** Fires at most once in this time, in ms, with the first event. */
  readonly throttleMs?: number;
}

/** Fires by hand. */
export interface ManualTrigger<out Name extends string = string> extends TriggerBase<Name> {
  /** By hand. */
  readonly kind: "manual";
  /** Makes the event's data of what was given by hand. */
  readonly event: (data: unknown) => unknown;
}

/** One fire of a cron trigger. */
export interface CronFire {
  /** The trigger's name. */
  readonly trigger: string;
  /** The time it was meant to fire at, in ms since 1970; the same for a fire that is caught up later. */
  readonly scheduledMs: number;
}

/** An HTTP call as it came, for checking a signature. */
export interface ApiRequest {
  /** The headers. */
  readonly headers: Headers;
  /** The body, byte for byte. */
  readonly raw: Uint8Array;
}

/** What `defineCronTrigger()` takes. */
export interface CronTriggerOptions<Name extends string> {
  /** Unique among all triggers: letters, digits, `_`, `-`, starting with a letter, at most 63. */
  readonly name: Name;
  /** Five fields, six with seconds in front, seven with years at the end, or a nickname such as `@daily`. */
  readonly cron: string;
  /** The IANA time zone of the fields. @default {"UTC"} */
  readonly timezone?: string;
  /** The topic it publishes to. */
  readonly topic: string;
  /** Makes the event's data; depends on nothing but its argument. `{ scheduledMs }` by default. */
  readonly event?: (fire: CronFire) => unknown;
  /** Each fire is delayed by a random time up to this, in ms. @default {0} */
  readonly jitterMs?: number;
  /** Fires that were missed while nothing ran: forgotten, made up for by the latest, or all made up. @default {"none"} */
  readonly catchUp?: "none" | "one" | "all";
}

/** What `defineApiTrigger()` takes. */
export interface ApiTriggerOptions<Name extends string, S extends AnySchema | undefined> {
  /** Unique among all triggers: letters, digits, `_`, `-`, starting with a letter, at most 63. */
  readonly name: Name;
  /** The topic it publishes to. */
  readonly topic: string;
  /** Checks what was sent; a call with anything else is refused. */
  readonly body?: S;
  /** Whether the call is genuine (for example its signature); a call that is not is refused. */
  readonly verify?: (request: ApiRequest) => boolean | Promise<boolean>;
  /** Makes the event's data of the checked body. The body itself by default. */
  readonly event?: (body: NoInfer<DataOf<S>>) => unknown;
}

/** What `defineEventTrigger()` takes. */
export interface EventTriggerOptions<Name extends string, S extends AnySchema | undefined> {
  /** Unique among all triggers: letters, digits, `_`, `-`, starting with a letter, at most 63. */
  readonly name: Name;
  /** The pattern of the topics it listens to. */
  readonly source: string;
  /** Checks the data of the events and types `event.data`; events with other data do not fire it. */
  readonly data?: S;
  /** Whether this event fires it. Every event by default. */
  readonly when?: (event: MillraceEvent<NoInfer<DataOf<S>>>) => boolean;
  /** Makes the new event's data of the old one. The old data by default. */
  readonly map?: (event: MillraceEvent<NoInfer<DataOf<S>>>) => unknown;
  /** The topic it publishes to. */
  readonly topic: string;
  /** Fires once nothing more has come for this long, in ms, with the latest event. Not with `throttleMs`. */
  readonly debounceMs?: number;
  /** Fires at most once in this time, in ms, with the first event. Not with `debounceMs`. */
  readonly throttleMs?: number;
}

/** What `defineManualTrigger()` takes. */
export interface ManualTriggerOptions<Name extends string> {
  /** Unique among all triggers: letters, digits, `_`, `-`, starting with a letter, at most 63. */
  readonly name: Name;
  /** The topic it publishes to. */
  readonly topic: string;
  /** Makes the event's data of what was given by hand. What was given by default. */
  readonly event?: (data: unknown) => unknown;
}

/** What comes out of a schema; without one, nothing is known of the data. */
export type DataOf<S> = S extends AnySchema ? OutputOf<S> : unknown;

/** What `defineTrigger()` takes: the options of one kind. */
export type TriggerOptions<Name extends string, S extends AnySchema | undefined> =
  | ({ readonly kind: "cron" } & CronTriggerOptions<Name>)
  | ({ readonly kind: "api" } & ApiTriggerOptions<Name, S>)
  | ({ readonly kind: "event" } & EventTriggerOptions<Name, S>)
  | ({ readonly kind: "manual" } & ManualTriggerOptions<Name>);

/** Whether a value was made by `defineTrigger()` or one of its kind. */
export function isTrigger(value: unknown): value is Trigger {
  return brandOf(value) === "trigger";
}
