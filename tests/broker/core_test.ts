import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { type BrokerCore, createBrokerCore } from "../../src/broker/core.ts";
import type { EncodedEvent } from "../../src/event/event.ts";

/** A core with readable ids on a clock that the test moves. */
function openCore(): { core: BrokerCore; time: { nowMs: number } } {
  const time = { nowMs: 1000 };
  let last = 0;
  const core = createBrokerCore({
    ids: { next: () => `broker-${++last}` },
    clock: { now: () => time.nowMs, after: () => () => {} },
  });
  return { core, time };
}

let lastId = 0;

function event(topic: string, data = "null", more: Partial<EncodedEvent> = {}): EncodedEvent {
  return { id: `e${++lastId}`, topic, timeMs: 0, source: "test", data, ...more };
}

async function take(
  subscription: { nextBatch(max: number): Promise<EncodedEvent[] | undefined> },
): Promise<string[]> {
  return (await subscription.nextBatch(1000) ?? []).map((one) => one.data);
}

Deno.test("BrokerCore.deliver gives an event to everyone whose pattern matches", async () => {
  const { core } = openCore();
  const star = core.subscribe("a.*");
  const all = core.subscribe("**");
  const other = core.subscribe("b.**");
  const delivery = core.deliver(event("a.b", "1"));
  assertEquals(delivery, { matched: 2, enqueued: 2, dropped: 0, rejected: 0, duplicate: false });
  assertEquals([await take(star), await take(all)], [["1"], ["1"]]);
  assertEquals(other.stats.offered, 0);
});

Deno.test("BrokerCore.deliver never opens the data", async () => {
  const { core } = openCore();
  const subscription = core.subscribe("a");
  core.deliver(event("a", "{ not JSON"));
  assertEquals(await take(subscription), ["{ not JSON"]);
});

Deno.test("BrokerCore.deliver gives an event once to a subscription, however many alternatives match", async () => {
  const { core } = openCore();
  const subscription = core.subscribe("a.*|a.b|**");
  core.deliver(event("a.b", "1"));
  assertEquals(await take(subscription), ["1"]);
});

Deno.test("BrokerCore.deliver drops what came before, within two minutes", () => {
  const { core, time } = openCore();
  core.subscribe("a");
  core.deliver(event("a", "1", { id: "x" }));
  time.nowMs += 119_999;
  assertEquals(core.deliver(event("a", "1", { id: "x" })).duplicate, true);
  time.nowMs += 1;
  assertEquals(core.deliver(event("a", "1", { id: "x" })).enqueued, 1);
  assertEquals(core.stats.duplicates, 1);
});

Deno.test("BrokerCore.deliver turns an event with too many hops into a dead letter", async () => {
  const { core } = openCore();
  const dead = core.subscribe("$sys.deadletter");
  const subscription = core.subscribe("a");
  const error = assertThrows(() => core.deliver(event("a", '"x"', { id: "hop", hops: 17 })), MillraceError);
  assertEquals(error.code, "event/too-many-hops");
  assertEquals(subscription.stats.offered, 0);
  const [letter] = await take(dead);
  const { error: wire, event: lost } = JSON.parse(letter!);
  assertEquals([wire.code, lost.id, lost.data], ["event/too-many-hops", "hop", '"x"']);
  assertEquals(core.stats.deadLetters, 1);
});

Deno.test("BrokerCore.deliver refuses an invalid topic", () => {
  const { core } = openCore();
  assertEquals(assertThrows(() => core.deliver(event("a..b")), MillraceError).code, "topic/invalid");
});

Deno.test("a full subscription gives up its oldest event by default", async () => {
  const { core } = openCore();
  const slow = core.subscribe("a", { capacity: 2 });
  const fast = core.subscribe("a");
  for (const data of ["1", "2"]) core.deliver(event("a", data));
  const delivery = core.deliver(event("a", "3"));
  assertEquals(delivery, { matched: 2, enqueued: 2, dropped: 1, rejected: 0, duplicate: false });
  assertEquals(slow.stats, { offered: 3, taken: 0, dropped: 1, depth: 2, waiting: 0, highWater: 2 });
  assertEquals(await take(slow), ["2", "3"]);
  assertEquals(await take(fast), ["1", "2", "3"]);
});

