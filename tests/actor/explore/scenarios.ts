/** What the kernel must keep in every order of events: small programs that an explorer runs by the thousand. */
import { assert, assertEquals } from "@std/assert";
import { inWorker } from "../../../src/actor/placement.ts";
import type { ActorRef } from "../../../src/actor/ref.ts";
import { totals } from "../../../src/actor/snapshot.ts";
import type { Supervision } from "../../../src/actor/supervision.ts";
import { MillraceError } from "../../../src/base/errors.ts";
import type { FaultPlan } from "../../../src/testing/faults.ts";
import type { TestSystem } from "../../../src/testing/test_system.ts";
import { familyProtocol, ledgerProtocol, relayProtocol, written } from "./actors.ts";

/** A small program, and what goes wrong around it. */
export interface Scenario {
  readonly name: string;
  readonly run: (test: TestSystem) => Promise<void>;
  readonly faults?: (seed: number) => FaultPlan;
  readonly supervision?: Supervision;
}

const module = import.meta.resolve("./actors.ts");
const place = {
  ledger: inWorker(module, "ledger", () => import("./actors.ts")),
  relay: inWorker(module, "relay", () => import("./actors.ts")),
  family: inWorker(module, "family", () => import("./actors.ts")),
};
const PATIENT: Supervision = { limit: { restarts: 1_000, withinMs: 60_000 } };
const SOON = { timeoutMs: 60_000 } as const;

/** Lets time pass until all promises have settled, as back-off and deadlines want time. */
async function allSettled<T>(
  test: TestSystem,
  promises: readonly Promise<T>[],
): Promise<PromiseSettledResult<T>[]> {
  let results: PromiseSettledResult<T>[] | undefined;
  void Promise.allSettled(promises).then((all) => results = all);
  for (let tries = 0; results === undefined && tries < 400; tries++) await test.advance(500);
  assert(results !== undefined, "a promise that never settles");
  return results;
}

/** Promises that are looked at later: what rejects meanwhile is no surprise. */
function held<T>(count: number, make: (n: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: count }, (_, n) => {
    const promise = make(n);
    promise.catch(() => {});
    return promise;
  });
}

async function settled<T>(test: TestSystem, promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  return (await allSettled(test, [promise]))[0]!;
}

