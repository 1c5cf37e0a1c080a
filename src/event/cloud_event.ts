/**
 * Events as CloudEvents 1.0 and back, in the structured mode of the JSON format.
 *
 * The rules are those of <https://github.com/cloudevents/spec>: `spec.md` and `formats/json-format.md` 1.0.2, and
 * the extensions `partitioning.md` and `distributed-tracing.md`.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { MillraceEvent } from "./event.ts";
import { assertTopic } from "./topic.ts";

/** How long the id of an event may be, in characters. */
const MAX_ID_LENGTH = 255;

/** An event as a CloudEvent in JSON; its media type is `application/cloudevents+json`. */
export interface CloudEvent {
  /** The version of the specification. */
  readonly specversion: "1.0";
  /** The id of the event. */
  readonly id: string;
  /** Who published it, a URI reference. */
  readonly source: string;
  /** Its topic. */
  readonly type: string;
  /** When it happened, RFC 3339. */
  readonly time: string;
  /** What `data` is. */
  readonly datacontenttype: string;
  /** What happened, a JSON value. */
  readonly data: unknown;
  /** The key of the event: extension "partitioning". */
  readonly partitionkey?: string;
  /** W3C trace context: extension "distributed tracing". */
  readonly traceparent?: string;
  /** How many events led to this one: our own extension. */
  readonly hops?: number;
}

/**
 * An event as a CloudEvent.
 *
 * @param event Its topic becomes `type`, its key `partitionkey`.
 * @throws {MillraceError} `event/invalid` if its time is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fromCloudEvent, toCloudEvent } from "@millrace/millrace";
 * const event = { id: "1", topic: "sales.created", timeMs: 0, source: "app", data: { amount: 5 } };
 * assertEquals(toCloudEvent(event).time, "1970-01-01T00:00:00.000Z");
 * assertEquals(fromCloudEvent(toCloudEvent(event)), event);
 * ```
 */
export function toCloudEvent(event: MillraceEvent): CloudEvent {
  const { id, topic, timeMs, source, data, hops, key, traceparent } = event;
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) {
    throw invalid(topic, `its time must be one that a date can have: ${timeMs}`);
  }
  return {
    specversion: "1.0",
    id,
    source,
    type: topic,
    time: time.toISOString(),
    datacontenttype: "application/json",
    data: data ?? null,
    ...(key !== undefined && { partitionkey: key }),
    ...(traceparent !== undefined && { traceparent }),
    ...(hops !== undefined && { hops }),
  };
}

/**
 * A CloudEvent as an event. Attributes that an event has no member for, such as `subject`, are left out.
 *
 * `data` that is declared as something else than JSON stays the text that it is. The id is taken as it is,
 * though a CloudEvent's is unique within its source only.
 *
 * @param value The CloudEvent, as it came out of `JSON.parse`.
 * @param receivedMs When it was received, in ms since 1970: the time of an event that does not tell its own.
 * @throws {MillraceError} `event/invalid` if it is no CloudEvent 1.0 or has binary data, `topic/invalid` if its
 * type is no topic.
 */
export function fromCloudEvent(value: unknown, receivedMs?: number): MillraceEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("", "a CloudEvent must be a JSON object");
  }
  const attributes = value as Readonly<Record<string, unknown>>;
  const topic = textOf(attributes, "type", "");
  const version = attributes.specversion;
  if (version !== "1.0") throw invalid(topic, `specversion must be "1.0": ${JSON.stringify(version)}`);
  const id = textOf(attributes, "id", topic);
  if (id.length > MAX_ID_LENGTH || /[\p{Cc}\p{Cs}]/u.test(id)) {
    throw invalid(
      topic,
      `id must have at most ${MAX_ID_LENGTH} characters, no control characters, and be well-formed`,
    );
  }
  const source = textOf(attributes, "source", topic);
  assertTopic(topic);
  const [key, traceparent] = [optional("partitionkey"), optional("traceparent")];
  const hops = attributes.hops ?? undefined;
  if (hops !== undefined && !(Number.isInteger(hops) && (hops as number) >= 0)) {
    throw invalid(topic, `hops must be an integer of at least 0: ${JSON.stringify(hops)}`);
  }
  return {
    id,
    topic,
    timeMs: timeOf(attributes.time ?? undefined, topic, receivedMs),
    source,
    data: dataOf(attributes, topic),
    ...(hops !== undefined && { hops: hops as number }),
    ...(key !== undefined && { key }),
    ...(traceparent !== undefined && { traceparent }),
  };

  /** An attribute that may be absent, or null, which is the same. */
  function optional(name: string): string | undefined {
    return attributes[name] === undefined || attributes[name] === null
      ? undefined
      : textOf(attributes, name, topic);
  }
}

function textOf(attributes: Readonly<Record<string, unknown>>, name: string, topic: string): string {
  const value = attributes[name];
  if (typeof value === "string" && value !== "") return value;
  throw invalid(topic, `${name} must be a string that is not empty: ${JSON.stringify(value)}`);
}

/** RFC 3339, section 5.6. */
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

function timeOf(time: unknown, topic: string, receivedMs: number | undefined): number {
  if (time === undefined && receivedMs !== undefined) return receivedMs;
  const [, year, month, day] = typeof time === "string" ? TIMESTAMP.exec(time) ?? [] : [];
  const timeMs = day === undefined ? NaN : Date.parse((time as string).toUpperCase());
  // `Date` takes February 30 as March 2.
  if (
    !Number.isNaN(timeMs) && Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  ) {
    return timeMs;
  }
  throw invalid(topic, `time must be a timestamp of RFC 3339: ${JSON.stringify(time)}`);
}

/** A subtype `json`, or one that ends with `+json`. */
const JSON_TYPE = /^[^/]+\/([^/;]+\+)?json\s*(;|$)/i;

function dataOf(attributes: Readonly<Record<string, unknown>>, topic: string): unknown {
  if (attributes.data_base64 !== undefined && attributes.data_base64 !== null) {
    throw invalid(topic, "the data of an event must be a JSON value, it cannot be binary (data_base64)");
  }
  const { data = null, datacontenttype: type } = attributes;
  if (type === undefined || type === null || data === null) return data;
  if (typeof type !== "string") {
    throw invalid(topic, `datacontenttype must be a string: ${JSON.stringify(type)}`);
  }
  if (JSON_TYPE.test(type) || typeof data === "string") return data;
  throw invalid(topic, `data of type ${type} must be a string: it is of type ${typeof data}`);
}

function invalid(topic: string, reason: string): MillraceError {
  return new MillraceError("event/invalid", `Cannot read or write a CloudEvent as ${reason}`, {
    details: { topic, reason },
  });
}
