/** A scheduler whose world is written down. */
import { createLogger, type LogRecord } from "../../src/base/log.ts";
import type { Cancel } from "../../src/base/clock.ts";
import { type EncodedEvent, encodeEvent } from "../../src/event/event.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/mod.ts";
import type { Fire } from "../../src/trigger/port.ts";
import { Scheduler } from "../../src/trigger/scheduler.ts";

/** Noon of a day without a change of the clock anywhere. */
export const NOON = Date.UTC(2026, 0, 15, 12);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** What a test sees and moves. */
export interface Rig {
  readonly scheduler: Scheduler;
  readonly clock: VirtualClock;
  readonly published: { readonly event: EncodedEvent; readonly fire: Fire }[];
  readonly announced: {
    readonly topic: string;
    readonly data: Readonly<Record<string, unknown>>;
    readonly hops: number;
  }[];
  readonly records: LogRecord[];
  /** What the world does: each may be replaced by a test. */
  readonly world: {
    random: () => number;
    publish: () => Promise<{ readonly runIds: readonly string[] }>;
    /** How far the wall clock is off from the clock that alarms go by, in ms. */
    wallOffMs: number;
  };
  /** Topics and data of what was published. */
  events(): string[];
  /** Topics of what was announced, without `trigger.`. */
  told(): string[];
}

/** Makes a scheduler that is not armed. */
export function createRig(startMs: number = NOON): Rig {
  const clock = createVirtualClock(startMs);
  const published: { event: EncodedEvent; fire: Fire }[] = [];
  const announced: { topic: string; data: Readonly<Record<string, unknown>>; hops: number }[] = [];
  const records: LogRecord[] = [];
  const world: Rig["world"] = {
    random: () => 0,
    publish: () => Promise.resolve({ runIds: [] }),
    wallOffMs: 0,
  };
  let ids = 0;
  const scheduler = new Scheduler({
    clock: {
      now: () => clock.now() + world.wallOffMs,
      after: (delayMs: number, fn: () => void): Cancel => clock.after(delayMs, fn),
    },
    log: createLogger((record) => records.push(record), clock.now),
    random: () => world.random(),
    nextId: () => `id-${++ids}`,
    publish: async (event, fire) => {
      const answer = await world.publish();
      published.push({ event, fire });
      return answer;
    },
    announce: (topic, data, hops) => void announced.push({ topic, data, hops }),
  });
  return {
    scheduler,
    clock,
    published,
    announced,
    records,
    world,
    events: () => published.map(({ event }) => `${event.topic} ${event.data}`),
    told: () => announced.map(({ topic }) => topic.replace(/^trigger\./, "")),
  };
}

/** An event as a scheduler sees it. */
export function eventOf(
  id: string,
  data: unknown,
  more: { readonly hops?: number; readonly traceparent?: string } = {},
): EncodedEvent {
  return encodeEvent({ id, topic: "a.b", timeMs: NOON, source: "app", data, ...more });
}
