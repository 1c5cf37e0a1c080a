/** Timers of actors: ticks are turns, and belong to one incarnation. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { PlaceName } from "./place.ts";
import { type LivingRef, openStage, SOON, type Stage } from "./witness.ts";

/** How many timers an actor has set. */
async function timersOf(stage: Stage, ref: LivingRef): Promise<number> {
  return (await stage.node(ref)).actors.find((actor) => actor.name === ref.address.name)!.timers;
}

/** Waits until a tick that was set now has come: shorter ones that are still set have come, too. */
async function later(stage: Stage, ref: LivingRef, ms: number): Promise<void> {
  await stage.wait(ref.ask("after", { key: "later", ms, what: `${ms} ms later` }, SOON));
  await stage.sees(`${ref.address.name} ticks ${ms} ms later`);
}

/** Registers the behaviours for one place. */
export function timerContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`Timers ${name}: ${behaviour}`, fn);

  test("after() ticks once", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await stage.wait(ref.ask("after", { key: "k", ms: 1, what: "tick" }, SOON));
    await stage.sees("a ticks tick");
    await later(stage, ref, 10);
    assertEquals(stage.lifeOf("a"), ["starts 0", "ticks tick", "ticks 10 ms later"]);
    assertEquals(await timersOf(stage, ref), 0);
  });

  test("every() ticks again and again, until it is called off", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await stage.wait(ref.ask("every", { key: "k", ms: 1, what: "tick" }, SOON));
    await stage.sees("a ticks tick", 5);
    assertEquals(await timersOf(stage, ref), 1);
    assert(await stage.wait(ref.ask("cancel", "k", SOON)));
    const count = stage.seen.length;
    await later(stage, ref, 10);
    assertEquals(stage.seen.slice(count), ["a ticks 10 ms later"]);
  });

  test("every() waits for its period after the turn before has ended: slow turns never overlap", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await stage.wait(ref.ask("everySlowly", { key: "k", ms: 1, gate: "g" }, SOON));
    await stage.sees("a ticks slowly");
    await later(stage, ref, 20);
    assertEquals(stage.lifeOf("a"), ["starts 0", "ticks slowly", "ticks 20 ms later"]);
    stage.open("g");
    await stage.sees("a ticks slowly", 3);
  });

  test("a timer of the same key replaces the one before, of whatever kind", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await stage.wait(Promise.all([
      ref.ask("every", { key: "k", ms: 5, what: "old" }, SOON),
      ref.ask("after", { key: "other", ms: 5, what: "other" }, SOON),
      ref.ask("after", { key: "k", ms: 7, what: "new" }, SOON),
    ]));
    await later(stage, ref, 30);
    assertEquals(stage.lifeOf("a").filter((what) => what !== "ticks old").toSorted(), [
      ...["starts 0", "ticks 30 ms later", "ticks new", "ticks other"],
    ]);
    // Where time is real the first may have ticked before it was replaced, but never after.
    assertEquals(
      stage.lifeOf("a").filter((what) => what === "ticks old" || what === "ticks new").at(-1),
      "ticks new",
    );
    if (name === "sim") assert(!stage.seen.includes("a ticks old"));
    assertEquals(await timersOf(stage, ref), 0);
  });

  test("a timer that is called off never ticks, and says whether it was set", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await stage.wait(ref.ask("after", { key: "k", ms: 1_000, what: "never" }, SOON));
    assertEquals(await timersOf(stage, ref), 1);
    assertEquals(await stage.wait(ref.ask("cancel", "k", SOON)), true);
    assertEquals(await stage.wait(ref.ask("cancel", "k", SOON)), false);
    assertEquals(await timersOf(stage, ref), 0);
    await stage.pass(2_000);
    assertEquals(stage.lifeOf("a"), ["starts 0"]);
  });

  test("a restart calls all timers off", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    ref.tell("after", { key: "once", ms: 5, what: "old" });
    ref.tell("every", { key: "again", ms: 5, what: "old" });
    ref.tell("boom", "x");
    await stage.sees("a starts 1");
    await later(stage, ref, 20);
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0", "starts 1", "ticks 20 ms later"]);
  });

  test("a stop calls all timers off", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    const other = await stage.born("b", { beside: ref });
    ref.tell("after", { key: "once", ms: 5, what: "old" });
    ref.tell("every", { key: "again", ms: 5, what: "old" });
    assert(await stage.wait(stage.system.stopActor(ref, "drain", 60_000)));
    const before = stage.lifeOf("a").length;
    await later(stage, other, 20);
    assertEquals(stage.lifeOf("a").length, before);
    assertEquals((await stage.node(other)).actors.some((actor) => actor.name === "a"), false);
  });

  test("a tick is a turn behind the messages that wait", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    ref.tell("after", { key: "k", ms: 0, what: "tick" });
    ref.tell("note", "one");
    ref.tell("note", "two");
    await stage.sees("a ticks tick");
    assertEquals(stage.lifeOf("a"), ["starts 0", "notes one", "notes two", "ticks tick"]);
  });

  for (const verb of ["after", "every"] as const) {
    for (const ms of [Number.NaN, -1, Infinity, ...verb === "every" ? [0] : []]) {
      test(`${verb}() refuses ${ms} ms`, async () => {
        await using stage = await openStage(name, { supervision: { decide: () => "resume" } });
        const ref = await stage.born("a");
        // Not every number gets through the schema: the actor reads it from a text.
        const error = await assertRejects(
          () => stage.wait(ref.ask("misset", { verb, ms: String(ms) }, SOON)),
          Error,
        );
        assertEquals([error.name, error.message.split(":")[0]], [
          "RangeError",
          'Cannot set timer "k" as its delay must be finite, >= 0, and its period > 0',
        ]);
        assertEquals(await timersOf(stage, ref), 0);
      });
    }
  }

  if (name !== "sim") return;

  test("ticks come at their time, not before", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await ref.ask("after", { key: "k", ms: 100, what: "tick" }, SOON);
    await stage.pass(99);
    assertEquals(stage.lifeOf("a"), ["starts 0"]);
    await stage.pass(1);
    assertEquals(stage.lifeOf("a"), ["starts 0", "ticks tick"]);
  });

  test("a jump of the clock lets all that is due tick in order of time", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    const b = await stage.born("b");
    await a.ask("after", { key: "1", ms: 30, what: "30" }, SOON);
    await a.ask("every", { key: "2", ms: 12, what: "12" }, SOON);
    await b.ask("after", { key: "3", ms: 20, what: "20" }, SOON);
    await b.ask("after", { key: "4", ms: 5, what: "5" }, SOON);
    await stage.pass(40);
    assertEquals(stage.seen.slice(2), [
      ...["b ticks 5", "a ticks 12", "b ticks 20", "a ticks 12", "a ticks 30", "a ticks 12"],
    ]);
  });

  test("every() drifts by what its turns take: the delay is fixed, not the rate", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await ref.ask("everySlowly", { key: "k", ms: 10, gate: "g" }, SOON);
    await stage.pass(10);
    assertEquals(stage.lifeOf("a"), ["starts 0", "ticks slowly"]);
    await stage.pass(25);
    stage.open("g");
    await stage.pass(9);
    assertEquals(stage.lifeOf("a").length, 2);
    await stage.pass(1);
    assertEquals(stage.lifeOf("a").length, 3);
  });
}
