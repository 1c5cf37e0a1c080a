import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { defineActor } from "../../src/actor/define_actor.ts";
import { inWorker } from "../../src/actor/placement.ts";
import { protocol } from "../../src/actor/protocol.ts";
import { type ActorRef, isActorRef } from "../../src/actor/ref.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { explore, type FaultPlan, type TestSystem, testSystem } from "../../src/testing/mod.ts";
import { ledgerProtocol } from "../actor/explore/actors.ts";

const hearing = protocol("hearing", {
  say: { in: z.string() },
  question: { in: z.string(), out: z.string() },
});

/** Passes on what it hears to whom it was given, a second later. */
const parrot = defineActor(hearing, (ctx, options: { readonly to: ActorRef<typeof hearing> }) => ({
  say: (text) => ctx.after(text, 1_000, () => options.to.tell("say", text)),
  question: (text, turn) => options.to.ask("question", text, { timeoutMs: 500, turn }),
}));

const ledgers = inWorker(
  import.meta.resolve("../actor/explore/actors.ts"),
  "ledger",
  () => import("../actor/explore/actors.ts"),
);

function codeOf(error: unknown): unknown {
  return MillraceError.is(error) ? error.code : error;
}

async function openLedger({ system }: TestSystem, name = "l"): Promise<ActorRef<typeof ledgerProtocol>> {
  const host = await system.startHost(name, { restart: true, stuckMs: 1_000 });
  return await system.spawnIn(ledgers, { book: "tests of the kit" }, {
    name,
    host,
    protocol: ledgerProtocol,
  });
}

/** What asks of two actors came to, under one seed and one plan, and how it went. */
async function history(seed: number, faults: FaultPlan = {}): Promise<readonly unknown[]> {
  await using test = await testSystem({ seed, faults });
  const refs = await Promise.all([openLedger(test, "a"), openLedger(test, "b")]);
  const asks = [1, 2, 3, 4].map((n) => refs[n % 2]!.ask("answer", n, { timeoutMs: 30_000 }).catch(codeOf));
  await test.runUntilIdle();
  const trace = test.trace();
  await test.advance(40_000);
  return [await Promise.all(asks), trace];
}

/** The histories of some seeds under one plan, as text. */
async function histories(faults: FaultPlan = {}): Promise<readonly string[]> {
  const all: string[] = [];
  for (let seed = 1; seed <= 20; seed++) all.push(JSON.stringify(await history(seed, faults)));
  return all;
}

Deno.test("testSystem with one seed has one history, and with others there are others", async () => {
  const [first, second] = [await histories(), await histories()];
  assertEquals(first, second);
  assert(new Set(first).size > 5, `${new Set(first).size} histories of 20 seeds`);
});

Deno.test("testSystem lets no time pass but by advance()", async () => {
  await using test = await testSystem();
  const probe = await test.probe(hearing);
  const ref = await test.system.spawn(parrot, { to: probe.ref }, { name: "parrot" });
  ref.tell("say", "hello");
  await probe.expectNone(999);
  await test.advance(1);
  assertEquals(await probe.expect("say"), "hello");
  assertEquals(test.clock.now(), 1_000);
});

Deno.test("Probe answers as it is told, and refuses until then", async () => {
  await using test = await testSystem();
  const probe = await test.probe(hearing);
  assert(isActorRef(probe.ref));
  const ref = await test.system.spawn(parrot, { to: probe.ref }, { name: "parrot" });
  const untold = await assertRejects(() => ref.ask("question", "?", { timeoutMs: 1_000 }), Error);
  assert(untold.message.includes("the probe was not told how"), untold.message);
  probe.answer("question", (text) => `${text}!`);
  assertEquals(await ref.ask("question", "well", { timeoutMs: 1_000 }), "well!");
  assertEquals(probe.received.map(({ payload }) => payload), ["?", "well"]);
});

