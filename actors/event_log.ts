/**
 * The event log: durable topics and consumers, in a file that it alone writes.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import { toWire } from "../src/base/errors.ts";
import { type AppendOutcome, eventLogProtocol } from "../src/broker/log_protocol.ts";
import { newsOf } from "../src/broker/news.ts";
import { openSqliteEventLog } from "../src/broker/sqlite_event_log.ts";
import { decodeBatch, encodeBatch } from "../src/event/event_batch.ts";

/** What the event log is given. */
export interface EventLogOptions {
  /** The folder where state is kept. */
  readonly dataDir: string;
  /** How durable a write is. */
  readonly fsync: "always" | "batched";
}

/** Writes that are in hand at the same time share a transaction. */
const CONCURRENCY = 4_096;

/** The event log. */
export const eventLog = defineActor(eventLogProtocol, async (ctx, { dataDir, fsync }: EventLogOptions) => {
  const log = await openSqliteEventLog({ path: `${dataDir}/events.db`, fsync, clock: ctx.clock });
  ctx.onStop(() => log[Symbol.asyncDispose]());
  return {
    declare: ({ topic, retention }) => log.declare(topic, retention),
    topics: async () => [...await log.topics()],
    complete: (topic) => log.complete(topic),
    append: ({ batch, counts }) => {
      const events = decodeBatch(batch);
      let from = 0;
      return Promise.all(
        counts.map((count): Promise<AppendOutcome> =>
          log.append(events.slice(from, from += count)).then(
            (appended) => ({ appended }),
            (error) => ({ error: toWire(error) }),
          )
        ),
      );
    },
    read: async (request) => {
      const { events, position, missed } = await log.read(request);
      return { batch: encodeBatch(events), position, missed };
    },
    find: (since) => log.find(since),
    head: () => log.head(),
    news: () => newsOf((listener) => log.watch(listener)),
    prune: () => log.prune(),
    openConsumer: ({ name, settings, position }) => log.openConsumer(name, settings, position),
    consumers: async () => [...await log.consumers()],
    removeConsumer: (name) => log.removeConsumer(name),
    claim: ({ name, max }) => log.claim(name, max),
    settle: async ({ name, settlements }) => [...await log.settle(name, settlements)],
    deadLetters: async ({ name, after, max }) => [...await log.deadLetters(name, after, max)],
    redeliver: ({ name, sequences }) => log.redeliver(name, sequences),
  };
}, { concurrency: CONCURRENCY });