Deno.test("a full subscription gives up the new event if it asked for drop-newest", async () => {
  const { core } = openCore();
  const slow = core.subscribe("a", { capacity: 2, overflow: "drop-newest" });
  for (const data of ["1", "2", "3"]) core.deliver(event("a", data));
  assertEquals(slow.stats.dropped, 1);
  assertEquals(await take(slow), ["1", "2"]);
});

Deno.test("a full subscription that rejects says so, and everyone else has the event", async () => {
  const { core } = openCore();
  core.subscribe("a", { capacity: 1, overflow: "reject" });
  const other = core.subscribe("a");
  core.deliver(event("a", "1"));
  const delivery = core.deliver(event("a", "2"));
  assertEquals(delivery, { matched: 2, enqueued: 1, dropped: 0, rejected: 1, duplicate: false });
  assertEquals(await take(other), ["1", "2"]);
});

Deno.test("a subscription that conflates has of each topic and key the latest event, in order", async () => {
  const { core } = openCore();
  const subscription = core.subscribe("**", { overflow: "conflate", capacity: 3, gaps: true });
  core.deliver(event("a", "1"));
  core.deliver(event("b", "2"));
  core.deliver(event("a", "3", { key: "k" }));
  const delivery = core.deliver(event("a", "4"));
  assertEquals([delivery.enqueued, delivery.dropped], [1, 1]);
  core.deliver(event("a", "5", { key: "k" }));
  // Nothing is missing of what is of any use.
  assertEquals(await take(subscription), ["2", "4", "5"]);
  for (const data of ["6", "7", "8", "9"]) core.deliver(event(`c.${data}`, data));
  assertEquals(await take(subscription), ['{"pattern":"**","lost":1}', "7", "8", "9"]);
  const { offered, taken, dropped, depth } = subscription.stats;
  assertEquals([offered, taken, dropped, depth], [9, 6, 3, 0]);
});

Deno.test("a subscription is told of what a full buffer gave up, in its place, if it asked for gaps", async () => {
  for (const overflow of ["drop-oldest", "drop-newest", "reject"] as const) {
    const { core } = openCore();
    const subscription = core.subscribe("a", { capacity: 2, overflow, gaps: true });
    const silent = core.subscribe("a", { capacity: 2, overflow });
    for (const data of ["1", "2", "3", "4"]) core.deliver(event("a", data));
    const kept = overflow === "drop-oldest" ? ["3", "4"] : ["1", "2"];
    const [gap, ...events] = (await subscription.nextBatch(10))!;
    assertEquals([gap!.topic, gap!.data, gap!.source], [
      "$sys.advisory.gap",
      '{"pattern":"a","lost":2}',
      "broker",
    ]);
    assertEquals(events.map(({ data }) => data), kept);
    assertEquals(await take(silent), kept);
    // Told once; a sign is no event of those that are counted.
    core.deliver(event("a", "5"));
    const reader = subscription[Symbol.asyncIterator]();
    assertEquals((await reader.next()).value!.data, "5");
    assertEquals(subscription.stats.taken, 3);
    for (const data of ["6", "7", "8"]) core.deliver(event("a", data));
    assertEquals(JSON.parse((await reader.next()).value!.data).lost, 1);
    assertEquals((await reader.next()).value!.data, overflow === "drop-oldest" ? "7" : "6");
  }
});

Deno.test("a full subscription with backpressure makes the publisher wait, and nobody else", async () => {
  const { core } = openCore();
  const slow = core.subscribe("a", { capacity: 1, overflow: "backpressure" });
  const fast = core.subscribe("a");
  assertEquals(core.deliver(event("a", "1")).room, undefined);
  const { room } = core.deliver(event("a", "2"));
  assert(room !== undefined);
  assertEquals(await take(fast), ["1", "2"]);
  assertEquals(slow.stats, { offered: 2, taken: 0, dropped: 0, depth: 1, waiting: 1, highWater: 1 });
  assertEquals(await take(slow), ["1"]);
  await room;
  assertEquals(await take(slow), ["2"]);
});

