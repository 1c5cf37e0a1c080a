import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createIdSource } from "../../src/base/ids.ts";
import { type Broker, createBroker } from "../../src/broker/broker.ts";
import { MemoryEventLog } from "../../src/broker/memory_event_log.ts";
import type { EventLog, Since } from "../../src/broker/port.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

/** What happens next: an event, so many events read, or so many turns in which the log answers. */
type Step =
  | { readonly publish: "kept.a" | "kept.b" | "live.a" }
  | { readonly read: number }
  | { readonly turns: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ publish: fc.constantFrom("kept.a", "kept.b", "live.a") }) },
  { weight: 2, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 6 }) }) },
) as fc.Arbitrary<Step>;

/** A log that answers late: what is published meanwhile comes in between. */
function late(log: EventLog, turns: () => number): EventLog {
  const slowly = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let turn = turns(); turn > 0; turn--) await Promise.resolve();
    const answer = await call();
    for (let turn = turns(); turn > 0; turn--) await Promise.resolve();
    return answer;
  };
  return new Proxy(log, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const call = value.bind(target);
      if (name === "read" || name === "find") return (...args: unknown[]) => slowly(() => call(...args));
      // Appends are answered in the order of the calls: late, but equally late.
      if (name !== "append") return call;
      return async (...args: unknown[]) => {
        const appended = await call(...args);
        await settle(5);
        return appended;
      };
    },
  });
}

async function settle(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

Deno.test("a replay has every event of its topics once and in order, however it and its log are interrupted", async () => {
  const delays = fc.array(fc.nat(5), { minLength: 1, maxLength: 8 });
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 60 }),
    fc.array(step, { minLength: 1, maxLength: 60 }),
    delays,
    fc.constantFrom("first", "id", "sequence"),
    async (before, after, delays, kind) => {
      const clock = createVirtualClock(1_000);
      let delay = 0;
      await using own = new MemoryEventLog({ clock });
      const log = late(own, () => delays[delay++ % delays.length]!);
      await using broker: Broker = createBroker({ log, clock, ids: createIdSource(clock) });
      for (const topic of ["kept.a", "kept.b"]) await broker.declareTopic(topic, { durable: true });
      const kept: number[] = [];
      const live: number[] = [];
      const published: Promise<unknown>[] = [];
      let n = 0;
      const publish = (topic: string): Promise<{ id: string; sequence?: number }> => {
        const number = ++n;
        (topic.startsWith("kept") ? kept : live).push(number);
        const done = broker.publish(topic, number);
        published.push(done);
        return done;
      };
      for (const one of before) if ("publish" in one) await publish(one.publish);
      const mark = await publish("kept.a");
      const since: Since = kind === "first"
        ? "first"
        : kind === "id"
        ? { id: mark.id }
        : { sequence: mark.sequence! + 1 };
      if (kind !== "first") kept.length = live.length = 0;
      const subscription = broker.subscribe("kept.*|live.*", { since });
      const reader = subscription[Symbol.asyncIterator]();
      const seen: number[] = [];
      const read = async (count: number): Promise<void> => {
        for (; count > 0; count--) seen.push((await reader.next()).value!.data as number);
      };
      let reading = Promise.resolve();
      let asked = 0;
      for (const one of after) {
        if ("publish" in one) void publish(one.publish);
        else if ("turns" in one) await settle(one.turns);
        else {
          const count = Math.min(one.read, kept.length + live.length - asked);
          asked += count;
          reading = reading.then(() => read(count));
        }
      }
      await Promise.all(published);
      await reading;
      await read(kept.length + live.length - asked);
      assertEquals(seen.filter((number) => kept.includes(number)), kept);
      assertEquals(seen.filter((number) => live.includes(number)), live);
      assertEquals(subscription.gap, false);
      subscription.close();
    },
  );
  await fc.assert(property, { numRuns: 200 });
});
