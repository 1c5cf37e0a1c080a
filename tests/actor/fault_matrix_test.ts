/**
 * Everything that user code in a Web Worker may do to its host, through the kernel: whoever waits is told, the
 * supervisor acts, everybody else goes on, and nothing is left behind.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ActorRef } from "../../src/actor/ref.ts";
import { inWorker } from "../../src/actor/placement.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { openPlace, type Place } from "../contract/actor/place.ts";
import { type Deed, faulty, faultyActor } from "./fixtures/faulty.ts";

const url = import.meta.resolve("./fixtures/faulty.ts");
const placed = {
  definition: faultyActor,
  placement: inWorker(url, "faultyActor", () => import("./fixtures/faulty.ts")),
};
const soon = { timeoutMs: 20_000 };
const AT_ONCE = { minMs: 0, maxMs: 0, jitter: 0 };

type Faulty = ActorRef<typeof faulty>;

interface Scene {
  readonly place: Place;
  /** Who does it. */
  readonly doer: Faulty;
  /** An actor of the same host, and one of another. */
  readonly neighbour: Faulty;
  readonly bystander: Faulty;
}

async function inScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  await using place = await openPlace("worker", { supervision: { backoff: AT_ONCE } });
  const doer = await place.spawn(placed, undefined, {
    name: "doer",
    hostOptions: { restart: { backoff: AT_ONCE } },
  });
  const neighbour = await place.spawn(placed, undefined, { name: "neighbour", beside: doer });
  const bystander = await place.spawn(placed, undefined, { name: "bystander" });
  await play({ place, doer, neighbour, bystander });
  // Whatever has happened: all answer, and nobody waits for anything.
  for (const ref of [doer, neighbour, bystander]) await ref.ask("incarnation", undefined, soon);
  const { hosts, lostThreads } = await place.system.snapshot();
  assertEquals(hosts.map(({ state }) => state), ["running", "running", "running"]);
  assertEquals(hosts.map(({ node }) => [node?.pendingAsks, node?.openStreams]), [[0, 0], [0, 0], [0, 0]]);
  assertEquals([lostThreads, place.failures.length], [0, 0]);
}

/** What became of the ask that was in hand besides: a slow one of the same actor. */
async function codeOf(asked: Promise<unknown>): Promise<string> {
  const error = await asked.then((answer) => `answered ${answer}`, (error) => error);
  return MillraceError.is(error) ? error.code : String(error);
}

const FAILURES: readonly (readonly [deed: Deed, told: string])[] = [
  ["throw", "RangeError: thrown"],
  ["reject", "RangeError: rejected"],
  ["throw nothing", "undefined: undefined"],
  ["overflow the stack", "RangeError: Maximum call stack size exceeded"],
];
for (const [deed, told] of FAILURES) {
  Deno.test(`faults, ${deed}: the asker is told, the actor restarted, its host unharmed`, () =>
    inScene(async ({ place, doer, neighbour }) => {
      const other = doer.ask("wait", undefined, soon);
      const error = await assertRejects(() => doer.ask("do", deed, soon), Error);
      assertEquals(String(error), told);
      assertEquals(await codeOf(other), "actor/restarted");
      assertEquals(await doer.ask("incarnation", undefined, soon), 1);
      assertEquals(await neighbour.ask("incarnation", undefined, soon), 0);
      assertEquals((await place.system.snapshot()).hosts.map(({ restarts }) => restarts), [0, 0, 0]);
    }));
}

Deno.test("faults, answer that cannot be cloned: the asker is told where, nobody is restarted", () =>
  inScene(async ({ doer }) => {
    const error = await assertRejects(() => doer.ask("do", "answer with a function", soon), MillraceError);
    assert(MillraceError.is(error, "actor/uncloneable"));
    assertEquals(error.details.path, "deep.0");
    assertEquals(await doer.ask("incarnation", undefined, soon), 0);
  }));

const UNSEEN: readonly (readonly [deed: Deed, logged: string])[] = [
  ["reject to nobody", "nobody awaits this"],
  ["throw in a timer", "thrown in a timer"],
  ["throw in a microtask", "thrown in a microtask"],
  ["report an error", "reported"],
];
for (const [deed, logged] of UNSEEN) {
  Deno.test(`faults, ${deed}: it is logged with its host, nobody is restarted`, () =>
    inScene(async ({ place, doer }) => {
      await doer.ask("do", deed, soon);
      const { attrs } = await place.until(
        () => place.logged.find(({ message }) => message.startsWith("Code in a host failed")),
        (record) => record !== undefined,
      ) as { readonly attrs: Readonly<Record<string, unknown>> };
      const { name, message } = attrs.error as { readonly name: string; readonly message: string };
      assertEquals([attrs.host, name, message], ["host of doer", "RangeError", logged]);
      assertEquals(await doer.ask("incarnation", undefined, soon), 0);
    }));
}

for (const deed of ["listen as a worker", "speak as a worker"] as const) {
  Deno.test(`faults, ${deed}: what is said between a host and the system is not for others`, () =>
    inScene(async ({ place, doer, neighbour }) => {
      await doer.ask("do", deed, soon);
      assertEquals(await neighbour.ask("incarnation", undefined, soon), 0);
      const { hosts } = await place.system.snapshot();
      assertEquals(hosts.map(({ state, restarts }) => [state, restarts]), [
        ["running", 0],
        ["running", 0],
        ["running", 0],
      ]);
    }));
}

