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
import { createBrokerCore } from "../src/broker/core.ts";
import { EncodedBroker, type KeptDelivery } from "../src/broker/encoded_broker.ts";
import { eventLogProtocol } from "../src/broker/log_protocol.ts";
import { newsOf } from "../src/broker/news.ts";
import { type Outcome, type PackedOutcomes, packOutcomes, refused } from "../src/broker/outcome.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { misfit, overloaded } from "../src/broker/publication.ts";
import { RemoteEventLog } from "../src/broker/remote_event_log.ts";
import { Tickets } from "../src/broker/tickets.ts";
import { TopicChecks } from "../src/broker/topic_checks.ts";
import { type EncodedEvent, MAX_HOPS } from "../src/event/event.ts";
import { idsOf } from "../src/event/event_batch.ts";
import { createTopicMatcher } from "../src/event/matcher.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import type { Fire } from "../src/trigger/port.ts";

/** What the broker is given. */
export interface BrokerOptions {
  /** Who accepts the events that start something. */
  readonly orchestrator: Address;
  /** Who keeps the events of durable topics. */
  readonly eventLog: Address;
}

/** Many publishers wait at the same time: for the journal, or for room in a slow subscription. */
const CONCURRENCY = 16_384;
/** How many may wait for one subscription: one that stands still gets a small part of the turns, not all. */
const MAX_WAITING = 1_024;
const NO_RUNS: readonly string[] = [];

