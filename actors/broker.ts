/**
 * The broker: routes events to whoever subscribes. What an event starts is journalled before it is shown to
 * anybody; the data of an event is never opened.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { Address } from "../src/actor/ref.ts";
import { createIdSource } from "../src/base/ids.ts";
import { messageOf, MillraceError } from "../src/base/errors.ts";
import { overloaded } from "../src/broker/broker.ts";
import { createBrokerCore, type Delivery } from "../src/broker/core.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { type EncodedEvent, MAX_HOPS } from "../src/event/event.ts";
import { createTopicMatcher } from "../src/event/matcher.ts";
import { assertPublishable } from "../src/event/topic.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";

/** What the broker is given. */
export interface BrokerOptions {
  /** Who accepts the events that start something. */
  readonly orchestrator: Address;
}

/** Many publishers wait at the same time: for the journal, or for room in a slow subscription. */
const CONCURRENCY = 16_384;
/** How many may wait for one subscription: one that stands still gets a small part of the turns, not all. */
const MAX_WAITING = 1_024;

/** The broker. */
export const broker = defineActor(brokerProtocol, (ctx, options: BrokerOptions) => {
  const core = createBrokerCore({
    ids: createIdSource(ctx.clock),
    clock: ctx.clock,
    maxWaiting: MAX_WAITING,
  });
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  let interest = createTopicMatcher<true>();
  ctx.onStop(() => core.close());

  /** Shows an accepted event; a chain of events that is too long ends here, as a dead letter. */
  function show(event: EncodedEvent): void {
    try {
      core.deliver(event);
    } catch (error) {
      if (MillraceError.is(error, "broker/closed")) return; // the platform is closing
      ctx.log.warn("An event was not shown", { topic: event.topic, error: messageOf(error) });
    }
  }

  return {
    publish: async ({ event, user, fire }) => {
      if (user) assertPublishable(event.topic);
      // A chain that is too long starts nothing more: the core makes a dead letter of it.
      const ends = (event.hops ?? 0) > MAX_HOPS;
      const starts = !ends && (fire !== undefined || event.topic === "run.request" ||
        interest.match(event.topic).length > 0);
      const { runIds } = starts
        ? await orchestrator.ask("accept", { event, ...(fire === undefined ? {} : { fire }) }, {
          timeoutMs: "none",
        })
        : { runIds: [] };
      const delivery = core.deliver(event);
      await delivery.room;
      // What has started something is accepted, whoever could not see it.
      if (delivery.rejected > 0 && runIds.length === 0) {
        throw overloaded(event.topic, event.id, delivery.rejected);
      }
      return { ...numbers(delivery), runIds };
    },
    deliver: (events) => events.forEach(show),
    interest: (patterns) => {
      interest = createTopicMatcher();
      for (const pattern of patterns) interest.add(pattern, true);
    },
    subscribe: ({ pattern, options }) => core.subscribe(pattern, options),
    halt: () => core.close(),
  };
}, { concurrency: CONCURRENCY });

function numbers({ matched, enqueued, dropped, rejected, duplicate }: Delivery) {
  return { matched, enqueued, dropped: dropped + rejected, duplicate };
}
