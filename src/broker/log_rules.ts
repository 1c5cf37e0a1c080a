/**
 * What every event log has in common: what it keeps by default, what it refuses, and what it says then.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { assertKeys } from "../base/names.ts";
import type { EncodedEvent } from "../event/event.ts";
import { compilePattern } from "../event/topic.ts";
import type { ConsumerSettings, Since, TopicRetention } from "./port.ts";

/** How much of a durable topic is kept unless its declaration says otherwise. */
export const DEFAULT_RETENTION: Required<TopicRetention> = {
  maxAgeMs: 7 * 24 * 3_600_000,
  maxEvents: 1_000_000,
  maxBytes: 256 * 1024 * 1024,
};

/** How many events one step of retention deletes at most. */
export const PRUNE_STEP = 1_000;

/** What `changes` name, and the rest as it was. @throws {RangeError} If a limit is not above 0. */
export function mergeRetention(
  before: Required<TopicRetention>,
  changes: TopicRetention,
): Required<TopicRetention> {
  assertKeys("the retention of a topic", changes, ["maxAgeMs", "maxEvents", "maxBytes"]);
  const merged = { ...before, ...changes };
  for (const [name, limit] of Object.entries(merged)) {
    if (typeof limit === "number" && limit > 0) continue;
    throw new RangeError(`Cannot keep a topic as its ${name} must be above 0: current value is ${limit}`);
  }
  return merged;
}

/** Throws unless the settings of a consumer make sense. */
export function assertConsumerSettings(settings: ConsumerSettings): void {
  for (const key of ["maxDeliveries", "maxInFlight"] as const) {
    if (Number.isInteger(settings[key]) && settings[key] > 0) continue;
    throw new RangeError(
      `Cannot consume as "${key}" must be a positive integer: current value is ${settings[key]}`,
    );
  }
  if (!(settings.ackWithinMs > 0)) {
    throw new RangeError(
      `Cannot consume as "ackWithinMs" must be above 0: current value is ${settings.ackWithinMs}`,
    );
  }
}

/** What an event counts for in the bytes of its topic: its texts, in UTF-8. */
export function bytesOf({ data, id, source, key, traceparent }: EncodedEvent): number {
  return utf8Length(data) + utf8Length(id) + utf8Length(source) + (key === undefined ? 0 : utf8Length(key)) +
    (traceparent === undefined ? 0 : utf8Length(traceparent));
}

/** Counted here, as encoding costs more than writing the event. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) length += unit > 0x7ff && !isHalfOfPair(unit) ? 2 : 1;
  }
  return length;
}

/** Two of them are four bytes; alone, one counts two although it would be replaced by three. */
function isHalfOfPair(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Whether a topic is one of these. */
export function matcherOf(patterns: readonly string[]): (topic: string) => boolean {
  const matches = patterns.map(compilePattern);
  return (topic) => matches.some((one) => one(topic));
}

/** Why an event is a dead letter that nobody gave up in so many words. */
export function unsettledReason(tries: number): string {
  return `not acknowledged in ${tries} ${tries === 1 ? "delivery" : "deliveries"}`;
}

/** What a closed log says. */
export function logClosed(): MillraceError<"broker/log-closed"> {
  return new MillraceError("broker/log-closed", "Cannot use the event log as it is closed", { details: {} });
}

/** What a log says of an event on a topic that it does not keep. */
export function notDurable(topic: string): MillraceError<"topic/not-durable"> {
  return new MillraceError(
    "topic/not-durable",
    `Cannot append to "${topic}" as a topic must be declared durable to be kept in the event log`,
    { details: { topic } },
  );
}

/** What a topic says that takes no more events. */
export function topicCompleted(topic: string): MillraceError<"topic/completed"> {
  return new MillraceError(
    "topic/completed",
    `Cannot publish to "${topic}" as a topic that is complete takes no more events`,
    { details: { topic } },
  );
}

/** What a log says of a place after an event that it does not have. */
export function eventUnknown(since: Since): MillraceError<"event/unknown"> {
  const id = typeof since === "object" && "id" in since ? since.id : "";
  return new MillraceError(
    "event/unknown",
    `Cannot begin after event "${id}" as the event log must have it: retention may have taken it`,
    { details: { id } },
  );
}

/** What a log says of a consumer that it does not know. */
export function consumerUnknown(consumer: string): MillraceError<"consumer/unknown"> {
  return new MillraceError(
    "consumer/unknown",
    `Cannot find the consumer "${consumer}": consume() makes it`,
    { details: { consumer } },
  );
}
