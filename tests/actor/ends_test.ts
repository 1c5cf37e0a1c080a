/** What actors and hosts leave behind at their ends: checked in simulated time. */
import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { defineActor } from "../../src/actor/define_actor.ts";
import { later } from "../../src/actor/loop.ts";
import type { Transport } from "../../src/actor/port.ts";
import { protocol } from "../../src/actor/protocol.ts";
import { type ActorRef, isActorRef } from "../../src/actor/ref.ts";
import { createSystem } from "../../src/actor/system.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { createLogger } from "../../src/base/log.ts";
import { systemClock } from "../../src/base/system_clock.ts";
import { testSystem } from "../../src/testing/test_system.ts";

const ending = protocol("ending", {
  leave: { in: z.void() },
  fail: { in: z.void() },
  meet: { in: z.custom<ActorRef>(isActorRef) },
  incarnation: { in: z.void(), out: z.number() },
});
const soon = { timeoutMs: 60_000 };

Deno.test("ActorContext stop starts a permanent actor again once, and leaves what comes next to the next life", async () => {
  await using test = await testSystem();
  const heard: number[] = [];
  const definition = defineActor(ending, (ctx) => ({
    leave: async () => {
      ctx.stop();
      ctx.self.tell("fail", undefined);
      ctx.stop();
      await Promise.resolve();
    },
    fail: async () => {
      await Promise.resolve();
      heard.push(ctx.incarnation);
    },
    ...{ meet: () => {}, incarnation: () => ctx.incarnation },
  }));
  const ref = await test.system.spawn(definition, undefined, { name: "a", restart: "permanent" });
  ref.tell("leave", undefined);
  await test.advance(60_000);
  assertEquals([await ref.ask("incarnation", undefined, soon), heard], [1, [1]]);
  assertEquals((await test.system.snapshot()).hosts[0]!.node!.actors[0]!.counters.failed, 0);
});

Deno.test("a restart waits for a clean-up as long as the actor may take to stop, and no longer", async () => {
  await using test = await testSystem();
  const definition = defineActor(ending, (ctx) => {
    if (ctx.incarnation === 0) ctx.onStop(() => new Promise(() => {}));
    const fail = (): never => {
      throw new Error("broken on purpose");
    };
    return { fail, leave: () => {}, meet: () => {}, incarnation: () => ctx.incarnation };
  });
  const ref = await test.system.spawn(definition, undefined, { name: "a", stopMs: 3_000 });
  ref.tell("fail", undefined);
  const answer = ref.ask("incarnation", undefined, soon);
  await test.advance(2_900);
  assertEquals((await test.system.snapshot()).hosts[0]!.node!.actors[0]!.state, "halted");
  await test.advance(1_000);
  assertEquals(await answer, 1);
});

Deno.test("an ask of an actor that is gone is a dead letter in its own thread too", async () => {
  await using test = await testSystem();
  const ref = test.system.ref(ending, { host: 0, name: "nobody" });
  await assertRejects(() => ref.ask("incarnation", undefined, soon), MillraceError);
  assertEquals((await test.system.snapshot()).hosts[0]!.node!.deadLetters, { "no-actor": 1 });
});

Deno.test("replayDeadLetters sends refs as refs", async () => {
  await using test = await testSystem();
  const met: ActorRef[] = [];
  const definition = defineActor(ending, () => ({
    meet: (ref) => void met.push(ref),
    ...{ leave: () => {}, fail: () => {}, incarnation: () => 0 },
  }));
  const { system } = test;
  const first = await system.spawn(definition, undefined, { name: "a" });
  first.tell("meet", first);
  await Promise.all([system.stopActor(first, "now", 1_000), test.advance(10)]);
  const second = await system.spawn(definition, undefined, { name: "a" });
  assertEquals([met.length, system.replayDeadLetters()], [0, 1]);
  await test.runUntilIdle();
  assertEquals(met.map(({ address }) => address), [second.address]);
});

Deno.test("startHost rejects if the last words of a host come together with its first", async () => {
  const brief: Transport = {
    ...{ kind: "brief", killsLoops: false, keepsLimits: false },
    start: (_host, _label, events) => ({
      order: () => {
        events.said({ type: "ready" });
        events.lost("it ended at once");
      },
      ...{ deliver: () => {}, open: () => {}, kill: () => {} },
    }),
  };
  await using system = createSystem({
    ...{ clock: systemClock, random: Math.random, transports: [brief], later },
    log: createLogger(() => {}, systemClock.now),
  });
  const error = await assertRejects(() => system.startHost("brief"), MillraceError);
  assertEquals(error.code, "actor/host-lost");
  assertEquals((await system.snapshot()).hosts.length, 1);
});

Deno.test("spawnIn says which of its options cannot be cloned", async () => {
  await using test = await testSystem();
  const host = test.system.startHost("h");
  await test.runUntilIdle();
  const place = { url: "file:///nowhere.ts", exportName: "none", module: () => Promise.resolve({}) };
  const options = { deep: { fn: () => {} } } as never;
  const error = await assertRejects(
    async () => await test.system.spawnIn(place, options, { name: "a", host: await host }),
    MillraceError,
  );
  assertEquals([error.code, error.details], [
    "actor/uncloneable",
    { actor: "a", verb: "start", path: "deep.fn" },
  ]);
});
