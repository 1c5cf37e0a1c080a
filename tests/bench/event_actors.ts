/** The publisher and the subscriber of the benchmark of events, each in a worker of its own. */
import { z } from "zod";
import { defineActor } from "../../src/actor/define_actor.ts";
import { protocol } from "../../src/actor/protocol.ts";
import type { Address } from "../../src/actor/ref.ts";
import { createIdSource, type IdSource } from "../../src/base/ids.ts";
import { EventsOf } from "../../src/broker/batches.ts";
import { BATCHES_UNDER_WAY, brokerProtocol } from "../../src/broker/protocol.ts";
import { Publisher } from "../../src/broker/publisher.ts";
import { type EncodedEvent, encodeEvent, type MillraceEvent } from "../../src/event/event.ts";
import { readBatch } from "../../src/event/event_batch.ts";
import { type Order, order, OrderCheck, PATTERN, TOPIC } from "./bench_event.ts";

/** How many publications wait for their answer at once. */
const IN_FLIGHT = 1024;

/** What both are given. */
export interface Options {
  readonly broker: Address;
}

export const publisherProtocol = protocol("publisher", {
  /** Publishes so many events; answers with how many deliveries there were, once all are made. */
  publish: { in: z.number(), out: z.number() },
});

export const readerProtocol = protocol("reader", {
  /** Subscribes; answered once the subscription is there. */
  subscribe: { in: z.void(), out: z.void() },
  /** Answers once so many events have come, complete and in order. */
  read: { in: z.number(), out: z.number() },
});

function eventOf(ids: IdSource, topic: string, orderId: number): EncodedEvent {
  return encodeEvent({ id: ids.next(), topic, timeMs: Date.now(), source: "bench", data: order(orderId) });
}

/** Publishes one event per call, as a program does. */
export const publisher = defineActor(publisherProtocol, (ctx, options: Options) => {
  const broker = ctx.ref(brokerProtocol, options.broker);
  const events = new Publisher(broker, ctx.clock);
  const ids = createIdSource(ctx.clock);
  return {
    publish: async (count) => {
      let next = 0;
      let delivered = 0;
      const lane = async (): Promise<void> => {
        while (next < count) {
          const event = eventOf(ids, TOPIC, next++);
          const { enqueued } = await events.send(event, true);
          delivered += enqueued;
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
      return delivered;
    },
  };
});

/** Reads what a wildcard matches, and lets publishers wait rather than lose an event. */
export const reader = defineActor(readerProtocol, (ctx, options: Options) => {
  const broker = ctx.ref(brokerProtocol, options.broker);
  const ids = createIdSource(ctx.clock);
  let events: AsyncIterator<MillraceEvent>;
  return {
    subscribe: async () => {
      const subscription = { pattern: PATTERN, options: { overflow: "backpressure" } } as const;
      events = new EventsOf(
        broker.stream("subscribe", subscription, { capacity: BATCHES_UNDER_WAY }),
        readBatch,
      );
      // What one host sends to one actor arrives in order: after this answer the subscription is there.
      await new Publisher(broker, ctx.clock).send(eventOf(ids, "bench.ready", 0), true);
    },
    read: async (count) => {
      const check = new OrderCheck();
      while (check.seen < count) check.take((await events.next()).value.data as Order);
      return check.seen;
    },
  };
});
