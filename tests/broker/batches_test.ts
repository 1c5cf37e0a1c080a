import { assertEquals, assertRejects } from "@std/assert";
import { batchesOf, EventsOf } from "../../src/broker/batches.ts";
import { createBrokerCore } from "../../src/broker/mod.ts";
import { MAX_BATCH, MAX_BATCH_LENGTH } from "../../src/broker/protocol.ts";
import type { EncodedEvent } from "../../src/event/event.ts";
import { decodeBatch, encodeBatch, type EventBatch, readBatch } from "../../src/event/event_batch.ts";
import { createVirtualClock } from "../../src/testing/mod.ts";
import { createIdSource } from "../../src/base/ids.ts";

function event(id: number, data = `${id}`): EncodedEvent {
  return { id: `${id}`, topic: "t", timeMs: 1, source: "s", data };
}

function core() {
  const clock = createVirtualClock();
  return createBrokerCore({ clock, ids: createIdSource(clock) });
}

async function* of(...batches: readonly (readonly EncodedEvent[])[]): AsyncGenerator<EventBatch> {
  for (const batch of batches) yield encodeBatch(batch);
}

Deno.test("batchesOf gives what has gathered, at most so many events and so much data at once", async () => {
  const broker = core();
  const batches = batchesOf(broker.subscribe("t"), encodeBatch);
  const next = async () => decodeBatch((await batches.next()).value!).length;
  for (let id = 0; id <= MAX_BATCH; id++) broker.deliver(event(id));
  assertEquals([await next(), await next()], [MAX_BATCH, 1]);
  const long = "1".repeat(MAX_BATCH_LENGTH / 2);
  for (let id = 1_000; id < 1_003; id++) broker.deliver(event(id, long));
  assertEquals([await next(), await next()], [2, 1]);
});

Deno.test("batchesOf ends its subscription when it is left, and ends with it", async () => {
  const broker = core();
  const left = batchesOf(broker.subscribe("t"), encodeBatch);
  const pending = left.next();
  await left.return!();
  assertEquals([await pending, broker.stats.subscriptions], [{ done: true, value: undefined }, 0]);
  const closed = batchesOf(broker.subscribe("t"), encodeBatch);
  broker.deliver(event(1));
  broker.close();
  assertEquals((await closed.next()).done, false, "what is buffered is still read");
  assertEquals((await closed.next()).done, true);
});

Deno.test("EventsOf gives the events of all batches in order, however many are asked for at once", async () => {
  const events = new EventsOf(of([event(0), event(1)], [], [event(2)], [event(3), event(4)]), readBatch);
  const taken = await Promise.all(Array.from({ length: 7 }, () => events.next()));
  assertEquals(taken.map(({ value }) => value?.data), [0, 1, 2, 3, 4, undefined, undefined]);
});

Deno.test("EventsOf ends when it is left, also while it waits", async () => {
  const broker = core();
  const events = new EventsOf(batchesOf(broker.subscribe("t"), encodeBatch), readBatch);
  const pending = events.next();
  await events.return();
  assertEquals(await pending, { done: true, value: undefined });
  assertEquals(await events.next(), { done: true, value: undefined });
  assertEquals(broker.stats.subscriptions, 0);
});

Deno.test("EventsOf gives what has come, then fails as its batches do", async () => {
  const batches = (async function* () {
    yield encodeBatch([event(0)]);
    throw new Error("lost");
  })();
  const events = new EventsOf(batches, readBatch);
  const [first, ...rest] = [events.next(), events.next(), events.next()];
  assertEquals((await first!).value?.data, 0);
  await assertRejects(() => rest[0]!, Error, "lost");
  await rest[1]!.catch(() => {});
});
