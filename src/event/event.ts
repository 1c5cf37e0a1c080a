/**
 * The event: an immutable fact on a topic.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import { isTooDeep, MAX_JSON_DEPTH } from "../base/json_depth.ts";

/** An immutable fact. */
export interface MillraceEvent<Data = unknown> {
  /** A UUIDv7; the same id is the same fact, however often it arrives. */
  readonly id: string;
  /** Dot-separated name, for example `sales.orders.created`. */
  readonly topic: string;
  /** When it happened, in ms since 1970. */
  readonly timeMs: number;
  /** Who published it: `app`, `trigger/<name>`, `run/<runId>` … */
  readonly source: string;
  /** What happened; any JSON value. */
  readonly data: Data;
  /** How many events led to this one; beyond {@linkcode MAX_HOPS} it is refused. */
  readonly hops?: number;
  /** What must stay in order: within a group, events of one key go to the same member. */
  readonly key?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  /** Where it stands in the event log; on durable topics only. */
  readonly sequence?: number;
}

/** An event whose `data` is JSON text: encoded once by the publisher, opaque to whoever only routes it. */
export type EncodedEvent = MillraceEvent<string>;

/** Where a subscriber is told that it has missed something. */
export const GAP_TOPIC = "$sys.advisory.gap";

/** How long a chain of events that cause each other may be, so that no pipeline starts itself for ever. */
export const MAX_HOPS = 16;

/** Throws `event/too-many-hops` if the chain of events that led to this one is too long. */
export function assertHops(event: { readonly topic: string; readonly hops?: number }): void {
  const hops = event.hops ?? 0;
  if (hops <= MAX_HOPS) return;
  throw new MillraceError(
    "event/too-many-hops",
    `Cannot publish to "${event.topic}" as a chain of events that cause each other must have at most ` +
      `${MAX_HOPS} hops: current value is ${hops}`,
    { details: { topic: event.topic, hops } },
  );
}

/** Encodes an event's data as JSON text; throws `event/invalid` if it is no JSON value. */
export function encodeEvent(event: MillraceEvent): EncodedEvent {
  return { ...event, data: encodeData(event.topic, event.data) };
}

/** Decodes an event that {@linkcode encodeEvent} encoded; its data is taken for what it should be. */
export function decodeEvent<Data = unknown>(event: EncodedEvent): MillraceEvent<Data> {
  return { ...event, data: JSON.parse(event.data) };
}

/** JSON text of an event's data; `undefined` becomes `null`. */
export function encodeData(topic: string, data: unknown): string {
  try {
    const text = JSON.stringify(data ?? null);
    if (text !== undefined && !isTooDeep(text)) return text;
    if (text !== undefined) throw new RangeError(`it may be nested at most ${MAX_JSON_DEPTH} levels deep`);
    throw new TypeError(`${typeof data} is not a JSON value`);
  } catch (error) {
    throw new MillraceError(
      "event/invalid",
      `Cannot publish to "${topic}" as the data of an event must be a JSON value: ${messageOf(error)}`,
      { details: { topic, reason: messageOf(error) }, cause: error },
    );
  }
}
