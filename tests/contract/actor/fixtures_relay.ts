/** An actor that asks and tells on behalf of the turn it has in hand. */
import { z } from "zod";
import { type ActorContext, defineActor, type Handlers } from "../../../src/actor/define_actor.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import { type ActorRef, isActorRef } from "../../../src/actor/ref.ts";
import { subjectRef } from "./fixtures_driver.ts";
import { latchRef } from "./fixtures_latch.ts";

const anyRef = z.custom<ActorRef>(isActorRef);
const arrival = z.object({
  /** Who passed the message on, first to last. */
  hops: z.array(z.string()),
  /** How long the last one had to answer. */
  leftMs: z.number().optional(),
  traceparent: z.string().optional(),
});

export const relaying = protocol("relay", {
  /** Passes the message on to the first, with the rest; the last one says how it has arrived. */
  pass: {
    in: z.object({
      by: z.array(anyRef),
      timeoutMs: z.union([z.number(), z.literal("none")]).default(60_000),
    }),
    out: arrival,
  },
  /** Asks a subject to hold its turn. */
  hold: { in: z.object({ to: subjectRef, latch: latchRef }), out: z.unknown() },
  /** Tells another relay, which notes the trace. */
  tellOn: { in: z.object({ to: anyRef.optional() }) },
  heard: { in: z.void(), out: z.array(z.string().optional()) },
});

function start(ctx: ActorContext<typeof relaying>): Handlers<typeof relaying.verbs> {
  const { clock, self: { address: { name } } } = ctx;
  const heard: (string | undefined)[] = [];
  return {
    pass: async ({ by: [first, ...rest], timeoutMs }, turn) => {
      if (first === undefined) {
        const leftMs = turn.deadlineMs === undefined ? undefined : turn.deadlineMs - clock.now();
        return { hops: [name], leftMs, traceparent: turn.traceparent };
      }
      const next = ctx.ref(relaying, first.address);
      const { hops, ...arrived } = await next.ask("pass", { by: rest, timeoutMs }, { timeoutMs, turn });
      return { hops: [name, ...hops], ...arrived };
    },
    hold: ({ to, latch }, turn) => to.ask("hold", { latch, heed: true }, { timeoutMs: "none", turn }),
    tellOn: ({ to }, turn) => {
      if (to === undefined) heard.push(turn.traceparent);
      else ctx.ref(relaying, to.address).tell("tellOn", {}, { turn });
    },
    heard: () => heard,
  };
}

/** Takes one message at a time. */
export const relay = defineActor(relaying, start);
/** Takes eight at a time. */
export const wideRelay = defineActor(relaying, start, { concurrency: 8 });
