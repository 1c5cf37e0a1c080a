import { assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { defineActor } from "../../src/actor/define_actor.ts";
import { decodeFrame, type Frame } from "../../src/actor/frame.ts";
import { WINDOW } from "../../src/actor/gate.ts";
import { later } from "../../src/actor/loop.ts";
import { countOf, isMail, Kind, type Message } from "../../src/actor/message.ts";
import { Node } from "../../src/actor/node.ts";
import type { Link } from "../../src/actor/port.ts";
import { protocol } from "../../src/actor/protocol.ts";
import type { ActorRef } from "../../src/actor/ref.ts";
import { createLogger } from "../../src/base/log.ts";
import { MillraceError } from "../../src/base/errors.ts";
import type { AnySchema } from "../../src/base/schema.ts";
import { systemClock } from "../../src/base/system_clock.ts";

const any: AnySchema = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};
const holding = protocol("holding", {
  note: { in: any },
  hold: { in: any, out: any },
  flow: { in: any, stream: any },
});

function createNode(host: number): Node {
  return new Node({
    ...{ host, clock: systemClock, random: () => 0.5, soon: queueMicrotask, later, connect: () => {} },
    log: createLogger(() => {}, systemClock.now),
    top: { failed: () => {}, left: () => false, gone: () => {} },
    ...{ onDeadLetter: () => {}, onOverrun: () => {} },
  });
}

/** Connects two nodes. */
function join(a: Node, b: Node): void {
  const link = (from: Node, to: Node): Link => ({
    post: (frame) => queueMicrotask(() => to.frame(from.host, frame)),
    close: () => {},
  });
  a.connected(b.host, link(a, b));
  b.connected(a.host, link(b, a));
}

/** Lets all that is on its way arrive. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** The messages that a node sends to a host which is back. */
function recorded(): { readonly link: Link; readonly sent: () => Message[] } {
  const frames: Frame[] = [];
  return {
    link: { post: (frame) => void frames.push(frame), close: () => {} },
    sent: () => frames.flatMap(decodeFrame),
  };
}

Deno.test("Node answers nobody in the next life of a host for whom asked in the last one", async () => {
  const here = createNode(0);
  const held = new Map<string, (answer: string) => void>();
  const definition = defineActor(holding, () => ({
    note: () => {},
    hold: (name) => new Promise<string>((resolve) => held.set(name, resolve)),
    flow: () => [],
  }), { concurrency: 8 });
  await here.spawn(definition, undefined, { name: "holder" });
  const ask = (node: Node, what: string): Promise<unknown> =>
    node.ref(holding, { host: 0, name: "holder" }).ask("hold", what, { timeoutMs: "none" });

  const first = createNode(1);
  join(here, first);
  void ask(first, "old");
  await settle();
  here.peerLost(1, "it crashed", true);
  const second = createNode(1);
  join(here, second);
  const answer = ask(second, "new"); // under the same number: each life counts from 1
  await settle();
  held.get("old")!("the old answer");
  await settle();
  held.get("new")!("the new answer");
  assertEquals(await answer, "the new answer");
});

Deno.test("Node lets no more go to a host that is back than its window holds", async () => {
  const here = createNode(0);
  const ref = here.ref(holding, { host: 1, name: "far" });
  const total = 2 * WINDOW + 500;
  for (let n = 0; n < total; n++) void ref.offer("note", n);
  here.peerLost(1, "it crashed", true);
  const { link, sent } = recorded();
  here.connected(1, link);
  await settle();
  const numbers = (): number[] =>
    sent().flatMap((message) => message[0] === Kind.Tell ? message[3] as number[] : []);
  assertEquals(numbers(), Array.from({ length: WINDOW }, (_, n) => WINDOW + n));
  here.frame(1, JSON.stringify([[Kind.Ack, "far", WINDOW]]));
  await settle();
  assertEquals(numbers(), Array.from({ length: total - WINDOW }, (_, n) => WINDOW + n));
});

Deno.test("Node does not send what was given up while it waited for room", async () => {
  const here = createNode(0);
  const owner = {};
  const ref = here.ref(holding, { host: 1, name: "far" }, owner);
  for (let n = 0; n < WINDOW; n++) ref.tell("note", n);
  const asked = assertRejects(() => ref.ask("hold", "waits", { timeoutMs: "none" }), MillraceError);
  const read = assertRejects(() => ref.stream("flow", "waits").next() as Promise<unknown>, MillraceError);
  here.peerLost(1, "it crashed", true);
  assertEquals([(await asked).code, (await read).code], ["actor/host-lost", "actor/host-lost"]);
  const { link, sent } = recorded();
  here.connected(1, link);
  await settle();
  assertEquals(sent().filter(isMail).map((message) => countOf(message[3])), []);
});

