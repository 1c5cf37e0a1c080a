/** The actor that most contracts send to: it notes what it is told, and answers in every way. */
import { z } from "zod";
import { MillraceError } from "../../../src/base/errors.ts";
import type { Schema } from "../../../src/base/schema.ts";
import { type ActorContext, defineActor, type Handlers } from "../../../src/actor/define_actor.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import { type Latch, latchRef } from "./fixtures_latch.ts";

/** A schema that throws, as one of another library may. */
const hostile: Schema<unknown> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: () => {
      throw new Error("no schema of yours");
    },
  },
};

/** A schema that takes its time. */
const later = z.string().refine(async (text) => await Promise.resolve(text !== "odd"), "must not be odd");

export const subjecting = protocol("subject", {
  /** Two verbs that note what they get, and one that answers how much is noted. */
  note: { in: z.unknown() },
  mark: { in: z.unknown() },
  record: { in: z.unknown(), out: z.number() },
  notes: { in: z.void(), out: z.array(z.unknown()) },
  echo: { in: z.unknown(), out: z.unknown() },
  nothing: { in: z.void(), out: z.void() },
  text: { in: z.object({ text: z.string() }), out: z.string() },
  /** Holds the turn until the latch opens, or if it heeds its asker until that one has left. */
  hold: { in: z.object({ latch: latchRef, heed: z.boolean() }), out: z.string() },
  /** Throws: a refusal of the catalogue, or an error of anybody. */
  refuse: { in: z.string(), out: z.void() },
  fail: { in: z.enum(["throw", "reject"]), out: z.void() },
  /** Answers with what its protocol does not allow, or what cannot be cloned. */
  wrong: { in: z.void(), out: z.number() },
  uncloneable: { in: z.void(), out: z.unknown() },
  later: { in: later, out: later },
  laterWrong: { in: z.void(), out: later },
  hostile: { in: hostile, out: z.unknown() },
  hostileAnswer: { in: z.void(), out: hostile },
  /** Computes for so many milliseconds. */
  spin: { in: z.number() },
  incarnation: { in: z.void(), out: z.number() },
});

function start(ctx: ActorContext<typeof subjecting>): Handlers<typeof subjecting.verbs> {
  const notes: unknown[] = [];
  return {
    note: (value) => void notes.push(value),
    mark: (value) => void notes.push(value),
    record: (value) => notes.push(value),
    notes: () => [...notes],
    echo: (value) => value,
    nothing: () => {},
    text: ({ text }) => text,
    hold: async ({ latch, heed }, turn) => {
      const left = new Promise<void>((resolve) =>
        turn.signal.addEventListener("abort", () => {
          notes.push("left");
          if (heed) resolve();
        })
      );
      // Not on behalf of the turn: what it waits for is the test's business.
      await Promise.race([latch.ask("pass", undefined, { timeoutMs: "none" }), left]);
      return "released";
    },
    refuse: (task) => {
      const cause = new Error("deep");
      throw new MillraceError("task/unknown", `Cannot find "${task}"`, { details: { task }, cause });
    },
    fail: async (how) => {
      const error = new RangeError("no luck today", { cause: new Error("deep") });
      if (how === "reject") await Promise.reject(error);
      throw error;
    },
    wrong: () => "seven" as unknown as number,
    uncloneable: () => ({ deep: { fn: () => {} } }),
    later: (text) => text === "answer oddly" ? "odd" : text,
    laterWrong: () => "odd",
    hostile: (value) => value,
    hostileAnswer: () => 1,
    spin: (ms) => {
      for (const end = ctx.clock.now() + ms; ctx.clock.now() < end;);
    },
    incarnation: () => ctx.incarnation,
  };
}

/** Takes one message at a time. */
export const subject = defineActor(subjecting, start);
/** Takes eight at a time. */
export const wide = defineActor(subjecting, start, { concurrency: 8 });
/** Its mailbox holds four messages. */
export const narrow = defineActor(subjecting, start, { mailbox: 4 });
/** Its mailbox holds a thousand bytes. */
export const light = defineActor(subjecting, start, { mailboxBytes: 1_000 });
/** Its start waits for a latch. */
export const slow = defineActor(subjecting, async (ctx, { latch }: { readonly latch: Latch["ref"] }) => {
  await ctx.ref(latch.protocol, latch.address).ask("pass", undefined, { timeoutMs: "none" });
  return start(ctx);
});
