/**
 * The test kit: what makes programs on Millrace testable without waiting.
 *
 * @example A day of a cron trigger, in no time
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createBroker, createScheduler, defineCronTrigger } from "@millrace/millrace";
 * import { createVirtualClock } from "@millrace/millrace/testing";
 *
 * const clock = createVirtualClock(Date.UTC(2027, 0, 1));
 * const broker = createBroker();
 * const events = broker.subscribe("report.due");
 * await using scheduler = createScheduler({ broker, clock });
 * scheduler.add(defineCronTrigger({ name: "hourly", cron: "0 * * * *", topic: "report.due" }));
 *
 * await clock.advance(24 * 60 * 60 * 1000);
 * assertEquals(events.stats.depth, 24);
 * ```
 *
 * @module
 */
export {
  explore,
  type Explored,
  type ExploreOptions,
  type TestSystem,
  testSystem,
  type TestSystemOptions,
} from "./test_system.ts";
export type { FaultPlan } from "./faults.ts";
export type { Probe, Probed } from "./probe.ts";
export { createVirtualClock, type VirtualClock } from "./virtual_clock.ts";
export type { Cancel, Clock } from "../base/clock.ts";
