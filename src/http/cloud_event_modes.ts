/**
 * CloudEvents in HTTP messages: the structured, batched and binary content mode.
 *
 * The rules are those of <https://github.com/cloudevents/spec>, `bindings/http-protocol-binding.md` 1.0.2.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { fromCloudEvent, toCloudEvent } from "../event/cloud_event.ts";
import type { EncodedEvent, MillraceEvent } from "../event/event.ts";
import { parseJsonBody } from "./body.ts";
import { badRequest } from "./query.ts";

/** The media type of one event in JSON. */
export const CLOUD_EVENT_TYPE = "application/cloudevents+json";
/** The media type of several. */
export const CLOUD_EVENTS_TYPE = "application/cloudevents-batch+json";

/** The CloudEvents of a request. */
export interface CloudEvents {
  /** Whether they came as a batch, which may hold any number of them. */
  readonly batch: boolean;
  /** The events in their order. */
  readonly events: readonly MillraceEvent[];
}

/**
 * Reads the CloudEvents of a request, in whichever mode they came.
 *
 * @param headers Of the request.
 * @param body As received.
 * @param receivedMs The time of an event that does not tell its own, in ms since 1970.
 * @returns `undefined` if the request has none: neither the media type nor the header fields.
 * @throws {MillraceError} `event/invalid`, `topic/invalid`, `http/bad-request`, or
 * `http/unsupported-media-type` if the events are in another format than JSON.
 */
export function readCloudEvents(
  headers: Headers,
  body: Uint8Array,
  receivedMs: number,
): CloudEvents | undefined {
  const type = headers.get("content-type") ?? "";
  if (isOfType(type, CLOUD_EVENT_TYPE)) {
    return { batch: false, events: [fromCloudEvent(parseJsonBody(body, type), receivedMs)] };
  }
  if (isOfType(type, CLOUD_EVENTS_TYPE)) {
    return { batch: true, events: readBatch(parseJsonBody(body, type), receivedMs) };
  }
  if (type.toLowerCase().startsWith("application/cloudevents")) throw unsupported(type);
  if (!headers.has("ce-specversion")) return undefined;
  return { batch: false, events: [fromCloudEvent(readBinary(headers, body, type), receivedMs)] };
}

/** An event as the text of a CloudEvent; the data, which is JSON already, goes in as it is. */
export function cloudEventText({ data, ...event }: EncodedEvent): string {
  const { data: _, ...attributes } = toCloudEvent({ ...event, data: null });
  return `${JSON.stringify(attributes).slice(0, -1)},"data":${data}}`;
}

/** All of a batch or nothing of it: what is wrong with any event is told for each. */
function readBatch(value: unknown, receivedMs: number): readonly MillraceEvent[] {
  if (!Array.isArray(value)) throw badRequest("read the batch", ["a batch of CloudEvents must be an array"]);
  const issues: string[] = [];
  const events = value.flatMap((item, index) => {
    try {
      return [fromCloudEvent(item, receivedMs)];
    } catch (error) {
      if (!MillraceError.is(error)) throw error;
      issues.push(`at '[${index}]': ${error.message}`);
      return [];
    }
  });
  if (issues.length > 0) throw badRequest("read the batch", issues);
  return events;
}

const PREFIX = "ce-";

/** What stands in the header fields and the body, as one CloudEvent. */
function readBinary(headers: Headers, body: Uint8Array, type: string): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of headers) {
    if (name.startsWith(PREFIX)) attributes[name.slice(PREFIX.length)] = attributeOf(name, value);
  }
  if (Object.keys(attributes).some((name) => name.startsWith("data"))) {
    throw badRequest("read the CloudEvent", ["its data must be the body, and their type the Content-Type"]);
  }
  // Header fields have no numbers.
  const { hops } = attributes;
  if (typeof hops === "string" && /^\d{1,3}$/.test(hops)) attributes.hops = Number(hops);
  if (body.byteLength === 0) return attributes;
  if (type === "" || isJson(type)) {
    return { ...attributes, data: parseJsonBody(body, "application/json") };
  }
  return { ...attributes, datacontenttype: type, data: textOf(body) };
}

/** The value of an attribute as it stands in a header field: quoted once, then percent-encoded once. */
function attributeOf(name: string, field: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(field)?.[1];
  const value = quoted === undefined ? field : quoted.replaceAll(/\\(.)/g, "$1");
  try {
    return decodeURIComponent(value);
  } catch {
    throw badRequest("read the CloudEvent", [
      `the header field ${name} must be percent-encoded UTF-8: ${JSON.stringify(field)}`,
    ]);
  }
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw badRequest("read the CloudEvent", [
      "the data of an event must be JSON or text, it cannot be binary",
    ]);
  }
}

function isJson(type: string): boolean {
  return /^[^/;]+\/(?:[^;]+\+)?json\s*(?:;|$)/i.test(type);
}

function isOfType(contentType: string, type: string): boolean {
  return contentType.split(";", 1)[0]!.trim().toLowerCase() === type;
}

function unsupported(contentType: string): MillraceError {
  return new MillraceError(
    "http/unsupported-media-type",
    `Cannot read CloudEvents as their format must be JSON (${CLOUD_EVENT_TYPE} or ${CLOUD_EVENTS_TYPE}): ` +
      `current value is ${JSON.stringify(contentType)}`,
    { details: { contentType } },
  );
}
