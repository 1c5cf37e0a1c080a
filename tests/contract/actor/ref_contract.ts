/** What holds for refs in every place: they travel in whatever is sent, and reach the same actor from anywhere. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import { type ActorRef, isActorRef } from "../../../src/actor/ref.ts";
import { behaviour, SOON } from "./behaviour.ts";
import { openLatch } from "./fixtures_latch.ts";
import { placedReferrer, placedSubject } from "./fixtures_placed.ts";
import type { referring } from "./fixtures_referrer.ts";
import { subjecting } from "./fixtures_subject.ts";
import type { PlaceName } from "./place.ts";

const NONE = { subject: undefined };

export function refContract(name: PlaceName): void {
  const it = behaviour.bind(undefined, "ActorRef", name);

  it("a ref in a message reaches its actor, wherever it is in it: in objects, arrays, maps and sets", async (place) => {
    const one = await place.spawn(placedSubject, undefined, { name: "subject" });
    const ref = await place.spawn(placedReferrer, NONE, { name: "referrer" });
    ref.tell("tellAll", { one, list: [{ ref: one }], map: new Map([["a", one]]), set: new Set([one]) });
    const notes = await place.until(() => one.ask("notes", undefined, SOON), ({ length }) => length === 4);
    assertEquals(notes, ["hello", "hello", "hello", "hello"]);
  });

  it("a ref in an answer is one that can be used", async (place) => {
    const ref = await place.spawn(placedReferrer, NONE, { name: "referrer" });
    const self = await ref.ask("self", undefined, SOON) as ActorRef<typeof referring>;
    assert(isActorRef(self));
    assertEquals(self.address, ref.address);
    assertEquals(await self.ask("echo", "by the answer", SOON), "by the answer");
  });

  it("refs in the items of a stream are ones that can be used", async (place) => {
    const ref = await place.spawn(placedReferrer, NONE, { name: "referrer" });
    for await (const self of ref.stream("selves", 3)) {
      assertEquals(self.address, ref.address);
      assertEquals(await (self as ActorRef<typeof referring>).ask("echo", 1, SOON), 1);
    }
  });

  it("a ref in the options of an actor is one that it can use", async (place) => {
    const subject = await place.spawn(placedSubject, undefined, { name: "subject" });
    const ref = await place.spawn(placedReferrer, { subject }, { name: "referrer" });
    ref.tell("tellGiven", "from the options");
    const notes = await place.until(() => subject.ask("notes", undefined, SOON), ({ length }) => length > 0);
    assertEquals(notes, ["from the options"]);
  });

  it("a ref that comes back is one that can be used, and knows its actor's address and protocol", async (place) => {
    const subject = await place.spawn(placedSubject, undefined, { name: "subject" });
    const ref = await place.spawn(placedReferrer, NONE, { name: "referrer" });
    const [back, map] = await ref.ask("echo", [subject, new Map([[subject, 1]])], SOON) as [
      typeof subject,
      Map<typeof subject, number>,
    ];
    assertEquals([back.address, back.protocol.name], [subject.address, "subject"]);
    back.tell("note", "there and back");
    for (const key of map.keys()) key.tell("note", "as a key");
    assertEquals(await subject.ask("notes", undefined, SOON), ["there and back", "as a key"]);
  });

  it("a ref that is sent to its own host reaches the actor there", async (place) => {
    const subject = await place.spawn(placedSubject, undefined, { name: "subject" });
    const ref = await place.spawn(placedReferrer, NONE, { name: "referrer", beside: subject });
    const { list } = await ref.ask("echo", { list: [subject] }, SOON) as { list: [typeof subject] };
    assertEquals(list[0].address, subject.address);
    ref.tell("tellAll", { one: subject, list: [], map: new Map(), set: new Set<typeof subject>() });
    const notes = await place.until(() => subject.ask("notes", undefined, SOON), ({ length }) => length > 0);
    assertEquals(notes, ["hello"]);
  });

  it("an actor reaches a third one by the ref that a second one gave it", async (place) => {
    const a = await place.spawn(placedReferrer, NONE, { name: "a" });
    const b = await place.spawn(placedReferrer, NONE, { name: "b" });
    assertEquals(await a.ask("askGiven", { from: b, payload: 1n }, SOON), 1n);
  });

  it("an address is as good as a ref, in any thread", async (place) => {
    const subject = await place.spawn(placedSubject, undefined, { name: "subject" });
    const ref = await place.spawn(placedReferrer, NONE, { name: "referrer" });
    ref.tell("tellAddress", subject.address);
    const again = place.system.ref(subjecting, { ...subject.address });
    const notes = await place.until(() => again.ask("notes", undefined, SOON), ({ length }) => length > 0);
    assertEquals(notes, ["by address"]);
  });

  it("asks by a ref that an actor got belong to that actor: they end with its incarnation", async (place) => {
    const a = await place.spawn(placedReferrer, NONE, { name: "a" });
    const b = await place.spawn(placedReferrer, NONE, { name: "b" });
    const report = await place.spawn(placedSubject, undefined, { name: "report" });
    using latch = await openLatch(place);
    a.tell("wait", { from: b, latch: latch.ref, report });
    await latch.arrived();
    b.tell("fail", undefined); // whose restart is none of a's business
    assertEquals(await report.ask("notes", undefined, SOON), []);
    a.tell("fail", undefined);
    const notes = await place.until(() => report.ask("notes", undefined, SOON), ({ length }) => length > 0);
    assertEquals(notes, ["actor/restarted"]);
  });

  it("what only looks like a ref on its way stays what it is", async (place) => {
    const ref = await place.spawn(placedReferrer, NONE, { name: "referrer" });
    const lookalike = { "~millrace": "ref-token", address: { host: 0, name: "x" }, protocol: "subject" };
    assertEquals(await ref.ask("echo", lookalike, SOON), lookalike);
  });

  it("a ref nested too deep to be found is refused like what cannot be cloned", async (place) => {
    const subject = await place.spawn(placedSubject, undefined, { name: "subject" });
    const ref = await place.spawn(placedReferrer, NONE, { name: "referrer" });
    let deep: unknown = subject;
    for (let level = 0; level < 40; level++) deep = [deep];
    const error = await assertRejects(() => ref.ask("echo", deep, SOON), MillraceError);
    assertEquals(error.code, "actor/uncloneable");
  });
}
