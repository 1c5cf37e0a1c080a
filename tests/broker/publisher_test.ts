import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ActorRef } from "../../src/actor/ref.ts";
import { MillraceError, toWire } from "../../src/base/errors.ts";
import { type Outcome, type PackedOutcomes, packOutcomes, refused } from "../../src/broker/outcome.ts";
import { type brokerProtocol, MAX_BATCH, MAX_BATCH_LENGTH } from "../../src/broker/protocol.ts";
import { Publisher } from "../../src/broker/publisher.ts";
import { Room } from "../../src/broker/room.ts";
import { Tickets } from "../../src/broker/tickets.ts";
import type { EncodedEvent } from "../../src/event/event.ts";
import { createVirtualClock } from "../../src/testing/mod.ts";
import { decodeBatch, type EventBatch } from "../../src/event/event_batch.ts";

const DONE: Outcome = { matched: 1, enqueued: 1, dropped: 0, duplicate: false };

function event(id: number, data = "1"): EncodedEvent {
  return { id: `${id}`, topic: "t", timeMs: 1, source: "s", data };
}

/** A broker that keeps what it is sent, and answers as it is told. */
function fakeBroker(outcomeOf: (event: EncodedEvent) => Outcome = () => DONE) {
  const sent: { readonly ids: string[]; readonly fresh: boolean }[] = [];
  const tickets = new Tickets();
  const verbs = {
    publish: ({ batch, fresh }: { batch: EventBatch; fresh: boolean }): PackedOutcomes => {
      const events = decodeBatch(batch);
      sent.push({ ids: events.map(({ id }) => id), fresh });
      return packOutcomes(events.map(outcomeOf), (rooms) => tickets.issue(rooms));
    },
    room: (ticket: number) => tickets.news(ticket),
  };
  const ref = {
    // deno-lint-ignore no-explicit-any -- a fake takes any payload
    ask: async (verb: keyof typeof verbs, payload: any) => await verbs[verb](payload),
  };
  return { sent, ref: ref as unknown as ActorRef<typeof brokerProtocol> };
}

Deno.test("Publisher sends what one turn publishes as one batch, in order", async () => {
  const { sent, ref } = fakeBroker();
  const publisher = new Publisher(ref, createVirtualClock(5));
  const all = await Promise.all([1, 2, 3].map((id) => publisher.send(event(id), true)));
  assertEquals(sent, [{ ids: ["1", "2", "3"], fresh: true }]);
  assertEquals(all.map(({ id, matched }) => [id, matched]), [["1", 1], ["2", 1], ["3", 1]]);
  await publisher.send(event(4), true);
  assertEquals(sent.length, 2);
});

Deno.test("Publisher closes a batch that is full, of events or of their data", async () => {
  const { sent, ref } = fakeBroker();
  const publisher = new Publisher(ref, createVirtualClock(5));
  await Promise.all(Array.from({ length: MAX_BATCH + 1 }, (_, id) => publisher.send(event(id), true)));
  assertEquals(sent.map(({ ids }) => ids.length), [MAX_BATCH, 1]);
  const long = "1".repeat(MAX_BATCH_LENGTH / 2);
  await Promise.all([1, 2, 3].map((id) => publisher.send(event(id, long), true)));
  assertEquals(sent.slice(2).map(({ ids }) => ids.length), [2, 1]);
});

Deno.test("Publisher.flush sends at once what was published so far", async () => {
  const { sent, ref } = fakeBroker();
  const publisher = new Publisher(ref, createVirtualClock(5));
  publisher.flush();
  const all = [publisher.send(event(1), true)];
  publisher.flush();
  assertEquals(sent, [{ ids: ["1"], fresh: true }]);
  all.push(publisher.send(event(2), true));
  await Promise.all(all);
  assertEquals(sent.map(({ ids }) => ids), [["1"], ["2"]]);
});

Deno.test("Publisher says that ids were made for a batch only if all were", async () => {
  const { sent, ref } = fakeBroker();
  const publisher = new Publisher(ref, createVirtualClock(5));
  await Promise.all([publisher.send(event(1), true), publisher.send(event(2), false)]);
  assertEquals(sent.map(({ fresh }) => fresh), [false]);
});

