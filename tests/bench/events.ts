/** Events/s from a publisher through the broker to a subscriber, each in a worker of its own. */
import { createActorSystem } from "../../actors/actor_system.ts";
import { inWorker } from "../../src/actor/placement.ts";
import { brokerProtocol } from "../../src/broker/protocol.ts";
import { publisherProtocol, readerProtocol } from "./event_actors.ts";
import { assertCount, type OpenBench, perSecond } from "./figure.ts";
import type { RawDone, RawRole } from "./raw_event_worker.ts";

const ours = "publish, one call per event";
const batches = "raw: JSON text of 256";
const singles = "raw: one object a message";
const ALWAYS = { timeoutMs: "none" } as const;

/** Sends so many events and resolves once all have been read. */
type Way = (count: number) => Promise<void>;

/** Starts all workers first, the raw ones too, so that no start is measured. */
export async function events(quick: boolean): Promise<OpenBench> {
  const count = quick ? 4_096 : 100_000;
  const stack = new AsyncDisposableStack();
  const platform = await openOurs(stack);
  const [text, object] = [openRaw(stack, 256), openRaw(stack, 1)];
  return {
    benches: [{
      name: "events through a broker",
      unit: "events/s",
      subjects: {
        [ours]: () => perSecond(count, () => platform(count)),
        [batches]: () => perSecond(count, () => text(count)),
        [singles]: () => perSecond(count, () => object(count)),
      },
      compare: [[ours, batches], [ours, singles]],
    }],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Our kernel and our broker. */
async function openOurs(stack: AsyncDisposableStack): Promise<Way> {
  const system = stack.use(createActorSystem());
  const place = {
    broker: inWorker(
      import.meta.resolve("../../actors/broker.ts"),
      "broker",
      () => import("../../actors/broker.ts"),
    ),
    publisher: inWorker(
      import.meta.resolve("./event_actors.ts"),
      "publisher",
      () => import("./event_actors.ts"),
    ),
    reader: inWorker(import.meta.resolve("./event_actors.ts"), "reader", () => import("./event_actors.ts")),
  };
  const nobody = { host: 0, name: "nobody" }; // no event starts anything here
  const broker = await system.spawnIn(place.broker, { orchestrator: nobody, eventLog: nobody }, {
    name: "broker",
    host: await system.startHost("broker"),
    protocol: brokerProtocol,
  });
  const options = { broker: broker.address };
  const publisher = await system.spawnIn(place.publisher, options, {
    name: "publisher",
    host: await system.startHost("publisher"),
    protocol: publisherProtocol,
  });
  const reader = await system.spawnIn(place.reader, options, {
    name: "reader",
    host: await system.startHost("reader"),
    protocol: readerProtocol,
  });
  await reader.ask("subscribe", undefined, ALWAYS);
  return async (count) => {
    const [read, delivered] = await Promise.all([
      reader.ask("read", count, ALWAYS),
      publisher.ask("publish", count, ALWAYS),
    ]);
    assertCount("events read", read, count);
    assertCount("deliveries answered", delivered, count);
  };
}

/** Three bare workers in a row; nothing bounds what waits between them. */
function openRaw(stack: AsyncDisposableStack, batch: number): Way {
  const entry = new URL("./raw_event_worker.ts", import.meta.url);
  const [publisher, broker, reader] = ["publish", "forward", "read"].map((name) =>
    stack.adopt(new Worker(entry, { type: "module", name }), (worker) => worker.terminate())
  ) as [Worker, Worker, Worker];
  const tell = (worker: Worker, role: RawRole, ports: MessagePort[]): void => worker.postMessage(role, ports);
  return async (count) => {
    const [first, second] = [new MessageChannel(), new MessageChannel()];
    const done = new Promise<RawDone>((resolve) => reader.onmessage = ({ data }) => resolve(data));
    tell(reader, { role: "read", from: second.port2, count }, [second.port2]);
    tell(broker, { role: "forward", from: first.port2, to: second.port1 }, [first.port2, second.port1]);
    tell(publisher, { role: "publish", to: first.port1, count, batch }, [first.port1]);
    const { seen, error } = await done;
    if (error !== undefined) throw new Error(error);
    assertCount("raw events read", seen, count);
  };
}
