/** What becomes of actors whose host is started again when it is lost. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import { living, QUICK } from "./fixtures_life.ts";
import { losses } from "./host_contract.ts";
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

/** Registers the behaviours for one place. */
export function hostRestartContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`Host restarts ${name}: ${behaviour}`, fn);

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

  if (name !== "sim") return;

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
}
