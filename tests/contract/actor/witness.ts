/** What the tests of lives share: a witness in their own thread, and waiting with time. */
import { defineActor } from "../../../src/actor/define_actor.ts";
import type { Death } from "../../../src/actor/death.ts";
import type { ActorRef } from "../../../src/actor/ref.ts";
import type { SpawnOptions } from "../../../src/actor/system.ts";
import type { HostOptions } from "../../../src/actor/hosts.ts";
import type { Supervision } from "../../../src/actor/supervision.ts";
import { type Life, LIVES, type living, QUICK, witnessing } from "./fixtures_life.ts";
import { openPlace, type Place, type PlaceName } from "./place.ts";

/** The ref of an actor whose life is told. */
export type LivingRef = ActorRef<typeof living>;

/** As long as a test may have to wait where time is real; virtual time does not matter. */
export const SOON = { timeoutMs: 60_000 } as const;

/** How an actor of the suite is spawned. */
export interface Birth extends Partial<SpawnOptions> {
  /** How it supervises its children. @default {"subject"} */
  readonly kind?: keyof typeof LIVES;
  /** In whose host; by default in one of its own. */
  readonly beside?: ActorRef;
  readonly hostOptions?: HostOptions;
  readonly life?: Partial<Life>;
  /** Whether the witness does not see it: a thousand at once are more than it has room for. */
  readonly unseen?: boolean;
}

/** A place with a witness in it. */
export interface Stage extends Place {
  /** What was seen, oldest first. */
  readonly seen: string[];
  /** Lets those pass who hold at a gate, now and later. */
  open(gate: string): void;
  /** Spawns an actor that the witness sees. */
  born(name: string, birth?: Birth): Promise<LivingRef>;
  /** Waits until the witness has seen something, so many times. */
  sees(what: string, times?: number): Promise<void>;
  /** Waits for a promise, and lets time pass meanwhile. */
  wait<T>(promise: Promise<T>): Promise<T>;
  /** What this thread hears of the death of an actor from now on; resolves once the actor's host knows. */
  mourn(ref: LivingRef): Promise<Death[]>;
  /** Has one actor watch another; resolves once the other's host knows. */
  watches(who: LivingRef, whom: LivingRef, key?: string): Promise<void>;
  /** What the witness has seen of an actor: `starts 0`, `ends 0` … */
  lifeOf(name: string): string[];
}

/** Opens a place with a witness in it. */
export async function openStage(
  name: PlaceName,
  options: { readonly supervision?: Supervision; readonly seed?: number } = {},
): Promise<Stage> {
  const place = await openPlace(name, {
    ...options,
    supervision: { backoff: QUICK, ...options.supervision },
  });
  const seen: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gateOf = (gate: string): PromiseWithResolvers<void> => {
    const found = gates.get(gate) ?? Promise.withResolvers<void>();
    gates.set(gate, found);
    return found;
  };
  const definition = defineActor(witnessing, () => ({
    saw: (what: string) => void seen.push(what),
    pass: (gate: string) => gateOf(gate).promise,
  }), { concurrency: 1_024 });
  // It is spawned first, so it is the last to stop, and sees the ends of the others.
  const witness = await place.system.spawn(definition, undefined, { name: "witness", stopMs: 1 });
  const wait = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const settle = (): void => void (settled = true);
    promise.then(settle, settle);
    await place.until(() => settled, (yes) => yes);
    return await promise;
  };
  return {
    ...place,
    seen,
    wait,
    open: (gate) => gateOf(gate).resolve(),
    born: async (name, { kind = "subject", life, unseen = false, ...birth } = {}) => {
      const options = { as: name, ...(unseen ? {} : { witness }), ...life };
      return await place.spawn(LIVES[kind], options, { ...birth, name });
    },
    sees: async (what, times = 1) => {
      try {
        await place.until(() => seen.filter((one) => one === what).length, (count) => count >= times);
      } catch {
        throw new Error(`"${what}" was not seen ${times} times, but ${JSON.stringify(seen)}`);
      }
    },
    mourn: async (ref) => {
      const deaths: Death[] = [];
      place.system.watch(ref, (death) => void deaths.push(death));
      // The question goes the way of the watch, behind it.
      await wait(ref.ask("state", undefined, SOON));
      return deaths;
    },
    watches: async (who, whom, key) => {
      await wait(who.ask("watch", { ref: whom, ...(key === undefined ? {} : { key }) }, SOON));
      await wait(who.ask("visit", whom, SOON));
    },
    lifeOf: (name) =>
      seen.filter((what) => what.startsWith(`${name} `)).map((what) => what.slice(name.length + 1)),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}
