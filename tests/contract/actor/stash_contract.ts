/** Putting messages aside: what Pekko's StashSpec and StashBufferSpec ask of a stash. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import type { ActorSnapshot } from "../../../src/actor/snapshot.ts";
import { ROOM, ROOMS, type waiting } from "./fixtures_stash.ts";
import type { ActorRef } from "../../../src/actor/ref.ts";
import type { PlaceName } from "./place.ts";
import { openStage, SOON, type Stage } from "./witness.ts";

type Room = ActorRef<typeof waiting>;

async function openRoom(stage: Stage): Promise<Room> {
  return await stage.spawn(ROOMS, undefined, { name: "room" });
}

async function roomOf(stage: Stage, room: Room): Promise<ActorSnapshot> {
  return (await stage.node(room)).actors.find(({ name }) => name === "room")!;
}

/** Waits until so many are aside. */
async function aside(stage: Stage, room: Room, count: number): Promise<void> {
  await stage.until(async () => (await roomOf(stage, room)).stashed, (stashed) => stashed === count);
}

/** Registers the behaviours for one place. */
export function stashContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`ActorContext.stash ${name}: ${behaviour}`, fn);

  test("what was put aside comes back in order, and before what has come since", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    room.tell("put", "1");
    room.tell("put", "2");
    const opened = room.ask("open", {}, SOON);
    room.tell("put", "3");
    assertEquals(await stage.wait(opened), 2);
    await stage.until(() => room.ask("got", undefined, SOON), ({ length }) => length === 3);
    assertEquals(await room.ask("got", undefined, SOON), ["1", "2", "3"]);
  });

  test("what is put aside once more keeps its place", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    for (const what of ["1", "2", "3"]) room.tell("put", what);
    assertEquals(await stage.wait(room.ask("open", { for: 1 }, SOON)), 3);
    await aside(stage, room, 2);
    assertEquals(await room.ask("got", undefined, SOON), ["1"]);
    room.tell("put", "4");
    assertEquals(await stage.wait(room.ask("open", {}, SOON)), 3);
    assertEquals(await stage.until(() => room.ask("got", undefined, SOON), ({ length }) => length === 4), [
      ...["1", "2", "3", "4"],
    ]);
  });

  test("unstash() with nothing aside does nothing", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    assertEquals(await stage.wait(room.ask("open", {}, SOON)), 0);
  });

  test("an ask that is put aside keeps its asker, and is answered when it is handled", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    const asked = room.ask("putAsk", "x", SOON);
    await aside(stage, room, 1);
    room.tell("put", "y");
    assertEquals(await stage.wait(room.ask("open", {}, SOON)), 2);
    assertEquals(await stage.wait(asked), "got x");
  });

  test("a stream that is put aside opens when it is handled", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    const items = room.stream("items", 3);
    const first = items.next();
    await aside(stage, room, 1);
    await stage.wait(room.ask("open", {}, SOON));
    assertEquals((await stage.wait(first)).value, 0);
    const rest: number[] = [];
    for await (const n of items) rest.push(n);
    assertEquals(rest, [1, 2]);
  });

  test("an ask whose time runs out while it is aside is never handled", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    const asked = assertRejects(() => room.ask("putAsk", "late", { timeoutMs: 20 }), MillraceError);
    await aside(stage, room, 1);
    assertEquals((await stage.wait(asked)).code, "actor/ask-timeout");
    await stage.wait(room.ask("open", {}, SOON));
    await stage.until(async () => (await roomOf(stage, room)).counters.deadLettered, (count) => count === 1);
    assertEquals(await room.ask("got", undefined, SOON), []);
    const { deadLetters } = await stage.node(room);
    assertEquals((deadLetters["called-off"] ?? 0) + (deadLetters["expired"] ?? 0), 1);
  });

  test("more than the mailbox holds is refused with actor/stash-full", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    for (let n = 1; n <= ROOM; n++) {
      room.tell("put", String(n));
      await aside(stage, room, n);
    }
    const error = await assertRejects(() => stage.wait(room.ask("putAsk", "5", SOON)), MillraceError);
    assertEquals([error.code, error.details], ["actor/stash-full", { actor: "room", capacity: ROOM }]);
    assertEquals(await stage.wait(room.ask("open", {}, SOON)), ROOM);
    assertEquals((await stage.wait(room.ask("got", undefined, SOON))).length, ROOM);
  });

  test("what is aside counts as queued, not as waiting or in hand", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    room.tell("put", "1");
    room.tell("put", "2");
    await aside(stage, room, 2);
    const { depth, inHand, stashed, counters } = await roomOf(stage, room);
    assertEquals({ depth, inHand, stashed, counters }, {
      depth: 0,
      inHand: 0,
      stashed: 2,
      counters: { accepted: 2, handled: 0, failed: 0, deadLettered: 0 },
    });
  });

  test("what is aside when the actor stops becomes dead letters, and askers are told", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    room.tell("put", "1");
    const asked = assertRejects(() => room.ask("putAsk", "2", SOON), MillraceError);
    await aside(stage, room, 2);
    const letters = stage.system.deadLetters();
    assert(await stage.wait(stage.system.stopActor(room, "drain", 60_000)));
    assertEquals((await stage.wait(asked)).code, "actor/stopped");
    const dead = [await stage.wait(letters.next()), await stage.wait(letters.next())];
    assertEquals(dead.map(({ value }) => [value!.verb, value!.reason, value!.payload]), [
      ["put", "stopped", "1"],
      ["putAsk", "stopped", "2"],
    ]);
  });

  test("what is aside outlives a restart", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    room.tell("put", "1");
    const asked = room.ask("putAsk", "2", SOON);
    room.tell("boom", undefined);
    assertEquals(await stage.wait(room.ask("open", {}, SOON)), 2);
    assertEquals(await stage.wait(asked), "got 2");
    assertEquals(await stage.wait(room.ask("got", undefined, SOON)), ["1", "2"]);
  });

  for (const how of ["sync", "async"] as const) {
    test(`a handler that fails (${how}) after it has put its message aside fails its actor; the message stays`, async () => {
      await using stage = await openStage(name);
      const room = await openRoom(stage);
      room.tell("putAndThrow", how);
      await stage.until(async () => (await roomOf(stage, room)).restarts, (restarts) => restarts === 1);
      const { stashed, counters } = await roomOf(stage, room);
      assertEquals([stashed, counters], [1, { accepted: 1, handled: 0, failed: 0, deadLettered: 0 }]);
      assertEquals(await stage.wait(room.ask("open", {}, SOON)), 1);
      assertEquals(await stage.wait(room.ask("got", undefined, SOON)), [how]);
    });
  }

  for (const verb of ["stashTwice", "stashLate"] as const) {
    test(`stash() can be called once, before the first await: not ${verb}`, async () => {
      await using stage = await openStage(name, { supervision: { decide: () => "resume" } });
      const room = await openRoom(stage);
      if (verb === "stashLate") {
        const error = await assertRejects(() => stage.wait(room.ask(verb, undefined, SOON)), Error);
        assertEquals(error.name, "TypeError");
      } else {
        // It is aside, and its second call has failed the actor.
        room.tell(verb, undefined);
        await stage.until(() => stage.logged.length, (count) => count > 0);
        assertEquals((await roomOf(stage, room)).stashed, 1);
      }
    });
  }

  test("stash() is for messages: not for a timer", async () => {
    await using stage = await openStage(name);
    const room = await openRoom(stage);
    assertEquals(await stage.wait(room.ask("stashInTimer", undefined, SOON)), "TypeError");
  });
}
