/**
 * An actor system for any program: the kernel with Web Workers and child processes as its hosts.
 *
 * @module
 */
import { later } from "../src/actor/loop.ts";
import { otelTracer } from "../src/actor/otel_tracer.ts";
import { processTransport } from "../src/actor/process_transport.ts";
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
  /**
   * How many processes are kept ready for the next process hosts with the same limits, once there has been one:
   * such a host is there at once, and each spare takes memory meanwhile. @default {0}
   */
  readonly spareProcesses?: number;
}

/**
 * Makes an actor system. Its actors live in this thread, in Web Workers or in child processes (`spawnIn`).
 *
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If `spareProcesses` is no integer from 0.
 */
export function createActorSystem(settings: ActorSystemSettings = {}): ActorSystem {
  assertKeys("an actor system", settings, ["log", "supervision", "onFailure", "spareProcesses"]);
  const { log = consoleLogSink("warn"), spareProcesses: spares = 0, ...supervised } = settings;
  if (!(Number.isInteger(spares) && spares >= 0)) {
    throw new RangeError(
      `Cannot make an actor system as spareProcesses must be an integer >= 0: current value is ${spares}`,
    );
  }
  const entry = new URL("./host.ts", import.meta.url);
  return createSystem({
    ...supervised,
    clock: systemClock,
    random: Math.random,
    log: createLogger(log, systemClock.now),
    transports: [workerTransport(entry), processTransport(entry, { spares })],
    tracer: otelTracer(),
    later,
  });
}
