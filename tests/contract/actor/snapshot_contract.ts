/** What a system says about itself. */
import { assertEquals } from "@std/assert";
import { living } from "./fixtures_life.ts";
import type { PlaceName } from "./place.ts";
import { openStage, SOON } from "./witness.ts";

/** Registers the behaviours for one place. */
export function snapshotContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`ActorSystem.snapshot ${name}: ${behaviour}`, fn);

  test("names all actors in the order of their spawn, each with its parent and its protocol", async () => {
    await using stage = await openStage(name);
    const p = await stage.born("p", { life: { children: ["a"] } });
    const child = stage.system.ref(living, { host: p.address.host, name: "p/a" });
    await stage.wait(child.ask("spawn", { name: "b" }, SOON));
    await stage.born("q", { beside: p });
    const { actors } = await stage.node(p);
    assertEquals(
      actors.filter((actor) => actor.name !== "witness").map((
        actor,
      ) => [actor.name, actor.parent, actor.protocol]),
      [
        ["p", undefined, "living"],
        ["p/a", "p", "living"],
        ["p/a/b", "p/a", "living"],
        ["q", undefined, "living"],
      ],
    );
  });

  test("says what each actor is doing", async () => {
    await using stage = await openStage(name, {
      supervision: { backoff: { minMs: 3_600_000, maxMs: 3_600_000, jitter: 0 } },
    });
    const running = await stage.born("running");
    const starting = stage.born("starting", { beside: running, life: { gate: "g" } });
    await stage.sees("starting starts 0");
    const stopping = await stage.born("stopping", { beside: running, life: { cleanUpGate: "g" } });
    const stopped = stage.system.stopActor(stopping, "drain", 60_000);
    const halted = await stage.born("halted", { beside: running });
    halted.tell("boom", "x");
    await stage.sees("halted ends 0");
    const read = async () => {
      const { actors } = await stage.node(running);
      return Object.fromEntries(actors.map((actor) => [actor.name, actor.state]));
    };
    const { witness: _, ...states } = await stage.until(read, ({ stopping }) => stopping === "stopping");
    assertEquals(states, {
      running: "running",
      starting: "starting",
      stopping: "stopping",
      halted: "halted",
    });
    stage.open("g");
    await stage.wait(Promise.all([starting, stopped]));
  });

  test("says how deep a mailbox is, and was", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    const held = Array.from({ length: 8 }, () => ref.ask("hold", "g", SOON));
    for (let n = 0; n < 20; n++) ref.tell("note", "x");
    const read = async () => (await stage.node(ref)).actors.find((actor) => actor.name === "a")!;
    const full = await stage.until(read, ({ depth }) => depth === 20);
    assertEquals([full.depth, full.inHand], [20, 8]);
    stage.open("g");
    await stage.wait(Promise.all(held));
    await stage.wait(ref.ask("state", undefined, SOON));
    const empty = await read();
    assertEquals([empty.depth, empty.inHand, empty.bytes, empty.highWater >= 20], [0, 0, 0, true]);
  });

  test("counts restarts, and keeps the books of actors that are gone", async () => {
    await using stage = await openStage(name);
    const first = await stage.born("first");
    const ref = await stage.born("a", { beside: first });
    const before = (await stage.node(first)).gone;
    ref.tell("boom", "x");
    ref.tell("note", "x");
    await stage.sees("a notes x");
    assertEquals((await stage.node(first)).actors.find((actor) => actor.name === "a")!.restarts, 1);
    await stage.wait(stage.system.stopActor(ref, "drain", 60_000));
    const { gone } = await stage.node(first);
    assertEquals([before.accepted, gone], [0, { accepted: 2, handled: 1, failed: 1, deadLettered: 0 }]);
  });

  test("names the hosts, this thread first", async () => {
    await using stage = await openStage(name);
    await stage.born("a");
    const { hosts, lostThreads } = await stage.system.snapshot();
    const kind = name === "local" ? "inline" : name;
    assertEquals(
      hosts.map(({ host, label, kind, state, restarts }) => ({ host, label, kind, state, restarts })),
      [
        { host: 0, label: "main", kind: "inline", state: "running", restarts: 0 },
        ...name === "local"
          ? []
          : [{ host: 1, label: "host of a", kind, state: "running" as const, restarts: 0 }],
      ],
    );
    assertEquals(lostThreads, 0);
  });

  test("is plain data", async () => {
    await using stage = await openStage(name);
    await stage.born("p", { life: { children: ["a"] } });
    const snapshot = await stage.system.snapshot();
    assertEquals(JSON.parse(JSON.stringify(snapshot)), snapshot);
  });
}
