import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { createIdSource } from "../../src/base/ids.ts";
import { MillraceError } from "../../src/base/errors.ts";
import type { ErrorCode } from "../../src/base/error_codes.ts";
import { type Broker, createBroker } from "../../src/broker/broker.ts";
import type { Claim } from "../../src/broker/consumer.ts";
import type { Subscription } from "../../src/broker/decoded_subscription.ts";
import { openMemoryEventLog } from "../../src/broker/memory_event_log.ts";
import type { EventLog } from "../../src/broker/port.ts";
import { openSqliteEventLog } from "../../src/broker/sqlite_event_log.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/virtual_clock.ts";

const START_MS = 1_700_000_000_000;

interface World {
  readonly broker: Broker;
  readonly log: EventLog;
  readonly clock: VirtualClock;
  /** Another broker over the same log. */
  again(): Broker;
}

/** A broker over a log in memory, with `orders.created` and `orders.paid` durable. */
async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
  const clock = createVirtualClock(START_MS);
  await using log = await openMemoryEventLog({ clock });
  await using stack = new AsyncDisposableStack();
  const again = (): Broker => stack.use(createBroker({ log, clock, ids: createIdSource(clock) }));
  const broker = again();
  for (const topic of ["orders.created", "orders.paid"]) await broker.declareTopic(topic, { durable: true });
  await test({ broker, log, clock, again });
}

async function take<Data>(subscription: Subscription<Data>, count: number): Promise<Data[]> {
  const iterator = subscription[Symbol.asyncIterator]();
  const data: Data[] = [];
  while (data.length < count) {
    const { done, value } = await iterator.next();
    if (done) break;
    data.push(value.data);
  }
  return data;
}

async function rest<Data>(subscription: AsyncIterable<{ readonly data: Data }>): Promise<Data[]> {
  const data: Data[] = [];
  for await (const event of subscription) data.push(event.data);
  return data;
}

