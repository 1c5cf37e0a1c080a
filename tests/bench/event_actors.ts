/** The publishers and the subscribers of the benchmarks of events, each in a worker of its own. */
import { z } from "zod";
import { defineActor } from "../../src/actor/define_actor.ts";
import { protocol } from "../../src/actor/protocol.ts";
import type { ActorRef, Address } from "../../src/actor/ref.ts";
import { EventsOf } from "../../src/broker/batches.ts";
import { BATCHES_UNDER_WAY, brokerProtocol } from "../../src/broker/protocol.ts";
import { Publisher } from "../../src/broker/publisher.ts";
import type { MillraceEvent } from "../../src/event/event.ts";
import { readBatch } from "../../src/event/event_batch.ts";
import { type Order, order, OrderCheck, PATTERN, TOPIC } from "./bench_event.ts";

/** How many publications wait for their answer at once. */
const IN_FLIGHT = 1024;
const BY_BENCH = { source: "bench" };

/** What both are given. */
export interface Options {
  readonly broker: Address;
}

export const publisherProtocol = protocol("publisher", {
  /** Publishes so many events to so many topics in turn; answers with how many deliveries there were. */
  publish: { in: z.object({ count: z.number(), topics: z.number() }), out: z.number() },
  /** Publishes so many events, each when an answer to the one before has come; gives how long each took, in µs. */
  lone: { in: z.number(), out: z.array(z.number()) },
});

export const readerProtocol = protocol("reader", {
  /** Subscribes; answered once the subscription is there. */
  subscribe: { in: z.void(), out: z.void() },
  /** Answers once so many events have come, complete and in order. */
  read: { in: z.number(), out: z.number() },
  /** Answers so many lone events, each with one of its own. */
  echo: { in: z.number(), out: z.void() },
});

/** Publishes one event per call, as a program does. */
export const publisher = defineActor(publisherProtocol, (ctx, options: Options) => {
  const broker = ctx.ref(brokerProtocol, options.broker);
  const events = new Publisher(broker, ctx.clock);
  return {
    publish: async ({ count, topics }) => {
      const names = topics === 1 ? [TOPIC] : Array.from({ length: topics }, (_, n) => `${TOPIC}${n}`);
      let next = 0;
      let delivered = 0;
      const lane = async (): Promise<void> => {
        while (next < count) {
          const number = next++;
          const { enqueued } = await events.publish(names[number % topics]!, order(number), BY_BENCH);
          delivered += enqueued;
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
      return delivered;
    },
    lone: async (count) => {
      const answers = subscription(broker, "bench.lone.answers");
      const took: number[] = [];
      for (let n = 0; n < count; n++) {
        const startedMs = performance.now();
        const published = events.publish("bench.lone.questions", order(n), BY_BENCH);
        await answers.next();
        took.push((performance.now() - startedMs) * 1_000);
        await published;
      }
      await answers.return?.();
      return took;
    },
  };
});

/** Reads what a wildcard matches, and lets publishers wait rather than lose an event. */
export const reader = defineActor(readerProtocol, (ctx, options: Options) => {
  const broker = ctx.ref(brokerProtocol, options.broker);
  const publisher = new Publisher(broker, ctx.clock);
  const events = subscription(broker, PATTERN);
  const questions = subscription(broker, "bench.lone.questions");
  return {
    // What one host sends to one actor arrives in order: after this answer the subscriptions are there.
    subscribe: async () => void await publisher.publish("bench.ready", null, BY_BENCH),
    read: async (count) => {
      const check = new OrderCheck();
      while (check.seen < count) check.take((await events.next()).value.data as Order);
      return check.seen;
    },
    echo: async (count) => {
      for (let n = 0; n < count; n++) {
        const { data } = (await questions.next()).value;
        await publisher.publish("bench.lone.answers", data, BY_BENCH);
      }
    },
  };
});

function subscription(
  broker: ActorRef<typeof brokerProtocol>,
  pattern: string,
): AsyncIterator<MillraceEvent> {
  const options = { overflow: "backpressure" } as const;
  const batches = broker.stream("subscribe", { pattern, options }, { capacity: BATCHES_UNDER_WAY });
  return new EventsOf(batches, readBatch);
}