async function value<T>(test: TestSystem, promise: Promise<T>): Promise<T> {
  const result = await settled(test, promise);
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

function codeOf(result: PromiseSettledResult<unknown>): string {
  if (result.status === "fulfilled") return "answered";
  return MillraceError.is(result.reason) ? result.reason.code : "other";
}

/** The lines of one sender, which must be in order. */
function assertOrdered(book: string, from: string): number[] {
  const numbers = (written.get(book) ?? []).filter((line) => line.from === from).map(({ n }) => n);
  assertEquals(numbers, numbers.toSorted((a, b) => a - b), `lines of ${from} out of order`);
  assertEquals(new Set(numbers).size, numbers.length, `a line of ${from} twice`);
  return numbers;
}

async function openLedger(test: TestSystem, options: Record<string, unknown> = {}, host?: number) {
  const book = `book ${test.seed}`;
  written.delete(book);
  const ref = await test.system.spawnIn(place.ledger, { book, ...options }, {
    name: "ledger",
    protocol: ledgerProtocol,
    host: host ?? await test.system.startHost("ledger"),
  });
  return { book, ref };
}

async function openRelay(test: TestSystem, name: string): Promise<ActorRef<typeof relayProtocol>> {
  return await test.system.spawnIn(place.relay, undefined, { name, protocol: relayProtocol });
}

const order: Scenario = {
  name: "each sender's messages arrive once and in order, beyond mailbox and window",
  async run(test) {
    const { book, ref } = await openLedger(test);
    const relays = [await openRelay(test, "r1"), await openRelay(test, "r2")];
    const sent = relays.map((relay, index) =>
      relay.ask("pass", { to: ref as unknown as ActorRef, from: `r${index}`, count: 12 }, SOON)
    );
    for (let n = 0; n < 12; n++) await ref.offer("note", { from: "main", n });
    await Promise.all(sent);
    await test.runUntilIdle(); // what was offered has a place in the window, and is on its way
    for (const from of ["r0", "r1", "main"]) assertEquals(assertOrdered(book, from).length, 12);
  },
};

const asks: Scenario = {
  name: "every ask settles once: answer, refusal, failure, deadline or abort, though the clock jumps",
  supervision: PATIENT,
  faults: (seed) => seed % 2 === 0 ? {} : { clockJump: { atStep: seed % 90, byMs: 3_000 } },
  async run(test) {
    const { ref } = await openLedger(test);
    const relay = await openRelay(test, "relay");
    const controller = new AbortController();
    const results = held(16, (n) => {
      const options = { timeoutMs: 1 + Math.floor(test.random() * 4_000), signal: controller.signal };
      return n % 3 === 0
        ? relay.ask("ask", { to: ref as unknown as ActorRef, n }, options)
        : ref.ask("answer", n, options);
    });
    if (test.random() < 0.3) controller.abort();
    for (const result of await allSettled(test, results)) {
      const known = [
        "answered",
        "task/unknown",
        "task/threw",
        "actor/ask-timeout",
        "actor/restarted",
        "other",
      ];
      assert(known.includes(codeOf(result)), codeOf(result));
    }
    await test.runUntilIdle();
    const { hosts } = await test.system.snapshot();
    for (const { node } of hosts) {
      // The clock may jump over the time that a host has to say what lives in it.
      if (node !== undefined) assertEquals([node.pendingAsks, node.openStreams], [0, 0]);
    }
  },
};

const failures: Scenario = {
  name: "an actor that fails again and again loses the failing messages, and no other",
  supervision: PATIENT,
  async run(test) {
    const { book, ref } = await openLedger(test, { failEvery: 4 });
    const sending = (async () => {
      for (let n = 0; n < 24; n++) await ref.offer("note", { from: "main", n });
    })();
    await value(test, sending);
    await value(test, ref.ask("lines", undefined, SOON));
    const { node } = (await test.system.snapshot()).hosts.find(({ host }) => host === ref.address.host)!;
    const { failed } = totals(node!);
    assertEquals(assertOrdered(book, "main").length + failed, 24);
    assertEquals(failed, 6); // each incarnation counts anew
  },
};

const siblings: Scenario = {
  name: "one-for-all: siblings restart together, and each message is written, failed or given up",
  supervision: PATIENT,
  async run(test) {
    const book = `family ${test.seed}`;
    for (const name of ["a", "b", "c"]) written.delete(`${book}/${name}`);
    const parent = await test.system.spawnIn(place.family, { book }, {
      name: "family",
      protocol: familyProtocol,
    });
    const children = (await parent.ask("children", undefined, SOON)).map(({ address }) =>
      test.system.ref(ledgerProtocol, address)
    );
    await value(
      test,
      Promise.all(children.map(async (child) => {
        for (let n = 0; n < 8; n++) await child.offer("note", { from: "main", n });
      })),
    );
    for (const child of children) await value(test, child.ask("lines", undefined, SOON));
    const { node } = (await test.system.snapshot()).hosts.find(({ host }) => host === parent.address.host)!;
    const { failed, deadLettered } = totals(node!);
    const lines = ["a", "b", "c"].reduce(
      (sum, name) => sum + assertOrdered(`${book}/${name}`, "main").length,
      0,
    );
    assertEquals(lines + failed + deadLettered, 24);
  },
};

const crash: Scenario = {
  name:
    "a host that crashes and comes back: asks settle, later ones are answered, what was written stays once",
  faults: (seed) => ({ delay: 0.1, crash: { host: 1, atStep: 5 + seed % 120 } }),
  async run(test) {
    const opened = await settled(test, test.system.startHost("ledger", { restart: true }));
    if (opened.status === "rejected") return; // it crashed before it was ready
    const made = await settled(test, openLedger(test, {}, opened.value));
    if (made.status === "rejected") return; // it crashed before the actor was there
    const { book, ref } = made.value;
    const results = held(8, (n) => ref.ask("answer", n * 2, SOON));
    for (let n = 0; n < 8; n++) await settled(test, ref.offer("note", { from: "main", n }));
    for (const result of await allSettled(test, results)) {
      assert(["answered", "actor/host-lost"].includes(codeOf(result)), codeOf(result));
    }
    let answered = await settled(test, ref.ask("answer", 2, SOON));
    if (answered.status === "rejected") answered = await settled(test, ref.ask("answer", 2, SOON));
    assertEquals(codeOf(answered), "answered");
    assertOrdered(book, "main");
  },
};

const silence: Scenario = {
  name: "a host that dies without a word is given up: everybody who waits is told",
  faults: (seed) => ({ crash: { host: 1, atStep: 30 + seed % 60, announced: false } }),
  async run(test) {
    const opened = await settled(test, test.system.startHost("ledger", { restart: true, stuckMs: 2_000 }));
    if (opened.status === "rejected") return;
    const made = await settled(test, openLedger(test, {}, opened.value));
    if (made.status === "rejected") return;
    const results = held(6, () => made.value.ref.ask("answer", 2, SOON));
    for (const result of await allSettled(test, results)) {
      assert(["answered", "actor/host-lost"].includes(codeOf(result)), codeOf(result));
    }
    let answered = await settled(test, made.value.ref.ask("answer", 2, SOON));
    if (answered.status === "rejected") answered = await settled(test, made.value.ref.ask("answer", 2, SOON));
    assertEquals(codeOf(answered), "answered");
  },
};

const streams: Scenario = {
  name: "a stream gives all its items in order, or an end; leaving it leaves nothing open",
  faults: () => ({ delay: 0.2 }),
  async run(test) {
    const { ref } = await openLedger(test);
    const leaveAt = Math.floor(test.random() * 40);
    const reading = (async () => {
      const got: number[] = [];
      for await (const n of ref.stream("count", 20, { capacity: 1 + Math.floor(test.random() * 6) })) {
        got.push(n);
        if (n === leaveAt) break;
      }
      return got;
    })();
    const stops = test.random() < 0.3;
    if (stops) void test.system.stopActor(ref, "now", 1_000);
    const result = await settled(test, reading);
    if (result.status === "fulfilled") {
      const all = Array.from({ length: leaveAt > 0 && leaveAt < 20 ? leaveAt : 20 }, (_, n) => n + 1);
      assertEquals(result.value, all);
    } else assertEquals(codeOf(result), "actor/stopped");
    await test.runUntilIdle();
    const { hosts } = await test.system.snapshot();
    for (const { node } of hosts) assertEquals(node?.openStreams, 0);
  },
};

const stop: Scenario = {
  name: "an actor that is stopped while it is busy answers or refuses each ask, and buries what waits",
  async run(test) {
    const { book, ref } = await openLedger(test);
    const results = held(12, (n) => ref.ask("answer", n * 2, SOON));
    let accepted = 0;
    for (let n = 0; n < 12; n++) if (ref.tryTell("note", { from: "main", n }) === "accepted") accepted++;
    const mode = test.random() < 0.5 ? "drain" : "now";
    const stopped = await value(test, test.system.stopActor(ref, mode, 30_000));
    assert(stopped);
    for (const result of await allSettled(test, results)) {
      assert(["answered", "actor/stopped"].includes(codeOf(result)), codeOf(result));
    }
    await test.runUntilIdle();
    const { hosts } = await test.system.snapshot();
    const buried = hosts.reduce((sum, { node }) => {
      const { stopped = 0, "no-actor": unknown = 0 } = node?.deadLetters ?? {};
      return sum + stopped + unknown;
    }, 0);
    const asked =
      (await allSettled(test, results)).filter((result) => codeOf(result) === "actor/stopped").length;
    assertEquals(assertOrdered(book, "main").length + buried, accepted + asked);
  },
};

const watching: Scenario = {
  name: "whoever watches hears of a death once, whatever the order of watch, stop and crash",
  async run(test) {
    const { ref } = await openLedger(test);
    const relay = await openRelay(test, "relay");
    const deaths: string[] = [];
    test.system.watch(ref, ({ reason }) => deaths.push(reason));
    relay.tell("watch", ref as unknown as ActorRef);
    const way = test.random();
    if (way < 0.4) void test.system.stopActor(ref, "drain", 1_000);
    else if (way < 0.7) test.crashHost(ref.address.host);
    else ref.tell("leave", undefined);
    await test.runUntilIdle();
    assertEquals(deaths.length, 1);
    assertEquals((await relay.ask("deaths", undefined, SOON)).length, 1);
  },
};

const clones: Scenario = {
  name: "frames that cannot be cloned cost only the messages in them, and each of those is told of",
  faults: () => ({ cloneFailure: 0.05, delay: 0.1 }),
  async run(test) {
    const made = await settled(test, openLedger(test));
    if (made.status === "rejected") return;
    const { book, ref } = made.value;
    const results = held(12, () => ref.ask("answer", 2, { timeoutMs: 5_000 }));
    for (let n = 0; n < 12; n++) await settled(test, ref.offer("note", { from: "main", n }));
    for (const result of await allSettled(test, results)) {
      assert(["answered", "actor/uncloneable", "actor/ask-timeout"].includes(codeOf(result)), codeOf(result));
    }
    assertOrdered(book, "main");
  },
};

const stash: Scenario = {
  name: "what was put aside is handled in its order once the actor opens, before what came later",
  async run(test) {
    const { book, ref } = await openLedger(test, { closed: true });
    for (let n = 0; n < 5; n++) await ref.offer("note", { from: "main", n });
    ref.tell("open", undefined);
    for (let n = 5; n < 10; n++) await ref.offer("note", { from: "main", n });
    await ref.ask("lines", undefined, SOON);
    assertEquals(assertOrdered(book, "main").length, 10);
  },
};

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  order,
  asks,
  failures,
  siblings,
  crash,
  silence,
  streams,
  stop,
  watching,
  clones,
  stash,
];