/** A schema of somebody who has not read the standard. */
const giving = (result: unknown): AnySchema => ({
  "~standard": { version: 1, vendor: "test", validate: () => result as never },
});
const odd = protocol("odd", {
  none: { in: giving(undefined), out: any },
  later: { in: giving(Promise.resolve(undefined)), out: any },
  garbled: { in: giving({ issues: 7 }), out: any },
  noAnswer: { in: any, out: giving(undefined) },
  thenable: { in: any, out: any },
  count: { in: any, out: any },
});

Deno.test("Turns go on whatever a schema gives, and whatever a handler returns", async () => {
  const node = createNode(0);
  const throwing = {
    get then(): never {
      throw new Error("no promise of yours");
    },
  };
  const handlers = { none: () => 1, later: () => 1, garbled: () => 1, noAnswer: () => 1, count: () => 1 };
  const definition = defineActor(odd, () => ({ ...handlers, thenable: () => throwing }));
  await node.spawn(definition, undefined, { name: "odd" });
  const ref = node.ref(odd, { host: 0, name: "odd" });
  const said = async (verb: keyof typeof odd.verbs): Promise<string> =>
    (await assertRejects(() => ref.ask(verb, 1, { timeoutMs: 1_000 }), Error)).message;
  for (const verb of ["none", "later", "garbled"] as const) {
    assertEquals((await said(verb)).split(": ").at(-1), "the schema gave no result");
  }
  await said("noAnswer");
  assertEquals(await ref.ask("count", 1, { timeoutMs: 1_000 }), 1);
  assertEquals(await said("thenable"), "no promise of yours");
  node.close();
});

Deno.test("tell does not throw for what throws when it is read", async () => {
  const node = createNode(0);
  const definition = defineActor(holding, () => ({ note: () => {}, hold: () => 1, flow: () => [] }));
  await node.spawn(definition, undefined, { name: "holder" });
  const ref = node.ref(holding, { host: 0, name: "holder" });
  ref.tell("note", {
    get text(): never {
      throw new Error("not to be read");
    },
  });
  assertEquals(await ref.ask("hold", 1, { timeoutMs: 1_000 }), 1);
  node.close();
});

const busy = protocol("busy", { go: { in: any } });

for (const [who, other] of [["itself", "a"], ["another one", "b"]] as const) {
  Deno.test(`Node lets the event loop turn while an actor and ${who} keep each other busy for ever`, async () => {
    const node = createNode(0);
    let on = true;
    // Where the loop never turns it ends by itself: the test fails then instead of hanging.
    const untilMs = Date.now() + 2_000;
    const definition = defineActor(busy, (ctx, name: string) => ({
      go: () => {
        if (on && Date.now() < untilMs) ctx.ref(busy, { host: 0, name }).tell("go", undefined);
      },
    }));
    await node.spawn(definition, other, { name: "a" });
    await node.spawn(definition, "a", { name: "b" });
    let turned = false;
    setImmediate(() => {
      turned = Date.now() < untilMs;
      on = false;
    });
    node.ref(busy, { host: 0, name: "a" }).tell("go", undefined);
    await settle();
    assertEquals(turned, true);
  });
}

Deno.test("ActorContext self is nobody's: an ask of another actor through it outlives a restart", async () => {
  const node = createNode(0);
  let self: unknown;
  const definition = defineActor(holding, (ctx) => {
    self = ctx.self;
    return {
      note: () => {},
      hold: (what) => what === "for ever" ? new Promise(() => {}) : what,
      flow: () => [],
    };
  });
  await node.spawn(definition, undefined, { name: "holder" });
  const ref = self as ActorRef<typeof holding>;
  const held = assertRejects(() => ref.ask("hold", "for ever", { timeoutMs: "none" }), MillraceError);
  const waiting = ref.ask("hold", "waits", { timeoutMs: "none" });
  await settle();
  await node.cell("holder")!.halt();
  await node.cell("holder")!.revive();
  assertEquals((await held).code, "actor/restarted");
  assertEquals(await waiting, "waits");
});
