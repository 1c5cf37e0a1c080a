/**
 * The supervisor: starts executors, each in a host of its own, and puts a new one in the place of one that is
 * lost. It lives in the main thread, as only that one starts hosts.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { Placement } from "../src/actor/placement.ts";
import type { ActorRef, Address } from "../src/actor/ref.ts";
import type { ActorSystem } from "../src/actor/system.ts";
import { messageOf } from "../src/base/errors.ts";
import { GRACE_MS } from "../src/executor/attempt.ts";
import { type Claims, createClaims } from "../src/executor/claims.ts";
import { executorProtocol, lanesProtocol, supervisorProtocol } from "../src/executor/protocol.ts";

/** What the supervisor is given. */
export interface SupervisorOptions {
  /** Starts and ends hosts. */
  readonly system: ActorSystem;
  /** Whom a new executor joins. */
  readonly pool: Address;
  /** Which executors these are. */
  readonly placement: Placement;
  /** What each executor is given, besides what it shares with the pool. */
  readonly executor: object;
  /** How many executors there are to be. */
  readonly count: number;
  /** Told of each executor that was given up while something in it went on computing. */
  readonly onLostThread: () => void;
}

/** An executor that is ready. */
interface Living {
  readonly ref: ActorRef;
  /** What it and the pool share. */
  readonly claims: Claims;
}

/** Waits between tries to start an executor: the first, and the longest, in ms. */
const BACKOFF_MS = { first: 100, longest: 10_000 } as const;

/** The supervisor; its start waits until the first executors are ready, or rejects with why they are not. */
export const supervisor = defineActor(supervisorProtocol, async (ctx, options: SupervisorOptions) => {
  const { system, executor, placement, count } = options;
  const pool = ctx.ref(lanesProtocol, options.pool);
  const hosts = new Map<string, number>();
  const living = new Map<string, Living>();
  let started = 0;
  let begun = false;
  let stopping = false;
  ctx.onStop(async () => {
    stopping = true;
    // What still runs is called off and gets its grace; it goes on at the next start.
    await Promise.all([...living.values()].map(async ({ ref }) => {
      if (!await system.stopActor(ref, "now", 2 * GRACE_MS)) options.onLostThread();
    }));
  });

  async function start(): Promise<void> {
    const name = `executor-${++started}`;
    const host = await system.startHost(name);
    const claims = createClaims();
    const ref = await system.spawnIn(placement, { ...executor, claims }, {
      ...{ name, host, protocol: executorProtocol },
    })
      .catch((error) => {
        system.terminateHost(host);
        throw error;
      });
    // Only now: the loss of a host that never had its executor is the failure of this start, not one more.
    hosts.set(name, host);
    living.set(name, { ref, claims });
    if (begun) await join({ ref, claims });
  }

  async function join({ ref, claims }: Living): Promise<void> {
    const joining = { executor: ref.address, kind: "worker", slots: 1, claims } as const;
    await pool.ask("join", joining, { timeoutMs: "none" });
  }

  async function restart(delayMs: number): Promise<void> {
    if (stopping) return;
    try {
      await start();
    } catch (error) {
      if (stopping) return;
      ctx.log.error("An executor could not be started; trying again", { delayMs, error: messageOf(error) });
      ctx.clock.after(delayMs, () => void restart(Math.min(delayMs * 2, BACKOFF_MS.longest)));
    }
  }

  ctx.onStop(system.onHostLost((host, reason) => {
    const name = [...hosts].find(([, known]) => known === host)?.[0];
    if (name === undefined || stopping) return;
    hosts.delete(name);
    living.delete(name);
    ctx.log.warn("An executor was lost; another one takes its place", { executor: name, reason });
    pool.tell("leave", { executor: name, reason });
    void restart(BACKOFF_MS.first);
  }));

  await Promise.all(Array.from({ length: count }, start));
  return {
    begin: async () => {
      begun = true;
      await Promise.all([...living.values()].map(join));
    },
    replace: ({ executor: name, reason, stuck }) => {
      const host = hosts.get(name);
      if (host === undefined) return;
      if (stuck) options.onLostThread();
      ctx.log.warn("An executor is replaced", { executor: name, reason, stuck });
      system.terminateHost(host);
    },
  };
});
