/**
 * The scheduler alone: triggers over a broker in this thread, without a platform. Nothing is journalled: what
 * is accepted is what the broker took.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { createIdSource } from "../base/ids.ts";
import { createLogger, type LogSink } from "../base/log.ts";
import { assertKeys } from "../base/names.ts";
import { systemClock } from "../base/system_clock.ts";
import { decodeEvent, encodeEvent, type MillraceEvent } from "../event/event.ts";
import type { EventTrigger, Trigger } from "../task/trigger.ts";
import type { Fired, TriggerView } from "./port.ts";
import { Scheduler } from "./scheduler.ts";

/** What a scheduler needs of a broker; `createBroker()` gives one. */
export interface SchedulerBroker {
  /** Publishes an event. */
  publish(
    topic: string,
    data: unknown,
    options: {
      readonly id: string;
      readonly source: string;
      readonly hops: number;
      readonly traceparent?: string;
    },
  ): Promise<unknown>;
  /** Events that match; leaving the loop unsubscribes. */
  subscribe(pattern: string, options: { readonly signal: AbortSignal }): AsyncIterable<MillraceEvent>;
}

/** What a scheduler is made of. */
export interface CreateSchedulerOptions {
  /** Where events are published, and where event triggers listen. */
  readonly broker: SchedulerBroker;
  /** The time. @default {the machine's clock} */
  readonly clock?: Clock;
  /** Where failures of triggers go. @default {nowhere} */
  readonly log?: LogSink;
}

/** Triggers that can be added and removed while they run. */
export interface StandaloneScheduler extends AsyncDisposable {
  /** Adds a trigger; a cron trigger is armed at once. Throws `trigger/duplicate`, or what `subscribe` throws. */
  add(trigger: Trigger): void;
  /** Takes a trigger off, with what it holds back; says whether it was there. */
  remove(name: string): boolean;
  /** Fires a trigger by hand. Throws `trigger/unknown`, `trigger/payload-invalid` or `trigger/not-fireable`. */
  fire(name: string, data?: unknown): Promise<Fired>;
  /** All triggers, by name. */
  list(): readonly TriggerView[];
}

/**
 * Makes a scheduler over a broker.
 *
 * @param options The broker, and where time comes from.
 * @throws {TypeError} If an option is unknown.
 * @example A trigger by hand
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createBroker, createScheduler, defineManualTrigger } from "@millrace/millrace";
 *
 * const broker = createBroker();
 * await using scheduler = createScheduler({ broker });
 * scheduler.add(defineManualTrigger({ name: "go", topic: "work.wanted" }));
 * const events = broker.subscribe("work.**");
 * await scheduler.fire("go", { amount: 3 });
 * for await (const event of events) {
 *   assertEquals(event.data, { amount: 3 });
 *   break;
 * }
 * ```
 */
export function createScheduler(options: CreateSchedulerOptions): StandaloneScheduler {
  assertKeys("a scheduler", options, ["broker", "clock", "log"]);
  const { broker, clock = systemClock, log = () => {} } = options;
  const ids = createIdSource(clock);
  const listening = new Map<string, { readonly controller: AbortController; readonly done: Promise<void> }>();
  const logger = createLogger(log, () => clock.now());
  const core = new Scheduler({
    clock,
    log: logger,
    random: Math.random,
    nextId: () => ids.next(),
    publish: async (event) => {
      const { id, topic, source, hops = 0, traceparent } = event;
      await broker.publish(topic, decodeEvent(event).data, {
        id,
        source,
        hops,
        ...(traceparent === undefined ? {} : { traceparent }),
      });
      return { runIds: [] };
    },
    announce: () => {}, // reserved topics are the platform's
  });
  core.arm();

  async function listen(
    { name, debounceMs }: EventTrigger,
    events: AsyncIterable<MillraceEvent>,
  ): Promise<void> {
    const report = (error: unknown): void =>
      logger.error("An event trigger could not see an event", { trigger: name, error: messageOf(error) });
    try {
      for await (const event of events) {
        const considered = core.consider(encodeEvent(event), [name]).catch(report);
        // An event that is held back waits for the next one.
        if (debounceMs === undefined) await considered;
      }
    } catch (error) {
      report(error);
    }
  }

  function remove(name: string): boolean {
    listening.get(name)?.controller.abort();
    listening.delete(name);
    return core.remove(name);
  }

  return {
    add(trigger) {
      core.add(trigger);
      if (trigger.kind !== "event") return;
      const controller = new AbortController();
      try {
        const events = broker.subscribe(trigger.source, { signal: controller.signal });
        listening.set(trigger.name, { controller, done: listen(trigger, events) });
      } catch (error) {
        core.remove(trigger.name);
        throw error;
      }
    },
    remove,
    fire: (name, data) => core.fire(name, data),
    list: () => core.list(),
    [Symbol.asyncDispose]: async () => {
      const all = [...listening.values()].map(({ done }) => done);
      for (const name of [...listening.keys()]) remove(name);
      core.stop();
      await Promise.allSettled(all);
    },
  };
}
