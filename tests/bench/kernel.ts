/** The kernel against the raw limits of its threads: messages one way, questions, and within one thread. */
import { createActorSystem } from "../../actors/actor_system.ts";
import { inWorker } from "../../src/actor/placement.ts";
import { sink, sinkProtocol, sourceProtocol } from "./kernel_actors.ts";
import { benchEvent, OrderCheck } from "./bench_event.ts";
import { assertCount, type Bench, median, type OpenBench, perSecond } from "./figure.ts";
import type { RawOrder, RawReport } from "./raw_kernel_worker.ts";

const ALWAYS = { timeoutMs: "none" } as const;

/** Starts all workers first, so that no start is measured. */
export async function kernel(quick: boolean): Promise<OpenBench> {
  const many = quick ? 8_192 : 200_000;
  const asks = quick ? 500 : 20_000;
  const lone = quick ? 200 : 2_000;
  const stack = new AsyncDisposableStack();
  const ours = await openOurs(stack);
  const raw = openRaw(stack);
  const oneWay: Bench = {
    name: "messages one way between workers",
    unit: "messages/s",
    subjects: {
      "ours, one call each, bursts of 256": () => perSecond(many, () => ours.send(many, 256)),
      "ours, one call each, bursts of 64": () => perSecond(many, () => ours.send(many, 64)),
      "ours, one call each, bursts of 16": () => perSecond(many, () => ours.send(many, 16)),
      "raw: JSON text of 256": () => perSecond(many, () => raw.send(many, 256)),
      "raw: one object a message": () => perSecond(many, () => raw.send(many, 1)),
    },
    compare: [
      ["ours, one call each, bursts of 256", "raw: JSON text of 256"],
      ["ours, one call each, bursts of 64", "raw: JSON text of 256"],
      ["ours, one call each, bursts of 16", "raw: one object a message"],
    ],
  };
  const loneAsk: Bench = {
    name: "a lone question between workers, p50",
    unit: "µs",
    subjects: {
      "ours, ask": async () => median(await ours.ask(lone, 1)),
      "raw: ping-pong of an object": async () => median(await raw.ask(lone, 1)),
    },
    compare: [["ours, ask", "raw: ping-pong of an object"]],
  };
  const manyAsks: Bench = {
    name: "1,000 questions in flight between workers",
    unit: "asks/s",
    subjects: {
      "ours, ask": () => perSecond(asks, async () => void await ours.ask(asks, 1_000)),
      "raw: ping-pong of objects, 1,000 deep": () =>
        perSecond(asks, async () => void await raw.ask(asks, 1_000)),
    },
    compare: [["ours, ask", "raw: ping-pong of objects, 1,000 deep"]],
  };
  return {
    benches: [oneWay, loneAsk, manyAsks, await inline(stack, quick)],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function openOurs(stack: AsyncDisposableStack) {
  const system = stack.use(createActorSystem());
  const module = import.meta.resolve("./kernel_actors.ts");
  const target = await system.spawnIn(
    inWorker(module, "sink", () => import("./kernel_actors.ts")),
    undefined,
    { name: "sink", protocol: sinkProtocol },
  );
  const source = await system.spawnIn(
    inWorker(module, "source", () => import("./kernel_actors.ts")),
    { sink: target.address },
    { name: "source", protocol: sourceProtocol },
  );
  return {
    async send(count: number, burst: number): Promise<void> {
      const taken = target.ask("taken", count, ALWAYS);
      await source.ask("send", { count, burst }, ALWAYS);
      assertCount("messages taken", await taken, count);
    },
    ask: (count: number, inFlight: number) => source.ask("ask", { count, inFlight }, ALWAYS),
  };
}

function openRaw(stack: AsyncDisposableStack) {
  const entry = new URL("./raw_kernel_worker.ts", import.meta.url);
  const [first, second] = ["raw 1", "raw 2"].map((name) =>
    stack.adopt(new Worker(entry, { type: "module", name }), (worker) => worker.terminate())
  ) as [Worker, Worker];
  const order = (worker: Worker, order: RawOrder): void => worker.postMessage(order, [order.port]);
  const reportOf = (worker: Worker): Promise<RawReport> =>
    new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
  return {
    async send(count: number, batch: number): Promise<void> {
      const { port1, port2 } = new MessageChannel();
      const report = reportOf(second);
      order(second, { role: "take", port: port2, count });
      order(first, { role: "send", port: port1, count, batch });
      assertCount("raw messages taken", (await report).seen, count);
    },
    async ask(count: number, inFlight: number): Promise<readonly number[]> {
      const { port1, port2 } = new MessageChannel();
      const report = reportOf(first);
      order(second, { role: "echo", port: port2 });
      order(first, { role: "ask", port: port1, count, inFlight });
      return (await report).took;
    },
  };
}

/** Within one thread: what a mailbox, its bounds, its books and its checks cost. */
async function inline(stack: AsyncDisposableStack, quick: boolean): Promise<Bench> {
  const count = quick ? 10_000 : 1_000_000;
  const system = stack.use(createActorSystem());
  const ref = await system.spawn(sink, undefined, { name: "sink" });
  const events = Array.from({ length: 64 }, (_, n) => benchEvent(n));
  const tell = async (): Promise<void> => {
    const taken = ref.ask("taken", count, ALWAYS);
    for (let n = 0; n < count; n++) {
      const event = n < 64 ? events[n]! : benchEvent(n);
      if (ref.tryTell("take", event) === "full") await ref.offer("take", event);
    }
    assertCount("messages taken", await taken, count);
  };
  const raw = (): Promise<void> => {
    const check = new OrderCheck();
    const { promise, resolve } = Promise.withResolvers<void>();
    let mailbox: ReturnType<typeof benchEvent>[] = [];
    let scheduled = false;
    const run = (): void => {
      scheduled = false;
      const batch = mailbox;
      mailbox = [];
      for (const { data } of batch) check.take(data);
      if (check.seen === count) resolve();
    };
    const send = async (): Promise<void> => {
      for (let n = 0; n < count; n++) {
        mailbox.push(benchEvent(n));
        if (!scheduled) {
          scheduled = true;
          queueMicrotask(run);
        }
        if (mailbox.length === 1_024) await Promise.resolve();
      }
    };
    void send();
    return promise;
  };
  const asks = quick ? 1_000 : 100_000;
  const ask = async (): Promise<void> => {
    for (let n = 0; n < asks; n++) await ref.ask("echo", events[n % 64]!, { timeoutMs: 10_000 });
  };
  return {
    name: "within one thread",
    unit: "messages/s",
    subjects: {
      "ours, tell, checked by zod": () => perSecond(count, tell),
      "ours, ask, one after the other, checked twice by zod": () => perSecond(asks, ask),
      "raw: array and microtask, unchecked": () => perSecond(count, raw),
    },
    compare: [["ours, tell, checked by zod", "raw: array and microtask, unchecked"]],
  };
}