Deno.test("Probe says what came instead of what was expected, or that nothing did", async () => {
  await using test = await testSystem();
  const probe = await test.probe(hearing);
  await assertRejects(() => probe.expect("say"), Error, "nothing came");
  probe.ref.tell("say", "boo");
  await assertRejects(() => probe.expectNone(10), Error, "boo");
  await assertRejects(() => probe.expect("question"), Error, '"say" came');
});

Deno.test("FaultPlan crash ends a host at its step: who waits is told, and it comes back", async () => {
  const codes = new Set<unknown>();
  for (let atStep = 1; atStep < 30; atStep++) {
    await using test = await testSystem({ faults: { crash: { host: 1, atStep } } });
    const opened = await openLedger(test).catch(codeOf);
    if (typeof opened === "string") codes.add(opened);
    else {
      const asked = (opened as ActorRef<typeof ledgerProtocol>).ask("answer", 1, { timeoutMs: 30_000 });
      codes.add(await asked.catch(codeOf));
    }
  }
  assertEquals([...codes].sort(), [1, "actor/host-lost"]);
});

Deno.test("FaultPlan cloneFailure costs messages, each of which is told of", async () => {
  const results = new Set<unknown>();
  for (let seed = 1; seed <= 30; seed++) {
    await using test = await testSystem({ seed, faults: { cloneFailure: 0.2 } });
    const ref = await openLedger(test);
    const asked = ref.ask("answer", 1, { timeoutMs: 1_000 }).catch(codeOf);
    await test.runUntilIdle();
    await test.advance(1_000);
    results.add(await asked);
  }
  assert(results.has(1) && results.has("actor/uncloneable"), JSON.stringify([...results]));
});

Deno.test("FaultPlan delay and slowHost change the order of events, and lose nothing", async () => {
  const plain = await histories();
  for (const faulty of [await histories({ delay: 0.5 }), await histories({ slowHost: 1 })]) {
    for (const one of faulty) assertEquals(JSON.parse(one)[0], [1, 2, 3, 4]);
    assert(faulty.some((one, index) => one !== plain[index]));
  }
});

Deno.test("FaultPlan clockJump lets what is due go off in the midst of things", async () => {
  const results = new Set<unknown>();
  for (let atStep = 1; atStep < 30; atStep++) {
    await using test = await testSystem({ faults: { clockJump: { atStep, byMs: 5_000 } } });
    const ref = await openLedger(test);
    const startedMs = test.clock.now();
    const asked = ref.ask("answer", 5, { timeoutMs: 2_000 }).catch(codeOf);
    await test.runUntilIdle();
    const jumped = test.clock.now() - startedMs;
    await test.advance(2_000);
    results.add(`${await asked} after a jump of ${jumped} ms`);
  }
  assertEquals([...results].sort(), [
    "actor/ask-timeout after a jump of 0 ms",
    "actor/ask-timeout after a jump of 5000 ms",
  ]);
});

Deno.test("explore names the seed that fails, its latest steps and the cause, and it fails again", async () => {
  const fails = async (test: TestSystem): Promise<void> => {
    await openLedger(test);
    if (test.random() < 0.2) throw new RangeError("broken on purpose");
  };
  const failure = await assertRejects(() => explore(fails, { seeds: 200 }), Error, "broken on purpose");
  assert(failure.cause instanceof RangeError && failure.message.includes("The latest steps:"));
  const seed = Number(/^Seed (\d+) fails/.exec(failure.message)?.[1]);
  await assertRejects(() => explore(fails, { seeds: 1, first: seed }), Error, `Seed ${seed} fails`);
});

Deno.test("TestSystem audit holds while actors fail, restart and refuse", async () => {
  await using test = await testSystem();
  const ref = await openLedger(test);
  const asks = [7, 13, 1].map((n) => ref.ask("answer", n, { timeoutMs: 1_000 }).catch((error) => error));
  await test.runUntilIdle();
  await test.audit();
  await test.advance(1_000);
  await test.audit();
  const [thrown, refused, answered] = await Promise.all(asks);
  assertEquals([thrown.name, answered], ["TypeError", 1]);
  assert(MillraceError.is(refused, "task/unknown"));
});
