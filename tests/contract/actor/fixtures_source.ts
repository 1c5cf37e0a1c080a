/** An actor that streams, in every way a stream may go. */
import { z } from "zod";
import { MillraceError } from "../../../src/base/errors.ts";
import { type ActorContext, defineActor, type Handlers } from "../../../src/actor/define_actor.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import { type ActorRef, isActorRef } from "../../../src/actor/ref.ts";

export const sourcing = protocol("source", {
  /** 1, 2 … `to`; then an error, if one is asked for. */
  count: { in: z.object({ to: z.number(), failing: z.boolean().default(false) }), stream: z.number() },
  /** What was asked for: given as an array, not by a generator. */
  items: { in: z.array(z.unknown()), stream: z.unknown() },
  /** One item, then none for ever. */
  forever: { in: z.void(), stream: z.number() },
  /** Refuses before the first item. */
  refuse: { in: z.void(), stream: z.number() },
  /** The second item does not fit, or cannot be cloned. */
  wrong: { in: z.void(), stream: z.number() },
  uncloneable: { in: z.void(), stream: z.unknown() },
  /** Its own ref. */
  self: { in: z.void(), stream: z.custom<ActorRef>(isActorRef) },
  /** How many streams are open, and how many items were made in all. */
  state: { in: z.void(), out: z.object({ open: z.number(), made: z.number() }) },
  fail: { in: z.void() },
});

function start(ctx: ActorContext<typeof sourcing>): Handlers<typeof sourcing.verbs> {
  let open = 0;
  let made = 0;
  async function* opened<T>(items: Iterable<T>): AsyncGenerator<T> {
    open++;
    try {
      for (const item of items) {
        made++;
        yield item;
      }
    } finally {
      open--;
    }
  }
  return {
    count: ({ to, failing }) =>
      opened((function* () {
        for (let n = 1; n <= to; n++) yield n;
        if (failing) throw new MillraceError("task/unknown", "Cannot go on", { details: { task: "count" } });
      })()),
    items: (items) => items,
    forever: async function* () {
      open++;
      try {
        yield 0;
        await new Promise(() => {});
      } finally {
        open--;
      }
    },
    refuse: () => {
      throw new MillraceError("task/unknown", "Cannot start", { details: { task: "refuse" } });
    },
    wrong: () => opened([1, "two" as unknown as number, 3]),
    uncloneable: () => opened([1, { deep: { fn: () => {} } }, 3]),
    self: () => [ctx.self],
    state: () => ({ open, made }),
    fail: () => {
      throw new Error("broken on purpose");
    },
  };
}

export const source = defineActor(sourcing, start);
