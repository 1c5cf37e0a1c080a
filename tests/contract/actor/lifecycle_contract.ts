/** How actors begin and end, and what the end of a system leaves. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import { totals } from "../../../src/actor/snapshot.ts";
import { LIVES, living } from "./fixtures_life.ts";
import type { PlaceName } from "./place.ts";
import { type LivingRef, openStage, SOON, type Stage } from "./witness.ts";

/** Longer than any test takes. */
const LONG_MS = 60_000;

/** Stops an actor, and lets time pass meanwhile. */
function stop(stage: Stage, ref: LivingRef, mode: "drain" | "now", deadlineMs = LONG_MS): Promise<boolean> {
  return stage.wait(stage.system.stopActor(ref, mode, deadlineMs));
}

/** The state of an actor by its host's snapshot; `undefined` if there is none of this name. */
async function stateOf(stage: Stage, host: LivingRef, name: string): Promise<string | undefined> {
  return (await stage.node(host)).actors.find((actor) => actor.name === name)?.state;
}

/** Registers the behaviours for one place. */
export function lifecycleContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`Lifecycle ${name}: ${behaviour}`, fn);

  // --- storms

  test("1,000 actors that start and stop at once leave nothing", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first", { unseen: true });
    const names = Array.from({ length: 1_000 }, (_, n) => `a${n}`);
    const refs = await stage.wait(
      Promise.all(names.map((one) => stage.born(one, { beside: first, unseen: true }))),
    );
    await stage.wait(Promise.all(refs.map((ref) => ref.ask("state", undefined, SOON))));
    const stopped = await stage.wait(
      Promise.all(refs.map((ref) => stage.system.stopActor(ref, "drain", LONG_MS))),
    );
    assert(stopped.every((yes) => yes));
    const node = await stage.node(first);
    assertEquals(node.actors.filter((actor) => actor.name !== "witness").map((actor) => actor.name), [
      "first",
    ]);
    assertEquals([node.pendingAsks, node.openStreams, node.deadLetters], [0, 0, {}]);
    assertEquals(totals(node), {
      accepted: 1_000,
      handled: 1_000,
      failed: 0,
      deadLettered: 0,
      queued: 0,
      inHand: 0,
    });
  });

  test("a name that is used a hundred times over leaves nothing", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    for (let n = 0; n < 100; n++) {
      const ref = await stage.wait(stage.born("a", { beside: first, life: { children: ["b"] } }));
      ref.tell("leave", undefined);
      assert(await stop(stage, ref, "drain"));
    }
    const { actors } = await stage.node(first);
    assertEquals(actors.filter((actor) => actor.name !== "witness").map((actor) => actor.name), ["first"]);
  });

  // --- stopping while it starts

  test("an actor that is told to stop while it starts ends after its start, and is never born", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const born = assertRejects(() => stage.born("a", { beside: first, life: { gate: "g" } }), MillraceError);
    await stage.sees("a starts 0");
    const ref = stage.system.ref(living, { host: first.address.host, name: "a" });
    const stopping = stage.system.stopActor(ref, "drain", LONG_MS);
    await stage.until(() => stateOf(stage, first, "a"), (state) => state === "stopping");
    stage.open("g");
    assert(await stage.wait(stopping));
    assertEquals((await stage.wait(born)).code, "actor/stopped");
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0"]);
  });

  test("an actor whose start never ends is given up in its time, and its spawn is told", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const born = assertRejects(
      () => stage.born("a", { beside: first, stopMs: 5, life: { gate: "never" } }),
      MillraceError,
    );
    await stage.sees("a starts 0");
    const ref = stage.system.ref(living, { host: first.address.host, name: "a" });
    assertEquals(await stop(stage, ref, "now"), false);
    assertEquals((await stage.wait(born)).code, "actor/stopped");
    assertEquals(await stateOf(stage, first, "a"), undefined);
  });

  test("messages sent while an actor starts wait for it", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const born = stage.born("a", { beside: first, life: { gate: "g" } });
    await stage.sees("a starts 0");
    const early = stage.system.ref(living, { host: first.address.host, name: "a" });
    early.tell("note", "early");
    const asked = early.ask("state", undefined, SOON);
    await stage.wait(first.ask("state", undefined, SOON));
    assertEquals(await stateOf(stage, first, "a"), "starting");
    stage.open("g");
    await stage.wait(born);
    assertEquals(await stage.wait(asked), { incarnation: 0, notes: ["early"] });
  });

  test("an actor that fails at the first message that waited for its start is restarted like any other", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const born = stage.born("a", { beside: first, life: { gate: "g", gateRestarts: false } });
    await stage.sees("a starts 0");
    const early = stage.system.ref(living, { host: first.address.host, name: "a" });
    early.tell("boom", "at once");
    early.tell("note", "kept");
    await stage.wait(first.ask("state", undefined, SOON));
    stage.open("g");
    await stage.wait(born);
    await stage.sees("a notes kept");
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0", "starts 1", "notes kept"]);
  });

  test("an actor that stops itself at the first message leaves nothing behind", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const born = stage.born("a", { beside: first, life: { gate: "g" } });
    await stage.sees("a starts 0");
    stage.system.ref(living, { host: first.address.host, name: "a" }).tell("leave", undefined);
    await stage.wait(first.ask("state", undefined, SOON));
    stage.open("g");
    await stage.wait(born.catch(() => {}));
    await stage.sees("a ends 0");
    await stage.until(() => stateOf(stage, first, "a"), (state) => state === undefined);
    const again = await stage.born("a", { beside: first });
    assertEquals((await stage.wait(again.ask("state", undefined, SOON))).incarnation, 0);
  });

  // --- drain and now

  test("drain handles what waits, waits for what is in hand, and fires no signal", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    const held = Array.from({ length: 8 }, () => ref.ask("hold", "g", SOON));
    for (let n = 0; n < 100; n++) ref.tell("note", `${n}`);
    const asked = ref.ask("state", undefined, SOON);
    await stage.until(
      async () => (await stage.node(ref)).actors.find((one) => one.name === "a")!.depth,
      (depth) => depth === 101,
    );
    const stopping = stage.system.stopActor(ref, "drain", LONG_MS);
    stage.open("g");
    assert(await stage.wait(stopping));
    assertEquals(await Promise.all(held), Array.from({ length: 8 }, () => "g"));
    assertEquals((await asked).notes.length, 100);
  });

  test("now makes dead letters of what waits and fires the signals of what is in hand, which may still answer", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    const held = Array.from({ length: 8 }, () => ref.ask("signalled", undefined, SOON));
    for (let n = 0; n < 3; n++) ref.tell("note", `${n}`);
    const asked = assertRejects(() => ref.ask("state", undefined, SOON), MillraceError);
    const read = async () => (await stage.node(ref)).actors.find((one) => one.name === "a");
    await stage.until(read, (actor) => actor?.depth === 4);
    const letters = stage.system.deadLetters();
    assert(await stop(stage, ref, "now"));
    assertEquals(await stage.wait(Promise.all(held)), Array.from({ length: 8 }, () => "signalled"));
    assertEquals((await stage.wait(asked)).code, "actor/stopped");
    const dead = [];
    for (let n = 0; n < 4; n++) dead.push((await stage.wait(letters.next())).value!);
    assertEquals(dead.map(({ verb, reason, asked }) => [verb, reason, asked]), [
      ...[0, 1, 2].map(() => ["note", "stopped", false]),
      ["state", "stopped", true],
    ]);
  });

  test("now hurries an actor that drains", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    const held = ref.ask("signalled", undefined, SOON);
    const read = async () => (await stage.node(ref)).actors.find((one) => one.name === "a");
    await stage.until(read, (actor) => actor?.inHand === 1);
    const draining = stage.system.stopActor(ref, "drain", LONG_MS);
    await stage.until(read, (actor) => actor?.state === "stopping");
    assert(await stop(stage, ref, "now"));
    assert(await stage.wait(draining));
    assertEquals(await stage.wait(held), "signalled");
  });

  test("whoever waits for what a stopping actor never finishes is told when it is given up", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a", { stopMs: 5 });
    const hung = assertRejects(() => ref.ask("hang", undefined, SOON), MillraceError);
    await stage.wait(ref.ask("state", undefined, SOON));
    assertEquals(await stop(stage, ref, "drain"), false);
    assertEquals((await stage.wait(hung)).code, "actor/stopped");
  });

  test("stop is harmless the second time, and when all is over", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    const both = [
      stage.system.stopActor(ref, "drain", LONG_MS),
      stage.system.stopActor(ref, "drain", LONG_MS),
    ];
    assertEquals(await stage.wait(Promise.all(both)), [true, true]);
    assertEquals(await stop(stage, ref, "now"), true);
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0"]);
  });

  test("a child may be stopped by its ref like any other, and its parent lives on", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p", { life: { children: ["a"] } });
    const child = stage.system.ref(living, { host: ref.address.host, name: "p/a" });
    assert(await stop(stage, child, "drain"));
    await stage.sees("a ends 0");
    assertEquals(await stateOf(stage, ref, "p/a"), undefined);
    assertEquals((await stage.wait(ref.ask("state", undefined, SOON))).incarnation, 0);
  });

  // --- names

  test("a name is free again only after the end of its owner", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const ref = await stage.born("a", { beside: first, life: { cleanUpGate: "g" } });
    const stopping = stage.system.stopActor(ref, "drain", LONG_MS);
    await stage.until(() => stateOf(stage, first, "a"), (state) => state === "stopping");
    const refused = await assertRejects(() => stage.born("a", { beside: first }), MillraceError);
    assertEquals([refused.code, refused.details], ["actor/name-taken", { actor: "a" }]);
    stage.open("g");
    assert(await stage.wait(stopping));
    const again = await stage.born("a", { beside: first });
    assertEquals((await stage.wait(again.ask("state", undefined, SOON))).incarnation, 0);
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0", "starts 0"]);
  });

  test("a name is free after a start that failed", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    await assertRejects(() => stage.born("a", { beside: first, life: { badStarts: [0] } }), MillraceError);
    await stage.born("a", { beside: first });
  });

  // --- deadlines

  test("an actor that hangs is given up after its own time, with the name of the child that hangs", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p");
    await stage.wait(ref.ask("spawn", { name: "a", stopMs: 5, life: { hangs: true } }, SOON));
    await stage.wait(ref.ask("spawn", { name: "b" }, SOON));
    const { unstopped } = await stage.wait(stage.system.stop({ mode: "drain", deadlineMs: LONG_MS }));
    assertEquals(unstopped, ["p/a"]);
  });

  test("children of an actor that is given up end all the same", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p", { stopMs: 5, life: { children: ["a", "b"] } });
    const hung = assertRejects(() => ref.ask("hang", undefined, SOON), MillraceError);
    await stage.sees("b starts 0");
    assertEquals(await stop(stage, ref, "drain"), false);
    await stage.wait(hung);
    await stage.sees("a ends 0");
    const { actors } = await stage.node(ref);
    assertEquals(actors.filter(({ name }) => name !== "witness"), []);
  });

  test("stopActor says false at its deadline; the actor goes on to stop", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a", { life: { cleanUpGate: "g" } });
    assertEquals(await stop(stage, ref, "drain", 5), false);
    stage.open("g");
    await stage.sees("a ends 0");
    assertEquals(await stop(stage, ref, "drain"), true);
  });

  test("a system stops by its deadline, and names what did not", async () => {
    await using stage = await openStage(name);
    await stage.born("quick");
    await stage.born("slow", { life: { hangs: true } });
    const { unstopped } = await stage.wait(stage.system.stop({ mode: "drain", deadlineMs: 5 }));
    assertEquals(unstopped, ["witness", "quick", "slow"]);
    // It leaves nothing behind in this thread, no alarm either.
    assertEquals((await stage.system.snapshot()).hosts.map(({ node }) => node!.actors.length), [0]);
  });

  test("a system stops its actors in reverse order of their spawn", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    await stage.born("b", { beside: a });
    await stage.born("c", { beside: a });
    await stage.sees("c starts 0");
    stage.seen.length = 0;
    const report = await stage.wait(stage.system.stop({ mode: "drain", deadlineMs: LONG_MS }));
    assertEquals(report, { unstopped: [], lostThreads: 0 });
    // What other threads have said last may come too late for the witness.
    if (name === "local") assertEquals(stage.seen, ["c ends 0", "b ends 0", "a ends 0"]);
  });

  test("a system stops once: who asks again gets the same report", async () => {
    await using stage = await openStage(name);
    await stage.born("a");
    const first = stage.system.stop({ mode: "drain", deadlineMs: LONG_MS });
    assertEquals(stage.system.stop({ mode: "now", deadlineMs: 1 }), first);
    await stage.wait(first);
  });

  test("a system that stops starts nothing more", async () => {
    await using stage = await openStage(name);
    const stopping = stage.system.stop({ mode: "drain", deadlineMs: LONG_MS });
    const { definition, placement } = LIVES.subject;
    const refused = [
      () => stage.system.spawn(definition, { as: "a" }, { name: "a" }),
      () => stage.system.spawnIn(placement, { as: "a" }, { name: "a" }),
      () => stage.system.startHost("h"),
    ];
    for (const start of refused) {
      assertEquals((await assertRejects(start, MillraceError)).code, "platform/closed");
    }
    await stage.wait(stopping);
    for (const start of refused) {
      assertEquals((await assertRejects(start, MillraceError)).code, "platform/closed");
    }
  });

  test("an actor that is just starting when its system stops is ended with it", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const born = assertRejects(() => stage.born("a", { beside: first, life: { gate: "g" } }), MillraceError);
    await stage.sees("a starts 0");
    const stopping = stage.system.stop({ mode: "drain", deadlineMs: LONG_MS });
    stage.open("g");
    assertEquals((await stage.wait(stopping)).unstopped, []);
    assert(["platform/closed", "actor/host-lost", "actor/stopped"].includes((await stage.wait(born)).code));
  });

  test("whatever is asked of a system that has stopped is answered", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    const held = assertRejects(() => ref.ask("hold", "never", SOON), MillraceError);
    await stage.wait(ref.ask("state", undefined, SOON));
    await stage.wait(stage.system.stop({ mode: "now", deadlineMs: 20 }));
    await stage.wait(held);
    const asked = await assertRejects(() => ref.ask("state", undefined, SOON), MillraceError);
    assert(asked.code === "actor/stopped" || asked.code === "actor/host-lost", asked.code);
    ref.tell("note", "into the void");
  });

  test("a system that is disposed of after an error ends all that it has started", async () => {
    let asked: () => Promise<unknown> = () => Promise.reject(new Error("nobody was born"));
    const error = await assertRejects(async () => {
      await using stage = await openStage(name);
      const ref = await stage.born("a", { life: { children: ["b"] } });
      await stage.sees("b starts 0");
      asked = () => ref.ask("state", undefined, SOON);
      throw new Error("halfway");
    }, Error);
    assertEquals(error.message, "halfway");
    const { code } = await assertRejects(asked, MillraceError);
    assertEquals(code, name === "local" ? "actor/stopped" : "actor/host-lost");
  });
}
