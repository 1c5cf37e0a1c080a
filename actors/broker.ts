/**
 * The broker: routes events to whoever subscribes. What an event starts is journalled before it is shown to
 * anybody; the data of an event is never opened.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import { later } from "../src/actor/loop.ts";
import type { Address } from "../src/actor/ref.ts";
import { createIdSource } from "../src/base/ids.ts";
import { fromWire, toWire } from "../src/base/errors.ts";
import { BatchMemo } from "../src/broker/batch_memo.ts";
import { batchesOf } from "../src/broker/batches.ts";
import { overloaded } from "../src/broker/broker.ts";
import { createBrokerCore } from "../src/broker/core.ts";
import { type Outcome, type PackedOutcomes, packOutcomes, refused } from "../src/broker/outcome.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { Tickets } from "../src/broker/tickets.ts";
import { type EncodedEvent, MAX_HOPS } from "../src/event/event.ts";
import { idsOf } from "../src/event/event_batch.ts";
import { createTopicMatcher } from "../src/event/matcher.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import type { Fire } from "../src/trigger/port.ts";

/** What the broker is given. */
export interface BrokerOptions {
  /** Who accepts the events that start something. */
  readonly orchestrator: Address;
}

/** Many publishers wait at the same time: for the journal, or for room in a slow subscription. */
const CONCURRENCY = 16_384;
/** How many may wait for one subscription: one that stands still gets a small part of the turns, not all. */
const MAX_WAITING = 1_024;
const NO_RUNS: readonly string[] = [];

/** The broker. */
export const broker = defineActor(brokerProtocol, (ctx, options: BrokerOptions) => {
  const core = createBrokerCore({
    ids: createIdSource(ctx.clock),
    clock: ctx.clock,
    maxWaiting: MAX_WAITING,
  });
  const batches = new BatchMemo();
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  let interest = createTopicMatcher<true>();
  const tickets = new Tickets();
  ctx.onStop(() => core.close());

  /** Shows an event to its subscribers. */
  function show(event: EncodedEvent, known: boolean, runIds: readonly string[] = NO_RUNS): Outcome {
    try {
      const { matched, enqueued, dropped, rejected, duplicate, room } = core.deliver(event, known);
      const outcome = { matched, enqueued, dropped: dropped + rejected, duplicate, runIds };
      // What has started something is accepted, whoever could not see it.
      if (rejected > 0 && runIds.length === 0) {
        return { ...outcome, error: toWire(overloaded(event.topic, event.id, rejected)) };
      }
      return room === undefined ? outcome : { ...outcome, room };
    } catch (error) {
      return refused(toWire(error));
    }
  }

  const pack = (outcomes: readonly Outcome[]): PackedOutcomes =>
    packOutcomes(outcomes, (rooms) => tickets.issue(rooms));

  /** Whether it must be journalled. A chain that is too long starts nothing more: the core makes a dead letter of it. */
  function starts({ topic, hops = 0 }: EncodedEvent): boolean {
    return hops <= MAX_HOPS && (topic === "run.request" || interest.match(topic).length > 0);
  }

  /** Has it journalled before it is shown. */
  async function accept(event: EncodedEvent, known: boolean, fire?: Fire): Promise<Outcome> {
    try {
      const accepted = { event, ...(fire === undefined ? {} : { fire }) };
      const { runIds } = await orchestrator.ask("accept", accepted, { timeoutMs: "none" });
      return show(event, known, runIds);
    } catch (error) {
      return refused(toWire(error));
    }
  }

  return {
    publish: ({ batch, fresh }) => {
      const events = batches.decode(batch);
      if (fresh) core.remember(() => idsOf(batch), events.length, ctx.clock.now());
      let someStart = false;
      const outcomes = events.map((event) => {
        try {
          if (!starts(event)) return show(event, fresh);
        } catch (error) {
          return refused(toWire(error));
        }
        someStart = true;
        return accept(event, fresh);
      });
      if (someStart) return Promise.all(outcomes).then(pack);
      return new Promise<PackedOutcomes>((resolve) => later(() => resolve(pack(outcomes as readonly Outcome[]))));
    },
    room: (ticket) => tickets.news(ticket),
    fire: async ({ event, fire }) => {
      const ends = (event.hops ?? 0) > MAX_HOPS;
      const { runIds = [], error } = ends ? show(event, false) : await accept(event, false, fire);
      if (error !== undefined) throw fromWire(error);
      return { runIds: [...runIds] };
    },
    deliver: (batch) => {
      for (const event of batches.decode(batch)) {
        const { error } = show(event, false);
        if (error === undefined || error.code === "broker/closed") continue; // the platform is closing
        ctx.log.warn("An event was not shown", { topic: event.topic, error: error.message });
      }
    },
    interest: (patterns) => {
      interest = createTopicMatcher();
      for (const pattern of patterns) interest.add(pattern, true);
    },
    subscribe: ({ pattern, options }) =>
      batchesOf(core.subscribe(pattern, options), (events) => batches.encode(events)),
    halt: () => core.close(),
  };
}, { concurrency: CONCURRENCY });
