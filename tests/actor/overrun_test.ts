/** `turnLimitMs`: what computes too long is interrupted, its actor restarted, and its host recycled. */
import { assertEquals, assertRejects } from "@std/assert";
import type { ActorRef } from "../../src/actor/ref.ts";
import type { HostOptions } from "../../src/actor/hosts.ts";
import { inWorker } from "../../src/actor/placement.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { openPlace, type Place, type PlaceName } from "../contract/actor/place.ts";
import { type Deed, type faulty, faultyActor, limitedActor } from "./fixtures/faulty.ts";

const url = import.meta.resolve("./fixtures/faulty.ts");
const limited = {
  definition: limitedActor,
  placement: inWorker(url, "limitedActor", () => import("./fixtures/faulty.ts")),
};
const unlimited = {
  definition: faultyActor,
  placement: inWorker(url, "faultyActor", () => import("./fixtures/faulty.ts")),
};
const soon = { timeoutMs: 20_000 };
const backoff = { minMs: 0, maxMs: 0, jitter: 0 };

interface Scene {
  readonly place: Place;
  readonly doer: ActorRef<typeof faulty>;
  readonly neighbour: ActorRef<typeof faulty>;
}

async function inScene(
  name: PlaceName,
  hostOptions: HostOptions,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  await using place = await openPlace(name, { supervision: { backoff } });
  const doer = await place.spawn(limited, undefined, { name: "doer", hostOptions });
  const neighbour = await place.spawn(unlimited, undefined, { name: "neighbour", beside: doer });
  await play({ place, doer, neighbour });
}

/** How often the host of the doer was started again. */
async function restartsOf({ place, doer }: Scene): Promise<number> {
  const { hosts } = await place.system.snapshot();
  return hosts.find(({ host }) => host === doer.address.host)!.restarts;
}

const LOOPS: readonly Deed[] = ["loop", "loop and catch", "block"];

for (const name of ["local", "worker"] as const) {
  for (const deed of LOOPS) {
    Deno.test(`turnLimitMs ${name}: ${deed} is interrupted, the asker told, the actor restarted`, () =>
      inScene(name, {}, async (scene) => {
        const { doer, neighbour } = scene;
        const other = doer.ask("wait", undefined, soon);
        const told = assertRejects(() => other, MillraceError);
        const error = await assertRejects(() => doer.ask("do", deed, soon), MillraceError);
        assertEquals([error.code, error.details], ["actor/turn-overrun", {
          actor: "doer",
          verb: "do",
          limitMs: 50,
        }]);
        assertEquals((await told).code, "actor/restarted");
        assertEquals(await doer.ask("incarnation", undefined, soon), 1);
        assertEquals(await neighbour.ask("incarnation", undefined, soon), 0);
      }));
  }

  Deno.test(`turnLimitMs ${name}: a step of a stream is interrupted, its reader told, the actor restarted`, () =>
    inScene(name, {}, async ({ doer, place }) => {
      const items = doer.stream("items", "loop");
      assertEquals((await items.next()).value, "first");
      const error = await assertRejects(() => items.next(), MillraceError);
      assertEquals([error.code, error.details.verb], ["actor/turn-overrun", "items"]);
      await place.until(() => doer.ask("incarnation", undefined, soon), (incarnation) => incarnation === 1);
    }));

  Deno.test(`turnLimitMs ${name}: a timer is interrupted, the actor restarted`, () =>
    inScene(name, {}, async ({ doer, place }) => {
      doer.tell("doLater", "loop");
      await place.until(() => doer.ask("incarnation", undefined, soon), (incarnation) => incarnation === 1);
    }));

  Deno.test(`turnLimitMs ${name}: a schema is interrupted, the asker told`, () =>
    inScene(name, {}, async ({ doer }) => {
      const error = await assertRejects(() => doer.ask("checked", "without end", soon), MillraceError);
      assertEquals([error.code, error.details.verb], ["actor/turn-overrun", "checked"]);
      assertEquals(await doer.ask("checked", "with an end", soon), "with an end");
    }));
}

Deno.test("turnLimitMs worker: without restart the host stays as it is", () =>
  inScene("worker", {}, async (scene) => {
    const { doer, place } = scene;
    await assertRejects(() => doer.ask("do", "loop", soon), MillraceError);
    assertEquals(await doer.ask("incarnation", undefined, soon), 1);
    assertEquals(place.logged.filter(({ message }) => message === "A turn had to be interrupted").length, 1);
    assertEquals(await restartsOf(scene), 0);
  }));

Deno.test("turnLimitMs worker: a host with restart is recycled once nothing is in hand, with its actors", () =>
  inScene("worker", { restart: { backoff } }, async (scene) => {
    const { doer, neighbour, place } = scene;
    const busy = neighbour.ask("hold", undefined, soon);
    await assertRejects(() => doer.ask("do", "loop", soon), MillraceError);
    assertEquals(await doer.ask("incarnation", undefined, soon), 1);
    assertEquals(await neighbour.ask("incarnation", undefined, soon), 0);
    assertEquals(await restartsOf(scene), 0, "its neighbour has something in hand");
    await neighbour.ask("release", undefined, soon);
    assertEquals(await busy, "released");
    await place.until(() => restartsOf(scene), (restarts) => restarts === 1);
    // New incarnations in a new thread.
    assertEquals(await doer.ask("incarnation", undefined, soon), 0);
    assertEquals(await neighbour.ask("incarnation", undefined, soon), 0);
    assertEquals((await place.system.snapshot()).lostThreads, 0);
  }));

Deno.test("turnLimitMs worker: what waits for the restart of its actor is handled before the host is recycled", () =>
  inScene("worker", { restart: { backoff } }, async (scene) => {
    const { doer } = scene;
    const answers = ["loop", "throw"].map((deed) =>
      doer.ask("do", deed, soon).catch((error) => error.code ?? error.name)
    );
    answers.push(doer.ask("checked", "after both", soon));
    assertEquals(await Promise.all(answers), ["actor/turn-overrun", "RangeError", "after both"]);
  }));
