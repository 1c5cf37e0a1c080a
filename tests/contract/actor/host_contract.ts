/** What becomes of actors when the host they live in is lost. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import type { Death } from "../../../src/actor/death.ts";
import { defineActor } from "../../../src/actor/define_actor.ts";
import { LIVES, living, QUICK, witnessing } from "./fixtures_life.ts";
import type { PlaceName } from "./place.ts";
import { type LivingRef, openStage, SOON, type Stage } from "./witness.ts";

/** A host that comes back at once, so often. */
const returning = (restarts = 3) => ({ restart: { limit: { restarts, withinMs: 60_000 }, backoff: QUICK } });
/** A host that comes back in an hour. */
const inAnHour = { restart: { backoff: { minMs: 3_600_000, maxMs: 3_600_000, jitter: 0 } } };

/** Ends the host of an actor, and waits until it is back. */
async function crashAndReturn(stage: Stage, { address: { host } }: LivingRef): Promise<void> {
  const read = async () => (await stage.system.snapshot()).hosts.find((one) => one.host === host)!;
  const { restarts } = await read();
  stage.crash(host);
  await stage.until(read, (now) => now.restarts > restarts && now.state === "running");
}

/** Hears of lost hosts. */
function losses(stage: Stage): (readonly [number, string])[] {
  const lost: (readonly [number, string])[] = [];
  stage.system.onHostLost((host, reason) => void lost.push([host, reason]));
  return lost;
}

