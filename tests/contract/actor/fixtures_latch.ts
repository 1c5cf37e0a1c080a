/** Something that actors wait for until the test lets them pass: they reach it by ref, wherever they live. */
import { z } from "zod";
import { defineActor } from "../../../src/actor/define_actor.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import { type ActorRef, isActorRef } from "../../../src/actor/ref.ts";
import type { Place } from "./place.ts";

export const latching = protocol("latch", { pass: { in: z.void(), out: z.void() } });

/** A ref to a latch, in a message. */
export const latchRef = z.custom<ActorRef<typeof latching>>(isActorRef);

/** A latch in the thread of the test. */
export interface Latch extends Disposable {
  readonly ref: ActorRef<typeof latching>;
  /** Resolves once so many wait, or have waited. */
  arrived(count?: number): Promise<void>;
  /** Lets all pass who wait, and who will. */
  open(): void;
}

/** Makes a latch; at the end of the test it opens. */
export async function openLatch(place: Place, name = "latch"): Promise<Latch> {
  const gate = Promise.withResolvers<void>();
  const arrivals: { readonly count: number; readonly resolve: () => void }[] = [];
  let arrived = 0;
  const actor = defineActor(latching, () => ({
    pass: () => {
      arrived++;
      for (const { count, resolve } of arrivals) if (arrived >= count) resolve();
      return gate.promise;
    },
  }), { concurrency: 1_000 });
  return {
    ref: await place.system.spawn(actor, undefined, { name }),
    arrived: (count = 1) =>
      new Promise((resolve) => arrived >= count ? resolve() : void arrivals.push({ count, resolve })),
    open: () => gate.resolve(),
    [Symbol.dispose]: () => gate.resolve(),
  };
}
