/** What holds for mailboxes and windows in every place: bounds, waiting, order, the accounting law. */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual, assertRejects } from "@std/assert";
import { totals } from "../../../src/actor/snapshot.ts";
import { WINDOW } from "../../../src/actor/gate.ts";
import { MillraceError } from "../../../src/base/errors.ts";
import { behaviour, lettersOf, loadOf, nextLetters, numbers, SOON, untilLetters } from "./behaviour.ts";
import { openLatch } from "./fixtures_latch.ts";
import { placedDriver, placedLight, placedNarrow, placedSubject, placedWide } from "./fixtures_placed.ts";
import type { PlaceName } from "./place.ts";

const MIB = 2 ** 20;

export function mailboxContract(name: PlaceName): void {
  const it = behaviour.bind(undefined, "Mailbox", name);

  it("holds as many messages of its own host as it is said to", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    const told = await driver.ask("tryTell", { to: ref, payloads: numbers(6) }, SOON);
    assertEquals(told, ["accepted", "accepted", "accepted", "accepted", "full", "full"]);
    const { depth, highWater, inHand } = await loadOf(place, ref);
    assertEquals([depth, highWater, inHand], [4, 4, 1]);
    latch.open();
    await held;
    const after = await place.until(() => loadOf(place, ref), ({ depth, inHand }) => depth + inHand === 0);
    assertEquals(after.highWater, 4);
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(4));
  });

  it("holds as many bytes of its own host as it is said to", async (place) => {
    const ref = await place.spawn(placedLight, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    const payloads = numbers(5).map(() => "x".repeat(300));
    const told = await driver.ask("tryTell", { to: ref, payloads }, SOON);
    assertEquals(told, ["accepted", "accepted", "accepted", "accepted", "full"]);
    assertEquals((await loadOf(place, ref)).bytes, 4 * 303);
    latch.open();
    await held;
    assertEquals(await ref.ask("notes", undefined, SOON), payloads.slice(1));
    assertEquals((await loadOf(place, ref)).bytes, 0);
  });

  it("tells of what it could not hold, and of what that was", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    const letters = place.system.deadLetters();
    await driver.ask("tell", { to: ref, payloads: [1, 2, 3, 4, { five: 5 }] }, SOON);
    assertEquals(await nextLetters(letters, 1), [
      { actor: "subject", verb: "note", reason: "overflow", asked: false, count: 1, payload: { five: 5 } },
    ]);
  });

  it("lets those in who wait outside, in order, and none past them", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    const offered = driver.ask("offer", { to: ref, payloads: numbers(100) }, SOON);
    const recorded = driver.ask("record", { to: ref, payloads: numbers(100).map((n) => 100 + n) }, SOON);
    await place.until(() => loadOf(place, ref), ({ depth }) => depth === 4);
    assertEquals(await driver.ask("tryTell", { to: ref, payloads: ["past them"] }, SOON), ["full"]);
    latch.open();
    await held;
    assertEquals(await offered, []);
    assertEquals(await recorded, numbers(100).map((n) => 101 + n));
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(200));
    assertEquals((await loadOf(place, ref)).highWater, 4);
  });

  it("gives those who wait outside no place any more once they are called off", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    const gone = await driver.ask("offerThenAbort", { to: ref, payloads: numbers(7) }, SOON);
    assertEquals(gone, ["gone", "gone", "gone", "gone", ...numbers(3).map(() => "Error: enough")]);
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(4));
    assertEquals(await lettersOf(place), {});
  });

  it("sends those away who wait outside when its actor stops", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: true }, SOON);
    await latch.arrived();
    const offered = driver.ask("offer", { to: ref, payloads: numbers(7) }, SOON);
    await place.until(() => loadOf(place, ref), ({ depth }) => depth === 4);
    assert(await place.system.stopActor(ref, "now", 20_000));
    assertEquals(await held, "released");
    assertEquals(await offered, ["actor/stopped", "actor/stopped", "actor/stopped"]);
    assertEquals(await lettersOf(place), { stopped: 4 });
  });

  it("what waits outside at the end of its time is called off, and leaves no trace", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    await driver.ask("tryTell", { to: ref, payloads: numbers(4) }, SOON);
    const asked = driver.ask("recordWithin", { to: ref, payload: "late", timeoutMs: 5 }, SOON);
    await place.pass(5);
    assertEquals(await asked, "actor/ask-timeout");
    latch.open();
    await held;
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(4));
    assertEquals(await lettersOf(place), {});
  });

  it("a full mailbox holds up neither stop nor abort", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver", beside: ref });
    using latch = await openLatch(place);
    const controller = new AbortController();
    const { signal } = controller;
    const held = ref.ask("hold", { latch: latch.ref, heed: true }, { ...SOON, signal });
    await latch.arrived();
    await driver.ask("tryTell", { to: ref, payloads: numbers(5) }, SOON);
    controller.abort(new Error("enough"));
    await assertRejects(() => held, Error, "enough");
    assertEquals(await ref.ask("notes", undefined, SOON), ["left", ...numbers(4)]);
    const again = ref.ask("hold", { latch: latch.ref, heed: true }, SOON);
    await latch.arrived(2);
    await driver.ask("tryTell", { to: ref, payloads: numbers(5) }, SOON);
    assert(await place.system.stopActor(ref, "now", 20_000));
    assertEquals(await again, "released");
  });

  it("no more messages are in hand at once than the actor allows", async (place) => {
    const ref = await place.spawn(placedWide, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const held = numbers(12).map(() => ref.ask("hold", { latch: latch.ref, heed: false }, SOON));
    await latch.arrived(8);
    const { inHand, depth } = await place.until(() => loadOf(place, ref), ({ depth }) => depth === 4);
    assertEquals([inHand, depth], [8, 4]);
    latch.open();
    assertEquals(new Set(await Promise.all(held)), new Set(["released"]));
  });

  it("a long mailbox leaves other actors of its thread their turns", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const other = await place.spawn(placedSubject, undefined, { name: "other", beside: ref });
    for (const n of numbers(WINDOW)) ref.tell("note", n);
    const asked = other.ask("echo", 1, SOON).then(async () => (await loadOf(place, ref)).counters.handled);
    assertLessOrEqual(await asked, WINDOW);
    assertEquals((await ref.ask("notes", undefined, SOON)).length, WINDOW);
  });

  it("accepted = handled + failed + dead-lettered + queued + in hand", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    await Promise.allSettled([
      ...numbers(50).map((n) => ref.ask("echo", n, SOON)),
      ref.ask("refuse", "x", SOON),
      ref.ask("shout" as never, "x" as never, SOON),
      ref.ask("text", { text: 7 as never }, SOON),
    ]);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    for (const n of numbers(3)) ref.tell("note", n);
    await latch.arrived();
    await place.until(() => loadOf(place, ref), ({ depth }) => depth === 3);
    const { accepted, handled, failed, deadLettered } = (await loadOf(place, ref)).counters;
    assertEquals({ accepted, handled, failed, deadLettered }, {
      accepted: 57,
      handled: 50,
      failed: 1,
      deadLettered: 2,
    });
    const { queued, inHand } = totals(await place.node(ref));
    // In the thread of the test the latch has a message in hand too.
    assertEquals([queued, inHand], [3, name === "local" ? 2 : 1]);
    latch.open();
    await held;
  });

  it("counts what became of the messages of an actor that is gone", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const other = await place.spawn(placedSubject, undefined, { name: "other", beside: ref });
    await Promise.all(numbers(10).map((n) => ref.ask("echo", n, SOON)));
    assert(await place.system.stopActor(ref, "drain", 20_000));
    const { gone } = await place.until(() => place.node(other), ({ gone }) => gone.accepted > 0);
    assertEquals(gone, { accepted: 10, handled: 10, failed: 0, deadLettered: 0 });
  });

  it("an actor that drains handles all that waits, and takes nothing more", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const answers = numbers(100).map((n) => ref.ask("echo", n, SOON));
    await answers[0];
    assert(await place.system.stopActor(ref, "drain", 20_000));
    assertEquals(await Promise.all(answers), numbers(100));
    const error = await assertRejects(() => ref.ask("echo", 1, SOON), MillraceError);
    assertEquals(error.code, "actor/stopped");
  });

  // Within one thread there is no window.
  if (name !== "local") windowContract(name);
}

