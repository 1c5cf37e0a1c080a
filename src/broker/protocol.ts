/**
 * What the broker actor understands.
 *
 * @module
 */
import { z } from "zod";
import { protocol } from "../actor/protocol.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { Fire } from "../trigger/port.ts";
import type { SubscribeOptions } from "./subscription.ts";

const event = z.custom<EncodedEvent>((value) =>
  typeof value === "object" && value !== null && typeof (value as EncodedEvent).id === "string" &&
  typeof (value as EncodedEvent).topic === "string" && typeof (value as EncodedEvent).data === "string"
);

/** The broker's protocol. */
export const brokerProtocol = protocol("broker", {
  /** Publishes an event; answered once what it starts is journalled. `user` events keep off reserved topics. */
  publish: {
    in: z.object({ event, user: z.boolean(), fire: z.custom<Fire>().optional() }),
    out: z.object({
      matched: z.number(),
      enqueued: z.number(),
      dropped: z.number(),
      duplicate: z.boolean(),
      runIds: z.array(z.string()),
    }),
  },
  /** Shows events that are accepted already. */
  deliver: { in: z.array(event) },
  /** Replaces the patterns of the topics whose events must be accepted by the orchestrator first. */
  interest: { in: z.array(z.string()) },
  /** Refuses everything from now on: who waits for room stops waiting, subscriptions end. */
  halt: { in: z.void(), out: z.void() },
  /** Live events. */
  subscribe: {
    in: z.object({ pattern: z.string(), options: z.custom<Omit<SubscribeOptions, "signal">>().optional() }),
    stream: event,
  },
});
