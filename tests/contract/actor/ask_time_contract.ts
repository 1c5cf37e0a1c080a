/** What holds for asks in every place when they end early: deadlines, aborts, late answers, chains. */
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import { behaviour, lettersOf, loadOf, SOON, untilLetters } from "./behaviour.ts";
import { openLatch } from "./fixtures_latch.ts";
import { placedRelay, placedSubject, placedWideRelay } from "./fixtures_placed.ts";
import type { PlaceName } from "./place.ts";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

export function askTimeContract(name: PlaceName): void {
  const it = behaviour.bind(undefined, "ActorRef", name);

  it("ask rejects at its deadline and tells the handler", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const late = assertRejects(
      () => ref.ask("hold", { latch: latch.ref, heed: true }, { timeoutMs: 20 }),
      MillraceError,
    );
    await place.pass(20);
    const error = await late;
    assertEquals([error.code, error.details], [
      "actor/ask-timeout",
      { actor: "subject", verb: "hold", timeoutMs: 20 },
    ]);
    assertEquals(await ref.ask("notes", undefined, SOON), ["left"]);
  });

  if (name === "sim") {
    // Only virtual time can say what happens to the millisecond.
    it("ask waits until its deadline, not a millisecond less", async (place) => {
      const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
      using latch = await openLatch(place);
      let over = false;
      const late = ref.ask("hold", { latch: latch.ref, heed: true }, { timeoutMs: 100 })
        .catch(() => over = true);
      await place.pass(99);
      assertEquals(over, false);
      await place.pass(1);
      assertEquals(over, true);
      await late;
    });

    it('ask with "none" waits for days', async (place) => {
      const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
      using latch = await openLatch(place);
      const held = ref.ask("hold", { latch: latch.ref, heed: true }, { timeoutMs: "none" });
      await place.pass(10 * 86_400_000);
      latch.open();
      assertEquals(await held, "released");
    });
  } else {
    // Virtual time stands still while a handler computes.
    it("an ask whose time ran out while it waited in the mailbox is never handled", async (place) => {
      const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
      ref.tell("spin", 60);
      const error = await assertRejects(() => ref.ask("record", "late", { timeoutMs: 5 }), MillraceError);
      assertEquals(error.code, "actor/ask-timeout");
      assertEquals(await untilLetters(place, "expired", 1), { expired: 1 });
      assertEquals(await ref.ask("notes", undefined, SOON), []);
    });
  }

  it("ask that may take no time at all is rejected, and its deadline is no failure", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const late = assertRejects(
      () => ref.ask("hold", { latch: latch.ref, heed: true }, { timeoutMs: 0 }),
      MillraceError,
    );
    await place.pass(0);
    assertEquals((await late).code, "actor/ask-timeout");
    assertEquals(await ref.ask("incarnation", undefined, SOON), 0);
  });

  it("ask that was called off before is not sent", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const signal = AbortSignal.abort(new Error("changed my mind"));
    await assertRejects(() => ref.ask("record", "x", { ...SOON, signal }), Error, "changed my mind");
    assertEquals(await ref.ask("notes", undefined, SOON), []);
    assertEquals((await loadOf(place, ref)).counters.accepted, 1);
  });

  it("ask that is called off while it waits in the mailbox is never handled", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: true }, SOON);
    const controller = new AbortController();
    const queued = ref.ask("record", "x", { ...SOON, signal: controller.signal });
    await latch.arrived();
    controller.abort(new Error("enough"));
    await assertRejects(() => queued, Error, "enough");
    latch.open();
    await held;
    assertEquals(await ref.ask("notes", undefined, SOON), []);
    assertEquals(await lettersOf(place), { "called-off": 1 });
  });

  it("ask that is called off in the turn in which it was sent is never handled", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const controller = new AbortController();
    const queued = ref.ask("record", "x", { ...SOON, signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => queued, Error, "enough");
    assertEquals(await ref.ask("notes", undefined, SOON), []);
    assertEquals(await lettersOf(place), { "called-off": 1 });
  });

  it("ask that is called off while it runs tells the handler, and the next one has its turn", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const controller = new AbortController();
    const running = ref.ask("hold", { latch: latch.ref, heed: true }, { ...SOON, signal: controller.signal });
    await latch.arrived();
    controller.abort(new Error("enough"));
    await assertRejects(() => running, Error, "enough");
    assertEquals(await ref.ask("notes", undefined, SOON), ["left"]);
  });

  it("an answer that nobody waits for any more becomes one dead letter", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const controller = new AbortController();
    const running = ref.ask("hold", { latch: latch.ref, heed: false }, {
      ...SOON,
      signal: controller.signal,
    });
    await latch.arrived();
    controller.abort(new Error("enough"));
    await assertRejects(() => running, Error, "enough");
    latch.open();
    assertEquals(await ref.ask("notes", undefined, SOON), ["left"]);
    assertEquals(await untilLetters(place, "late-reply", 1), { "late-reply": 1 });
    assertEquals((await loadOf(place, ref)).counters.handled, 2);
  });

  it("an abort after the answer does nothing", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const controller = new AbortController();
    assertEquals(await ref.ask("echo", 1, { ...SOON, signal: controller.signal }), 1);
    controller.abort();
    assertEquals(await ref.ask("echo", 2, SOON), 2);
    assertEquals(await lettersOf(place), {});
  });

  it("a chain of asks that leads back to who waits fails at once", async (place) => {
    const a = await place.spawn(placedRelay, undefined, { name: "a" });
    const b = await place.spawn(placedRelay, undefined, { name: "b" });
    const error = await assertRejects(
      () => a.ask("pass", { by: [b, a] }, { timeoutMs: "none" }),
      MillraceError,
    );
    assert(MillraceError.is(error, "actor/ask-cycle"), error.message);
    const [ofA, ofB] = [`${a.address.host}/a`, `${b.address.host}/b`];
    assertEquals(error.details, { actor: "a", verb: "pass", chain: [ofA, ofB, ofA] });
    assertEquals(await lettersOf(place), { cycle: 1 });
  });

  it("an actor that asks itself fails at once", async (place) => {
    const a = await place.spawn(placedRelay, undefined, { name: "a" });
    const error = await assertRejects(() => a.ask("pass", { by: [a] }, { timeoutMs: "none" }), MillraceError);
    assertEquals(error.code, "actor/ask-cycle");
  });

  it("a chain may lead back to an actor that takes several messages at once", async (place) => {
    const a = await place.spawn(placedWideRelay, undefined, { name: "a" });
    const b = await place.spawn(placedRelay, undefined, { name: "b" });
    const { hops } = await a.ask("pass", { by: [b, a] }, SOON);
    assertEquals(hops, ["a", "b", "a"]);
  });

  it("a nested ask takes no longer than its asker waits", async (place) => {
    const a = await place.spawn(placedRelay, undefined, { name: "a" });
    const b = await place.spawn(placedRelay, undefined, { name: "b" });
    const { leftMs } = await a.ask("pass", { by: [b] }, { timeoutMs: 5_000 });
    assertGreater(leftMs!, 0);
    assertLessOrEqual(leftMs!, 5_000);
    const own = await a.ask("pass", { by: [b], timeoutMs: 3_000 }, { timeoutMs: 5_000 });
    assertGreater(own.leftMs!, 0);
    assertLessOrEqual(own.leftMs!, 3_000);
    const unlimited = await a.ask("pass", { by: [b], timeoutMs: "none" }, { timeoutMs: "none" });
    assertEquals(unlimited.leftMs, undefined);
  });

  it("a nested ask is called off with the turn on whose behalf it is asked", async (place) => {
    const relay = await place.spawn(placedRelay, undefined, { name: "relay" });
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const controller = new AbortController();
    const asked = relay.ask("hold", { to: ref, latch: latch.ref }, { ...SOON, signal: controller.signal });
    await latch.arrived();
    controller.abort(new Error("enough"));
    await assertRejects(() => asked, Error, "enough");
    const notes = await place.until(() => ref.ask("notes", undefined, SOON), ({ length }) => length > 0);
    assertEquals(notes, ["left"]);
    // Giving up for that reason is no failure: whoever leaves could have it restarted otherwise.
    assertEquals((await relay.ask("pass", { by: [] }, SOON)).hops, ["relay"]);
    assertEquals((await loadOf(place, relay)).restarts, 0);
  });

  it("the trace of a message goes on with what is asked and told on its behalf", async (place) => {
    const a = await place.spawn(placedRelay, undefined, { name: "a" });
    const b = await place.spawn(placedRelay, undefined, { name: "b" });
    const turn = { signal: new AbortController().signal, traceparent: TRACE };
    assertEquals((await a.ask("pass", { by: [b] }, { ...SOON, turn })).traceparent, TRACE);
    a.tell("tellOn", { to: b }, { turn });
    const heard = await place.until(() => b.ask("heard", undefined, SOON), ({ length }) => length > 0);
    assertEquals(heard, [TRACE]);
    assertEquals((await a.ask("pass", { by: [b] }, SOON)).traceparent, undefined);
  });
}
