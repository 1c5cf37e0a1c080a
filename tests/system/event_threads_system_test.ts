/** Events between threads: a publisher, the broker and a reader, each in a worker of its own. */
import { assert, assertEquals } from "@std/assert";
import { createActorSystem } from "../../actors/actor_system.ts";
import type { ActorSystem } from "../../src/actor/system.ts";
import { inWorker } from "../../src/actor/placement.ts";
import { brokerProtocol, MAX_BATCH } from "../../src/broker/protocol.ts";
import { floodProtocol, readProtocol } from "./fixtures/event_actors.ts";

const ALWAYS = { timeoutMs: "none" } as const;
const actors = import.meta.resolve("./fixtures/event_actors.ts");

/** A broker in its worker, and whoever is asked for in workers of their own. */
async function castOf(system: ActorSystem) {
  const nobody = { host: 0, name: "nobody" }; // no event starts anything here
  const broker = await system.spawnIn(
    inWorker(import.meta.resolve("../../actors/broker.ts"), "broker", () => import("../../actors/broker.ts")),
    { orchestrator: nobody, eventLog: nobody },
    { name: "broker", host: await system.startHost("broker"), protocol: brokerProtocol },
  );
  return {
    broker,
    publisher: async (name: string) =>
      await system.spawnIn(
        inWorker(actors, "flooder", () => import("./fixtures/event_actors.ts")),
        { broker: broker.address, name },
        { name, host: await system.startHost(name), protocol: floodProtocol },
      ),
    reader: async (name: string) =>
      await system.spawnIn(
        inWorker(actors, "reading", () => import("./fixtures/event_actors.ts")),
        { broker: broker.address, name },
        { name, host: await system.startHost(name), protocol: readProtocol },
      ),
  };
}

function counted(source: string, count: number, from = 0) {
  return Array.from({ length: count }, (_, n) => ({ source, n: from + n }));
}

Deno.test("events of each publisher arrive in its order, all of them, however batches mix", async () => {
  await using system = createActorSystem();
  const cast = await castOf(system);
  const [a, b, reader] = await Promise.all([cast.publisher("a"), cast.publisher("b"), cast.reader("reader")]);
  const options = { overflow: "backpressure" } as const;
  await reader.ask("subscribe", { pattern: "test.*.x", times: 1, options }, ALWAYS);
  const count = 3_000;
  const [seen, ...sent] = await Promise.all([
    reader.ask("read", { from: 0, count: 2 * count }, ALWAYS),
    a.ask("publish", { topic: "test.a.x", count, lanes: 700 }, ALWAYS),
    b.ask("publish", { topic: "test.b.x", count, lanes: 50 }, ALWAYS),
  ]);
  for (const source of ["a", "b"]) {
    assertEquals(seen.filter((event) => event.source === source), counted(source, count));
  }
  assertEquals(sent, Array(2).fill({ enqueued: count, dropped: 0, codes: [] }));
});

Deno.test("a publisher waits for a reader that asked for it: what is under way is bounded, and nothing is lost", async () => {
  await using system = createActorSystem();
  const cast = await castOf(system);
  const [publisher, reader] = await Promise.all([cast.publisher("p"), cast.reader("reader")]);
  const capacity = 16;
  const options = { overflow: "backpressure", capacity } as const;
  await reader.ask("subscribe", { pattern: "test.x", times: 1, options }, ALWAYS);
  const count = 2_000;
  const published = publisher.ask("publish", { topic: "test.x", count, lanes: 64 }, ALWAYS);
  // Nobody reads: all that can move has moved once this has come to rest.
  let settled = -1;
  for (let still = 0; still < 20;) {
    const now = await publisher.ask("settled", undefined, ALWAYS);
    still = now === settled && now >= capacity ? still + 1 : 0;
    settled = now;
  }
  assert(settled < 8 * capacity, `${settled} events without a reader`);
  assertEquals(await reader.ask("read", { from: 0, count }, ALWAYS), counted("p", count));
  assertEquals(await published, { enqueued: count, dropped: 0, codes: [] });
});

