import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../src/base/system_clock.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Puts timers that the test lets run out in the place of the machine's; gives how long each is. */
function withTimers(
  test: (timers: { readonly delays: number[]; readonly open: Set<number>; expire(): void }) => void,
): void {
  const { setTimeout, clearTimeout } = globalThis;
  const delays: number[] = [];
  const open = new Set<number>();
  let latest: () => void = () => {};
  const replaced = globalThis as unknown as Record<string, unknown>;
  replaced.setTimeout = (fn: () => void, delayMs: number): number => {
    const timer = delays.push(delayMs);
    open.add(timer);
    latest = () => {
      if (open.delete(timer)) fn();
    };
    return timer;
  };
  replaced.clearTimeout = (timer: number) => void open.delete(timer);
  try {
    test({ delays, open, expire: () => latest() });
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
}

Deno.test("systemClock.now is the machine's time", () => {
  const beforeMs = Date.now();
  const nowMs = systemClock.now();
  assert(beforeMs <= nowMs && nowMs <= Date.now());
});

Deno.test("systemClock.after calls once, and not before its time", async () => {
  const startMs = performance.now();
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  assert(performance.now() - startMs >= 4);
});

Deno.test("systemClock.after with a delay in the past calls soon, but never at once", async () => {
  let called = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  systemClock.after(-5, () => {
    called = true;
    resolve();
  });
  assertEquals(called, false);
  await promise;
});

Deno.test("systemClock.after that is called off never calls, and may be called off twice", () =>
  withTimers(({ open, expire }) => {
    let calls = 0;
    const cancel = systemClock.after(5, () => calls++);
    cancel();
    cancel();
    expire();
    assertEquals([calls, open.size], [0, 0]);
  }));

Deno.test("systemClock.after cuts a wait up that is longer than a timer can hold", () =>
  withTimers(({ delays, open, expire }) => {
    let calls = 0;
    systemClock.after(2 * MAX_TIMER_MS + 7, () => calls++);
    for (const callsSoFar of [0, 0]) {
      expire();
      assertEquals(calls, callsSoFar);
    }
    expire();
    assertEquals([calls, delays, open.size], [1, [MAX_TIMER_MS, MAX_TIMER_MS, 7], 0]);
  }));

Deno.test("systemClock.after can be called off in the middle of a long wait", () =>
  withTimers(({ open, expire }) => {
    let calls = 0;
    const cancel = systemClock.after(3 * MAX_TIMER_MS, () => calls++);
    expire();
    cancel();
    expire();
    assertEquals([calls, open.size], [0, 0]);
  }));