Deno.test("a subscription with backpressure that ends lets its publishers go on", async () => {
  const { core } = openCore();
  const slow = core.subscribe("a", { capacity: 1, overflow: "backpressure" });
  core.deliver(event("a", "1"));
  const { room } = core.deliver(event("a", "2"));
  slow.close();
  await room;
  assertEquals(slow.stats, { offered: 2, taken: 0, dropped: 2, depth: 0, waiting: 0, highWater: 1 });
});

Deno.test("a slow subscription is announced once, and once more when it has caught up", async () => {
  const { core } = openCore();
  const advisories = core.subscribe("$sys.advisory.*");
  const slow = core.subscribe("a.*", { capacity: 4 });
  for (let index = 0; index < 10; index++) core.deliver(event("a.b", `${index}`));
  const [notice, ...more] = await advisories.nextBatch(10) ?? [];
  assertEquals([notice?.topic, more], ["$sys.advisory.slow", []]);
  assertEquals(JSON.parse(notice!.data), { pattern: "a.*", capacity: 4, depth: 4, waiting: 0, dropped: 1 });

  await slow.nextBatch(1);
  assertEquals(advisories.stats.depth, 0, "three of four is not caught up");
  await slow.nextBatch(1);
  assertEquals((await advisories.nextBatch(10))?.map((one) => one.topic), ["$sys.advisory.recovered"]);
});

Deno.test("a slow reader of advisories sets off no endless announcing", () => {
  const { core } = openCore();
  const advisories = core.subscribe("$sys.**", { capacity: 1 });
  core.subscribe("a", { capacity: 1 });
  for (let index = 0; index < 5; index++) core.deliver(event("a"));
  core.announce("$sys.x", null);
  core.announce("$sys.y", null);
  assertEquals(advisories.stats.depth, 1);
});

Deno.test("members of a group share the events", async () => {
  const { core } = openCore();
  const one = core.subscribe("a.*", { group: "g" });
  const two = core.subscribe("a.**", { group: "g" });
  const alone = core.subscribe("a.*");
  for (let index = 0; index < 6; index++) assertEquals(core.deliver(event("a.b", `${index}`)).matched, 2);
  assertEquals([one.stats.depth, two.stats.depth, alone.stats.depth], [3, 3, 6]);
  assertEquals([...await take(one), ...await take(two)].sort(), ["0", "1", "2", "3", "4", "5"]);
});

Deno.test("the least loaded member of a group gets the event, and a full one none", async () => {
  const { core } = openCore();
  const busy = core.subscribe("a", { group: "g" });
  const idle = core.subscribe("a", { group: "g" });
  for (let index = 0; index < 4; index++) core.deliver(event("a"));
  await idle.nextBatch(2);
  for (let index = 0; index < 2; index++) core.deliver(event("a"));
  assertEquals([busy.stats.offered, idle.stats.offered], [2, 4]);

  const small = core.subscribe("b", { group: "h", capacity: 1 });
  const large = core.subscribe("b", { group: "h", capacity: 10 });
  for (let index = 0; index < 8; index++) core.deliver(event("b"));
  assertEquals([small.stats.dropped, large.stats.depth], [0, 7]);
});

Deno.test("events of one key go to the same member of a group", async () => {
  const { core } = openCore();
  const members = Array.from({ length: 4 }, () => core.subscribe("a", { group: "g" }));
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 40; key++) core.deliver(event("a", `${key}`, { key: `customer-${key}` }));
  }
  const seen = new Map<string, number>();
  for (const [index, member] of members.entries()) {
    for (const key of await take(member)) {
      assertEquals(seen.get(key) ?? index, index, `key ${key}`);
      seen.set(key, index);
    }
  }
  assertEquals(new Set(seen.values()).size, 4, "every member has keys");
});

