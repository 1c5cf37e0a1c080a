/**
 * Events that stay: published and acknowledged after their fsync, read again, worked through. Beside them an
 * append to a bare file, 256 events for each fdatasync, and reading that file.
 */
import { openPlatform, type Platform } from "../../actors/platform.ts";
import { type Broker, createBroker } from "../../src/broker/broker.ts";
import { openSqliteEventLog } from "../../src/broker/sqlite_event_log.ts";
import { benchEvent, order, TOPIC } from "./bench_event.ts";
import { assertCount, type OpenBench, perSecond } from "./figure.ts";

const IN_FLIGHT = 200;
const GROUP = 256;
const appended = "publish, 200 in flight, acknowledged after fsync";
const accepted = "the same on a platform, over three threads";
const rawAppended = "raw: JSON text of 256, write and fdatasync";
const replayed = "subscribe({ since: first })";
const rawReplayed = "raw: JSON text of 256, read and parse";
const consumed = "consume: claim and ack, fsync";

/** One log and one bare file for all repetitions: both grow. */
export async function durable(quick: boolean): Promise<OpenBench> {
  const count = quick ? 2_048 : 51_200;
  const stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const log = stack.use(await openSqliteEventLog({ path: `${dir}/events.db`, fsync: "always" }));
  const broker = stack.use(createBroker({ log }));
  await broker.declareTopic(TOPIC, { durable: true });
  const app = stack.use(await openPlatform({ dataDir: `${dir}/platform`, executors: 0, fsync: "always" }));
  await app.declareTopic(TOPIC, { durable: true });
  let consumers = 0;
  // What each repetition reads is what one before it has written.
  await publish(broker, count);
  await append(`${dir}/first.json`, count);
  return {
    benches: [{
      name: "durable events, written",
      unit: "events/s",
      subjects: {
        [appended]: () => perSecond(count, () => publish(broker, count)),
        [accepted]: () => perSecond(count, () => publish(app, count)),
        [rawAppended]: () => perSecond(count, () => append(`${dir}/raw.json`, count)),
      },
      compare: [[appended, rawAppended], [accepted, rawAppended]],
    }, {
      name: "durable events, read",
      unit: "events/s",
      subjects: {
        [replayed]: () => perSecond(count, () => replay(broker, count)),
        [rawReplayed]: () => perSecond(count, () => read(`${dir}/first.json`, count)),
        [consumed]: () => perSecond(count, () => consume(broker, `bench-${++consumers}`, count)),
      },
      compare: [[replayed, rawReplayed]],
    }],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function publish(broker: Pick<Platform, "publish"> | Broker, count: number): Promise<void> {
  let [next, last] = [0, 0];
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (next < count) {
      const { sequence } = await broker.publish(TOPIC, order(next++));
      if (sequence! > last) last = sequence!;
    }
  }));
  if (last % count !== 0) {
    throw new Error(`Cannot give a figure as an event is missing: the last one is ${last}`);
  }
}

async function replay(broker: Broker, count: number): Promise<void> {
  let seen = 0;
  for await (const { sequence } of broker.subscribe(TOPIC, { since: "first" })) {
    if (sequence !== ++seen) {
      throw new Error(`Cannot give a figure as events must come in order: ${sequence}`);
    }
    if (seen === count) break;
  }
}

async function consume(broker: Broker, name: string, count: number): Promise<void> {
  let seen = 0;
  const acks: Promise<boolean>[] = [];
  for await (const claim of broker.consume(TOPIC, { name })) {
    acks.push(claim.ack());
    if (++seen === count) break;
  }
  assertCount("claims that held", (await Promise.all(acks)).filter((held) => held).length, count);
  await broker.removeConsumer(name);
}

async function append(path: string, count: number): Promise<void> {
  using file = await Deno.open(path, { create: true, append: true });
  const encoder = new TextEncoder();
  for (let from = 0; from < count; from += GROUP) {
    const events = Array.from({ length: GROUP }, (_, n) => benchEvent(from + n));
    file.writeSync(encoder.encode(`${JSON.stringify(events)}\n`));
    file.syncDataSync();
  }
}

async function read(path: string, count: number): Promise<void> {
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  let seen = 0;
  for (const line of lines) for (const _ of JSON.parse(line)) seen++;
  assertCount("events read", seen, count);
}