function windowContract(name: PlaceName): void {
  const it = behaviour.bind(undefined, "Window", name);

  it("bounds how many messages of one host are under way to an actor of another one", async (place) => {
    const ref = await place.spawn(placedNarrow, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    const told = numbers(WINDOW + 10).map((n) => ref.tryTell("note", n));
    const accepted = told.filter((one) => one === "accepted").length;
    // The ask in hand may not be acknowledged yet.
    assert(accepted === WINDOW || accepted === WINDOW - 1, `${accepted} were accepted`);
    assertEquals(told.slice(accepted), numbers(WINDOW + 10 - accepted).map(() => "full"));
    assertLessOrEqual((await loadOf(place, ref)).depth, WINDOW);
    latch.open();
    await held;
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(accepted));
  });

  it("bounds how many bytes are, too", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    const text = "x".repeat(MIB);
    assertEquals(
      numbers(20).map(() => ref.tryTell("note", text)).filter((one) => one === "accepted").length,
      16,
    );
    const bytes = new Uint8Array(MIB);
    assertEquals(ref.tryTell("note", bytes), "full");
    latch.open();
    await held;
    assertEquals(await ref.ask("record", 1, SOON), 17);
  });

  it("what is told beyond it becomes a dead letter, and never an error", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    for (const n of numbers(WINDOW + 25)) ref.tell("note", n);
    assertEquals(await untilLetters(place, "overflow", 25), { overflow: 25 });
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(WINDOW));
  });

  it("opens again as messages are taken, for those who wait in order", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    let gone = 0;
    const offers = numbers(WINDOW + 100).map((n) => ref.offer("note", n).then(() => gone++));
    await place.until(() => loadOf(place, ref), ({ depth }) => depth >= WINDOW - 1);
    assertLessOrEqual(gone, WINDOW);
    latch.open();
    await Promise.all([held, ...offers]);
    assertEquals(await ref.ask("notes", undefined, SOON), numbers(WINDOW + 100));
  });

  it("that is full holds up no other actor of the same host", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const other = await place.spawn(placedSubject, undefined, { name: "other", beside: ref });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    for (const n of numbers(WINDOW)) ref.tryTell("note", n);
    const waiting = ref.offer("note", "waits");
    assertEquals(await other.ask("echo", 1, SOON), 1);
    latch.open();
    await Promise.all([held, waiting]);
  });

  it("of one sender that is full holds up no other sender", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const driver = await place.spawn(placedDriver, undefined, { name: "driver" });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    for (const n of numbers(WINDOW)) ref.tryTell("note", n);
    assertEquals(await driver.ask("tryTell", { to: ref, payloads: ["mine"] }, SOON), ["accepted"]);
    latch.open();
    await held;
    const notes = await place.until(
      () => ref.ask("notes", undefined, SOON),
      ({ length }) => length > WINDOW,
    );
    assert(notes.includes("mine"));
  });

  it("is as wide as before after messages that nobody could handle", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const refused = numbers(2 * WINDOW).map((n) =>
      ref.ask("text", { text: n % 2 === 0 ? {} as never : (() => {}) as never }, SOON)
    );
    const codes = (await Promise.allSettled(refused)).map((one) =>
      one.status === "rejected" && one.reason.code
    );
    assertEquals(new Set(codes), new Set(["actor/message-invalid", "actor/uncloneable"]));
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    await latch.arrived();
    const accepted = numbers(WINDOW).filter((n) => ref.tryTell("note", n) === "accepted").length;
    // What is in hand may not be acknowledged yet.
    assertGreaterOrEqual(accepted, WINDOW - 1);
    latch.open();
    await held;
  });
}
