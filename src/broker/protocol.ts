/**
 * What the broker actor understands.
 *
 * @module
 */
import { z } from "zod";
import { protocol } from "../actor/protocol.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { EventBatch } from "../event/event_batch.ts";
import type { Fire } from "../trigger/port.ts";
import type { PackedOutcomes } from "./outcome.ts";
import type { SubscribeOptions } from "./subscription.ts";

/** How many events travel in one batch at most: 256 wake the other thread too often, 1,024 too seldom (measured). */
export const MAX_BATCH = 512;
/** How many characters of data a batch takes before it is closed. */
export const MAX_BATCH_LENGTH = 256 * 1024;
/** How many batches of a subscription are on their way at once: one is read while the next one comes. */
export const BATCHES_UNDER_WAY = 2;

const event = z.custom<EncodedEvent>((value) =>
  isObject(value) && typeof value.id === "string" && typeof value.topic === "string" &&
  typeof value.data === "string"
);
const batch = z.custom<EventBatch>((value) =>
  isObject(value) && typeof value.heads === "string" && typeof value.data === "string"
);
const outcomes = z.custom<PackedOutcomes>((value) => isObject(value) && Array.isArray(value.runs));

/** The broker's protocol. */
export const brokerProtocol = protocol("broker", {
  /**
   * Publishes events; answered once what they start is journalled, and everyone has them who had room. Whoever
   * wants to know when those have them who had none asks for `room`. The ids of `fresh` events were made for them.
   */
  publish: { in: z.object({ batch, fresh: z.boolean() }), out: outcomes },
  /**
   * Answered with which events of a batch have had room since they were asked about last, once there is one; with
   * those that no more is known about, `ended`.
   */
  room: { in: z.number(), out: z.object({ free: z.array(z.number()), ended: z.boolean() }) },
  /** Publishes an event that a trigger fired; answered once what it starts is journalled. */
  fire: { in: z.object({ event, fire: z.custom<Fire>() }), out: z.object({ runIds: z.array(z.string()) }) },
  /** Shows events that are accepted already. */
  deliver: { in: batch },
  /** Replaces the patterns of the topics whose events must be accepted by the orchestrator first. */
  interest: { in: z.array(z.string()) },
  /** Refuses everything from now on: who waits for room stops waiting, subscriptions end. */
  halt: { in: z.void(), out: z.void() },
  /** Live events. */
  subscribe: {
    in: z.object({ pattern: z.string(), options: z.custom<Omit<SubscribeOptions, "signal">>().optional() }),
    stream: batch,
  },
});

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
