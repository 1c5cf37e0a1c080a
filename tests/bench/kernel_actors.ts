/** The actors of the benchmarks of the kernel, each in a worker of its own unless said otherwise. */
import { z } from "zod";
import { defineActor } from "../../src/actor/define_actor.ts";
import { protocol } from "../../src/actor/protocol.ts";
import type { Address } from "../../src/actor/ref.ts";
import { type BenchEvent, benchEvent, OrderCheck } from "./bench_event.ts";

/** The schema of the 157-byte event, with nothing left unchecked. */
export const Event = z.object({
  id: z.string(),
  topic: z.string(),
  ts: z.number(),
  src: z.string(),
  data: z.object({ orderId: z.number(), amount: z.number(), currency: z.string(), ok: z.boolean() }),
});

export const sinkProtocol = protocol("sink", {
  /** One event more. */
  take: { in: Event },
  /** Answers once so many have come, complete and in order. */
  taken: { in: z.number(), out: z.number() },
  /** Gives the event back. */
  echo: { in: Event, out: Event },
});

/** Takes events and counts them. */
export const sink = defineActor(sinkProtocol, () => {
  let check = new OrderCheck();
  let wanted: { readonly count: number; readonly resolve: (count: number) => void } | undefined;
  const look = (): void => {
    if (wanted === undefined || check.seen < wanted.count) return;
    wanted.resolve(check.seen);
    wanted = undefined;
    check = new OrderCheck();
  };
  return {
    take: ({ data }) => {
      check.take(data);
      if (wanted !== undefined) look();
    },
    taken: (count) =>
      new Promise((resolve) => {
        wanted = { count, resolve };
        look();
      }),
    echo: (event) => event,
  };
}, { concurrency: 2 });

export const sourceProtocol = protocol("source", {
  /** Sends so many events, so many a turn of its loop; answers when the last one is on its way. */
  send: { in: z.object({ count: z.number(), burst: z.number() }), out: z.void() },
  /** Asks so often, so many at once; answers with how long each took, in µs. */
  ask: { in: z.object({ count: z.number(), inFlight: z.number() }), out: z.array(z.number()) },
});

/** Sends one event per call, as a program does: what does not fit waits. */
export const source = defineActor(sourceProtocol, (ctx, options: { readonly sink: Address }) => {
  const target = ctx.ref(sinkProtocol, options.sink);
  const event = (n: number): BenchEvent => benchEvent(n);
  return {
    send: async ({ count, burst }) => {
      for (let n = 0; n < count;) {
        for (const end = Math.min(n + burst, count); n < end; n++) {
          if (target.tryTell("take", event(n)) === "full") await target.offer("take", event(n));
        }
        // The end of a turn: what was said leaves.
        await Promise.resolve();
      }
    },
    ask: async ({ count, inFlight }) => {
      const took: number[] = [];
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < count) {
          const n = next++;
          const startedMs = performance.now();
          const { data } = await target.ask("echo", event(n), { timeoutMs: 10_000 });
          if (data.orderId !== n) throw new Error(`Cannot go on as ${n} was asked: ${data.orderId} came`);
          took.push((performance.now() - startedMs) * 1_000);
        }
      };
      await Promise.all(Array.from({ length: inFlight }, lane));
      return took;
    },
  };
});
