/** Events from a publisher through the broker to a subscriber, each in a worker of its own. */
import { type Cast, castOf } from "./event_cast.ts";
import { assertCount, type Bench, median, type OpenBench, perSecond } from "./figure.ts";
import type { RawDone, RawRole } from "./raw_event_worker.ts";

const python = "Python system that this replaces, as measured once";
/** A fixed figure, no part of this run. */
const PYTHON_EVENTS_PER_SECOND = 35_000;
const batches = "raw: JSON text of 256";
const singles = "raw: one object a message";
const unanswered = "raw: objects through the same threads";
const answered = "raw: the same, and each sender is told";
const ALWAYS = { timeoutMs: "none" } as const;

/** Starts all workers first, the raw ones too, so that no start is measured. */
export async function events(quick: boolean): Promise<OpenBench> {
  const count = quick ? 4_096 : 100_000;
  const lone = quick ? 200 : 4_000;
  const stack = new AsyncDisposableStack();
  const cast = await castOf(stack, 1);
  const raw = openRaw(stack);
  const [one, eight, hundred] = [1, 8, 100].map((topics) =>
    topics === 1 ? "publish, one call per event" : `publish, one call per event, ${topics} topics`
  ) as [string, string, string];
  const many: Bench = {
    name: "events through a broker",
    unit: "events/s",
    subjects: {
      [one]: () => perSecond(count, () => publish(cast, count, 1)),
      [eight]: () => perSecond(count, () => publish(cast, count, 8)),
      [hundred]: () => perSecond(count, () => publish(cast, count, 100)),
      [batches]: () => perSecond(count, () => raw.send(count, 256)),
      [singles]: () => perSecond(count, () => raw.send(count, 1)),
      [python]: () => Promise.resolve(PYTHON_EVENTS_PER_SECOND),
    },
    compare: [[one, batches], [eight, batches], [hundred, batches], [one, singles], [one, python]],
  };
  const there: Bench = {
    name: "a lone event through a broker and its answer, p50",
    unit: "µs",
    subjects: {
      "publish, for await": async () => median(await sendLone(cast, lone)),
      [unanswered]: async () => median(await raw.lone(lone, false)),
      [answered]: async () => median(await raw.lone(lone, true)),
    },
    compare: [["publish, for await", unanswered], ["publish, for await", answered]],
  };
  return { benches: [many, there], [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function publish({ publisher, readers }: Cast, count: number, topics: number): Promise<void> {
  const [delivered, ...read] = await Promise.all([
    publisher.ask("publish", { count, topics }, ALWAYS),
    ...readers.map((reader) => reader.ask("read", count, ALWAYS)),
  ]);
  for (const seen of read) assertCount("events read", seen, count);
  assertCount("deliveries answered", delivered!, count);
}

async function sendLone({ publisher, readers }: Cast, count: number): Promise<readonly number[]> {
  const [took] = await Promise.all([
    publisher.ask("lone", count, ALWAYS),
    readers[0]!.ask("echo", count, ALWAYS),
  ]);
  assertCount("answers", took.length, count);
  return took;
}

/** Three bare workers in a row; nothing bounds what waits between them. */
function openRaw(stack: AsyncDisposableStack) {
  const entry = new URL("./raw_event_worker.ts", import.meta.url);
  const [publisher, broker, reader] = ["publish", "forward", "read"].map((name) =>
    stack.adopt(new Worker(entry, { type: "module", name }), (worker) => worker.terminate())
  ) as [Worker, Worker, Worker];
  const tell = (worker: Worker, role: RawRole, ports: MessagePort[]): void => worker.postMessage(role, ports);
  const doneBy = async (worker: Worker, count: number): Promise<RawDone> => {
    const done = await new Promise<RawDone>((resolve) => worker.onmessage = ({ data }) => resolve(data));
    if (done.error !== undefined) throw new Error(done.error);
    assertCount("raw events read", done.seen, count);
    return done;
  };
  return {
    async send(count: number, batch: number): Promise<void> {
      const [first, second] = [new MessageChannel(), new MessageChannel()];
      const done = doneBy(reader, count);
      tell(reader, { role: "read", from: second.port2, count }, [second.port2]);
      tell(broker, { role: "forward", from: first.port2, to: second.port1 }, [first.port2, second.port1]);
      tell(publisher, { role: "publish", to: [first.port1], count, batch }, [first.port1]);
      await done;
    },
    async lone(count: number, answers: boolean): Promise<readonly number[]> {
      const [first, second] = [new MessageChannel(), new MessageChannel()];
      const done = doneBy(publisher, count);
      tell(reader, { role: "echo", port: second.port2 }, [second.port2]);
      tell(broker, { role: "relay", one: first.port2, other: second.port1, answers }, [
        first.port2,
        second.port1,
      ]);
      tell(publisher, { role: "lone", port: first.port1, count }, [first.port1]);
      return (await done).took ?? [];
    },
  };
}
