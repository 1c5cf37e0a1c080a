import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import { MillraceError } from "../../src/base/errors.ts";
import { timeOfId } from "../../src/base/ids.ts";
import { createBroker, type Subscription } from "../../src/broker/mod.ts";
import { openMemoryEventLog } from "../../src/broker/memory_event_log.ts";
import { naiveMatch } from "../event/naive_match.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, MillraceError)).code;
}

/** What is buffered now. */
async function drain(subscription: Subscription): Promise<unknown[]> {
  const data: unknown[] = [];
  const iterator = subscription[Symbol.asyncIterator]();
  while (subscription.stats.depth > 0) data.push((await iterator.next()).value?.data);
  return data;
}

Deno.test("Broker.publish gives each subscriber the event with its envelope", async () => {
  await using broker = createBroker({ clock: { now: () => 5000, after: () => () => {} }, source: "shop" });
  const subscription = broker.subscribe("sales.*.created");
  const published = await broker.publish("sales.orders.created", { amount: 12 }, { key: "k", hops: 2 });
  assertEquals(published, { id: published.id, matched: 1, enqueued: 1, dropped: 0, duplicate: false });
  assertEquals(timeOfId(published.id), 5000);
  for await (const event of subscription) {
    assertEquals(event, {
      id: published.id,
      topic: "sales.orders.created",
      timeMs: 5000,
      source: "shop",
      data: { amount: 12 },
      key: "k",
      hops: 2,
    });
    break;
  }
});

Deno.test("Broker.publish keeps the order of calls that were not awaited", async () => {
  await using broker = createBroker();
  const subscription = broker.subscribe("a");
  await Promise.all([1, 2, 3].map((data) => broker.publish("a", data)));
  assertEquals(await drain(subscription), [1, 2, 3]);
});

Deno.test("Broker.publish gives every subscriber an object of its own", async () => {
  await using broker = createBroker();
  const [one, two] = [broker.subscribe("a"), broker.subscribe("a")];
  const data = { list: [1] };
  await broker.publish("a", data);
  data.list.push(2);
  const [first] = await drain(one) as [{ list: number[] }];
  first.list.push(3);
  assertEquals(await drain(two), [{ list: [1] }]);
});

Deno.test("Broker.publish drops an id that came before", async () => {
  await using broker = createBroker();
  const subscription = broker.subscribe("a");
  await broker.publish("a", 1, { id: "order-1" });
  const again = await broker.publish("a", 1, { id: "order-1" });
  assertEquals(again, { id: "order-1", matched: 0, enqueued: 0, dropped: 0, duplicate: true });
  assertEquals(await drain(subscription), [1]);
});

Deno.test("Broker.publish refuses what is wrong, and nobody gets it", async () => {
  await using broker = createBroker();
  const subscription = broker.subscribe("**|run.**");
  assertEquals(await codeOf(broker.publish("a..b", 1)), "topic/invalid");
  assertEquals(await codeOf(broker.publish("a.*", 1)), "topic/invalid");
  assertEquals(await codeOf(broker.publish("run.x.started", 1)), "event/reserved-topic");
  assertEquals(await codeOf(broker.publish("$sys.x", 1)), "event/reserved-topic");
  assertEquals(await codeOf(broker.publish("a", 1n)), "event/invalid");
  assertEquals(await codeOf(broker.publish("a", 1, { hops: 17 })), "event/too-many-hops");
  await assertRejects(() => broker.publish("a", 1, { id: "" }), TypeError);
  await assertRejects(() => broker.publish("a", 1, { hop: 1 } as object), TypeError, 'did you mean "hops"?');
  assertEquals(subscription.stats.offered, 0);
  assertEquals((await broker.publish("run.request", {})).matched, 1);
});

Deno.test("Broker.publish throws if a subscription rejects, and the others have the event", async () => {
  await using broker = createBroker();
  broker.subscribe("a", { capacity: 1, overflow: "reject" });
  const other = broker.subscribe("a");
  await broker.publish("a", 1);
  assertEquals(await codeOf(broker.publish("a", 2)), "broker/overloaded");
  assertEquals(await drain(other), [1, 2]);
});

Deno.test("Broker.publish waits for a subscription with backpressure", async () => {
  await using broker = createBroker();
  const slow = broker.subscribe("a", { capacity: 1, overflow: "backpressure" });
  await broker.publish("a", 1);
  let done = false;
  const second = broker.publish("a", 2).then(() => done = true);
  await Promise.resolve();
  assertEquals(done, false);
  assertEquals((await slow[Symbol.asyncIterator]().next()).value?.data, 1);
  await second;
});

Deno.test("Broker.declareTopic is idempotent, and topics lists what was declared", async () => {
  await using broker = createBroker();
  for (const topic of ["b.x", "a.x", "a.y", "a.x"]) await broker.declareTopic(topic);
  await broker.publish("a.z", 1);
  assertEquals(broker.topics(), ["a.x", "a.y", "b.x"]);
  assertEquals(broker.topics("a.*"), ["a.x", "a.y"]);
  assertEquals(await codeOf(broker.declareTopic("a.*")), "topic/invalid");
  assertEquals(await codeOf(broker.declareTopic("task.x")), "event/reserved-topic");
  assertThrows(() => broker.topics("a..b"), MillraceError);
});

