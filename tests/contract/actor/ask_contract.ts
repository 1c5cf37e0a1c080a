/** What holds for asks in every place: answers, failures, bad messages and bad answers. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import { behaviour, lettersOf, loadOf, numbers, SOON } from "./behaviour.ts";
import { placedDriver, placedSubject, placedWide } from "./fixtures_placed.ts";
import { openLatch } from "./fixtures_latch.ts";
import { subjecting } from "./fixtures_subject.ts";
import type { PlaceName } from "./place.ts";

/** An asker that the compiler cannot check. */
interface Unchecked {
  ask(verb: string, payload: unknown, options: { readonly timeoutMs: unknown }): Promise<unknown>;
}

export function askContract(name: PlaceName): void {
  const it = behaviour.bind(undefined, "ActorRef", name);

  it("ask gets the answer", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    assertEquals(await ref.ask("text", { text: "hello" }, SOON), "hello");
    assertEquals(await ref.ask("nothing", undefined, SOON), undefined);
  });

  it("each of many asks gets its own answer, be they more than mailbox and window hold", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const asked = numbers(2_500).map((n) => ref.ask("echo", n % 7 === 0 ? BigInt(n) : n, SOON));
    assertEquals(await Promise.all(asked), numbers(2_500).map((n) => n % 7 === 0 ? BigInt(n) : n));
    assertEquals((await loadOf(place, ref)).counters.handled, 2_500);
  });

  it("each ask gets its own answer where a later one is answered first", async (place) => {
    const ref = await place.spawn(placedWide, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: false }, SOON);
    assertEquals(await ref.ask("echo", "overtakes", SOON), "overtakes");
    latch.open();
    assertEquals(await held, "released");
  });

  it("a refusal carries code, details and cause, and restarts nothing", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const error = await assertRejects(() => ref.ask("refuse", "nope", SOON), MillraceError);
    assertEquals(error.code, "task/unknown");
    assertEquals(error.details, { task: "nope" });
    assertEquals((error.cause as Error).message, "deep");
    assertEquals(await ref.ask("incarnation", undefined, SOON), 0);
  });

  for (const how of ["throw", "reject"] as const) {
    it(`any error of a handler (${how}) keeps name, message and cause`, async (place) => {
      const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
      const error = await assertRejects(() => ref.ask("fail", how, SOON), Error, "no luck today");
      assertEquals([error.name, (error.cause as Error).message], ["RangeError", "deep"]);
      const { counters } = await loadOf(place, ref);
      assertEquals([counters.handled, counters.failed], [0, 1]);
    });
  }

  it("ask of a verb that the protocol has not is refused by name", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const error = await assertRejects(() => (ref as Unchecked).ask("shout", "x", SOON), MillraceError);
    assertEquals([error.code, error.details], ["actor/unknown-verb", { actor: "subject", verb: "shout" }]);
    assertEquals(await lettersOf(place), { "unknown-verb": 1 });
  });

  it("ask with what does not fit the protocol is refused with the path, and restarts nothing", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const error = await assertRejects(() => ref.ask("text", { text: 7 as never }, SOON), MillraceError);
    assertEquals(error.code, "actor/message-invalid");
    assert(error.message.includes("at 'text'"), error.message);
    assertEquals(await ref.ask("incarnation", undefined, SOON), 0);
    assertEquals(await lettersOf(place), { invalid: 1 });
  });

  it("an answer that does not fit the protocol is refused where it was asked", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const error = await assertRejects(() => ref.ask("wrong", undefined, SOON), MillraceError);
    assertEquals(error.code, "actor/message-invalid");
    assert(error.message.startsWith('Cannot take the answer to "wrong" from actor "subject"'), error.message);
  });

  it("schemas may take their time, on the way there and back", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    assertEquals(await ref.ask("later", "even", SOON), "even");
    const there = await assertRejects(() => ref.ask("later", "odd", SOON), MillraceError);
    const back = await assertRejects(() => ref.ask("laterWrong", undefined, SOON), MillraceError);
    assertEquals([there.code, back.code], ["actor/message-invalid", "actor/message-invalid"]);
    assert(there.message.startsWith("Cannot handle"), there.message);
    assert(back.message.startsWith("Cannot take the answer"), back.message);
  });

  it("a schema that throws fails the ask, and the next one is answered", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    await assertRejects(() => ref.ask("hostileAnswer", undefined, SOON), Error, "no schema of yours");
    await assertRejects(() => ref.ask("hostile", 1, SOON), Error, "no schema of yours");
    const answer = ref.ask("echo", 1, SOON);
    await place.pass(1_000);
    assertEquals(await answer, 1);
  });

  it("ask with what cannot be cloned is refused with the path, and its neighbours arrive", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    ref.tell("note", "before");
    const refused = assertRejects(() => ref.ask("echo", { deep: { fn: () => 1 } }, SOON), MillraceError);
    ref.tell("note", "after");
    const error = await refused;
    assert(MillraceError.is(error, "actor/uncloneable"));
    assertEquals(error.details, { actor: "subject", verb: "echo", path: "deep.fn" });
    assertEquals(await ref.ask("notes", undefined, SOON), ["before", "after"]);
  });

  it("what is nested without end is refused like anything that cannot be cloned", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level++) deep = [deep];
    const error = await assertRejects(() => ref.ask("echo", deep, SOON), MillraceError);
    assertEquals(error.code, "actor/uncloneable");
    assertEquals(await ref.ask("echo", 1, SOON), 1);
  });

  it("an answer that cannot be cloned is refused with the path, and other answers arrive", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const answers = await Promise.allSettled([
      ref.ask("echo", new Map(), SOON),
      ref.ask("uncloneable", undefined, SOON),
      ref.ask("echo", new Map(), SOON),
    ]);
    assertEquals(answers.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    const { reason } = answers[1] as PromiseRejectedResult;
    assert(MillraceError.is(reason, "actor/uncloneable"), String(reason));
    assertEquals(reason.details.path, "deep.fn");
  });

  it("ask of an actor that has stopped, or never was, is refused at once", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const { host } = ref.address;
    const never = place.system.ref(subjecting, { host, name: "nobody" });
    assert(await place.system.stopActor(ref, "drain", 20_000));
    for (const one of [ref, never]) {
      const error = await assertRejects(() => one.ask("echo", 1, { timeoutMs: "none" }), MillraceError);
      assertEquals([error.code, error.details], ["actor/stopped", { actor: one.address.name }]);
    }
  });

  it("ask of a host that nobody ever started is refused at once", async (place) => {
    const ref = place.system.ref(subjecting, { host: 77, name: "nobody" });
    const error = await assertRejects(() => ref.ask("echo", 1, { timeoutMs: "none" }), MillraceError);
    assertEquals(error.code, "actor/host-lost");
  });

  it("asks that wait in the mailbox of an actor are refused when it is stopped now", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    using latch = await openLatch(place);
    const held = ref.ask("hold", { latch: latch.ref, heed: true }, SOON);
    const waiting = assertRejects(() => ref.ask("echo", 1, { timeoutMs: "none" }), MillraceError);
    await latch.arrived();
    assert(await place.system.stopActor(ref, "now", 20_000));
    assertEquals((await waiting).code, "actor/stopped");
    assertEquals(await held, "released");
    assertEquals(await lettersOf(place), { stopped: 1 });
  });

  it("the ask in hand of an actor that does not stop in time is refused when it is given up", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject", stopMs: 10 });
    using latch = await openLatch(place);
    const held = assertRejects(
      () => ref.ask("hold", { latch: latch.ref, heed: false }, { timeoutMs: "none" }),
      MillraceError,
    );
    await latch.arrived();
    const stopping = place.system.stopActor(ref, "now", 20_000);
    await place.pass(10);
    assertEquals((await held).code, "actor/stopped");
    assertEquals(await stopping, false);
  });

  it("asks of an actor that is restarted are rejected: nobody is left who could use the answer", async (place) => {
    const driver = await place.spawn(placedDriver, undefined, { name: "driver" });
    const report = await place.spawn(placedSubject, undefined, { name: "report" });
    using latch = await openLatch(place);
    driver.tell("wait", { latch: latch.ref, report });
    await latch.arrived();
    driver.tell("fail", undefined);
    const notes = await place.until(() => report.ask("notes", undefined, SOON), ({ length }) => length > 0);
    assertEquals(notes, ["actor/restarted"]);
  });

  it("10,000 asks leave nothing behind that waits for an answer", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    for (let round = 0; round < 10; round++) {
      const asked = numbers(1_000).map((n) => ref.ask("echo", n, { ...SOON, signal }));
      assertEquals(listeners, 1_000);
      await Promise.all(asked);
    }
    assertEquals(listeners, 0);
    for (const { node } of (await place.system.snapshot()).hosts) assertEquals(node!.pendingAsks, 0);
  });

  for (const timeoutMs of [NaN, -1, Infinity, undefined, "10"]) {
    it(`ask refuses to wait for ${timeoutMs} ms`, async (place) => {
      const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
      await assertRejects(
        () => (ref as Unchecked).ask("record", 1, { timeoutMs }),
        RangeError,
        `must be a finite number >= 0 or "none": current value is ${timeoutMs}`,
      );
      assertEquals(await ref.ask("notes", undefined, SOON), []);
    });
  }
}
