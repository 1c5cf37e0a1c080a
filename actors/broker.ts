/**
 * The broker: routes events to whoever subscribes. What an event starts is journalled before it is shown to
 * anybody; the data of an event is never opened.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { Address } from "../src/actor/ref.ts";
import { createIdSource } from "../src/base/ids.ts";
import { messageOf } from "../src/base/errors.ts";
import { createBrokerCore, type Delivery } from "../src/broker/core.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { assertHops, type EncodedEvent } from "../src/event/event.ts";
import { createTopicMatcher } from "../src/event/matcher.ts";
import { assertPublishable } from "../src/event/topic.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";

/** What the broker is given. */
export interface BrokerOptions {
  /** Who accepts the events that start something. */
  readonly orchestrator: Address;
}

/** Many publishers wait for the journal at the same time. */
const CONCURRENCY = 1024;

/** The broker. */
export const broker = defineActor(brokerProtocol, (ctx, options: BrokerOptions) => {
  const core = createBrokerCore({ ids: createIdSource(ctx.clock), clock: ctx.clock });
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  let interest = createTopicMatcher<true>();
  ctx.onStop(() => core.close());

  /** Shows an accepted event; a chain of events that is too long ends here, as a dead letter. */
  function show(event: EncodedEvent): void {
    try {
      core.deliver(event);
    } catch (error) {
      ctx.log.warn("An event was not shown", { topic: event.topic, error: messageOf(error) });
    }
  }

  return {
    publish: async ({ event, user, fire }) => {
      if (user) assertPublishable(event.topic);
      assertHops(event);
      const starts = fire !== undefined || event.topic === "run.request" ||
        interest.match(event.topic).length > 0;
      const { runIds } = starts
        ? await orchestrator.ask("accept", { event, ...(fire === undefined ? {} : { fire }) }, {
          timeoutMs: "none",
        })
        : { runIds: [] };
      const delivery = core.deliver(event);
      await delivery.room;
      return { ...numbers(delivery), runIds };
    },
    deliver: (events) => events.forEach(show),
    interest: (patterns) => {
      interest = createTopicMatcher();
      for (const pattern of patterns) interest.add(pattern, true);
    },
    subscribe: ({ pattern, options }) => core.subscribe(pattern, options),
  };
}, { concurrency: CONCURRENCY });

function numbers({ matched, enqueued, dropped, duplicate }: Delivery) {
  return { matched, enqueued, dropped, duplicate };
}
