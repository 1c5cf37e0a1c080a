/** What holds for notices in every place: order, dead letters, bad messages. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import {
  behaviour,
  lettersOf,
  nextLetters,
  numbers,
  SOON,
  untilLetters,
  untilStopping,
} from "./behaviour.ts";
import { openLatch } from "./fixtures_latch.ts";
import { placedDriver, placedNarrow, placedSlow, placedSubject } from "./fixtures_placed.ts";
import { subjecting } from "./fixtures_subject.ts";
import type { PlaceName } from "./place.ts";

/** A sender that the compiler cannot check. */
interface Unchecked {
  tell(verb: string, payload: unknown): void;
}

export function sendContract(name: PlaceName): void {
  const it = behaviour.bind(undefined, "ActorRef", name);

  it("tell keeps the order of one sender", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    for (const n of numbers(1_000)) ref.tell("note", n);
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(1_000));
  });

  it("order holds across verbs and across all ways to send", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const sent: Promise<unknown>[] = [];
    for (let n = 0; n < 200; n += 5) {
      ref.tell("note", n);
      sent.push(ref.ask("record", n + 1, SOON));
      ref.tell("mark", n + 2);
      sent.push(ref.offer("mark", n + 3));
      assertEquals(ref.tryTell("note", n + 4), "accepted");
    }
    await Promise.all(sent);
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(200));
  });

  it("order holds where a value travels as text and the next one as a clone", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const values = numbers(60).map((n) => n % 3 === 0 ? BigInt(n) : n % 3 === 1 ? n : undefined);
    for (const value of values) ref.tell("note", value);
    assertEquals(await ref.ask("notes", undefined, SOON), values);
  });

  it("each of two senders keeps its order, and nothing is lost or doubled", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const one = await place.spawn(placedDriver, undefined, { name: "one" });
    const two = await place.spawn(placedDriver, undefined, { name: "two" });
    const from = (sender: string) => numbers(300).map((n) => `${sender} ${n}`);
    await Promise.all([
      one.ask("offer", { to: ref, payloads: from("one") }, SOON),
      two.ask("offer", { to: ref, payloads: from("two") }, SOON),
      ...from("test").map((text) => ref.offer("note", text)),
    ]);
    const notes = await place.until(() => ref.ask("notes", undefined, SOON), ({ length }) => length === 900);
    for (const sender of ["one", "two", "test"]) {
      assertEquals(notes.filter((note) => String(note).startsWith(sender)), from(sender));
    }
  });

  it("the first messages between two hosts arrive in order, though their link is not there yet", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver" });
    await driver.ask("tell", { to: ref, payloads: numbers(700) }, SOON);
    const notes = await place.until(() => ref.ask("notes", undefined, SOON), ({ length }) => length === 700);
    assertEquals(notes, numbers(700));
  });

  it("offer loses nothing of a burst beyond mailbox and window, and keeps its order", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    await Promise.all(numbers(3_000).map((n) => ref.offer("note", n)));
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(3_000));
  });

  it("tell to an actor that nobody ever spawned becomes a dead letter", async (place) => {
    const { address: { host } } = await place.spawn(placedSubject, undefined, { name: "subject" });
    const letters = place.system.deadLetters();
    place.system.ref(subjecting, { host, name: "nobody" }).tell("note", "x");
    assertEquals(await nextLetters(letters, 1), [
      { actor: "nobody", verb: "note", reason: "no-actor", asked: false, count: 1, payload: "x" },
    ]);
  });

  it("tell to an actor that has stopped becomes a dead letter", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    assert(await place.system.stopActor(ref, "drain", 20_000));
    ref.tell("note", "into the void");
    assertEquals(await untilLetters(place, "no-actor", 1), { "no-actor": 1 });
  });

  it("tell to an actor that is stopping becomes a dead letter", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    const stopping = place.system.stopActor(ref, "drain", 20_000);
    await untilStopping(place, ref);
    ref.tell("note", "too late");
    assertEquals(await untilLetters(place, "stopped", 1), { stopped: 1 });
    latch.open();
    assertEquals([await held, await stopping], ["released", true]);
  });

  it("tell to a host that nobody ever started becomes a dead letter", async (place) => {
    place.system.ref(subjecting, { host: 77, name: "nobody" }).tell("note", "x");
    assertEquals(await untilLetters(place, "host-lost", 1), { "host-lost": 1 });
  });

  it("what a stranger's verb says becomes a dead letter, and its neighbours arrive", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const letters = place.system.deadLetters();
    ref.tell("note", "before");
    (ref as Unchecked).tell("shout", "x");
    ref.tell("note", "after");
    assertEquals(await ref.ask("notes", undefined, SOON), ["before", "after"]);
    assertEquals(await nextLetters(letters, 1), [
      { actor: "subject", verb: "shout", reason: "unknown-verb", asked: false, count: 1, payload: "x" },
    ]);
  });

  it("a burst survives one message that does not fit the protocol", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const texts = numbers(300).map((n) =>
      ref.ask("text", { text: n === 150 ? 7 as never : String(n) }, SOON)
    );
    const settled = await Promise.allSettled(texts);
    assertEquals(settled.filter(({ status }) => status === "rejected").length, 1);
    assertEquals(settled[150]!.status, "rejected");
    assertEquals(await ref.ask("incarnation", undefined, SOON), 0);
  });

  it("a notice that does not fit the protocol becomes a dead letter and restarts nothing", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    ref.tell("note", "kept");
    (ref as Unchecked).tell("spin", "fast");
    assertEquals(await ref.ask("notes", undefined, SOON), ["kept"]);
    assertEquals(await lettersOf(place), { invalid: 1 });
  });

  it("a notice that cannot be cloned becomes a dead letter, and its neighbours arrive", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    ref.tell("note", "before");
    ref.tell("note", { deep: { fn: () => 1 } });
    ref.tell("note", "after");
    assertEquals(await ref.ask("notes", undefined, SOON), ["before", "after"]);
    assertEquals(await lettersOf(place), { uncloneable: 1 });
  });

  it("a value whose property throws is like any that cannot be cloned: tell never throws", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const trap = {
      get mine(): never {
        throw new Error("hands off");
      },
    };
    ref.tell("note", "before");
    ref.tell("note", trap);
    const error = await assertRejects(() => ref.ask("echo", { trap }, SOON), MillraceError);
    assertEquals(error.code, "actor/uncloneable");
    assertEquals(await ref.ask("notes", undefined, SOON), ["before"]);
    assertEquals(await lettersOf(place), { uncloneable: 2 });
  });

  it("tell never throws for a full receiver: what it cannot take becomes a dead letter", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    await driver.ask("tell", { to: ref, payloads: numbers(7) }, SOON);
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(4));
    assertEquals(await lettersOf(place), { overflow: 3 });
  });

  it("tryTell says whether a message was taken", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    assertEquals(
      await driver.ask("tryTell", { to: ref, payloads: numbers(6) }, SOON),
      ["accepted", "accepted", "accepted", "accepted", "full", "full"],
    );
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(4));
    assert(await place.system.stopActor(ref, "drain", 20_000));
    assertEquals(await driver.ask("tryTell", { to: ref, payloads: ["x"] }, SOON), ["stopped"]);
    assertEquals(await lettersOf(place), {});
  });

  it("offer rejects for an actor of its own host that has stopped", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    assert(await place.system.stopActor(ref, "drain", 20_000));
    assertEquals(await driver.ask("offer", { to: ref, payloads: ["x"] }, SOON), ["actor/stopped"]);
  });

  it("offer rejects for a host that nobody ever started", async (place) => {
    const ref = place.system.ref(subjecting, { host: 77, name: "nobody" });
    const error = await assertRejects(() => ref.offer("note", "x"), MillraceError);
    assertEquals(error.code, "actor/host-lost");
  });

  it("offer that is called off before it is sent sends nothing", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const signal = AbortSignal.abort(new Error("changed my mind"));
    await assertRejects(() => ref.offer("note", "x", { signal }), Error, "changed my mind");
    assertEquals(await ref.ask("notes", undefined, SOON), []);
  });

  it("messages to an actor that is still starting wait for it, in order", async (place) => {
    const first = await place.spawn(placedSubject, undefined, { name: "first" });
    using latch = await openLatch(place);
    const spawning = place.spawn(placedSlow, { latch: latch.ref }, { name: "slow", beside: first });
    await latch.arrived();
    const ref = place.system.ref(subjecting, { host: first.address.host, name: "slow" });
    for (const n of numbers(10)) ref.tell("note", n);
    const asked = ref.ask("notes", undefined, SOON);
    latch.open();
    assertEquals(await asked, numbers(10));
    await spawning;
  });
}