const ENDS: readonly (readonly [deed: Deed, reason: string])[] = [
  ["close", "close()"],
  ["Deno.exit", "Deno.exit(3)"],
  ["process.exit", "Deno.exit(4)"],
];
for (const [deed, reason] of ENDS) {
  Deno.test(`faults, ${deed}: all who wait are told, the host comes back with its actors`, () =>
    inScene(async ({ place, doer, neighbour }) => {
      const waiting = [
        neighbour.ask("wait", undefined, soon),
        doer.ask("wait", undefined, { timeoutMs: "none" }),
        doer.ask("do", deed, soon),
      ];
      assertEquals(await Promise.all(waiting.map(codeOf)), Array(3).fill("actor/host-lost"));
      await assertRejects(() => waiting[0]!, MillraceError, reason);
      assertEquals(await doer.ask("incarnation", undefined, soon), 0);
      const { hosts } = await place.system.snapshot();
      assertEquals(hosts.map(({ restarts }) => restarts), [0, 1, 0]);
    }));
}

Deno.test("faults, end of a host without restart: it is gone, and everybody is told at once", async () => {
  await using place = await openPlace("worker");
  const doer = await place.spawn(placed, undefined, { name: "doer" });
  const lost = Promise.withResolvers<string>();
  place.system.onHostLost((_host, reason) => lost.resolve(reason));
  const deaths: string[] = [];
  place.system.watch(doer, ({ reason }) => deaths.push(reason));
  assertEquals(await codeOf(doer.ask("do", "close", soon)), "actor/host-lost");
  assert((await lost.promise).includes("close()"));
  assertEquals(await codeOf(doer.ask("incarnation", undefined, soon)), "actor/host-lost");
  assertEquals([deaths, (await place.system.snapshot()).hosts.length], [["host-lost"], 1]);
});

for (const value of ["deep", "deep later"]) {
  Deno.test(`faults, schema that overflows the stack (${value}): the message is invalid, nobody is restarted`, () =>
    inScene(async ({ doer }) => {
      const error = await assertRejects(() => doer.ask("checked", value, soon), MillraceError);
      assert(MillraceError.is(error, "actor/message-invalid"));
      assertEquals(error.details.issues, ["the schema threw: Maximum call stack size exceeded"]);
      assertEquals(await doer.ask("checked", "flat", soon), "flat");
      assertEquals(await doer.ask("incarnation", undefined, soon), 0);
    }));
}

const module = () => import("./fixtures/faulty.ts");
const MODULES: readonly (readonly [what: string, url: string, told: string, why: string])[] = [
  ["missing module", import.meta.resolve("./fixtures/nowhere.ts"), "module/load-failed", "Module not found"],
  ["syntax error", "data:text/javascript,export const a = ;", "module/load-failed", "SyntaxError"],
  ["throw while it evaluates", "data:text/javascript,throw new Error('evil')", "module/load-failed", "evil"],
  [
    "dependency that throws",
    "data:text/javascript,import %22data:text/javascript,throw new Error('deep')%22",
    "module/load-failed",
    "deep",
  ],
  ["wrong export", url, "module/definition-invalid", "it is not exported"],
  [
    "top-level await without end",
    "data:text/javascript,await new Promise(() => {})",
    "actor/start-timeout",
    "50 ms",
  ],
];
for (const [what, url, told, why] of MODULES) {
  Deno.test(`faults, ${what}: whoever spawns is told, the host unharmed`, () =>
    inScene(async ({ place, doer }) => {
      const spawn = { name: "new", startMs: 50, host: doer.address.host };
      const placement = inWorker(url, "wrongName" as "faultyActor", module);
      const error = await assertRejects(
        () => place.system.spawnIn(placement, undefined, spawn),
        MillraceError,
        why,
      );
      assertEquals(error.code, told);
      const { actors } = await place.node(doer);
      assertEquals(actors.map(({ name }) => name), ["doer", "neighbour"]);
    }));
}

Deno.test("faults, top-level await: an actor of a slow module is spawned once that is ready", () =>
  inScene(async ({ place, doer }) => {
    const slow = inWorker(import.meta.resolve("./fixtures/slow_module.ts"), "faultyActor", module);
    const spawn = { name: "slow", host: doer.address.host, protocol: faulty };
    const ref = await place.system.spawnIn(slow, undefined, spawn);
    assertEquals(await ref.ask("incarnation", undefined, soon), 0);
  }));

for (const [how, told] of [["throws", "actor/start-failed"], ["never", "actor/start-timeout"]] as const) {
  Deno.test(`faults, start that ${how === "never" ? "never ends" : how}: whoever spawns is told, the name is free`, () =>
    inScene(async ({ place, doer }) => {
      const placement = inWorker(url, "startingActor", module);
      const spawn = { name: "new", startMs: 50, host: doer.address.host, protocol: faulty };
      const error = await assertRejects(() => place.system.spawnIn(placement, how, spawn), MillraceError);
      assertEquals(error.code, told);
      const ref = await place.system.spawnIn(placement, "at once", { ...spawn, startMs: 20_000 });
      assertEquals(await ref.ask("incarnation", undefined, soon), 0);
    }));
}

Deno.test("faults, spawn that fails: no host is left that was started for it", async () => {
  await using place = await openPlace("worker");
  const placement = inWorker(import.meta.resolve("./fixtures/nowhere.ts"), "faultyActor", module);
  await assertRejects(() => place.system.spawnIn(placement, undefined, { name: "new" }), MillraceError);
  assertEquals((await place.system.snapshot()).hosts.length, 1);
});