async function claims<Data>(consumer: AsyncIterable<Claim<Data>>, count: number): Promise<Claim<Data>[]> {
  const iterator = consumer[Symbol.asyncIterator]();
  const taken: Claim<Data>[] = [];
  while (taken.length < count) {
    const { done, value } = await iterator.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

const codeOf = (error: unknown): unknown => MillraceError.is(error) ? error.code : error;

async function assertCode(call: () => Promise<unknown>, code: ErrorCode): Promise<void> {
  const error = await assertRejects(call);
  assert(MillraceError.is(error, code), String(error));
}

Deno.test("publish() to a durable topic tells its place, and live subscribers see it, too", () =>
  inWorld(async ({ broker }) => {
    const live = broker.subscribe("orders.**");
    assertEquals((await broker.publish("orders.created", 1)).sequence, 1);
    assertEquals((await broker.publish("orders.live", 2)).sequence, undefined);
    const { sequence, matched, enqueued } = await broker.publish("orders.paid", 3);
    assertEquals([sequence, matched, enqueued], [2, 1, 1]);
    const iterator = live[Symbol.asyncIterator]();
    const seen = [];
    for (let n = 0; n < 3; n++) seen.push((await iterator.next()).value!.sequence);
    assertEquals(seen, [1, undefined, 2]);
  }));

Deno.test("publish() drops an id that the log has, also for a later broker, and counts it", () =>
  inWorld(async ({ broker, clock, again }) => {
    await broker.publish("orders.created", 1, { id: "a" });
    assertEquals(await broker.publish("orders.created", 1, { id: "a" }), {
      id: "a",
      matched: 0,
      enqueued: 0,
      dropped: 0,
      duplicate: true,
      sequence: 1,
    });
    await clock.advance(3_600_000); // beyond the window of the core
    const later = again();
    const live = later.subscribe("orders.**");
    assertEquals((await later.publish("orders.created", 1, { id: "a" })).duplicate, true);
    assertEquals([broker.stats.duplicates, later.stats.duplicates, live.stats.offered], [1, 1, 0]);
  }));

Deno.test("publish() refuses a chain that is too long before it is kept", () =>
  inWorld(async ({ broker, log }) => {
    await assertCode(() => broker.publish("orders.created", 1, { hops: 17 }), "event/too-many-hops");
    assertEquals(await log.head(), 0);
    assertEquals(broker.stats.deadLetters, 1);
  }));

Deno.test("declareTopic() is known to a later broker over the same log, which waits for it", () =>
  inWorld(async ({ broker, again }) => {
    await broker.declareTopic("orders.created", { retention: { maxEvents: 7 } });
    await broker.complete("orders.paid");
    const later = again();
    assertEquals((await later.publish("orders.created", 1)).sequence, 1);
    assertEquals(later.topics(), ["orders.created", "orders.paid"]);
    const [created, paid] = await later.describeTopics("orders.*");
    assertEquals([created?.durable?.retention.maxEvents, created?.durable?.events], [7, 1]);
    assertEquals(paid?.completed, true);
    await assertCode(() => later.publish("orders.paid", 1), "topic/completed");
  }));

Deno.test("declareTopic() does not take durability back, and keeps nothing of what is not durable", () =>
  inWorld(async ({ broker }) => {
    await assertRejects(
      () => broker.declareTopic("orders.created", { durable: false }),
      TypeError,
      "durable",
    );
    await assertRejects(
      () => broker.declareTopic("x", { retention: { maxEvents: 1 } }),
      TypeError,
      "retention",
    );
    await broker.declareTopic("x");
    assertEquals(await broker.describeTopics("x"), [{ topic: "x", completed: false }]);
    await broker.declareTopic("x", { durable: true });
    assertEquals((await broker.publish("x", 1)).sequence, 1);
  }));

Deno.test("declareTopic() refuses durable that is neither true nor false, which would keep nothing", () =>
  inWorld(async ({ broker }) => {
    await assertRejects(
      () => broker.declareTopic("orders.sent", { durable: "yes" as never }),
      TypeError,
      "true or false",
    );
  }));

Deno.test("a broker without a log keeps nothing, and says so", async () => {
  await using broker = createBroker();
  await assertCode(() => broker.declareTopic("a", { durable: true }), "broker/no-log");
  const error = assertThrows(() => broker.consume("a", { name: "x" }));
  assert(MillraceError.is(error, "broker/no-log"));
  await assertCode(() => broker.deadLetters("x"), "broker/no-log");
  assertEquals(await broker.consumers(), []);
});

Deno.test("a broker whose log is closed refuses what would be kept", () =>
  inWorld(async ({ broker, log }) => {
    await log[Symbol.asyncDispose]();
    await assertCode(() => broker.publish("orders.created", 1), "broker/log-closed");
    assertEquals((await broker.publish("orders.live", 1)).duplicate, false);
  }));

Deno.test("complete() ends a subscription when all declared topics that it matches are complete", () =>
  inWorld(async ({ broker }) => {
    const both = broker.subscribe("orders.*");
    const one = broker.subscribe("orders.paid");
    const other = broker.subscribe("**");
    await broker.declareTopic("stock.moved");
    for (const topic of ["orders.created", "orders.paid"]) await broker.publish(topic, topic);
    await broker.complete("orders.paid");
    assertEquals(await rest(one), ["orders.paid"]);
    assertEquals(both.stats.depth, 2);
    await broker.publish("orders.created", "still");
    await broker.complete("orders.created");
    assertEquals(await rest(both), ["orders.created", "orders.paid", "still"]);
    assertEquals(await rest(broker.subscribe("orders.*")), []);
    assertEquals(await rest(broker.subscribe("orders.*", { since: "first" })), [
      "orders.created",
      "orders.paid",
      "still",
    ]);
    await broker.declareTopic("orders.paid", { durable: true });
    await assertCode(() => broker.publish("orders.paid", 1), "topic/completed");
    await broker.publish("stock.moved", "open");
    assertEquals(await take(other, 4), ["orders.created", "orders.paid", "still", "open"]);
  }));

Deno.test("complete() comes after what is on its way to the log, for live subscribers too, and before the rest", () =>
  inWorld(async ({ broker: _, log, clock }) => {
    const answer = Promise.withResolvers<void>();
    // A log in another thread, which answers later.
    const far = new Proxy(log, {
      get(log, name: keyof EventLog) {
        const method = (log[name] as (...args: unknown[]) => unknown).bind(log);
        return name !== "append" ? method : (...args: unknown[]) => {
          const appended = method(...args);
          return answer.promise.then(() => appended);
        };
      },
    });
    await using broker = createBroker({ log: far, clock, ids: createIdSource(clock) });
    const live = broker.subscribe("orders.paid");
    const kept = broker.publish("orders.paid", 1);
    const completed = broker.complete("orders.paid");
    await broker.declareTopic("orders.created");
    await assertCode(() => broker.publish("orders.paid", 2), "topic/completed");
    answer.resolve();
    assertEquals((await kept).enqueued, 1);
    await completed;
    assertEquals(await rest(live), [1]);
    assertEquals(await rest(broker.subscribe("orders.paid", { since: "first" })), [1]);
  }));

Deno.test("complete() of a topic that was not declared declares it", async () => {
  await using broker = createBroker();
  await broker.complete("a");
  assertEquals(broker.topics(), ["a"]);
  await assertCode(() => broker.publish("a", 1), "topic/completed");
  await assertCode(() => broker.complete("run.a"), "event/reserved-topic");
});

Deno.test("publishPattern() leaves out topics that are complete", () =>
  inWorld(async ({ broker }) => {
    await broker.complete("orders.paid");
    assertEquals((await broker.publishPattern("orders.*", 1)).topics, ["orders.created"]);
  }));

Deno.test("publishPattern() waits for the topics of the log", () =>
  inWorld(async ({ again }) => {
    const { topics } = await again().publishPattern("orders.*", 1);
    assertEquals(topics, ["orders.created", "orders.paid"]);
  }));

Deno.test("publish() refuses what an event cannot say of itself, and others of the same turn are kept", async () => {
  await using log = await openSqliteEventLog({ path: ":memory:" });
  await using broker = createBroker({ log });
  await broker.declareTopic("orders.paid", { durable: true });
  const bad = [{ key: { n: 1n } }, { key: 5 }, { source: null }, { traceparent: 7 }, { hops: -1 }, {
    hops: "1",
  }];
  const all = await Promise.allSettled(
    [{}, ...bad, {}].map((about) => broker.publish("orders.paid", 1, about as never)),
  );
  assertEquals(all.map(({ status }) => status === "fulfilled"), [true, ...bad.map(() => false), true]);
  for (const one of all) if (one.status === "rejected") assert(/TypeError|RangeError/.test(one.reason.name));
  assertEquals(await log.head(), 2);
});

Deno.test("subscribe() to several patterns delivers once", () =>
  inWorld(async ({ broker }) => {
    const several = broker.subscribe(["orders.*", "*.created", "a|b"]);
    for (const topic of ["orders.created", "stock.created", "b", "c"]) await broker.publish(topic, topic);
    assertEquals(await take(several, 3), ["orders.created", "stock.created", "b"]);
    assertEquals(several.stats.offered, 3);
    const error = assertThrows(() => broker.subscribe(["a", "b..c"]));
    assert(MillraceError.is(error, "pattern/invalid"));
    assertEquals(error.details, { pattern: "b..c", position: 2 });
    assertThrows(() => broker.subscribe([]), TypeError, "at least one");
  }));

Deno.test("subscribe({ schema }) converts what fits; the rest is a dead letter, and the loop goes on", async () => {
  await using broker = createBroker();
  const dead = broker.subscribe("$sys.deadletter");
  const dates = broker.subscribe("day.*", { schema: z.object({ day: z.coerce.date() }) });
  await broker.publish("day.closed", { day: "2026-01-02" });
  await broker.publish("day.closed", { day: "never" }, { id: "bad" });
  await broker.publish("day.closed", { day: 0 });
  const days: Date[] = (await take(dates, 2)).map(({ day }) => day);
  assertEquals(days, [new Date("2026-01-02"), new Date(0)]);
  assertEquals([dates.misfits, broker.stats.deadLetters], [1, 1]);
  const [letter] = await take(dead, 1) as { error: { code: string }; event: { id: string } }[];
  assertEquals([letter?.error.code, letter?.event.id], ["event/invalid", "bad"]);
});

Deno.test("subscribe({ since }) reads what was kept, then goes on live, without gap or duplicate", () =>
  inWorld(async ({ broker }) => {
    for (let n = 1; n <= 600; n++) await broker.publish(n % 2 === 0 ? "orders.paid" : "orders.created", n);
    const all = broker.subscribe("orders.*", { since: "first", capacity: 1 });
    const later = broker.subscribe("orders.*", { since: { sequence: 599 } });
    const reading = take(all, 1_200);
    // Published while it reads: some before it has caught up, some after.
    for (let n = 601; n <= 1_200; n++) await broker.publish("orders.created", n);
    const numbers = (from: number) => Array.from({ length: 1_201 - from }, (_, n) => n + from);
    assertEquals(await reading, numbers(1));
    assertEquals(await take(later, 602), numbers(599));
    assertEquals([all.gap, later.gap, all.stats.dropped], [false, false, 0]);
    assertEquals(all.stats.taken, 1_200);
  }));

Deno.test("subscribe({ since }) gives what is remembered of a topic before what comes live", async () => {
  await using broker = createBroker();
  for (let n = 0; n < 10; n++) await broker.publish("ticks", n);
  await using since = broker.subscribe("ticks", { since: "first" });
  for (let n = 10; n < 20; n++) await broker.publish("ticks", n);
  assertEquals(await take(since, 20), Array.from({ length: 20 }, (_, n) => n));
});

Deno.test("subscribe({ since: { timeMs } }) begins with what was kept from a time on", () =>
  inWorld(async ({ broker, clock }) => {
    for (let n = 0; n < 4; n++) {
      await broker.publish("orders.created", n);
      await broker.publish("orders.live", `live ${n}`);
      await clock.advance(1_000);
    }
    const durable = broker.subscribe("orders.created", { since: { timeMs: START_MS + 2_000 } });
    assertEquals(await take(durable, 2), [2, 3]);
    const both = broker.subscribe("orders.*", { since: { timeMs: START_MS + 2_000 } });
    assertEquals((await take(both, 4)).map(String).sort(), ["2", "3", "live 2", "live 3"]);
    assertEquals(both.gap, false);
  }));

Deno.test("subscribe({ since: { id } }) gives exactly what came after an event, durable or not", () =>
  inWorld(async ({ broker }) => {
    const ids: string[] = [];
    for (let n = 0; n < 9; n++) {
      ids.push((await broker.publish(n % 3 === 0 ? "orders.created" : "orders.live", n)).id);
    }
    for (let from = 0; from < 9; from++) {
      await using since = broker.subscribe("orders.*", { since: { id: ids[from]! } });
      const expected = Array.from({ length: 8 - from }, (_, n) => from + 1 + n);
      assertEquals((await take(since, expected.length)).map(Number).sort(), expected, `after ${from}`);
      assertEquals(since.gap, false);
      assertEquals(since.stats.depth, 0);
    }
  }));

Deno.test("subscribe({ since: { id } }) says that there is a gap when the event is forgotten", () =>
  inWorld(async ({ broker, again, clock }) => {
    const { id } = await broker.publish("orders.live", 0);
    const { id: durableId } = await broker.publish("orders.created", 1);
    await clock.advance(5);
    for (let n = 2; n < 1_100; n++) await broker.publish("noise", n);
    await broker.publish("orders.created", 2);
    const live = broker.subscribe("orders.*", { since: { id } });
    assertEquals([await take(live, 2), live.gap], [[1, 2], true]);
    const mixed = broker.subscribe("orders.*", { since: { id: durableId } });
    assertEquals([await take(mixed, 1), mixed.gap], [[2], true]);
    // Nothing but the log is asked for: it knows.
    const kept = broker.subscribe("orders.created|orders.paid", { since: { id: durableId } });
    assertEquals([await take(kept, 1), kept.gap], [[2], false]);
    const later = again().subscribe("orders.created", { since: { id: durableId } });
    assertEquals([await take(later, 1), later.gap], [[2], false]);
    const never = broker.subscribe("orders.created", { since: { id: "nobody's" } });
    await broker.publish("orders.created", 3);
    assertEquals([await take(never, 1), never.gap], [[3], true]);
  }));

Deno.test("subscribe({ since }) says that there is a gap where retention was faster than its reader", () =>
  inWorld(async ({ broker }) => {
    await broker.declareTopic("few", { durable: true, retention: { maxEvents: 2 } });
    await broker.publish("few", 1);
    await using reader = broker.subscribe("few", { since: "first" });
    assertEquals([await take(reader, 1), reader.gap], [[1], false]);
    for (let n = 2; n <= 5; n++) await broker.publish("few", n);
  }));

Deno.test("subscribe({ since }) refuses a group, and places that make no sense", () =>
  inWorld(async ({ broker }) => {
    await Promise.resolve();
    assertThrows(() => broker.subscribe("a", { since: "first", group: "g" }), TypeError, "consume");
    for (const since of ["last", {}, { id: 1 }, { sequence: NaN }, { id: "a", timeMs: 1 }, null]) {
      assertThrows(() => broker.subscribe("a", { since: since as never }), TypeError, "since");
    }
  }));

Deno.test("subscribe({ since }) ends when it is left, called off, or the broker closes", () =>
  inWorld(async ({ broker }) => {
    await broker.publish("orders.created", 1);
    for await (const _ of broker.subscribe("orders.**", { since: "first" })) break;
    const controller = new AbortController();
    const aborted = rest(
      broker.subscribe("orders.**", { since: { sequence: 2 }, signal: controller.signal }),
    );
    const waiting = rest(broker.subscribe("orders.**", { since: "first" }));
    controller.abort();
    assertEquals(await aborted, []);
    assertEquals(broker.stats.subscriptions, 1);
    await broker.close();
    assertEquals(await waiting, [1]);
    assertEquals(broker.stats.subscriptions, 0);
  }));

Deno.test("consume() gives each event to one member until it is acknowledged", () =>
  inWorld(async ({ broker }) => {
    for (let n = 1; n <= 3; n++) await broker.publish("orders.created", n);
    const consumer = broker.consume("orders.**", { name: "billing" });
    const seen: unknown[] = [];
    for await (const claim of consumer) {
      seen.push(claim.event.data);
      assertEquals([claim.tries, claim.sequence], [1, seen.length]);
      assertEquals(await claim.ack(), true);
      assertEquals(await claim.ack(), false);
      if (seen.length === 3) break;
    }
    assertEquals(seen, [1, 2, 3]);
    const [info] = await broker.consumers();
    assertEquals([info?.name, info?.inFlight, info?.position], ["billing", 0, 3]);
  }));

Deno.test("consume() goes on where its name was, in a later broker too", () =>
  inWorld(async ({ broker, again }) => {
    for (let n = 1; n <= 5; n++) await broker.publish("orders.created", n);
    for await (const claim of broker.consume("orders.**", { name: "billing" })) {
      if (claim.event.data === 3) break; // neither acknowledged nor rejected
      await claim.ack();
    }
    await broker.close();
    const next = await claims(again().consume("orders.**", { name: "billing" }), 3);
    assertEquals(next.map(({ event, tries }) => [event.data, tries]), [[3, 2], [4, 1], [5, 1]]);
  }));

Deno.test("consume() waits for events, and for a retry that is due", () =>
  inWorld(async ({ broker, clock }) => {
    const consumer = broker.consume("orders.**", { name: "billing" });
    const first = claims(consumer, 1);
    await broker.publish("orders.created", 1);
    const [claim] = await first;
    assertEquals(await claim!.retry({ delayMs: 500 }), true);
    const second = claims(consumer, 1);
    await clock.advance(500);
    const [again] = await second;
    assertEquals([again?.event.data, again?.tries], [1, 2]);
    await again!.ack();
    await consumer.close();
  }));

Deno.test("consume() delivers again what was not settled in time, to whoever asks", () =>
  inWorld(async ({ broker, clock }) => {
    await broker.publish("orders.created", 1);
    const options = { name: "billing", ackWithinMs: 1_000 };
    const [slow, other] = [broker.consume("orders.**", options), broker.consume("orders.**", options)];
    const [late] = await claims(slow, 1);
    const waiting = claims(other, 1);
    await clock.advance(600);
    assertEquals(await late!.extend(), true);
    await clock.advance(600);
    assertEquals(await late!.extend(), true);
    await clock.advance(1_000);
    const [again] = await waiting;
    assertEquals(again?.tries, 2);
    assertEquals([await late!.ack(), await again!.ack()], [false, true]);
    await slow.close();
    await other.close();
  }));

Deno.test("consume() never counts as delivered what a slow member has not got to", () =>
  inWorld(async ({ broker, clock }) => {
    for (let n = 1; n <= 7; n++) await broker.publish("orders.paid", n);
    const options = { name: "billing", ackWithinMs: 1_000, maxDeliveries: 1 };
    const [slow, other] = [broker.consume("orders.paid", options), broker.consume("orders.paid", options)];
    const held = await claims(slow, 4);
    for (const claim of held.slice(0, 3)) await claim.ack();
    await clock.advance(1_000);
    const rest = await claims(other, 3);
    assertEquals(rest.map(({ event, tries }) => [event.data, tries]), [[5, 1], [6, 1], [7, 1]]);
    assertEquals(await broker.deadLetters("billing"), []);
    for (const claim of rest) await claim.ack();
    await Promise.all([slow.close(), other.close()]);
  }));

Deno.test("consume() finds its events behind many of other topics", async () => {
  await using log = await openSqliteEventLog({ path: ":memory:" });
  await using broker = createBroker({ log });
  for (const topic of ["a", "b", "c"]) await broker.declareTopic(topic, { durable: true });
  await Promise.all(Array.from({ length: 25_000 }, (_, n) => broker.publish("c", n)));
  await broker.publish("a", "wanted");
  await using consumer = broker.consume(["a", "b"], { name: "billing" });
  const [claim] = await claims(consumer, 1);
  assertEquals(claim?.event.data, "wanted");
  await claim?.ack();
});

Deno.test("consume() refuses what makes no sense, and keeps the claim", () =>
  inWorld(async ({ broker }) => {
    await broker.publish("orders.paid", 1);
    await using consumer = broker.consume("orders.paid", { name: "billing" });
    const [claim] = await claims(consumer, 1);
    await assertRejects(() => claim!.retry({ delayMs: NaN }), RangeError, "delayMs");
    await assertRejects(() => claim!.retry({ delayMs: -1 }), RangeError, "delayMs");
    await assertRejects(() => claim!.retry({ after: 1 } as never), TypeError, "after");
    await assertRejects(() => claim!.retry({ reason: 1 as never }), TypeError, "reason");
    await assertRejects(() => claim!.reject(new Error("no") as never), TypeError, "reason");
    await assertRejects(() => broker.deadLetters("billing", { max: 1.5 }), RangeError, "max");
    await assertRejects(() => broker.deadLetters("billing", { after: NaN }), RangeError, "after");
    assertEquals(await claim!.ack(), true);
  }));

Deno.test("what ends with a signal lets go of it when it is closed", () =>
  inWorld(async ({ broker }) => {
    const { signal } = new AbortController();
    let listeners = 0;
    for (const [name, change] of [["addEventListener", 1], ["removeEventListener", -1]] as const) {
      const original = signal[name].bind(signal) as (...args: unknown[]) => void;
      signal[name] = (...args: unknown[]) => {
        listeners += change;
        original(...args);
      };
    }
    const live = broker.subscribe("**", { signal });
    const replayed = broker.subscribe("**", { since: "first", signal });
    const consumer = broker.consume("orders.paid", { name: "billing", signal });
    assertEquals(listeners, 3);
    live.close();
    replayed.close();
    await consumer.close();
    assertEquals(listeners, 0);
  }));

Deno.test("consume() makes dead letters that are told, listed and delivered anew", () =>
  inWorld(async ({ broker }) => {
    const told = broker.subscribe("$sys.advisory.max-deliver");
    await broker.publish("orders.created", { ok: false });
    await broker.publish("orders.created", "no object");
    await broker.publish("orders.created", { ok: true });
    const schema = z.object({ ok: z.boolean() });
    for await (const claim of broker.consume("orders.**", { name: "billing", maxDeliveries: 2, schema })) {
      const data: { ok: boolean } = claim.event.data;
      if (data.ok) {
        await claim.ack();
        break;
      }
      await claim.retry({ reason: `not ok ${claim.tries}` });
    }
    const letters = await broker.deadLetters("billing");
    assertEquals(letters.map(({ event, reason, tries }) => [event.sequence, reason.slice(0, 19), tries]), [
      [1, "not ok 2", 2],
      [2, "does not fit the sc", 1],
    ]);
    await using again = broker.consume("orders.**", { name: "billing", maxDeliveries: 2, schema });
    assertEquals((await take(told, 2) as { sequence: number }[]).map(({ sequence }) => sequence), [1, 2]);
    assertEquals(await broker.redeliver("billing", [1]), 1);
    const [anew] = await claims(again, 1);
    assertEquals([anew?.sequence, anew?.tries], [1, 1]);
    await assertCode(() => broker.deadLetters("nobody"), "consumer/unknown");
    assertEquals(await broker.removeConsumer("billing"), true);
  }));

Deno.test("consume() shares events among members, and one that leaves gives back what it holds", () =>
  inWorld(async ({ broker }) => {
    for (let n = 1; n <= 40; n++) await broker.publish("orders.created", n);
    const options = { name: "billing" };
    const [one, two] = [broker.consume("orders.**", options), broker.consume("orders.**", options)];
    const ofOne = await claims(one, 10);
    await Promise.all(ofOne.slice(0, 5).map((claim) => claim.ack()));
    await one.close();
    const seen = new Set(ofOne.slice(0, 5).map(({ event }) => event.data));
    for (const claim of await claims(two, 35)) {
      assert(!seen.has(claim.event.data), String(claim.event.data));
      seen.add(claim.event.data);
      await claim.ack();
    }
    await two.close();
    assertEquals(seen.size, 40);
    assertEquals((await broker.consumers())[0]?.inFlight, 0);
  }));

Deno.test("consume() holds what is in flight within its bound", () =>
  inWorld(async ({ broker }) => {
    for (let n = 1; n <= 9; n++) await broker.publish("orders.created", n);
    const consumer = broker.consume("orders.**", { name: "billing", maxInFlight: 3 });
    const held = await claims(consumer, 3);
    const fourth = claims(consumer, 1);
    assertEquals((await broker.consumers())[0]?.inFlight, 3);
    await held[1]!.ack();
    assertEquals((await fourth)[0]?.event.data, 4);
    await consumer.close();
  }));

Deno.test("consume() ends when its topics are complete and all is settled", () =>
  inWorld(async ({ broker }) => {
    await broker.publish("orders.paid", 1);
    await broker.complete("orders.paid");
    const seen: unknown[] = [];
    for await (const claim of broker.consume("orders.paid", { name: "billing" })) {
      seen.push(claim.event.data);
      await claim.ack();
    }
    assertEquals(seen, [1]);
  }));

Deno.test("consume() ends with its broker or its log, and what is in hand then comes again", () =>
  inWorld(async ({ broker, log, clock, again }) => {
    await broker.publish("orders.paid", 1);
    const waiting = claims(broker.consume("orders.created", { name: "waits" }), 1);
    const [held] = await claims(broker.consume("orders.paid", { name: "holds" }), 1);
    await broker.close();
    assertEquals(await waiting, []);
    assertEquals(await held!.ack(), true);
    const later = again();
    await later.publish("orders.paid", 2);
    const [next] = await claims(later.consume("orders.paid", { name: "holds" }), 1);
    assertEquals(next?.event.data, 2);
    const idle = claims(later.consume("orders.created", { name: "waits" }), 1);
    await clock.advance(1); // it waits
    await log[Symbol.asyncDispose]();
    assertEquals(await idle, []);
    assertEquals(await next!.ack(), false);
    assertEquals(
      await claims(later.consume("orders.paid", { name: "holds" }), 1).catch(codeOf),
      "broker/log-closed",
    );
  }));

Deno.test("consume() begins where it says, if it is new", () =>
  inWorld(async ({ broker }) => {
    const ids = [];
    for (let n = 1; n <= 4; n++) ids.push((await broker.publish("orders.created", n)).id);
    const from = async (name: string, since: Parameters<Broker["consume"]>[1]["since"]) => {
      await using consumer = broker.consume("orders.**", { name, since: since! });
      return (await claims(consumer, 1))[0]?.event.data;
    };
    assertEquals(await from("a", { sequence: 3 }), 3);
    assertEquals(await from("b", { id: ids[1]! }), 3);
    assertEquals(await from("c", "first"), 1);
    assertEquals(await from("a", "first"), 3);
    await assertCode(() => from("d", { id: "unknown" }), "event/unknown");
    assertThrows(() => broker.consume("a", { name: "a b" }), TypeError, "name");
    assertThrows(() => broker.consume("a", { name: "a", group: "x" } as never), TypeError, "group");
  }));

Deno.test("a consumer that retention has overtaken is told, and counts what it missed", () =>
  inWorld(async ({ broker, clock }) => {
    await broker.declareTopic("few", { durable: true, retention: { maxAgeMs: 1_000 } });
    const told = broker.subscribe("$sys.advisory.missed");
    await using consumer = broker.consume("few", { name: "slow" });
    await broker.publish("few", 0);
    const [held] = await claims(consumer, 1);
    for (let n = 1; n <= 3; n++) await broker.publish("few", n);
    await clock.advance(10_000);
    assertEquals(await take(told, 1), [{ consumer: "slow", count: 3 }]);
    assertEquals(await held!.ack(), true);
    assertEquals((await broker.consumers())[0]?.missed, 3);
  }));

Deno.test("a slow consumer slows no publisher and loses nothing, on disk", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await using log = await openSqliteEventLog({ path: `${dir}/events.db` });
    await using broker = createBroker({ log });
    await broker.declareTopic("orders.created", { durable: true });
    await using consumer = broker.consume("orders.**", { name: "slow" });
    const [first] = [claims(consumer, 1), await broker.publish("orders.created", 0)];
    await Promise.all(Array.from({ length: 3_000 }, (_, n) => broker.publish("orders.created", n + 1)));
    const seen = [(await first)[0]!];
    await seen[0]!.ack();
    for await (const claim of consumer) {
      seen.push(claim);
      await claim.ack();
      if (seen.length === 3_001) break;
    }
    assertEquals(seen.map(({ event }) => event.data), Array.from({ length: 3_001 }, (_, n) => n));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
