/** An actor that gives, keeps and uses refs. */
import { z } from "zod";
import { type ActorContext, defineActor, type Handlers } from "../../../src/actor/define_actor.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import { type ActorRef, type Address, isActorRef } from "../../../src/actor/ref.ts";
import { subjectRef } from "./fixtures_driver.ts";
import { latchRef } from "./fixtures_latch.ts";
import { subjecting } from "./fixtures_subject.ts";

const anyRef = z.custom<ActorRef>(isActorRef);

export const referring = protocol("referrer", {
  self: { in: z.void(), out: anyRef },
  selves: { in: z.number(), stream: anyRef },
  /** Gives back what it gets. */
  echo: { in: z.unknown(), out: z.unknown() },
  /** Tells all subjects in it, wherever they are in the value. */
  tellAll: {
    in: z.object({
      one: subjectRef,
      list: z.array(z.object({ ref: subjectRef })),
      map: z.map(z.string(), subjectRef),
      set: z.set(subjectRef),
    }),
  },
  /** Tells the subject that it was given when it was spawned, and the one of this address. */
  tellGiven: { in: z.string() },
  tellAddress: { in: z.custom<Address>() },
  /** Asks a subject by the ref that another actor answers with. */
  askGiven: { in: z.object({ from: anyRef, payload: z.unknown() }), out: z.unknown() },
  /** Asks a latch by a ref that an actor answers with, and tells a subject the code of what becomes of it. */
  wait: { in: z.object({ from: anyRef, latch: latchRef, report: subjectRef }) },
  fail: { in: z.void() },
});

function start(
  ctx: ActorContext<typeof referring>,
  given: { readonly subject: ActorRef<typeof subjecting> | undefined },
): Handlers<typeof referring.verbs> {
  return {
    self: () => ctx.self as ActorRef,
    selves: (count) => Array.from({ length: count }, () => ctx.self as ActorRef),
    echo: (value) => value,
    tellAll: ({ one, list, map, set }) => {
      for (const ref of [one, ...list.map(({ ref }) => ref), ...map.values(), ...set]) {
        ref.tell("note", "hello");
      }
    },
    tellGiven: (text) => given.subject?.tell("note", text),
    tellAddress: (address) => ctx.ref(subjecting, address).tell("note", "by address"),
    askGiven: async ({ from, payload }, turn) => {
      const other = ctx.ref(referring, from.address);
      const ref = await other.ask("self", undefined, { timeoutMs: 5_000, turn }) as ActorRef<
        typeof referring
      >;
      return await ref.ask("echo", payload, { timeoutMs: 5_000, turn });
    },
    wait: async ({ from, latch, report }) => {
      const other = ctx.ref(referring, from.address);
      const [same] = await other.ask("echo", [latch], { timeoutMs: 5_000 }) as [typeof latch];
      await same.ask("pass", undefined, { timeoutMs: "none" })
        .catch((error) => report.tell("note", error.code));
    },
    fail: () => {
      throw new Error("broken on purpose");
    },
  };
}

export const referrer = defineActor(referring, start, { concurrency: 8 });
