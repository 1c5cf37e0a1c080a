/**
 * An actor system for any program: the kernel with Web Workers and child processes as its hosts.
 *
 * @module
 */
import { later } from "../src/actor/loop.ts";
import { otelTracer } from "../src/actor/otel_tracer.ts";
import type { Supervision } from "../src/actor/supervision.ts";
import { type ActorSystem, createSystem } from "../src/actor/system.ts";
import { workerTransport } from "../src/actor/worker_transport.ts";
import { consoleLogSink } from "../src/base/console_log_sink.ts";
import type { MillraceError } from "../src/base/errors.ts";
import { createLogger, type LogSink } from "../src/base/log.ts";
import { assertKeys } from "../src/base/names.ts";
import { systemClock } from "../src/base/system_clock.ts";

/** What an actor system is made of. */
export interface ActorSystemSettings {
  /** Where log records go. @default {warnings and errors to stderr} */
  readonly log?: LogSink;
  /** How the actors that the program itself spawns are supervised. @default {one-for-one, 3 restarts in 30 s} */
  readonly supervision?: Supervision;
  /** Hears of a failure that is too much for `supervision`: the system stops then. */
  readonly onFailure?: (error: MillraceError) => void;
}

/**
 * Makes an actor system. Its actors live in this thread, in Web Workers or in child processes (`spawnIn`).
 *
 * @throws {TypeError} If an option is unknown.
 */
export function createActorSystem(settings: ActorSystemSettings = {}): ActorSystem {
  assertKeys("an actor system", settings, ["log", "supervision", "onFailure"]);
  const { log = consoleLogSink("warn"), ...supervised } = settings;
  return createSystem({
    ...supervised,
    clock: systemClock,
    random: Math.random,
    log: createLogger(log, systemClock.now),
    transports: [workerTransport(new URL("./host.ts", import.meta.url))],
    tracer: otelTracer(),
    later,
  });
}
