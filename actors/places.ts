/**
 * Where the actors are that live in the platform's own threads from its start on.
 *
 * @module
 */
import { inWorker } from "../src/actor/placement.ts";

/** By name. */
export const place = {
  broker: inWorker(import.meta.resolve("./broker.ts"), "broker", () => import("./broker.ts")),
  eventLog: inWorker(import.meta.resolve("./event_log.ts"), "eventLog", () => import("./event_log.ts")),
  scheduler: inWorker(import.meta.resolve("./scheduler.ts"), "scheduler", () => import("./scheduler.ts")),
  planner: inWorker(import.meta.resolve("./planner.ts"), "planner", () => import("./planner.ts")),
  orchestrator: inWorker(
    import.meta.resolve("./orchestrator.ts"),
    "orchestrator",
    () => import("./orchestrator.ts"),
  ),
  executor: inWorker(import.meta.resolve("./executor.ts"), "executor", () => import("./executor.ts")),
  pool: inWorker(import.meta.resolve("./pool.ts"), "pool", () => import("./pool.ts")),
  logs: inWorker(import.meta.resolve("./logs.ts"), "logs", () => import("./logs.ts")),
  store: inWorker(import.meta.resolve("./store.ts"), "store", () => import("./store.ts")),
};
