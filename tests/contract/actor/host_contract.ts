/** What becomes of actors when the host they live in is lost. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import type { Death } from "../../../src/actor/death.ts";
import { defineActor } from "../../../src/actor/define_actor.ts";
import { LIVES, witnessing } from "./fixtures_life.ts";
import type { PlaceName } from "./place.ts";
import { openStage, SOON, type Stage } from "./witness.ts";

/** Hears of lost hosts. */
export function losses(stage: Stage): (readonly [number, string])[] {
  const lost: (readonly [number, string])[] = [];
  stage.system.onHostLost((host, reason) => void lost.push([host, reason]));
  return lost;
}

/** Registers the behaviours for one place. */
export function hostContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`Hosts ${name}: ${behaviour}`, fn);

  // --- lost for good

  test("one that was started for an actor ends with it", async () => {
    await using stage = await openStage(name);
    const { definition, placement } = LIVES.subject;
    const only = await stage.wait(
      stage.system.spawnIn(placement, { as: "only" }, { name: "only", protocol: definition.protocol }),
    );
    await stage.wait(only.ask("state", undefined, SOON));
    assertEquals((await stage.system.snapshot()).hosts.length, 2);
    assert(await stage.wait(stage.system.stopActor(only, "drain", 60_000)));
    await stage.until(async () => (await stage.system.snapshot()).hosts.length, (count) => count === 1);
  });

  test("whoever waits for an actor of a lost host is told, and so is whoever comes later", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b")];
    const lost = losses(stage);
    const held = assertRejects(() => a.ask("hold", "never", SOON), MillraceError);
    const visited = assertRejects(
      () => b.ask("visit", a, SOON).then(() => a.ask("hang", undefined, SOON)),
      Error,
    );
    await stage.wait(a.ask("state", undefined, SOON));
    stage.crash(a.address.host);
    assertEquals((await stage.wait(held)).code, "actor/host-lost");
    await stage.wait(visited);
    await stage.until(() => lost.length, (count) => count === 1);
    assertEquals(lost[0]![0], a.address.host);
    const later = await assertRejects(() => a.ask("state", undefined, SOON), MillraceError);
    assertEquals(later.code, "actor/host-lost");
    await stage.wait(assertRejects(() => b.ask("visit", a, SOON), MillraceError));
    assertEquals((await stage.wait(b.ask("state", undefined, SOON))).incarnation, 0);
  });

  test("all watchers of its actors hear that the host is lost, each once, in every host", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b")];
    const other = await stage.born("other", { beside: a });
    await stage.watches(b, a);
    await stage.watches(b, other);
    const deaths = [await stage.mourn(a), await stage.mourn(a), await stage.mourn(other)];
    const lost = losses(stage);
    stage.crash(a.address.host);
    await stage.until(() => deaths.every(({ length }) => length === 1), (yes) => yes);
    await stage.until(() => stage.lifeOf("b").length, (count) => count === 3);
    await stage.wait(b.ask("state", undefined, SOON));
    assertEquals(deaths.flat().map(({ reason, error }) => [reason, (error as MillraceError).code]), [
      ...[0, 1, 2].map(() => ["host-lost", "actor/host-lost"]),
    ]);
    const heard = stage.lifeOf("b").slice(1).map((what) => what.split(":")[0]);
    assertEquals(heard.toSorted(), ["hears a host-lost", "hears other host-lost"]);
    assertEquals(lost.length, 1);
  });

  test("notices to a lost host become dead letters", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    const lost = losses(stage);
    stage.crash(a.address.host);
    await stage.until(() => lost.length, (count) => count === 1);
    const letters = stage.system.deadLetters();
    a.tell("note", "too late");
    const { value } = await stage.wait(letters.next());
    assertEquals([value!.reason, value!.payload], ["host-lost", "too late"]);
    assertEquals(a.tryTell("note", "still too late"), "stopped");
  });

  test("notices under way to a host that is lost are counted", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    await stage.wait(a.ask("state", undefined, SOON));
    const letters = stage.system.deadLetters();
    for (let n = 0; n < 10; n++) a.tell("note", "x");
    stage.crash(a.address.host);
    const { value } = await stage.wait(letters.next());
    // The question before them is counted too, unless its acknowledgement has come.
    const { reason, verb, count, actor } = value!;
    assertEquals([reason, verb, actor], ["host-lost", "*", "a"]);
    assert(count === 10 || count === 11, String(count));
  });

  test("a lost host is no longer there, and spawns nothing", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    const lost = losses(stage);
    stage.crash(a.address.host);
    await stage.until(() => lost.length, (count) => count === 1);
    assertEquals((await stage.system.snapshot()).hosts.map(({ host }) => host), [0]);
    await assertRejects(() => stage.born("b", { beside: a }), RangeError, "its host must be a running one");
  });

  test("terminateHost() of a host that there is not does nothing", async () => {
    await using stage = await openStage(name);
    const lost = losses(stage);
    stage.system.terminateHost(99);
    assertEquals(lost, []);
  });

  test("a listener that throws is logged, and the others hear all the same", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    stage.system.onHostLost(() => {
      throw new Error("bad listener");
    });
    const off = stage.system.onHostLost(() => assert(false, "it was taken off"));
    off();
    const lost = losses(stage);
    stage.crash(a.address.host);
    await stage.until(() => lost.length, (count) => count === 1);
    assert(stage.logged.some(({ message }) => message === "A listener for lost hosts failed"));
  });

  // --- what did not start

  test("an actor that does not start takes back the host that was started for it", async () => {
    await using stage = await openStage(name);
    const life = { as: "a", badStarts: [0] };
    await assertRejects(
      () => stage.wait(stage.system.spawnIn(LIVES.subject.placement, life, { name: "a" })),
      MillraceError,
      "bad start 0",
    );
    assertEquals((await stage.system.snapshot()).hosts.map(({ host }) => host), [0]);
  });

  test("an actor of another protocol than was said is refused, and leaves nothing", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    await assertRejects(
      () =>
        stage.wait(
          stage.system.spawnIn(LIVES.subject.placement as never, { as: "a" } as never, {
            name: "a",
            host: first.address.host,
            protocol: witnessing,
          }),
        ),
      TypeError,
      'Cannot spawn actor "a" as its protocol must be "witness": "subject" has "living"',
    );
    assertEquals((await stage.node(first)).actors.map((actor) => actor.name), ["first"]);
  });

  test("a host of an unknown transport, or with a senseless patience, is refused", async () => {
    await using stage = await openStage(name);
    await assertRejects(
      () => stage.system.startHost("h", { transport: "pigeon" }),
      RangeError,
      "must be one of",
    );
    for (const stuckMs of [0, -1, Number.NaN]) {
      await assertRejects(() => stage.system.startHost("h", { stuckMs }), RangeError, "stuckMs must be > 0");
    }
    assertEquals((await stage.system.snapshot()).hosts.length, 1);
  });

  test("a host and this thread may each have an actor of one name", async () => {
    await using stage = await openStage(name);
    const there = await stage.born("a");
    const seen: string[] = [];
    const definition = defineActor(witnessing, () => ({
      saw: (what: string) => void seen.push(what),
      pass: () => {},
    }));
    const here = await stage.system.spawn(definition, undefined, { name: "a" });
    const deaths = [await stage.mourn(there)];
    const local: Death[] = [];
    stage.system.watch(here, (death) => void local.push(death));
    assert(await stage.wait(stage.system.stopActor(here, "drain", 60_000)));
    assertEquals([local.length, deaths[0]!.length], [1, 0]);
    assertEquals((await stage.wait(there.ask("state", undefined, SOON))).incarnation, 0);
  });

  if (name !== "sim") return;

  test("a host that is lost while it starts was never there", async () => {
    await using stage = await openStage(name);
    const starting = assertRejects(() => stage.system.startHost("h"), MillraceError);
    stage.crash(1);
    assertEquals((await stage.wait(starting)).code, "actor/host-lost");
    assertEquals((await stage.system.snapshot()).hosts.length, 1);
  });

  test("a host that never says that it is ready does not hang the end of its system", async () => {
    await using stage = await openStage(name);
    const starting = assertRejects(() => stage.system.startHost("h"), MillraceError);
    stage.crash(1, false);
    const report = await stage.wait(stage.system.stop({ mode: "drain", deadlineMs: 60_000 }));
    assertEquals(report.unstopped, []);
    assertEquals((await stage.wait(starting)).code, "actor/host-lost");
  });

  test("a host that is silent for stuckMs is given up, and its thread counted as lost", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: { stuckMs: 1_000 } });
    await stage.pass(10_000); // it answers
    const lost = losses(stage);
    const deaths = await stage.mourn(a);
    const asked = assertRejects(() => a.ask("state", undefined, { timeoutMs: "none" }), MillraceError);
    stage.crash(a.address.host, false);
    await stage.pass(400);
    assertEquals([lost, deaths], [[], []]);
    await stage.pass(1_000);
    assertEquals((await asked).code, "actor/host-lost");
    assertEquals([lost.length, deaths.length], [1, 1]);
    assert(lost[0]![1].includes("no sign of life for 1000 ms"));
    assertEquals((await stage.system.snapshot()).lostThreads, 1);
    assert(
      stage.logged.some(({ level, message }) =>
        level === "error" && message.startsWith("A host is given up")
      ),
    );
  });

  test("a host that does not answer is unresponsive by the snapshot", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a");
    stage.crash(a.address.host, false);
    const { hosts } = await stage.wait(stage.system.snapshot());
    assertEquals(hosts.map(({ state, node }) => [state, node === undefined]), [
      ["running", false],
      ["unresponsive", true],
    ]);
    stage.system.terminateHost(a.address.host);
  });

  test("an actor in a silent host that does not stop in its time costs the host", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { stopMs: 100 });
    const lost = losses(stage);
    stage.crash(a.address.host, false);
    assertEquals(await stage.wait(stage.system.stopActor(a, "drain", 60_000)), false);
    assertEquals(lost.map(([, reason]) => reason), ["an actor in it did not stop"]);
    assertEquals((await stage.system.snapshot()).lostThreads, 1);
  });
}
