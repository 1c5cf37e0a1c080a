import { assertEquals } from "@std/assert";
import { HostHandle } from "../../src/actor/host_handle.ts";
import type { ToHost, Wire } from "../../src/actor/port.ts";
import { watchSilence } from "../../src/actor/signs_of_life.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/virtual_clock.ts";

/** A host that answers after so many ms; `undefined` for never. */
function hostOf(clock: VirtualClock, answersMs: () => number | undefined): HostHandle {
  const wire: Wire = {
    order: (order: ToHost) => {
      const delayMs = answersMs();
      if (delayMs === undefined || order.type !== "ping") return;
      clock.after(delayMs, () => handle.answered({ type: "answer", id: order.id, answer: {} }));
    },
    deliver: () => {},
    open: () => {},
    kill: () => {},
  };
  const handle = new HostHandle("watched", () => wire);
  return handle;
}

/** When a host is found stuck in the first 10 s; `undefined` if it is not. */
async function stuckAt(answersMs: (clock: VirtualClock) => number | undefined): Promise<number | undefined> {
  const clock = createVirtualClock();
  const startMs = clock.now();
  let atMs: number | undefined;
  const cancel = watchSilence(hostOf(clock, () => answersMs(clock)), clock, 400, () => {
    atMs = clock.now() - startMs;
  });
  for (let ms = 0; ms < 10_000; ms += 10) await clock.advance(10);
  cancel();
  return atMs;
}

Deno.test("watchSilence finds a host stuck that never answers, a quarter of the time after it was asked", async () => {
  assertEquals(await stuckAt(() => undefined), 500);
});

Deno.test("watchSilence lets a host be that answers in time, at once or just so", async () => {
  for (const answersMs of [0, 100, 390]) assertEquals(await stuckAt(() => answersMs), undefined);
});

Deno.test("watchSilence finds a host stuck that answers too late", async () => {
  assertEquals(await stuckAt(() => 410), 500);
});

Deno.test("watchSilence goes on after many answers", async () => {
  const startMs = createVirtualClock().now();
  const at = await stuckAt((clock) => clock.now() - startMs < 5_000 ? 0 : undefined);
  assertEquals(at, 5_400);
});

Deno.test("watchSilence blames no host for the time in which this thread was busy", async () => {
  // A clock whose alarms are late: the thread was busy for hours, and the answer waits behind the alarm.
  const alarms: (() => void)[] = [];
  const clock = { now: () => 0, after: (_delayMs: number, fn: () => void) => (alarms.push(fn), () => {}) };
  const asked: number[] = [];
  const wire: Wire = {
    order: (order) => void (order.type === "ping" && asked.push(order.id)),
    deliver: () => {},
    open: () => {},
    kill: () => {},
  };
  const handle = new HostHandle("watched", () => wire);
  let stuck = false;
  watchSilence(handle, clock, 400, () => stuck = true);
  alarms.shift()!();
  for (let hours = 0; hours < 10; hours++) {
    alarms.shift()!();
    handle.answered({ type: "answer", id: asked.shift()!, answer: {} });
    await Promise.resolve().then(() => Promise.resolve());
    alarms.shift()!();
  }
  assertEquals(stuck, false);
});

Deno.test("watchSilence ends with its host", async () => {
  const clock = createVirtualClock();
  const handle = hostOf(clock, () => undefined);
  let stuck = false;
  watchSilence(handle, clock, 400, () => stuck = true);
  handle.lost("gone");
  await clock.advance(10_000);
  assertEquals([stuck, clock.pending], [false, 0]);
});
