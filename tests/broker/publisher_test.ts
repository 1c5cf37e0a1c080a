import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ActorRef } from "../../src/actor/ref.ts";
import { MillraceError, toWire } from "../../src/base/errors.ts";
import { type Outcome, type PackedOutcomes, packOutcomes, refused } from "../../src/broker/outcome.ts";
import { type brokerProtocol, MAX_BATCH, MAX_BATCH_LENGTH } from "../../src/broker/protocol.ts";
import { Publisher } from "../../src/broker/publisher.ts";
import { Room } from "../../src/broker/room.ts";
import { Tickets } from "../../src/broker/tickets.ts";
import type { EncodedEvent } from "../../src/event/event.ts";
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
  const publisher = new Publisher(ref);
  const all = await Promise.all([1, 2, 3].map((id) => publisher.publish(event(id), true)));
  assertEquals(sent, [{ ids: ["1", "2", "3"], fresh: true }]);
  assertEquals(all.map(({ id, matched }) => [id, matched]), [["1", 1], ["2", 1], ["3", 1]]);
  await publisher.publish(event(4), true);
  assertEquals(sent.length, 2);
});

Deno.test("Publisher closes a batch that is full, of events or of their data", async () => {
  const { sent, ref } = fakeBroker();
  const publisher = new Publisher(ref);
  await Promise.all(Array.from({ length: MAX_BATCH + 1 }, (_, id) => publisher.publish(event(id), true)));
  assertEquals(sent.map(({ ids }) => ids.length), [MAX_BATCH, 1]);
  const long = "1".repeat(MAX_BATCH_LENGTH / 2);
  await Promise.all([1, 2, 3].map((id) => publisher.publish(event(id, long), true)));
  assertEquals(sent.slice(2).map(({ ids }) => ids.length), [2, 1]);
});

Deno.test("Publisher says that ids were made for a batch only if all were", async () => {
  const { sent, ref } = fakeBroker();
  const publisher = new Publisher(ref);
  await Promise.all([publisher.publish(event(1), true), publisher.publish(event(2), false)]);
  assertEquals(sent.map(({ fresh }) => fresh), [false]);
});

Deno.test("Publisher tells each event what became of it: one that is refused does not concern the others", async () => {
  const closed = new MillraceError("broker/closed", "Cannot publish as the broker is closed", {
    details: {},
  });
  const { ref } = fakeBroker(({ id }) =>
    id === "2" ? refused(toWire(closed)) : id === "3" ? { ...DONE, runIds: ["run"] } : DONE
  );
  const publisher = new Publisher(ref);
  const [one, two, three] = await Promise.allSettled(
    [1, 2, 3].map((id) => publisher.publish(event(id), true)),
  );
  assert(one.status === "fulfilled" && three.status === "fulfilled" && two.status === "rejected");
  assertEquals([one.value.runIds, three.value.runIds], [[], ["run"]]);
  assert(MillraceError.is(two.reason, "broker/closed"));
});

Deno.test("Publisher lets an event wait for room, and no other one with it", async () => {
  const rooms = [new Room(), new Room()];
  rooms.forEach((room) => room.wait());
  const { ref } = fakeBroker(({ id }) => id === "0" ? DONE : { ...DONE, room: rooms[Number(id) - 1]! });
  const publisher = new Publisher(ref);
  const settled: number[] = [];
  const all = [0, 1, 2].map((id) => publisher.publish(event(id), true).then(() => void settled.push(id)));
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
  const publisher = new Publisher(dying);
  await assertRejects(() => publisher.publish(event(1), true), Error, "gone");
  gone = true;
  await assertRejects(() => publisher.publish(event(2), true), Error, "gone");
});
