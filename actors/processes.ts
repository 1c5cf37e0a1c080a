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
  executorProtocol,
  poolProtocol,
  processesProtocol,
  sandboxProtocol,
} from "../src/executor/protocol.ts";
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
  const wardens = new Map<string, ActorRef>();
  /** Those that were stopped, perhaps while they started. */
  const stopped = new Set<string>();
  /** The thread in which all executors live that serve sandboxes. */
  let keeper: Promise<number> | undefined;

  async function start(name: string, kind: ExecutorKind): Promise<ActorRef<typeof executorProtocol>> {
    const { permissions, memoryMb } = kind;
    const host = await system.startHost(name, {
      transport: "process",
      modules: [sandboxUrl, ...modules],
      ...(permissions === undefined ? {} : { permissions }),
      ...(memoryMb === undefined ? {} : { memoryMb }),
    });
    try {
      keeper ??= system.startHost("keeper");
      const [box, home] = await Promise.all([
        system.spawnIn(sandboxPlacement, { modules }, { name: "sandbox", host, protocol: sandboxProtocol }),
        keeper,
      ]);
      const given = { ...options.warden, sandbox: box.address };
      const ref = await system.spawnIn(wardenPlacement, given, {
        name,
        host: home,
        protocol: executorProtocol,
      });
      hosts.set(name, host);
      wardens.set(name, ref);
      return ref;
    } catch (error) {
      system.terminateHost(host);
      throw error;
    }
  }

  async function end(name: string): Promise<void> {
    const host = hosts.get(name);
    const ref = wardens.get(name);
    hosts.delete(name);
    wardens.delete(name);
    if (host !== undefined) system.terminateHost(host);
    if (ref !== undefined) await system.stopActor(ref, "now", STOP_MS);
  }

  ctx.onStop(async () => {
    await Promise.all([...hosts.keys()].map(end));
  });
  ctx.onStop(system.onHostLost((host, reason) => {
    const name = [...hosts].find(([, known]) => known === host)?.[0];
    if (name === undefined) return;
    ctx.log.info("The process of an executor has ended", { executor: name, reason });
    pool.tell("leave", { executor: name, reason });
    void end(name);
  }));

  return {
    start: async ({ executor, kind }) => {
      try {
        const ref = await start(executor, kind);
        if (stopped.delete(executor)) return await end(executor);
        await pool.ask("join", { executor: ref.address, kind: keyOfKind(kind), slots: 1 }, {
          timeoutMs: "none",
        });
      } catch (error) {
        if (!stopped.delete(executor)) pool.tell("refuse", { executor, kind, error: toWire(error) });
      }
    },
    stop: async (name) => {
      if (hosts.has(name)) await end(name);
      else stopped.add(name);
    },
  };
}, { concurrency: 64 });