Deno.test("a full subscription drops as it asked for, also within one batch, and the publisher is told", async () => {
  await using system = createActorSystem();
  const cast = await castOf(system);
  const [publisher, reader] = await Promise.all([cast.publisher("p"), cast.reader("reader")]);
  const subscribe = (overflow: "drop-oldest" | "drop-newest" | "reject") =>
    reader.ask(
      "subscribe",
      { pattern: `test.${overflow}`, times: 1, options: { overflow, capacity: 10 } },
      ALWAYS,
    );
  await subscribe("drop-oldest");
  await subscribe("drop-newest");
  await subscribe("reject");
  const publish = (overflow: string) =>
    publisher.ask("publish", { topic: `test.${overflow}`, count: 100, lanes: 100 }, ALWAYS);
  assertEquals(await publish("drop-oldest"), { enqueued: 100, dropped: 90, codes: [] });
  assertEquals(await reader.ask("read", { from: 0, count: 10 }, ALWAYS), counted("p", 10, 90));
  assertEquals(await publish("drop-newest"), { enqueued: 10, dropped: 90, codes: [] });
  assertEquals(await reader.ask("read", { from: 1, count: 10 }, ALWAYS), counted("p", 10));
  assertEquals(await publish("reject"), { enqueued: 10, dropped: 0, codes: ["broker/overloaded"] });
  assertEquals(await reader.ask("read", { from: 2, count: 10 }, ALWAYS), counted("p", 10));
});

Deno.test("subscriptions of one thread each have events of their own, although they cross once", async () => {
  await using system = createActorSystem();
  const cast = await castOf(system);
  const [publisher, reader] = await Promise.all([cast.publisher("p"), cast.reader("reader")]);
  await reader.ask("subscribe", { pattern: "test.**", times: 3, options: {} }, ALWAYS);
  await publisher.ask("publish", { topic: "test.x", count: 300, lanes: 300 }, ALWAYS);
  for (const from of [0, 1, 2]) {
    assertEquals(await reader.ask("read", { from, count: 300 }, ALWAYS), counted("p", 300));
  }
});

Deno.test("a publisher that dies in the middle leaves whole events in order, and disturbs nobody", async () => {
  await using system = createActorSystem();
  const cast = await castOf(system);
  const [dying, other, reader] = await Promise.all([
    cast.publisher("dying"),
    cast.publisher("other"),
    cast.reader("reader"),
  ]);
  const options = { capacity: 8 * MAX_BATCH };
  await reader.ask("subscribe", { pattern: "test.x", times: 1, options }, ALWAYS);
  const gone = new Promise<void>((resolve) =>
    system.onHostLost((host) => host === dying.address.host && resolve())
  );
  // Its way to the broker is there before it dies.
  await dying.ask("publish", { topic: "test.before", count: 1, lanes: 1 }, ALWAYS);
  dying.tell("publishAndDie", { topic: "test.x", count: 2 * MAX_BATCH + 7, lanes: 1 });
  await gone;
  await other.ask("publish", { topic: "test.x", count: 10, lanes: 10 }, ALWAYS);
  await cast.broker.ask("halt", undefined, ALWAYS);
  const { seen } = await reader.ask("rest", 0, ALWAYS);
  const ofDying = seen.filter(({ source }) => source === "dying");
  assertEquals(ofDying, counted("dying", ofDying.length));
  assertEquals(seen.filter(({ source }) => source === "other"), counted("other", 10));
});

Deno.test("a reader that dies lets those go who waited for it, and its subscription ends", async () => {
  await using system = createActorSystem();
  const cast = await castOf(system);
  const [publisher, dying, other] = await Promise.all([
    cast.publisher("p"),
    cast.reader("dying"),
    cast.reader("other"),
  ]);
  const options = { overflow: "backpressure", capacity: 4 } as const;
  await dying.ask("subscribe", { pattern: "test.x", times: 1, options }, ALWAYS);
  await other.ask("subscribe", { pattern: "test.x", times: 1, options: { capacity: 1_000 } }, ALWAYS);
  const published = publisher.ask("publish", { topic: "test.x", count: 500, lanes: 100 }, ALWAYS);
  await dying.ask("read", { from: 0, count: 1 }, ALWAYS);
  dying.tell("die", undefined);
  assertEquals((await published).codes, []);
  assertEquals(await other.ask("read", { from: 0, count: 500 }, ALWAYS), counted("p", 500));
});

Deno.test("a broker that stops ends subscriptions, and whoever still publishes is told", async () => {
  await using system = createActorSystem();
  const cast = await castOf(system);
  const [publisher, reader] = await Promise.all([cast.publisher("p"), cast.reader("reader")]);
  const options = { overflow: "backpressure", capacity: 4 } as const;
  await reader.ask("subscribe", { pattern: "test.x", times: 1, options }, ALWAYS);
  const published = publisher.ask("publish", { topic: "test.x", count: 200, lanes: 20 }, ALWAYS);
  const first = await reader.ask("read", { from: 0, count: 5 }, ALWAYS);
  await cast.broker.ask("halt", undefined, ALWAYS);
  const { enqueued, codes } = await published;
  assertEquals(codes, ["broker/closed"]);
  const { seen, code } = await reader.ask("rest", 0, ALWAYS);
  assertEquals(
    [code, ...first, ...seen],
    [undefined, ...counted("p", enqueued)],
    "all that was accepted is read",
  );
});