/** Registers the behaviours for one place. */
export function hostContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`Hosts ${name}: ${behaviour}`, fn);

  // --- lost for good

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

  // --- started again

  test("a host that is started again has its actors at their old addresses, as new", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: returning(), life: { children: ["c"] } });
    const b = await stage.born("b", { beside: a });
    const lost = losses(stage);
    a.tell("note", "forgotten");
    await stage.wait(a.ask("state", undefined, SOON));
    await crashAndReturn(stage, a);
    assertEquals(await stage.wait(a.ask("state", undefined, SOON)), { incarnation: 0, notes: [] });
    assertEquals(await stage.wait(b.ask("state", undefined, SOON)), { incarnation: 0, notes: [] });
    const child = stage.system.ref(living, { host: a.address.host, name: "a/c" });
    assertEquals((await stage.wait(child.ask("state", undefined, SOON))).incarnation, 0);
    assertEquals(lost, []);
    assert(
      stage.logged.some(({ level, message }) => level === "warn" && message === "A host is started again"),
    );
  });

  test("who waits for an answer when a host is lost is told, though it comes back; later sends wait for it", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: returning() });
    const b = await stage.born("b");
    await stage.wait(b.ask("visit", a, SOON));
    const held = assertRejects(() => a.ask("hold", "never", SOON), MillraceError);
    await stage.wait(a.ask("state", undefined, SOON));
    stage.crash(a.address.host);
    assertEquals((await stage.wait(held)).code, "actor/host-lost");
    a.tell("note", "waits");
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).notes, ["waits"]);
    await stage.wait(b.ask("visit", a, SOON));
  });

  test("a watch outlives the restart of the host, wherever the watcher lives", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: returning() });
    const b = await stage.born("b");
    await stage.watches(b, a);
    const deaths = await stage.mourn(a);
    await crashAndReturn(stage, a);
    await stage.wait(a.ask("state", undefined, SOON));
    // The watcher's host has found its way back once the news come: nobody has asked it to.
    assertEquals([stage.lifeOf("b"), deaths], [["starts 0"], []]);
    await stage.until(async () => {
      await stage.wait(b.ask("state", undefined, SOON));
      const { hosts } = await stage.system.snapshot();
      return hosts.length;
    }, (count) => count === 3);
    await stage.wait(b.ask("visit", a, SOON));
    a.tell("leave", undefined);
    await stage.sees("b hears a stopped");
    await stage.until(() => deaths.length, (count) => count === 1);
    assertEquals(deaths.map(({ reason }) => reason), ["stopped"]);
    assertEquals(stage.lifeOf("b"), ["starts 0", "hears a stopped"]);
  });

  test("a watcher of another host that sends nothing hears of a death after the restart all the same", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: returning() });
    const b = await stage.born("b");
    await stage.watches(b, a);
    await crashAndReturn(stage, a);
    assert(await stage.wait(stage.system.stopActor(a, "drain", 60_000)));
    await stage.until(() => stage.lifeOf("b").length, (count) => count === 2);
    // It may be gone before the watch is through again: then nobody knows of what.
    assert(["hears a stopped", "hears a no-actor"].includes(stage.lifeOf("b")[1]!), stage.lifeOf("b")[1]);
  });

  test("an actor that watches loses its watches with its host, like any other state", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b", { hostOptions: returning() })];
    await stage.watches(b, a);
    await crashAndReturn(stage, b);
    const deaths = await stage.mourn(a);
    a.tell("leave", undefined);
    await stage.until(() => deaths.length, (count) => count === 1);
    await stage.wait(b.ask("state", undefined, SOON));
    assertEquals(stage.lifeOf("b"), ["starts 0", "starts 0"]);
  });

  test("temporary actors do not come back with their host: their watchers hear of it once", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: returning() });
    const temporary = await stage.born("t", { beside: a, restart: "temporary" });
    const deaths = await stage.mourn(temporary);
    await crashAndReturn(stage, a);
    await stage.wait(a.ask("state", undefined, SOON));
    await stage.until(() => deaths.length, (count) => count === 1);
    assertEquals(
      (await assertRejects(() => temporary.ask("state", undefined, SOON), MillraceError)).code,
      "actor/stopped",
    );
    assertEquals(stage.lifeOf("t"), ["starts 0"]);
  });

  test("an actor that was told to stop while its host was down does not come back with it", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", {
      hostOptions: { restart: { backoff: { minMs: 50, maxMs: 50, jitter: 0 } } },
    });
    const doomed = await stage.born("doomed", { beside: a });
    const read = async () =>
      (await stage.system.snapshot()).hosts.find(({ host }) => host === a.address.host)?.state;
    stage.crash(a.address.host);
    await stage.until(read, (state) => state === "restarting");
    assert(await stage.wait(stage.system.stopActor(doomed, "drain", 60_000)));
    await stage.wait(a.ask("state", undefined, SOON));
    const refused = await assertRejects(() => doomed.ask("state", undefined, SOON), MillraceError);
    assertEquals(refused.code, "actor/stopped");
  });

  test("what is spawned while its host is down is spawned when it is back", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: returning() });
    stage.crash(a.address.host);
    const b = await stage.wait(stage.born("b", { beside: a }).catch(() => stage.born("b", { beside: a })));
    assertEquals((await stage.wait(b.ask("state", undefined, SOON))).incarnation, 0);
  });

  test("one that waits for its restart when its host is lost lives once when both are back", async () => {
    await using stage = await openStage(name, {
      supervision: { backoff: { minMs: 200, maxMs: 200, jitter: 0 } },
    });
    const a = await stage.born("a", { hostOptions: returning(), life: { children: ["c"] } });
    const b = await stage.born("b", { beside: a });
    a.tell("boom", "x");
    await stage.sees("a ends 0");
    await crashAndReturn(stage, b);
    await stage.sees("a starts 0", 2); // with its host, before its supervisor came to it
    a.tell("note", "kept");
    await stage.wait(b.ask("after", { key: "k", ms: 400, what: "tock" }, SOON));
    await stage.sees("b ticks tock");
    assertEquals(await stage.wait(a.ask("state", undefined, SOON)), { incarnation: 0, notes: ["kept"] });
    const { actors } = await stage.node(a);
    assertEquals(actors.map((actor) => actor.name), ["a", "a/c", "b"]);
  });

  test("one that fails again before its supervisor came to it is restarted then", async () => {
    await using stage = await openStage(name, {
      supervision: { backoff: { minMs: 200, maxMs: 200, jitter: 0 } },
    });
    const a = await stage.born("a", { hostOptions: returning() });
    a.tell("boom", "x");
    await stage.sees("a ends 0");
    await crashAndReturn(stage, a);
    await stage.sees("a starts 0", 2);
    a.tell("boom", "y");
    a.tell("note", "kept");
    await stage.sees("a notes kept");
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).incarnation, 1);
    assertEquals(stage.failures, []);
  });

  test("a restart whose start needs an actor of a lost host has failed, and not come back with that host", async () => {
    await using stage = await openStage(name, { supervision: { limit: { restarts: 1, withinMs: 60_000 } } });
    const b = await stage.born("b");
    const a = await stage.born("a", { life: { needs: b } });
    const lost = losses(stage);
    stage.crash(b.address.host);
    await stage.until(() => lost.length, (count) => count === 1);
    a.tell("boom", "x");
    const [error] = await stage.until(() => stage.failures, (failures) => failures.length > 0);
    assertEquals([error!.details, (error!.cause as MillraceError).code], [{ actor: "a" }, "actor/host-lost"]);
  });

  test("a host that is lost too often is gone: everybody hears of it, once", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: returning(1) });
    const b = await stage.born("b");
    await stage.watches(b, a);
    const lost = losses(stage);
    const deaths = await stage.mourn(a);
    await crashAndReturn(stage, a);
    await stage.wait(a.ask("state", undefined, SOON));
    assertEquals(lost, []);
    stage.crash(a.address.host);
    await stage.until(() => deaths.length, (count) => count === 1);
    await stage.until(() => stage.lifeOf("b").length, (count) => count === 2);
    await stage.wait(b.ask("state", undefined, SOON));
    assertEquals(deaths.map(({ reason }) => reason), ["host-lost"]);
    assertEquals(stage.lifeOf("b").length, 2);
    assertEquals(lost.map(([host]) => host), [a.address.host]);
    assertEquals(
      (await assertRejects(() => a.ask("state", undefined, SOON), MillraceError)).code,
      "actor/host-lost",
    );
  });

  test("a host that waits for its restart is restarting by the snapshot, and holds up no stop", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: inAnHour });
    const asked = assertRejects(() => a.ask("hang", undefined, SOON), MillraceError);
    await stage.wait(a.ask("state", undefined, SOON));
    stage.crash(a.address.host);
    await stage.wait(asked);
    const waiting = assertRejects(() => a.ask("state", undefined, SOON), MillraceError);
    const { hosts } = await stage.system.snapshot();
    assertEquals(hosts.map(({ state, restarts }) => [state, restarts]), [["running", 0], ["restarting", 1]]);
    const report = await stage.wait(stage.system.stop({ mode: "drain", deadlineMs: 60_000 }));
    assertEquals(report, { unstopped: [], lostThreads: 0 });
    await stage.wait(waiting);
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

  test("a silent host that may be started again is replaced", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { hostOptions: { stuckMs: 1_000, ...returning() } });
    stage.crash(a.address.host, false);
    assertEquals(
      (await stage.wait(
        a.ask("state", undefined, { timeoutMs: "none" }).catch(() => a.ask("state", undefined, SOON)),
      )).incarnation,
      0,
    );
    const { hosts, lostThreads } = await stage.system.snapshot();
    assertEquals([hosts[1]!.restarts, lostThreads], [1, 1]);
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
