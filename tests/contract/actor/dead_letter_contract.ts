/** What nobody handled is seen, counted by reason, and may be sent again. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import type { DeadLetter } from "../../../src/actor/counters.ts";
import type { DeadLetterFeed } from "../../../src/actor/dead_letters.ts";
import { living } from "./fixtures_life.ts";
import type { PlaceName } from "./place.ts";
import { type LivingRef, openStage, SOON, type Stage } from "./witness.ts";

/** The next letters of a feed. */
async function read(stage: Stage, feed: DeadLetterFeed, count: number): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  while (letters.length < count) letters.push((await stage.wait(feed.next())).value!);
  return letters;
}

/** A ref to a name in the host of `first` that nobody has. */
function nobodyBy(stage: Stage, first: LivingRef, name = "nobody"): LivingRef {
  return stage.system.ref(living, { host: first.address.host, name });
}

/** Registers the behaviours for one place. */
export function deadLetterContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`Dead letters ${name}: ${behaviour}`, fn);
  const nobody = "no-actor";

  test("deadLetters() gives each with its address, verb, payload and reason, of whatever host", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const feed = stage.system.deadLetters();
    nobodyBy(stage, first).tell("note", "hello?");
    const [letter] = await read(stage, feed, 1);
    const { timeMs, ...known } = letter!;
    assert(Number.isFinite(timeMs));
    assertEquals(known, {
      ...{ host: first.address.host, actor: "nobody", verb: "note", reason: nobody, asked: false, count: 1 },
      payload: "hello?",
    });
  });

  test("a question becomes one too, marked as asked, and its asker is told", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const feed = stage.system.deadLetters();
    // deno-lint-ignore no-explicit-any -- a sender that the compiler cannot check
    const asked = assertRejects(() => (first as any).ask("hold", 7, SOON), MillraceError);
    assertEquals((await stage.wait(asked)).code, "actor/message-invalid");
    const [letter] = await read(stage, feed, 1);
    assertEquals([letter!.verb, letter!.reason, letter!.asked, letter!.payload], [
      "hold",
      "invalid",
      true,
      7,
    ]);
  });

  test("counters in the snapshot say how many there were of each reason", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    // deno-lint-ignore no-explicit-any -- a sender that the compiler cannot check
    const wrong = first as any;
    wrong.tell("note", 7);
    wrong.tell("note", 8);
    wrong.tell("nonsense", "x");
    nobodyBy(stage, first).tell("note", "x");
    await stage.wait(first.ask("state", undefined, SOON));
    const { deadLetters } = await stage.node(first);
    assertEquals(deadLetters, { "invalid": 2, "unknown-verb": 1, [nobody]: 1 });
  });

  test("a reader that is too slow keeps the newest, and knows how many it missed", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const slow = stage.system.deadLetters({ capacity: 2 });
    const swift = stage.system.deadLetters();
    for (let n = 1; n <= 5; n++) nobodyBy(stage, first).tell("note", String(n));
    assertEquals((await read(stage, swift, 5)).map(({ payload }) => payload), ["1", "2", "3", "4", "5"]);
    assertEquals([slow.missed, swift.missed], [3, 0]);
    assertEquals((await read(stage, slow, 2)).map(({ payload }) => payload), ["4", "5"]);
  });

  test("of a flood of another host the first are told of, and how many more there were", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const feed = stage.system.deadLetters({ capacity: 10_000 });
    for (let n = 0; n < 1_000; n++) nobodyBy(stage, first).tell("note", "x");
    let read = 0;
    const reading = (async () => {
      for await (const { count } of feed) read += count;
    })();
    await stage.until(() => read + feed.missed, (count) => count === 1_000);
    if (name === "local") assertEquals(feed.missed, 0);
    await feed.return();
    await reading;
  });

  test("a feed ends when it is left, and with its system", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const left = stage.system.deadLetters();
    nobodyBy(stage, first).tell("note", "x");
    for await (const letter of left) {
      assertEquals(letter.actor, "nobody");
      break;
    }
    assertEquals(await left.next(), { done: true, value: undefined });
    const kept = stage.system.deadLetters();
    const next = kept.next();
    await stage.wait(stage.system.stop({ mode: "drain", deadlineMs: 60_000 }));
    assertEquals(await next, { done: true, value: undefined });
  });

  test("a capacity that holds nothing is refused", async () => {
    await using stage = await openStage(name);
    for (const capacity of [0, -1, 1.5, Number.NaN]) {
      assertThrows(
        () => stage.system.deadLetters({ capacity }),
        RangeError,
        "capacity must be an integer >= 1",
      );
    }
  });

  // --- replay

  test("replayDeadLetters() sends notices again, in order, once", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const feed = stage.system.deadLetters();
    for (const text of ["1", "2", "3"]) nobodyBy(stage, first, "a").tell("note", text);
    await read(stage, feed, 3);
    const a = await stage.born("a", { beside: first });
    assertEquals(stage.system.replayDeadLetters(), 3);
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).notes, ["1", "2", "3"]);
    assertEquals(stage.system.replayDeadLetters(), 0);
  });

  test("replayDeadLetters() sends no question again, as nobody waits", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const feed = stage.system.deadLetters();
    const a = await stage.born("a", { beside: first });
    const held = Array.from(
      { length: 8 },
      () => assertRejects(() => a.ask("signalled", undefined, { timeoutMs: 5 })),
    );
    const queued = assertRejects(() => a.ask("hold", "x", { timeoutMs: 5 }), MillraceError);
    assertEquals((await stage.wait(queued)).code, "actor/ask-timeout");
    await stage.wait(Promise.all(held));
    const [letter] = await read(stage, feed, 1);
    assert(letter!.asked);
    assertEquals(stage.system.replayDeadLetters(), 0);
  });

  test("replayDeadLetters() takes those to one actor, of one reason, and so many at most", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const feed = stage.system.deadLetters();
    for (const to of ["a", "b"]) {
      for (const text of ["1", "2", "3"]) nobodyBy(stage, first, to).tell("note", `${to}${text}`);
    }
    await read(stage, feed, 6);
    const a = await stage.born("a", { beside: first });
    const b = await stage.born("b", { beside: first });
    assertEquals(stage.system.replayDeadLetters({ reason: "overflow" }), 0);
    assertEquals(stage.system.replayDeadLetters({ actor: "a", limit: 2 }), 2);
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).notes, ["a1", "a2"]);
    assertEquals((await stage.wait(b.ask("state", undefined, SOON))).notes, []);
    assertEquals(stage.system.replayDeadLetters({ reason: nobody }), 4);
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).notes, ["a1", "a2", "a3"]);
    assertEquals((await stage.wait(b.ask("state", undefined, SOON))).notes, ["b1", "b2", "b3"]);
  });

  test("what dies again is a new dead letter", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const feed = stage.system.deadLetters();
    nobodyBy(stage, first, "a").tell("note", "x");
    await read(stage, feed, 1);
    stage.system.replayDeadLetters();
    const [again] = await read(stage, feed, 1);
    assertEquals([again!.actor, again!.payload], ["a", "x"]);
    const a = await stage.born("a", { beside: first });
    assertEquals(stage.system.replayDeadLetters(), 1);
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).notes, ["x"]);
  });

  test("what could not be cloned is not sent again, as nobody knows it any more", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const feed = stage.system.deadLetters();
    // deno-lint-ignore no-explicit-any -- a sender that the compiler cannot check
    (first as any).tell("note", { fn: () => 1 });
    const [letter] = await read(stage, feed, 1);
    assertEquals(letter!.reason, "uncloneable");
    assertEquals(stage.system.replayDeadLetters(), 0);
  });
}
