/** An actor that puts what comes too early aside. */
import { z } from "zod";
import { type ActorDefinition, defineActor } from "../../../src/actor/define_actor.ts";
import { inWorker } from "../../../src/actor/placement.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import type { Placed } from "./place.ts";

export const waiting = protocol("waiting room", {
  /** Kept if the room is open, put aside if it is closed. */
  put: { in: z.string() },
  putAsk: { in: z.string(), out: z.string() },
  /** What was kept. */
  got: { in: z.void(), out: z.array(z.string()) },
  /** Gives each of its items once the room is open. */
  items: { in: z.number(), stream: z.number() },
  /** Opens the room, or lets in the first `for` only; says how many had to wait. */
  open: { in: z.object({ for: z.number().optional() }), out: z.number() },
  boom: { in: z.void() },
  /** Puts itself aside and fails, at once or after an await; kept when the room is open. */
  putAndThrow: { in: z.enum(["sync", "async"]) },
  stashTwice: { in: z.void(), out: z.void() },
  stashLate: { in: z.void(), out: z.void() },
  stashInTimer: { in: z.void(), out: z.string() },
});

/** How many it may put aside. */
export const ROOM = 4;

export const room: ActorDefinition<typeof waiting, void> = defineActor(waiting, (ctx) => {
  let places = 0;
  const got: string[] = [];
  const take = (what: string): boolean => {
    if (places === 0) {
      ctx.stash();
      return false;
    }
    places--;
    got.push(what);
    return true;
  };
  return {
    put: (what) => void take(what),
    putAsk: (what) => take(what) ? `got ${what}` : "counts for nothing",
    got: () => [...got],
    items: (to) => take(`items ${to}`) ? Array.from({ length: to }, (_, n) => n) : [],
    open: ({ for: only = Infinity }) => {
      places = only;
      return ctx.unstash();
    },
    boom: () => {
      throw new Error("boom");
    },
    putAndThrow: (how): void | Promise<void> => {
      if (take(how)) return;
      if (how === "async") return Promise.resolve().then(() => Promise.reject(new Error("put and thrown")));
      throw new Error("put and thrown");
    },
    stashTwice: () => {
      ctx.stash();
      ctx.stash();
    },
    stashLate: async () => {
      await Promise.resolve();
      ctx.stash();
    },
    stashInTimer: () =>
      new Promise((resolve) =>
        ctx.after("k", 0, () => {
          try {
            ctx.stash();
          } catch (error) {
            resolve((error as Error).name);
          }
        })
      ),
  };
}, { mailbox: ROOM, concurrency: 2 });

/** The same for other hosts. */
export const ROOMS: Placed<typeof waiting, void> = {
  definition: room,
  placement: inWorker(
    import.meta.resolve("./fixtures_stash.ts"),
    "room",
    () => import("./fixtures_stash.ts"),
  ),
};