Deno.test("Broker.declareTopic makes a topic's schema hold", async () => {
  await using broker = createBroker();
  await broker.declareTopic("orders", {
    schema: z.object({ amount: z.number(), currency: z.string().default("EUR") }),
  });
  await broker.declareTopic("orders");
  const subscription = broker.subscribe("orders");
  await broker.publish("orders", { amount: 1 });
  assertEquals(await drain(subscription), [{ amount: 1, currency: "EUR" }]);
  const error = await assertRejects(() => broker.publish("orders", { amount: "1" }), MillraceError);
  assertEquals(error.code, "event/invalid");
  assert(error.message.includes("at 'amount'"), error.message);
});

Deno.test("Broker.publishPattern publishes to every declared topic that matches", async () => {
  await using broker = createBroker();
  for (const topic of ["a.x", "a.y", "b.x"]) await broker.declareTopic(topic);
  const subscription = broker.subscribe("**");
  const published = await broker.publishPattern("a.*", 1);
  assertEquals(published, { topics: ["a.x", "a.y"], matched: 2, enqueued: 2, dropped: 0 });
  assertEquals(await drain(subscription), [1, 1]);
});

Deno.test("Broker.publishPattern says when no declared topic matches", async () => {
  await using broker = createBroker();
  const advisories = broker.subscribe("$sys.advisory.unmatched");
  assertEquals((await broker.publishPattern("a.*", 1)).topics, []);
  assertEquals(await drain(advisories), [{ pattern: "a.*" }]);
});

Deno.test("Broker.subscribe works from the call on, not from the first turn of the loop", async () => {
  await using broker = createBroker();
  const subscription = broker.subscribe("a");
  await broker.publish("a", 1);
  for await (const event of subscription) {
    assertEquals(event.data, 1);
    break;
  }
  assertEquals(broker.stats.subscriptions, 0);
});

Deno.test("Broker.close ends loops after what is buffered, and refuses the rest", async () => {
  const broker = createBroker();
  const subscription = broker.subscribe("a");
  await broker.publish("a", 1);
  await broker.close();
  await broker.close();
  const seen: unknown[] = [];
  for await (const event of subscription) seen.push(event.data);
  assertEquals(seen, [1]);
  assertEquals(await codeOf(broker.publish("a", 1)), "broker/closed");
  assertThrows(() => broker.subscribe("a"), MillraceError);
});

Deno.test("a subscription ends with its scope", async () => {
  await using broker = createBroker();
  {
    await using _subscription = broker.subscribe("a");
    assertEquals(broker.stats.subscriptions, 1);
  }
  assertEquals(broker.stats.subscriptions, 0);
});

Deno.test("createBroker refuses unknown options", () => {
  assertThrows(() => createBroker({ clok: 1 } as object), TypeError, 'did you mean "clock"?');
});

Deno.test("nothing is lost without being counted, whatever happens", async () => {
  const topic = fc.constantFrom("a", "a.b", "b");
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ publish: topic }) },
    {
      weight: 1,
      arbitrary: fc.record({
        subscribe: fc.constantFrom("a", "a.**", "**", "*"),
        capacity: fc.integer({ min: 1, max: 3 }),
        overflow: fc.constantFrom("drop-oldest", "drop-newest", "reject", "conflate"),
      }),
    },
    { weight: 2, arbitrary: fc.record({ take: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat(5) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using broker = createBroker();
      const all: { subscription: Subscription; pattern: string; offered: number; open: boolean }[] = [];
      for (const step of steps) {
        if ("publish" in step) {
          for (const one of all) if (one.open && naiveMatch(one.pattern, step.publish)) one.offered++;
          await broker.publish(step.publish, 1).catch((error) =>
            assert(MillraceError.is(error, "broker/overloaded"))
          );
        } else if ("subscribe" in step) {
          const { subscribe: pattern, capacity, overflow } = step;
          all.push({
            subscription: broker.subscribe(pattern, { capacity, overflow }),
            pattern,
            offered: 0,
            open: true,
          });
        } else if ("take" in step) {
          const subscription = all[step.take]?.subscription;
          if (subscription !== undefined && subscription.stats.depth > 0) {
            await subscription[Symbol.asyncIterator]().next();
          }
        } else {
          const one = all[step.leave];
          one?.subscription.close();
          if (one !== undefined) one.open = false;
        }
        for (const { subscription: { stats }, offered } of all) {
          assertEquals(stats.offered, offered);
          assertEquals(stats.offered, stats.taken + stats.dropped + stats.depth + stats.waiting);
        }
      }
    }),
  );
});

Deno.test("a reader keeps up with a publisher that awaits nothing but publish", async () => {
  await using broker = createBroker();
  const subscription = broker.subscribe("a", { capacity: 8 });
  const reading = (async () => {
    for await (const event of subscription) if (event.data === 4999) return;
  })();
  for (let index = 0; index < 5000; index++) await broker.publish("a", index);
  await reading;
  assertEquals([subscription.stats.taken, subscription.stats.dropped], [5000, 0]);
});

Deno.test("createBroker() refuses what is no schema where it is given, not where it is used", async () => {
  await using log = await openMemoryEventLog();
  await using broker = createBroker({ log });
  const schema = {} as never;
  await assertRejects(() => broker.declareTopic("a", { schema }), TypeError, "Standard Schema");
  assertThrows(() => broker.subscribe("a", { schema }), TypeError, "Standard Schema");
  assertThrows(() => broker.consume("a", { name: "c", schema }), TypeError, "Standard Schema");
  assertEquals(broker.topics(), []);
});
