/** The actors of the scenarios that are explored. */
import { z } from "zod";
import { defineActor } from "../../../src/actor/define_actor.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import { type ActorRef, isActorRef } from "../../../src/actor/ref.ts";
import { MillraceError } from "../../../src/base/errors.ts";

/** A message that knows its sender and its number there. */
export const Numbered = z.object({ from: z.string(), n: z.number() });

export const ledgerProtocol = protocol("ledger", {
  /** Writes a line; every `failEvery`th one fails the ledger first. */
  note: { in: Numbered },
  /** What was written, by this incarnation and those before. */
  lines: { in: z.void(), out: z.array(Numbered) },
  /** Gives the number back; refuses 13, throws at 7, waits at 5 until it is called off. */
  answer: { in: z.number(), out: z.number() },
  /** Counts up to a number. */
  count: { in: z.number(), stream: z.number() },
  /** Keeps what comes until it is opened. */
  open: { in: z.void() },
  /** Stops. */
  leave: { in: z.void() },
});

/** How a ledger behaves. */
export interface LedgerOptions {
  readonly failEvery?: number;
  readonly closed?: boolean;
  readonly concurrency?: number;
}

/** What all incarnations have written, by the name of the test's ledger: the test looks at it, not the actors. */
export const written = new Map<string, { readonly from: string; readonly n: number }[]>();

export const ledger = defineActor(
  ledgerProtocol,
  (ctx, options: LedgerOptions & { readonly book: string }) => {
    const book = written.get(options.book) ?? [];
    written.set(options.book, book);
    let seen = 0;
    let closed = options.closed ?? false;
    return {
      note: (line) => {
        if (closed) return ctx.stash();
        seen++;
        if (options.failEvery !== undefined && seen % options.failEvery === 0) throw new Error("out of ink");
        book.push(line);
      },
      lines: () => book,
      answer: async (n, { signal }) => {
        if (n === 13) {
          throw new MillraceError("task/unknown", `Cannot answer ${n}`, { details: { task: String(n) } });
        }
        if (n === 7) throw new TypeError("seven");
        if (n === 5) {
          await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        }
        await Promise.resolve();
        return n;
      },
      count: function* (to) {
        for (let n = 1; n <= to; n++) yield n;
      },
      open: () => {
        closed = false;
        ctx.unstash();
      },
      leave: () => ctx.stop(),
    };
  },
  { concurrency: 4, mailbox: 8 },
);

export const relayProtocol = protocol("relay", {
  /** Asks the other one on behalf of its asker. */
  ask: { in: z.object({ to: z.custom<ActorRef>(isActorRef), n: z.number() }), out: z.number() },
  /** Passes lines on, and waits for space. */
  pass: {
    in: z.object({ to: z.custom<ActorRef>(isActorRef), from: z.string(), count: z.number() }),
    out: z.void(),
  },
  /** Watches an actor; each death that it hears of is told. */
  watch: { in: z.custom<ActorRef>(isActorRef) },
  deaths: { in: z.void(), out: z.array(z.string()) },
});

export const relay = defineActor(relayProtocol, (ctx) => {
  const deaths: string[] = [];
  return {
    ask: ({ to, n }, turn) =>
      ctx.ref(ledgerProtocol, to.address).ask("answer", n, { timeoutMs: 5_000, turn }),
    pass: async ({ to, from, count }) => {
      const target = ctx.ref(ledgerProtocol, to.address);
      for (let n = 0; n < count; n++) await target.offer("note", { from, n });
    },
    watch: (ref) =>
      void ctx.watch(ref, ({ address, reason }) => void deaths.push(`${address.name} ${reason}`)),
    deaths: () => deaths,
  };
}, { concurrency: 4 });

export const familyProtocol = protocol("family", {
  /** Its children, to talk to. */
  children: { in: z.void(), out: z.array(z.custom<ActorRef>(isActorRef)) },
});

export const family = defineActor(familyProtocol, async (ctx, options: { readonly book: string }) => {
  const children: ActorRef<typeof ledgerProtocol>[] = [];
  for (const [name, failEvery] of [["a", 3], ["b", 5], ["c", 100]] as const) {
    const child = { book: `${options.book}/${name}`, failEvery };
    children.push(await ctx.spawn(ledger, child, { name }));
  }
  return { children: () => children };
}, { supervision: { strategy: "one-for-all", limit: { restarts: 100, withinMs: 60_000 } } });