Deno.test("what a leaving member has not read goes to the rest of its group, in order", async () => {
  const { core } = openCore();
  const leaver = core.subscribe("a", { group: "g" });
  core.deliver(event("a", "1"));
  core.deliver(event("a", "2"));
  const stayer = core.subscribe("a", { group: "g" });
  leaver.close();
  assertEquals(await take(stayer), ["1", "2"]);
});

Deno.test("leaving the loop unsubscribes", async () => {
  const { core } = openCore();
  const subscription = core.subscribe("a");
  core.deliver(event("a", "1"));
  core.deliver(event("a", "2"));
  for await (const one of subscription) {
    assertEquals(one.data, "1");
    break;
  }
  assertEquals(core.stats.subscriptions, 0);
  assertEquals(core.deliver(event("a")).matched, 0);
  assertEquals(subscription.stats, { offered: 2, taken: 1, dropped: 1, depth: 0, waiting: 0, highWater: 2 });
});

Deno.test("the signal ends a subscription, also one that aborted before", async () => {
  const { core } = openCore();
  const controller = new AbortController();
  const subscription = core.subscribe("a", { signal: controller.signal });
  const batch = subscription.nextBatch(1);
  controller.abort();
  assertEquals(await batch, undefined);
  assertEquals(await core.subscribe("a", { signal: AbortSignal.abort() }).nextBatch(1), undefined);
  assertEquals(core.stats.subscriptions, 0);
});

Deno.test("two readers of one subscription share its events", async () => {
  const { core } = openCore();
  const subscription = core.subscribe("a");
  const first = subscription.nextBatch(1);
  const second = subscription.nextBatch(1);
  core.deliver(event("a", "1"));
  assertEquals((await first)?.map((one) => one.data), ["1"]);
  core.deliver(event("a", "2"));
  assertEquals((await second)?.map((one) => one.data), ["2"]);
});

Deno.test("subscribing and leaving inside a loop changes nothing for others", async () => {
  const { core } = openCore();
  const steady = core.subscribe("a");
  const leaver = core.subscribe("a");
  core.deliver(event("a", "1"));
  for await (const _ of leaver) {
    core.deliver(event("a", "2"));
    core.subscribe("a").close();
    break;
  }
  assertEquals(await take(steady), ["1", "2"]);
});

Deno.test("BrokerCore.close lets readers finish and refuses the rest", async () => {
  const { core } = openCore();
  const subscription = core.subscribe("a", { capacity: 1, overflow: "backpressure" });
  const idle = core.subscribe("b").nextBatch(1);
  core.deliver(event("a", "1"));
  const { room } = core.deliver(event("a", "2"));
  core.close();
  await room;
  assertEquals(await idle, undefined);
  assertEquals(await take(subscription), ["1", "2"]);
  assertEquals(await subscription.nextBatch(1), undefined);
  for (const act of [() => core.deliver(event("a")), () => core.subscribe("a"), () => core.declare("a")]) {
    assertEquals(assertThrows(act, MillraceError).code, "broker/closed");
  }
});

Deno.test("BrokerCore.subscribe refuses wrong options", () => {
  const { core } = openCore();
  for (const capacity of [0, -1, 1.5, NaN]) assertThrows(() => core.subscribe("a", { capacity }), RangeError);
  assertThrows(() => core.subscribe("a", { overflow: "explode" as "reject" }), TypeError, "drop-oldest");
  assertThrows(() => core.subscribe("a", { capactiy: 5 } as object), TypeError, 'did you mean "capacity"?');
  assertEquals(assertThrows(() => core.subscribe("a*"), MillraceError).code, "pattern/invalid");
  assertEquals(core.stats.subscriptions, 0);
});

Deno.test("a conversion that throws costs its event, not the subscription", async () => {
  const { core } = openCore();
  const values = core.subscribe("a").iterate((one) => JSON.parse(one.data));
  for (const data of ["{", "1"]) core.deliver(event("a", data));
  await assertRejects(() => values.next(), SyntaxError);
  assertEquals(await values.next(), { done: false, value: 1 });
});
