/**
 * Where the actors of the conformance suite live. One suite, many places: in the thread of the test itself, in
 * hosts of the same thread, in a seeded simulation, in Web Workers, in child processes.
 */
import "../../support/no_leaked_workers.ts";
import { setImmediate } from "node:timers";
import { inlineTransport } from "../../../src/actor/inline_transport.ts";
import { later } from "../../../src/actor/loop.ts";
import { processTransport } from "../../../src/actor/process_transport.ts";
import type { ActorDefinition } from "../../../src/actor/define_actor.ts";
import type { Placement } from "../../../src/actor/placement.ts";
import type { Transport } from "../../../src/actor/port.ts";
import type { Protocol } from "../../../src/actor/protocol.ts";
import type { ActorRef } from "../../../src/actor/ref.ts";
import type { NodeSnapshot } from "../../../src/actor/snapshot.ts";
import type { Supervision } from "../../../src/actor/supervision.ts";
import type { HostOptions } from "../../../src/actor/hosts.ts";
import { type ActorSystem, createSystem, type SpawnOptions } from "../../../src/actor/system.ts";
import { workerTransport } from "../../../src/actor/worker_transport.ts";
import type { MillraceError } from "../../../src/base/errors.ts";
import { createLogger, type LogRecord } from "../../../src/base/log.ts";
import { systemClock } from "../../../src/base/system_clock.ts";
import { findings } from "../../../src/testing/audit.ts";
import { testSystem } from "../../../src/testing/test_system.ts";

/** The places. */
export const PLACES = ["local", "inline", "sim", "worker", "process"] as const;
/** One of them. */
export type PlaceName = typeof PLACES[number];

/** A definition as a module exports it, and how to import it elsewhere. */
export interface Placed<P extends Protocol, O> {
  readonly definition: ActorDefinition<P, O>;
  readonly placement: Placement<ActorDefinition<P, O>>;
}

/** A system for one test. Disposing of it stops it and audits it. */
export interface Place extends AsyncDisposable {
  readonly name: PlaceName;
  readonly system: ActorSystem;
  readonly logged: readonly LogRecord[];
  /** Failures that were too much for the system's supervision. */
  readonly failures: readonly MillraceError[];
  /** Spawns an actor: each in a host of its own, or in that of the actor `beside`. */
  spawn<P extends Protocol, O>(
    placed: Placed<P, O>,
    options: NoInfer<O>,
    spawn: SpawnOptions & { readonly beside?: ActorRef; readonly hostOptions?: HostOptions },
  ): Promise<ActorRef<P>>;
  /** Lets so much virtual time pass; where time is real it passes by itself, and the test waits for a state. */
  pass(ms: number): Promise<void>;
  /** Ends a host where it stands; in a simulation perhaps without a word. @default announced {true} */
  crash(host: number, announced?: boolean): void;
  /** What lives in the host of an actor. */
  node(ref: ActorRef): Promise<NodeSnapshot>;
  /** Waits for a state: asks again until `ready` says yes. */
  until<T>(read: () => T | Promise<T>, ready: (value: T) => boolean): Promise<T>;
}

/** For how long a state is waited for, in ms: only a test that fails waits that long. */
const PATIENCE_MS = 20_000;

/** Opens a system in a place. */
export async function openPlace(
  name: PlaceName,
  { supervision = {}, seed = 1 }: { readonly supervision?: Supervision; readonly seed?: number } = {},
): Promise<Place> {
  const logged: LogRecord[] = [];
  const failures: MillraceError[] = [];
  if (name === "sim") {
    const test = await testSystem({ seed, supervision, onFailure: (error) => failures.push(error) });
    return placeOf(
      name,
      test.system,
      test.logged,
      failures,
      (ms) => test.advance(ms),
      (host, announced) => test.crashHost(host, announced),
      async () => await test[Symbol.asyncDispose](),
    );
  }
  const system = createSystem({
    clock: systemClock,
    random: Math.random,
    log: createLogger((record) => logged.push(record), systemClock.now),
    transports: [transportOf(name)],
    later,
    clones: true,
    supervision,
    onFailure: (error) => failures.push(error),
  });
  return placeOf(
    name,
    system,
    logged,
    failures,
    () => Promise.resolve(),
    (host) => system.terminateHost(host),
    async () => await system[Symbol.asyncDispose](),
  );
}

function transportOf(name: PlaceName): Transport {
  const entry = new URL("../../../actors/host.ts", import.meta.url);
  if (name === "worker") return workerTransport(entry);
  if (name === "process") return processTransport(entry);
  return inlineTransport({
    clock: systemClock,
    random: Math.random,
    schedule: {
      soon: (_host, fn) => queueMicrotask(fn),
      later: (_host, fn) => later(fn),
      deliver: (_from, _to, fn) => queueMicrotask(fn),
    },
  });
}

function placeOf(
  name: PlaceName,
  system: ActorSystem,
  logged: readonly LogRecord[],
  failures: readonly MillraceError[],
  pass: (ms: number) => Promise<void>,
  crash: (host: number, announced?: boolean) => void,
  dispose: () => Promise<void>,
): Place {
  return {
    name,
    system,
    logged,
    failures,
    pass,
    crash,
    spawn: async ({ definition, placement }, options, { beside, hostOptions, ...spawn }) => {
      if (name === "local") return await system.spawn(definition, options, spawn);
      const host = beside?.address.host ?? await system.startHost(`host of ${spawn.name}`, hostOptions);
      return await system.spawnIn(placement, options, { ...spawn, host, protocol: definition.protocol });
    },
    node: async ({ address: { host } }) => {
      const { hosts } = await system.snapshot();
      const found = hosts.find((one) => one.host === host)?.node;
      if (found === undefined) throw new Error(`Cannot look into host ${host} as it does not answer`);
      return found;
    },
    until: async (read, ready) => {
      const untilMs = Date.now() + PATIENCE_MS;
      while (Date.now() < untilMs) {
        const value = await read();
        if (ready(value)) return value;
        await pass(10);
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      throw new Error("the state was never reached");
    },
    [Symbol.asyncDispose]: async () => {
      const found = findings(await system.snapshot());
      await dispose();
      if (found.length > 0) throw new Error(found.join("; "));
    },
  };
}