/** The broker. */
export const broker = defineActor(brokerProtocol, (ctx, options: BrokerOptions) => {
  const { clock } = ctx;
  const ids = createIdSource(clock);
  const core = createBrokerCore({ ids, clock, maxWaiting: MAX_WAITING });
  const log = new RemoteEventLog(ctx.ref(eventLogProtocol, options.eventLog));
  const encoded = new EncodedBroker({ core, log, ids, clock });
  const batches = new BatchMemo();
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  let interest = createTopicMatcher<true>();
  const tickets = new Tickets();
  const checks = new TopicChecks();
  const close = (): void => {
    checks.close();
    encoded.close();
  };
  ctx.onStop(close);

  /** Shows an event to its subscribers, once it is kept if its topic is durable. */
  function show(
    event: EncodedEvent,
    known: boolean,
    runIds: readonly string[] = NO_RUNS,
  ): Outcome | Promise<Outcome> {
    try {
      const delivery = encoded.deliver(event, known);
      if (!(delivery instanceof Promise)) return outcomeOf(event, delivery, runIds);
      return delivery.then(
        (kept) => outcomeOf(event, kept, runIds),
        (error) => refused(toWire(error)),
      );
    } catch (error) {
      return refused(toWire(error));
    }
  }

  const pack = (outcomes: readonly Outcome[]): PackedOutcomes =>
    packOutcomes(outcomes, (rooms) => tickets.issue(rooms));

  /** Whether it will be refused, and so starts nothing: a chain that is too long, a topic that is complete. */
  const ends = ({ topic, hops = 0 }: EncodedEvent): boolean => hops > MAX_HOPS || encoded.isComplete(topic);

  /** Whether it must be journalled. */
  const starts = (event: EncodedEvent): boolean =>
    (event.topic === "run.request" || interest.match(event.topic).length > 0) && !ends(event);

  /** What becomes of an event as the schema of its topic wants it. */
  async function conform(event: EncodedEvent, next: (event: EncodedEvent) => Outcome | Promise<Outcome>) {
    try {
      return await next(await checks.conform(event));
    } catch (error) {
      return refused(toWire(error));
    }
  }

  /** Has it journalled before it is shown. */
  async function accept(event: EncodedEvent, known: boolean, fire?: Fire): Promise<Outcome> {
    try {
      const accepted = { event, ...(fire === undefined ? {} : { fire }) };
      const { runIds } = await orchestrator.ask("accept", accepted, { timeoutMs: "none" });
      return await show(event, known, runIds);
    } catch (error) {
      return refused(toWire(error));
    }
  }

  return {
    publish: ({ batch, fresh, conformed }) => {
      const events = batches.decode(batch);
      if (fresh) core.remember(() => idsOf(batch), events.length, ctx.clock.now());
      let someWait = false;
      const outcomes = events.map((event) => {
        try {
          const take = (event: EncodedEvent): Outcome | Promise<Outcome> =>
            starts(event) ? accept(event, fresh) : show(event, fresh);
          const outcome = !conformed && checks.has(event.topic) ? conform(event, take) : take(event);
          someWait ||= outcome instanceof Promise;
          return outcome;
        } catch (error) {
          return refused(toWire(error));
        }
      });
      if (someWait) return Promise.all(outcomes).then(pack);
      // The events go first: who waits for this answer waits a turn, who waits for an event does not.
      return new Promise<PackedOutcomes>((resolve) =>
        later(() => resolve(pack(outcomes as readonly Outcome[])))
      );
    },
    room: (ticket) => tickets.news(ticket),
    fire: async ({ event, fire }) => {
      const take = (event: EncodedEvent): Outcome | Promise<Outcome> =>
        ends(event) ? show(event, false) : accept(event, false, fire);
      const { runIds = [], error } = await (checks.has(event.topic) ? conform(event, take) : take(event));
      if (error !== undefined) throw fromWire(error);
      return { runIds: [...runIds] };
    },
    deliver: async (batch) => {
      const events = batches.decode(batch);
      // All are shown, or on their way to the log, before anything is awaited: they keep their order.
      const outcomes = events.map((event) => show(event, false));
      for (const [index, event] of events.entries()) {
        const { error } = await outcomes[index]!;
        if (error === undefined || error.code === "broker/closed") continue; // the platform is closing
        ctx.log.warn("An event was not shown", { topic: event.topic, error: error.message });
      }
    },
    interest: (patterns) => {
      interest = createTopicMatcher();
      for (const pattern of patterns) interest.add(pattern, true);
    },
    open: () => encoded.open(),
    declare: async ({ topic, durability, checks: checked }) => {
      await encoded.declare(topic, durability);
      if (checked) checks.add(topic);
    },
    checks: async function* () {
      for await (const asked of checks.asked()) yield [...asked];
    },
    checked: (verdicts) => verdicts.forEach((verdict) => checks.answer(verdict)),
    complete: (topic) => encoded.complete(topic),
    topics: async (pattern) => [...await encoded.describeTopics(pattern)],
    misfit: ({ event, issues }) => core.bury(event, misfit(event.topic, issues)),
    openConsumer: ({ name, settings, since }) => encoded.openConsumer(name, settings, since),
    consumers: async () => [...await encoded.consumers()],
    removeConsumer: (name) => encoded.removeConsumer(name),
    claim: ({ name, max }) => encoded.claim(name, max),
    settle: async ({ name, settlements }) => [...await encoded.settle(name, settlements)],
    deadLetters: async ({ name, after, max }) => [...await encoded.deadLetters(name, after, max)],
    redeliver: ({ name, sequences }) => encoded.redeliver(name, sequences),
    news: () => newsOf((listener) => encoded.watch(listener)),
    subscribe: ({ pattern, options }) =>
      batchesOf(encoded.subscribe(pattern, options), (events) => batches.encode(events)),
    halt: close,
  };
}, { concurrency: CONCURRENCY });

function outcomeOf(event: EncodedEvent, delivery: KeptDelivery, runIds: readonly string[]): Outcome {
  const { matched, enqueued, dropped, rejected, duplicate, room, sequence } = delivery;
  const outcome = {
    matched,
    enqueued,
    dropped: dropped + rejected,
    duplicate,
    runIds,
    ...(sequence === undefined ? {} : { sequence }),
  };
  // What has started something is accepted, whoever could not see it.
  if (rejected > 0 && runIds.length === 0) {
    return { ...outcome, error: toWire(overloaded(event.topic, event.id, rejected)) };
  }
  return room === undefined ? outcome : { ...outcome, room };
}
