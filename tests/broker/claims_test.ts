import { assertEquals, assertRejects } from "@std/assert";
import { Claims, type ClaimSource, MAX_CLAIM } from "../../src/broker/claims.ts";
import type { LogClaim, Settlement } from "../../src/broker/port.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

function claim(sequence: number): LogClaim {
  const event = { id: `${sequence}`, topic: "a", timeMs: 0, source: "s", data: "1", sequence };
  return { event, tries: 1, token: sequence };
}

/** A source with events without end, which tells what it was asked. */
function endless() {
  const asked: number[] = [];
  const settled: Settlement[][] = [];
  let last = 0;
  const source: ClaimSource = {
    claim: (max) => {
      asked.push(max);
      return Promise.resolve({
        claims: Array.from({ length: max }, () => claim(++last)),
        buried: [],
        ended: false,
      });
    },
    settle: (settlements) => {
      settled.push([...settlements]);
      return Promise.resolve(settlements.map(() => "settled" as const));
    },
    watch: () => () => {},
  };
  return { source, asked, settled };
}

Deno.test("Claims claims more at a time for a fast reader, and less for a slow one", async () => {
  const clock = createVirtualClock(0);
  const { source, asked } = endless();
  const claims = new Claims(source, clock, 1_600);
  for (let n = 0; n < 600; n++) await claims.next();
  assertEquals(asked, [2, 4, 8, 16, 32, 64, 128, MAX_CLAIM, MAX_CLAIM]);
  for (let n = 0; n < 300; n++) {
    await claims.next();
    await clock.advance(1);
  }
  assertEquals(asked.slice(9), [MAX_CLAIM / 2, MAX_CLAIM / 4]);
  await claims.close();
});

Deno.test("Claims gives back after half of the time what its reader has not got to, as if it had not been claimed", async () => {
  const clock = createVirtualClock(0);
  const { source, settled } = endless();
  const claims = new Claims(source, clock, 1_000);
  for (let n = 1; n <= 3; n++) assertEquals((await claims.next())?.event.sequence, n);
  await clock.advance(499);
  assertEquals((await claims.next())?.event.sequence, 4);
  assertEquals(settled, []);
  await clock.advance(1);
  assertEquals(settled, [[5, 6].map((n) => ({ sequence: n, token: n, how: "release" as const }))]);
  assertEquals((await claims.next())?.event.sequence, 7);
  await claims.close();
});

Deno.test("Claims hands over nothing after half of the time, though its timer could not come", async () => {
  let nowMs = 0;
  const { source, settled } = endless();
  const claims = new Claims(source, { now: () => nowMs, after: () => () => {} }, 1_000);
  assertEquals((await claims.next())?.event.sequence, 1);
  nowMs = 500;
  assertEquals((await claims.next())?.event.sequence, 3);
  assertEquals(settled, [[{ sequence: 2, token: 2, how: "release" }]]);
  await claims.close();
});

Deno.test("Claims is told of news again after a claim has failed", async () => {
  const listeners = new Set<() => void>();
  const pages = [new Error("disk"), [], [claim(1)]];
  const asked = Promise.withResolvers<void>();
  const source: ClaimSource = {
    claim: () => {
      const page = pages.shift()!;
      if (page instanceof Error) return Promise.reject(page);
      if (page.length === 0) asked.resolve();
      return Promise.resolve({ claims: page, buried: [], ended: false });
    },
    settle: (settlements) => Promise.resolve(settlements.map(() => "settled" as const)),
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const claims = new Claims(source, createVirtualClock(0), 1_000);
  await assertRejects(() => claims.next(), Error, "disk");
  assertEquals(listeners.size, 0);
  const next = claims.next();
  await asked.promise;
  for (const listener of listeners) listener();
  assertEquals((await next)?.event.sequence, 1);
  await claims.close();
  assertEquals(listeners.size, 0);
});

Deno.test("Claims settles what one turn settles together", async () => {
  const { source, settled } = endless();
  const claims = new Claims(source, createVirtualClock(0), 1_000);
  const [one, two] = [(await claims.next())!, (await claims.next())!];
  await Promise.all([claims.settle(one, "ack"), claims.settle(two, "retry", { delayMs: 5 })]);
  assertEquals(settled, [[
    { sequence: 1, token: 1, how: "ack" },
    { delayMs: 5, sequence: 2, token: 2, how: "retry" },
  ]]);
  await claims.close();
});

Deno.test("Claims gives back what it holds when it is closed: unread as if not claimed, read for one more try", async () => {
  const { source, settled } = endless();
  const claims = new Claims(source, createVirtualClock(0), 1_000);
  const read = [];
  for (let n = 0; n < 3; n++) read.push((await claims.next())!);
  await claims.settle(read[0]!, "ack");
  await claims.close();
  await claims.close();
  assertEquals(settled.slice(1), [[
    ...[4, 5, 6].map((n) => ({ sequence: n, token: n, how: "release" as const })),
    ...[2, 3].map((n) => ({ sequence: n, token: n, how: "retry" as const })),
  ]]);
  assertEquals(await claims.next(), undefined);
});
