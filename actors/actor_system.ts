/**
 * An actor system for any program: the kernel with Web Workers as its threads.
 *
 * @module
 */
import { type ActorSystem, createSystem } from "../src/actor/system.ts";
import { workerTransport } from "../src/actor/worker_transport.ts";
import { consoleLogSink } from "../src/base/console_log_sink.ts";
import { createLogger, type LogSink } from "../src/base/log.ts";
import { assertKeys } from "../src/base/names.ts";
import { systemClock } from "../src/base/system_clock.ts";

/** What an actor system is made of. */
export interface ActorSystemSettings {
  /** Where log records go. @default {warnings and errors to stderr} */
  readonly log?: LogSink;
}

/**
 * Makes an actor system. Its actors live in this thread, or in Web Workers (`system.spawnIn`).
 *
 * @throws {TypeError} If an option is unknown.
 */
export function createActorSystem(settings: ActorSystemSettings = {}): ActorSystem {
  assertKeys("an actor system", settings, ["log"]);
  return createSystem({
    clock: systemClock,
    log: createLogger(settings.log ?? consoleLogSink("warn"), systemClock.now),
    transport: workerTransport(new URL("./host.ts", import.meta.url)),
  });
}
