/** One event to many subscribers: in this thread, and in workers of their own. */
import { createBroker } from "../../src/broker/mod.ts";
import { DecodedSubscription } from "../../src/broker/decoded_subscription.ts";
import { type BufferOptions, SubscriptionBuffer } from "../../src/broker/subscription.ts";
import { encodeEvent } from "../../src/event/event.ts";
import { type Order, order, OrderCheck, TOPIC } from "./bench_event.ts";
import { type Cast, castOf } from "./event_cast.ts";
import { assertCount, type Bench, type OpenBench, perSecond } from "./figure.ts";
import type { RawDone, RawRole } from "./raw_event_worker.ts";

const ALWAYS = { timeoutMs: "none" } as const;
const SUBSCRIBERS = 100;
const WORKERS = 8;

/** Starts all workers first, so that no start is measured. */
export async function fanout(quick: boolean): Promise<OpenBench> {
  const stack = new AsyncDisposableStack();
  const inline = inlineBench(quick ? 64 : 2_000);
  const workers = await workersBench(stack, quick ? 1_024 : 30_000);
  return { benches: [inline, workers], [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function inlineBench(count: number): Bench {
  const [ours, raw] = ["publish, for await", "raw: loop over callbacks that fill the same buffers"];
  return {
    name: `deliveries to ${SUBSCRIBERS} subscribers in one thread`,
    unit: "deliveries/s",
    subjects: {
      [ours]: () => perSecond(count * SUBSCRIBERS, () => throughBroker(count)),
      [raw]: () => perSecond(count * SUBSCRIBERS, () => throughCallbacks(count)),
    },
    compare: [[ours, raw]],
  };
}

async function throughBroker(count: number): Promise<void> {
  await using broker = createBroker();
  const readers = Array.from({ length: SUBSCRIBERS }, () => readAll(broker.subscribe("bench.**"), count));
  for (let n = 0; n < count; n++) await broker.publish(TOPIC, order(n));
  await Promise.all(readers);
}

/** The same buffers and readers, and nothing else of a broker: no topic, no id, no policy. */
async function throughCallbacks(count: number): Promise<void> {
  const options: BufferOptions = {
    pattern: "",
    group: undefined,
    capacity: Infinity,
    overflow: "reject",
    maxWaiting: 0,
    gap: undefined,
    onRecovered: () => {},
    onClose: () => {},
  };
  const buffers = Array.from({ length: SUBSCRIBERS }, () => new SubscriptionBuffer(options));
  const callbacks = buffers.map((buffer) => buffer.offer.bind(buffer));
  const readers = buffers.map((buffer) => readAll(new DecodedSubscription(buffer, {}, () => {}), count));
  for (let n = 0; n < count; n++) {
    const event = encodeEvent({
      id: `${n}`,
      topic: TOPIC,
      timeMs: Date.now(),
      source: "bench",
      data: order(n),
    });
    for (const callback of callbacks) callback(event);
    await undefined; // as a publisher awaits
  }
  await Promise.all(readers);
}

async function readAll(events: AsyncIterable<{ readonly data: unknown }>, count: number): Promise<void> {
  const check = new OrderCheck();
  for await (const { data } of events) {
    check.take(data as Order);
    if (check.seen === count) return;
  }
  assertCount("events read", check.seen, count);
}

async function workersBench(stack: AsyncDisposableStack, count: number): Promise<Bench> {
  const [ours, raw] = ["publish, for await", "raw: arrays of 64 cloned for each subscriber"];
  const cast = await castOf(stack, WORKERS);
  const clone = openRaw(stack);
  return {
    name: `deliveries to ${WORKERS} workers`,
    unit: "deliveries/s",
    subjects: {
      [ours]: () => perSecond(count * WORKERS, () => publish(cast, count)),
      [raw]: () => perSecond(count * WORKERS, () => clone(count)),
    },
    compare: [[ours, raw]],
  };
}

async function publish({ publisher, readers }: Cast, count: number): Promise<void> {
  const [delivered, ...read] = await Promise.all([
    publisher.ask("publish", { count, topics: 1 }, ALWAYS),
    ...readers.map((reader) => reader.ask("read", count, ALWAYS)),
  ]);
  for (const seen of read) assertCount("events read", seen, count);
  assertCount("deliveries answered", delivered!, count * WORKERS);
}

function openRaw(stack: AsyncDisposableStack): (count: number) => Promise<void> {
  const entry = new URL("./raw_event_worker.ts", import.meta.url);
  const start = (name: string): Worker =>
    stack.adopt(new Worker(entry, { type: "module", name }), (worker) => worker.terminate());
  const publisher = start("publish");
  const readers = Array.from({ length: WORKERS }, (_, number) => start(`read ${number}`));
  const tell = (worker: Worker, role: RawRole, ports: MessagePort[]): void => worker.postMessage(role, ports);
  return async (count) => {
    const channels = readers.map(() => new MessageChannel());
    const done = readers.map((reader, index) => {
      const { port2 } = channels[index]!;
      tell(reader, { role: "read", from: port2, count }, [port2]);
      return new Promise<RawDone>((resolve) => reader.onmessage = ({ data }) => resolve(data));
    });
    const to = channels.map(({ port1 }) => port1);
    tell(publisher, { role: "publish", to, count, batch: 64 }, to);
    for (const { seen } of await Promise.all(done)) assertCount("raw events read", seen, count);
  };
}
