/**
 * What may be published and subscribed to, and what is said of what may not.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { type AnySchema, check, isSchema } from "../base/schema.ts";
import { parsePattern } from "../event/topic.ts";
import type { PublishOptions } from "./broker.ts";

/** What may be said of events on many topics. */
export const PUBLISH_PATTERN_KEYS: readonly string[] = ["source", "key", "hops", "traceparent"];
/** What may be said of one event. */
export const PUBLISH_KEYS: readonly string[] = ["id", ...PUBLISH_PATTERN_KEYS];

/** What a topic's schema makes of data. @throws {MillraceError} `event/invalid` if it does not fit. */
export async function conform(topic: string, schema: AnySchema, data: unknown): Promise<unknown> {
  const result = await check(schema, data);
  if (result.ok) return result.value;
  const reason = result.issues.join("; ");
  throw new MillraceError(
    "event/invalid",
    `Cannot publish to "${topic}" as the data must fit the topic's schema: ${reason}`,
    { details: { topic, reason } },
  );
}

/** Throws a `TypeError` unless it is a schema, or absent. */
export function assertSchema(what: string, schema: unknown): void {
  if (schema === undefined || isSchema(schema)) return;
  throw new TypeError(
    `Cannot define ${what} as its schema must be a Standard Schema (zod, valibot, arktype), with "~standard": ` +
      `current value is ${schema === null ? "null" : typeof schema}`,
  );
}

/** Several patterns are one that has alternatives; each must be right by itself. */
export function joinPatterns(pattern: string | readonly string[]): string {
  if (typeof pattern === "string") return pattern;
  if (pattern.length === 0) throw new TypeError("Cannot subscribe as there must be at least one pattern");
  for (const one of pattern) parsePattern(one);
  return pattern.join("|");
}

/** The error of an event that did not fit the schema of one of its subscribers. */
export function misfit(topic: string, issues: readonly string[]): MillraceError {
  const reason = issues.join("; ");
  return new MillraceError(
    "event/invalid",
    `Cannot hand over an event on "${topic}" as its data must fit the subscriber's schema: ${reason}`,
    { details: { topic, reason } },
  );
}

/** Throws unless it may be the id of an event. */
function assertId(id: unknown): void {
  if (typeof id === "string" && id !== "" && id.length <= 255 && id.isWellFormed()) return;
  throw new TypeError(
    `Cannot publish as an id must be well-formed text of 1 to 255 characters: ${JSON.stringify(id)}`,
  );
}

/** Throws unless an event may say this of itself: what cannot be written would take others with it. */
export function assertAbout({ id, source, key, hops, traceparent }: PublishOptions): void {
  if (id !== undefined) assertId(id);
  for (const [name, text] of [["source", source], ["key", key], ["traceparent", traceparent]]) {
    if (text === undefined || typeof text === "string") continue;
    throw new TypeError(`Cannot publish as its ${name} must be a text: it is of type ${typeof text}`);
  }
  if (hops === undefined || Number.isInteger(hops) && hops >= 0) return;
  throw new RangeError(
    `Cannot publish as its hops must be an integer of at least 0: current value is ${hops}`,
  );
}

/** The error of a publisher whose event full subscriptions refused; all others have it. */
export function overloaded(topic: string, id: string, rejected: number): MillraceError {
  return new MillraceError(
    "broker/overloaded",
    `Cannot publish to "${topic}" as ${rejected} full subscriptions refuse what they cannot hold: event ${id}`,
    { details: { topic, id, rejected } },
  );
}
