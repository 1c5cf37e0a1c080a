/**
 * Starts and ends the processes of tasks that are kept apart: each with its sandbox, and with the executor that
 * serves it. Nothing is started before the first such task. It lives in the main thread, as only that one starts
 * hosts.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import { inWorker } from "../src/actor/placement.ts";
import type { ActorRef, Address } from "../src/actor/ref.ts";
import type { ActorSystem } from "../src/actor/system.ts";
import { toWire } from "../src/base/errors.ts";
import { type ExecutorKind, keyOfKind } from "../src/executor/kind.ts";
import {
  poolProtocol,
  processesProtocol,
  sandboxProtocol,
  wardenProtocol,
} from "../src/executor/protocol.ts";
import { OutputRelay } from "../src/executor/sandbox_output.ts";
import type { WardenOptions } from "./warden.ts";

/** What is given to who starts processes. */
export interface ProcessesOptions {
  /** Starts and ends hosts. */
  readonly system: ActorSystem;
  /** Whom a new executor joins. */
  readonly pool: Address;
  /** Modules that define tasks. */
  readonly modules: readonly string[];
  /** What each executor is given. */
  readonly warden: Omit<WardenOptions, "sandbox">;
}

const STOP_MS = 1_000;

const sandboxUrl = import.meta.resolve("./sandbox.ts");
const sandboxPlacement = inWorker(sandboxUrl, "sandbox", () => import("./sandbox.ts"));
const wardenPlacement = inWorker(import.meta.resolve("./warden.ts"), "warden", () => import("./warden.ts"));

/** Who starts and ends processes. */
export const processes = defineActor(processesProtocol, (ctx, options: ProcessesOptions) => {
  const { system, modules } = options;
  const pool = ctx.ref(poolProtocol, options.pool);
  /** The host of each sandbox, by the name of its executor. */
  const hosts = new Map<string, number>();
  const relays = new Map<string, OutputRelay>();
  const wardens = new Map<string, ActorRef>();
  const starting = new Set<string>();
  let started = 0;
  /** Those that were stopped while they started. */
  const stopped = new Set<string>();
  /** The thread in which all executors live that serve sandboxes. */
  let keeper: Promise<number> | undefined;
  let keeperHost: number | undefined;

  async function start(name: string, kind: ExecutorKind): Promise<ActorRef<typeof wardenProtocol>> {
    const { permissions, memoryMb } = kind;
    const relay = new OutputRelay();
    const home = await (keeper ??= startKeeper());
    const host = await system.startHost(`sandbox-${++started}`, {
      transport: "process",
      peers: [home],
      onOutput: (stream, text) => relay.push({ stream, text }),
      modules: [sandboxUrl, ...modules],
      ...(permissions === undefined ? {} : { permissions }),
      ...(memoryMb === undefined ? {} : { memoryMb }),
    });
    try {
      const box = await system.spawnIn(sandboxPlacement, { modules }, {
        name: "sandbox",
        host,
        protocol: sandboxProtocol,
      });
      const given = { ...options.warden, sandbox: box.address };
      const ref = await system.spawnIn(wardenPlacement, given, {
        name,
        host: home,
        protocol: wardenProtocol,
      });
      relay.attach((batch) => ref.offer("printed", batch));
      hosts.set(name, host);
      relays.set(name, relay);
      wardens.set(name, ref);
      system.watch(ref, () => void end(name));
      return ref;
    } catch (error) {
      system.terminateHost(host);
      throw error;
    }
  }

  function startKeeper(): Promise<number> {
    const starting = system.startHost("keeper");
    starting.then((host) => keeperHost = host, () => keeper = undefined);
    return starting;
  }

  async function end(name: string): Promise<void> {
    const host = hosts.get(name);
    const ref = wardens.get(name);
    hosts.delete(name);
    wardens.delete(name);
    relays.get(name)?.end();
    relays.delete(name);
    if (host !== undefined) system.terminateHost(host);
    if (ref !== undefined) await system.stopActor(ref, "now", STOP_MS);
  }

  ctx.onStop(async () => {
    await Promise.all([...wardens.keys()].map(end));
  });
  ctx.onStop(system.onHostLost((host, reason) => {
    if (host === keeperHost) keeper = keeperHost = undefined; // its wardens are gone with it
    const name = [...hosts].find(([, known]) => known === host)?.[0];
    if (name === undefined) return;
    // Its warden knows what that means for what it has in hand, and then leaves the pool.
    ctx.log.info("The process of an executor has ended", { executor: name, reason });
    hosts.delete(name);
    relays.get(name)?.end();
  }));

  return {
    start: async ({ executor, kind }) => {
      starting.add(executor);
      try {
        const ref = await start(executor, kind);
        starting.delete(executor);
        if (stopped.delete(executor)) return await end(executor);
        await pool.ask("join", { executor: ref.address, kind: keyOfKind(kind), slots: 1 }, {
          timeoutMs: "none",
        });
      } catch (error) {
        starting.delete(executor);
        if (!stopped.delete(executor)) pool.tell("refuse", { executor, kind, error: toWire(error) });
      }
    },
    stop: async (name) => {
      if (wardens.has(name)) await end(name);
      else if (starting.has(name)) stopped.add(name);
    },
  };
}, { concurrency: 64 });
