/** What holds for streams in every place: items, ends, credit. */
import { assert, assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import { behaviour, loadOf, numbers, SOON } from "./behaviour.ts";
import { placedSource } from "./fixtures_placed.ts";
import { sourcing } from "./fixtures_source.ts";
import type { Place, PlaceName } from "./place.ts";
import type { ActorRef } from "../../../src/actor/ref.ts";

const upTo = (last: number): number[] => numbers(last).map((n) => n + 1);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Waits until no stream of the source is open any more; nor is any read, or served, anywhere. */
async function untilClosed(place: Place, ref: ActorRef<typeof sourcing>): Promise<void> {
  await place.until(() => ref.ask("state", undefined, SOON), ({ open }) => open === 0);
  for (const { node } of (await place.system.snapshot()).hosts) assertEquals(node!.openStreams, 0);
}

export function streamContract(name: PlaceName): void {
  const it = behaviour.bind(undefined, "ActorRef", name);

  it("stream gives all items in order, then ends", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    assertEquals(await all(ref.stream("count", { to: 1_000 }, { capacity: 8 })), upTo(1_000));
    await untilClosed(place, ref);
  });

  it("stream without an item ends at once", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    assertEquals(await all(ref.stream("count", { to: 0 })), []);
    assertEquals(await all(ref.stream("items", [])), []);
  });

  it("a stream may be any iterable, of any values", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const items = [undefined, null, 0, -0, 1n, new Map([["a", new Date(0)]]), [undefined], "x", undefined];
    assertEquals(await all(ref.stream("items", items, { capacity: 2 })), items);
  });

  it("a stream that has ended stays ended", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const stream = ref.stream("count", { to: 1 });
    assertEquals(await all(stream), [1]);
    assertEquals(await stream.next(), { done: true, value: undefined });
    assertEquals(await stream.return!(), { done: true, value: undefined });
    assertEquals(await stream.return!(), { done: true, value: undefined });
  });

  for (const capacity of [1, 7, 64]) {
    it(`a source is never more than ${capacity} items ahead of its reader`, async (place) => {
      const ref = await place.spawn(placedSource, undefined, { name: "source" });
      let taken = 0;
      for await (const item of ref.stream("count", { to: 150 }, { capacity })) {
        taken++;
        assertEquals(item, taken);
        if (taken % 5 > 0) continue;
        const { made } = await ref.ask("state", undefined, SOON);
        assertLessOrEqual(made, taken + capacity);
      }
      assertEquals(taken, 150);
    });
  }

  it("a source that nobody reads makes as many items as there is room for, and holds up nobody", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const slow = ref.stream("count", { to: 1e9 }, { capacity: 16 });
    await place.until(() => ref.ask("state", undefined, SOON), ({ made }) => made === 16);
    // A second one flows while the first one stands, and the actor answers.
    assertEquals(await all(ref.stream("count", { to: 500 }, { capacity: 16 })), upTo(500));
    assertEquals(await ref.ask("state", undefined, SOON), { open: 1, made: 516 });
    await slow.return!();
    await untilClosed(place, ref);
  });

  it("leaving the loop ends the stream at its source", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    for await (const n of ref.stream("count", { to: 1e9 }, { capacity: 8 })) if (n === 20) break;
    await untilClosed(place, ref);
  });

  it("leaving a stream before its first item ends it at its source", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const stream = ref.stream("count", { to: 1e9 }, { capacity: 8 });
    await stream.return!();
    assertEquals(await stream.next(), { done: true, value: undefined });
    await untilClosed(place, ref);
  });

  it("an error of the source comes after the items before it", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const found: number[] = [];
    const error = await assertRejects(async () => {
      for await (const n of ref.stream("count", { to: 3, failing: true })) found.push(n);
    }, MillraceError);
    assertEquals([found, error.code, error.details], [[1, 2, 3], "task/unknown", { task: "count" }]);
    await untilClosed(place, ref);
  });

  it("a refusal comes with the first item, and restarts nothing", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const error = await assertRejects(() => ref.stream("refuse", undefined).next(), MillraceError);
    assertEquals([error.code, error.message], ["task/unknown", "Cannot start"]);
    assertEquals((await loadOf(place, ref)).restarts, 0);
  });

  it("a stream that is asked for wrongly says so with the first item", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const { host } = ref.address;
    const code = async (stream: AsyncIterableIterator<unknown>): Promise<string> =>
      (await assertRejects(() => stream.next(), MillraceError)).code;
    assertEquals(await code(ref.stream("count", { to: "many" as never })), "actor/message-invalid");
    assertEquals(await code(ref.stream("shout" as never, undefined as never)), "actor/unknown-verb");
    assertEquals(await code(ref.stream("items", [() => {}])), "actor/uncloneable");
    const nobody = place.system.ref(sourcing, { host, name: "nobody" });
    assertEquals(await code(nobody.stream("forever", undefined)), "actor/stopped");
    const nowhere = place.system.ref(sourcing, { host: 77, name: "nobody" });
    assertEquals(await code(nowhere.stream("forever", undefined)), "actor/host-lost");
  });

  it("an item that does not fit the protocol is refused, and ends the stream at its source", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const stream = ref.stream("wrong", undefined);
    assertEquals((await stream.next()).value, 1);
    const error = await assertRejects(() => stream.next(), MillraceError);
    assertEquals(error.code, "actor/message-invalid");
    assertEquals(await stream.next(), { done: true, value: undefined });
    await untilClosed(place, ref);
  });

  it("an item that cannot be cloned ends the stream after those before it", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const stream = ref.stream("uncloneable", undefined);
    assertEquals((await stream.next()).value, 1);
    const error = await assertRejects(() => stream.next(), MillraceError);
    assert(MillraceError.is(error, "actor/uncloneable"), error.message);
    assertEquals(error.details.path, "deep.fn");
    await untilClosed(place, ref);
  });

  it("the abort of its signal ends a stream here and at its source", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const controller = new AbortController();
    const found: number[] = [];
    for await (const n of ref.stream("count", { to: 1e9 }, { capacity: 8, signal: controller.signal })) {
      found.push(n);
      if (n === 5) controller.abort();
    }
    assertEquals(found, [1, 2, 3, 4, 5]);
    await untilClosed(place, ref);
  });

  it("a stream whose signal has fired before is not opened", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    assertEquals(await all(ref.stream("count", { to: 5 }, { signal: AbortSignal.abort() })), []);
    assertEquals(await ref.ask("state", undefined, SOON), { open: 0, made: 0 });
  });

  it("a stream ends with the turn on whose behalf it is read, and with its own signal", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const [turn, own] = [new AbortController(), new AbortController()];
    const first = ref.stream("forever", undefined, { turn, signal: own.signal });
    const second = ref.stream("forever", undefined, { turn: new AbortController(), signal: own.signal });
    assertEquals([(await first.next()).value, (await second.next()).value], [0, 0]);
    const ends = [first.next(), second.next()];
    turn.abort();
    assertEquals(await ends[0], { done: true, value: undefined });
    own.abort();
    assertEquals(await ends[1], { done: true, value: undefined });
    for (const { node } of (await place.system.snapshot()).hosts) assertEquals(node!.openStreams, 0);
  });

  it("a stream of an actor that stops gives what is under way, then an error", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const stream = ref.stream("forever", undefined);
    assertEquals((await stream.next()).value, 0);
    const refused = assertRejects(() => stream.next(), MillraceError);
    assert(await place.system.stopActor(ref, "drain", 20_000));
    assertEquals((await refused).code, "actor/stopped");
  });

  it("a stream of an actor that is restarted ends with an error", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const stream = ref.stream("forever", undefined);
    assertEquals((await stream.next()).value, 0);
    const refused = assertRejects(() => stream.next(), MillraceError);
    ref.tell("fail", undefined);
    assertEquals((await refused).code, "actor/restarted");
  });

  it("several reads of one stream at once are all answered, each with another item", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const stream = ref.stream("count", { to: 2 });
    const results = await Promise.all([stream.next(), stream.next(), stream.next()]);
    assertEquals(results.map(({ value }) => value), [1, 2, undefined]);
  });

  it("many streams of one actor flow side by side", async (place) => {
    const ref = await place.spawn(placedSource, undefined, { name: "source" });
    const streams = numbers(50).map((n) => all(ref.stream("count", { to: n }, { capacity: 4 })));
    assertEquals(await Promise.all(streams), numbers(50).map(upTo));
    await untilClosed(place, ref);
  });

  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    it(`stream refuses a capacity of ${capacity}`, async (place) => {
      const ref = await place.spawn(placedSource, undefined, { name: "source" });
      assertThrows(
        () => ref.stream("count", { to: 1 }, { capacity }),
        RangeError,
        `must be an integer >= 1: current value is ${capacity}`,
      );
    });
  }
}
