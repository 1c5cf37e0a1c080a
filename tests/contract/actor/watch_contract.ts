/** Who watches an actor hears once when it is gone for good: Pekko's WatchSpec and OTP's monitors, in our words. */
import { assert, assertEquals } from "@std/assert";
import type { Death } from "../../../src/actor/death.ts";
import { living } from "./fixtures_life.ts";
import type { PlaceName } from "./place.ts";
import { type LivingRef, openStage, SOON, type Stage } from "./witness.ts";

/** Resolves once an actor and its host have heard whatever another actor's host has sent before. */
async function caughtUp(stage: Stage, who: LivingRef, withWhom: LivingRef): Promise<void> {
  await stage.wait(who.ask("visit", withWhom, SOON));
  await stage.wait(who.ask("state", undefined, SOON));
}

const reasons = (deaths: readonly Death[]) => deaths.map(({ reason }) => reason);

/** Registers the behaviours for one place. */
export function watchContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`ActorContext.watch ${name}: ${behaviour}`, fn);

  test("an actor hears when another one stops, wherever it lives", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b")];
    const c = await stage.born("c", { beside: a });
    await stage.watches(b, a);
    await stage.watches(c, a);
    a.tell("leave", undefined);
    await stage.sees("b hears a stopped");
    await stage.sees("c hears a stopped");
  });

  test("an actor hears of what another one failed", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a", { restart: "temporary" }), await stage.born("b")];
    await stage.watches(b, a);
    a.tell("boom", "bad luck");
    await stage.sees("b hears a failed: bad luck");
  });

  test("who watches an actor that is gone hears at once", async () => {
    await using stage = await openStage(name);
    const b = await stage.born("b");
    const a = await stage.born("a", { beside: b });
    assert(await stage.wait(stage.system.stopActor(a, "drain", 60_000)));
    await stage.wait(b.ask("watch", { ref: a }, SOON));
    await stage.sees("b hears a no-actor");
    const deaths: Death[] = [];
    stage.system.watch(a, (death) => void deaths.push(death));
    await stage.until(() => deaths.length, (count) => count === 1);
    assertEquals(deaths, [{ address: a.address, reason: "no-actor" }]);
  });

  test("who watches a name that nobody has hears at once", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b")];
    const nobody = stage.system.ref(living, { host: a.address.host, name: "nobody" });
    await stage.wait(b.ask("watch", { ref: nobody }, SOON));
    await stage.sees("b hears nobody no-actor");
  });

  test("who watches an actor of a host that there never was hears that it is lost", async () => {
    await using stage = await openStage(name);
    const b = await stage.born("b");
    const nobody = stage.system.ref(living, { host: 99, name: "nobody" });
    await stage.wait(b.ask("watch", { ref: nobody }, SOON));
    await stage.until(() => stage.seen.length, (count) => count === 2);
    assert(stage.seen[1]!.startsWith("b hears nobody host-lost"), stage.seen[1]);
    const deaths: Death[] = [];
    stage.system.watch(nobody, (death) => void deaths.push(death));
    await stage.until(() => deaths.length, (count) => count === 1);
    assertEquals(reasons(deaths), ["host-lost"]);
  });

  test("each watch hears once, two of one watcher too", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b")];
    await stage.watches(b, a);
    await stage.watches(b, a);
    a.tell("leave", undefined);
    await stage.sees("b hears a stopped", 2);
    await stage.wait(b.ask("state", undefined, SOON));
    assertEquals(stage.lifeOf("b"), ["starts 0", "hears a stopped", "hears a stopped"]);
  });

  test("a watch that was called off hears nothing, and leaves others alone", async () => {
    await using stage = await openStage(name);
    const [a, b, c] = [await stage.born("a"), await stage.born("b"), await stage.born("c")];
    await stage.watches(b, a, "first");
    await stage.watches(b, a);
    await stage.watches(c, a, "only");
    await stage.wait(b.ask("unwatch", "first", SOON));
    await stage.wait(c.ask("unwatch", "only", SOON));
    await stage.wait(c.ask("visit", a, SOON));
    a.tell("leave", undefined);
    await stage.sees("b hears a stopped");
    await stage.wait(c.ask("state", undefined, SOON));
    assertEquals(stage.lifeOf("b"), ["starts 0", "hears a stopped"]);
    assertEquals(stage.lifeOf("c"), ["starts 0"]);
  });

  test("calling a watch off takes back news that wait already", async () => {
    await using stage = await openStage(name);
    const b = await stage.born("b");
    const nobody = stage.system.ref(living, { host: b.address.host, name: "nobody" });
    await stage.wait(b.ask("changeMind", nobody, SOON));
    await stage.wait(b.ask("state", undefined, SOON));
    assertEquals(stage.lifeOf("b"), ["starts 0"]);
  });

  test("a restart is no death; the end after it is", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b")];
    await stage.watches(b, a);
    const deaths = await stage.mourn(a);
    a.tell("boom", "x");
    await stage.sees("a starts 1");
    await caughtUp(stage, b, a);
    assertEquals([stage.lifeOf("b"), deaths], [["starts 0"], []]);
    a.tell("leave", undefined);
    await stage.sees("b hears a stopped");
    await stage.until(() => deaths.length, (count) => count === 1);
    assertEquals(reasons(deaths), ["stopped"]);
  });

  test("a watcher that is restarted watches no more", async () => {
    await using stage = await openStage(name);
    const [a, b, c] = [await stage.born("a"), await stage.born("b"), await stage.born("c")];
    await stage.watches(b, a);
    await stage.watches(c, a);
    b.tell("boom", "x");
    await stage.sees("b starts 1");
    a.tell("leave", undefined);
    await stage.sees("c hears a stopped");
    await caughtUp(stage, b, c);
    assertEquals(stage.lifeOf("b"), ["starts 0", "ends 0", "starts 1"]);
  });

  test("a watcher may die first", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b")];
    await stage.watches(b, a);
    const deaths = await stage.mourn(b);
    b.tell("leave", undefined);
    await stage.until(() => deaths.length, (count) => count === 1);
    assert(await stage.wait(stage.system.stopActor(a, "drain", 60_000)));
    assertEquals(stage.lifeOf("b"), ["starts 0", "ends 0"]);
  });

  // Where it is simulated, in many orders.
  for (const seed of name === "sim" ? Array.from({ length: 50 }, (_, n) => n + 1) : [1]) {
    const where = name === "sim" ? `, seed ${seed}` : "";
    test(`the news come after the last message of the dead${where}`, async () => {
      await using stage = await openStage(name, { seed });
      const [a, b] = [await stage.born("a"), await stage.born("b")];
      await stage.watches(b, a);
      for (const text of ["one", "two", "three"]) a.tell("say", { to: b, text });
      a.tell("leave", undefined);
      await stage.sees("b hears a stopped");
      assertEquals(stage.lifeOf("b"), [
        "starts 0",
        "notes one",
        "notes two",
        "notes three",
        "hears a stopped",
      ]);
    });
  }

  test("who takes the name of a dead actor has watchers of its own", async () => {
    await using stage = await openStage(name);
    const b = await stage.born("b");
    const first = await stage.born("a", { beside: b });
    const old = await stage.mourn(first);
    assert(await stage.wait(stage.system.stopActor(first, "drain", 60_000)));
    await stage.until(() => old.length, (count) => count === 1);
    const second = await stage.born("a", { beside: b });
    const young = await stage.mourn(second);
    assert(await stage.wait(stage.system.stopActor(second, "drain", 60_000)));
    await stage.until(() => young.length, (count) => count === 1);
    assertEquals([reasons(old), reasons(young)], [["stopped"], ["stopped"]]);
  });

  test("a parent may watch its children, and hears of them only", async () => {
    await using stage = await openStage(name);
    const p = await stage.born("p");
    const a = await stage.wait(p.ask("spawn", { name: "a" }, SOON)) as LivingRef;
    await stage.wait(p.ask("spawn", { name: "b" }, SOON));
    await stage.wait(p.ask("watch", { ref: a }, SOON));
    a.tell("leave", undefined);
    await stage.sees("p hears p/a stopped");
    assertEquals(stage.lifeOf("p"), ["starts 0", "hears p/a stopped"]);
  });

  test("one actor may watch many, and hears of each", async () => {
    await using stage = await openStage(name);
    const b = await stage.born("b");
    const first = await stage.born("a0");
    const refs = [first];
    for (let n = 1; n < 50; n++) refs.push(await stage.born(`a${n}`, { beside: first }));
    for (const ref of refs) await stage.wait(b.ask("watch", { ref }, SOON));
    await stage.wait(b.ask("visit", first, SOON));
    for (const ref of refs) ref.tell("leave", undefined);
    for (let n = 0; n < 50; n++) await stage.sees(`b hears a${n} stopped`);
    assertEquals(stage.lifeOf("b").length, 51);
  });

  test("a listener of the system that throws is logged, and the others hear all the same", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    stage.system.watch(a, () => {
      throw new Error("bad news");
    });
    const deaths = await stage.mourn(a);
    a.tell("leave", undefined);
    await stage.until(() => deaths.length, (count) => count === 1);
    assert(
      stage.logged.some(({ level, message }) =>
        level === "error" && message === "A watcher of an actor failed"
      ),
    );
  });

  test("a listener of the system that was taken off hears nothing", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    const heard: Death[] = [];
    const unwatch = stage.system.watch(a, (death) => void heard.push(death));
    const deaths = await stage.mourn(a);
    unwatch();
    unwatch(); // once more is harmless
    a.tell("leave", undefined);
    await stage.until(() => deaths.length, (count) => count === 1);
    assertEquals(heard, []);
  });
}