Deno.test("Publisher tells each event what became of it: one that is refused does not concern the others", async () => {
  const closed = new MillraceError("broker/closed", "Cannot publish as the broker is closed", {
    details: {},
  });
  const { ref } = fakeBroker(({ id }) =>
    id === "2" ? refused(toWire(closed)) : id === "3" ? { ...DONE, runIds: ["run"] } : DONE
  );
  const publisher = new Publisher(ref, createVirtualClock(5));
  const [one, two, three] = [1, 2, 3].map((id) => publisher.send(event(id), true));
  const error = await assertRejects(() => two!);
  assert(MillraceError.is(error, "broker/closed"));
  assertEquals([(await one!).runIds, (await three!).runIds], [[], ["run"]]);
});

Deno.test("Publisher lets an event wait for room, and no other one with it", async () => {
  const rooms = [new Room(), new Room()];
  rooms.forEach((room) => room.wait());
  const { ref } = fakeBroker(({ id }) => id === "0" ? DONE : { ...DONE, room: rooms[Number(id) - 1]! });
  const publisher = new Publisher(ref, createVirtualClock(5));
  const settled: number[] = [];
  const all = [0, 1, 2].map((id) => publisher.send(event(id), true).then(() => void settled.push(id)));
  await all[0];
  assertEquals(settled, [0]);
  rooms[1]!.admit();
  await all[2];
  assertEquals(settled, [0, 2]);
  rooms[0]!.admit();
  await all[1];
  assertEquals(settled, [0, 2, 1]);
});

Deno.test("Publisher rejects what the broker cannot be asked any more, also what waits for room", async () => {
  const waits = new Room();
  waits.wait();
  const { ref } = fakeBroker(() => ({ ...DONE, room: waits }));
  let gone = false;
  const dying = {
    ask: (verb: "publish" | "room", payload: never, options: never) =>
      gone || verb === "room" ? Promise.reject(new Error("gone")) : ref.ask(verb, payload, options),
  } as unknown as ActorRef<typeof brokerProtocol>;
  const publisher = new Publisher(dying, createVirtualClock(5));
  await assertRejects(() => publisher.send(event(1), true), Error, "gone");
  gone = true;
  await assertRejects(() => publisher.send(event(2), true), Error, "gone");
});

Deno.test("Publisher.publish makes an event of a value: a new id and the time, unless they are given", async () => {
  const events: EncodedEvent[] = [];
  const { sent, ref } = fakeBroker((event) => (events.push(event), DONE));
  const publisher = new Publisher(ref, createVirtualClock(5));
  const { id } = await publisher.publish("a.b", { n: 1 }, { source: "me", hops: 2 });
  await publisher.publish("a.b", 2, { source: "me", id: "mine", timeMs: 3, key: "k" });
  assertEquals(events, [
    { id, topic: "a.b", timeMs: 5, source: "me", data: '{"n":1}', hops: 2 },
    { id: "mine", topic: "a.b", timeMs: 3, source: "me", data: "2", key: "k" },
  ]);
  assertEquals(sent.map(({ fresh }) => fresh), [true, false]);
});

Deno.test("Publisher.publish rejects what an event cannot say of itself before anything is sent", async () => {
  const { sent, ref } = fakeBroker();
  const publisher = new Publisher(ref, createVirtualClock(5));
  const bad = { source: "s", hops: 1.5 };
  await assertRejects(() => publisher.publish("t", 1, bad), RangeError, "hops");
  await assertRejects(() => publisher.publish("t", 1, { source: "s", key: {} as never }), TypeError, "key");
  for (const id of ["", 5 as never, "x".repeat(256), "lone \ud800"]) {
    await assertRejects(() => publisher.publish("t", 1, { source: "s", id }), TypeError, "id");
  }
  assertEquals(sent, []);
});

Deno.test("Publisher.publish rejects a bad topic, a topic of the system and bad data before anything is sent", async () => {
  const { sent, ref } = fakeBroker();
  const publisher = new Publisher(ref, createVirtualClock(5));
  const codes = ["a..b", "$sys.x", "ok"].map(async (topic) => {
    const error = await assertRejects(() =>
      publisher.publish(topic, topic === "ok" ? 1n : 1, { source: "me" })
    );
    return (error as MillraceError).code;
  });
  assertEquals(await Promise.all(codes), ["topic/invalid", "event/reserved-topic", "event/invalid"]);
  assertEquals(sent, []);
});
