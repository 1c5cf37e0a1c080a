/** Actors and hosts that come and go leave nothing behind. */
import "../support/no_leaked_workers.ts";
import { assert, assertEquals } from "@std/assert";
import { createActorSystem, inWorker } from "@millrace/millrace";
import { faulty } from "../actor/fixtures/faulty.ts";
import { until } from "../actor/fixtures/systems.ts";

const placed = inWorker(
  import.meta.resolve("../actor/fixtures/faulty.ts"),
  "faultyActor",
  () => import("../actor/fixtures/faulty.ts"),
);
const soon = { timeoutMs: 20_000 };
const [ACTORS, HOSTS] = [1_000, 100];

/** The threads of this process. */
async function threads(): Promise<number> {
  return Number(/^Threads:\s+(\d+)$/m.exec(await Deno.readTextFile("/proc/self/status"))![1]);
}

Deno.test(`${ACTORS} actors that live in one host one after the other leave nothing but their number`, async () => {
  await using system = createActorSystem({ log: () => {} });
  const host = await system.startHost("host");
  for (let n = 0; n < ACTORS; n++) {
    const ref = await system.spawnIn(placed, undefined, { name: `actor ${n}`, host, protocol: faulty });
    assertEquals(await ref.ask("incarnation", undefined, soon), 0);
    assert(await system.stopActor(ref, "drain", 20_000));
  }
  const { hosts } = await system.snapshot();
  assertEquals(hosts[1]!.node, {
    ...{ host, actors: [], deadLetters: {}, pendingAsks: 0, openStreams: 0 },
    gone: { accepted: ACTORS, handled: ACTORS, failed: 0, deadLettered: 0 },
  });
  assertEquals([hosts.length, hosts[0]!.node!.actors, hosts[0]!.node!.pendingAsks], [2, [], 0]);
});

Deno.test(`${HOSTS} hosts one after the other leave no thread`, {
  // Elsewhere a process does not say how many threads it has.
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using system = createActorSystem({ log: () => {} });
  const cycle = async (n: number): Promise<void> => {
    const host = await system.startHost(`host ${n}`);
    const ref = await system.spawnIn(placed, undefined, { name: "actor", host, protocol: faulty });
    assertEquals(await ref.ask("incarnation", undefined, soon), 0);
    system.terminateHost(host);
  };
  // The pools of the runtime are filled by the first ones.
  for (let n = 0; n < 10; n++) await cycle(n);
  const before = await threads();
  for (let n = 10; n < HOSTS; n++) await cycle(n);
  await until(threads, (count) => count <= before + 2);
  const { hosts, lostThreads } = await system.snapshot();
  assertEquals([hosts.length, lostThreads], [1, 0]);
});
