/**
 * Whole graphs of tasks that do nothing, from the request to the end of the run, all results stored: beside
 * BullMQ, and a chain beside as many bare fdatasyncs.
 */
import { openPlatform } from "../../actors/platform.ts";
import { assertCount, type Bench, type OpenBench } from "./figure.ts";
import { SIZES, tagOf } from "./graph_tasks.ts";
import { openNodePeer } from "./peers/node_peer.ts";
import type { Peer } from "./peers/peer.ts";

type Fsync = "always" | "batched";
type Graph = "fan-in" | "chain";

const bullmq = "npm bullmq flow, Redis as it is set up here";

/** Starts everything first, so that no start is measured. */
export async function graphs(quick: boolean): Promise<OpenBench> {
  const stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "millrace_bench_" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const open = async (fsync: Fsync) =>
    stack.use(
      await openPlatform({
        modules: [import.meta.resolve("./graph_tasks.ts")],
        ...{ dataDir: `${dir}/${fsync}`, executors: 2, fsync },
      }),
    );
  const platforms = { batched: await open("batched"), always: await open("always") };
  const peer = await openBullmq();
  if (peer !== undefined) stack.use(peer);

  const ours = async (graph: Graph, size: number, fsync: Fsync): Promise<number> => {
    const startedMs = performance.now();
    const { finished } = await platforms[fsync].run({ tags: [tagOf(graph, size)] });
    const { status, tasks } = await finished;
    const tookMs = performance.now() - startedMs;
    if (status !== "succeeded") throw new Error(`Cannot give a figure as the run must succeed: ${status}`);
    const stored = Object.values(tasks).filter(({ resultIds }) => resultIds.length === 1).length;
    assertCount("tasks with a result", stored, size);
    return tookMs;
  };
  const beside = (graph: Graph, size: number): Bench["subjects"] =>
    peer === undefined ? {} : { [bullmq]: () => peer.ask(graph, size, 1) };
  const bench = (
    name: string,
    subject: string,
    run: () => Promise<number>,
    others: Bench["subjects"],
  ): Bench => ({
    name,
    unit: "ms",
    subjects: { [subject]: run, ...others },
    compare: Object.keys(others).map((other) => [subject, other]),
  });
  const fanIns = quick ? [SIZES.quick] : SIZES.fanIn;
  const [chain] = quick ? [SIZES.quick] : SIZES.chain;
  return {
    benches: [
      ...fanIns.map((size) =>
        bench(
          `fan-out and fan-in of ${size.toLocaleString("en")} tasks`,
          "platform, 2 executors, batched",
          () => ours("fan-in", size, "batched"),
          beside("fan-in", size),
        )
      ),
      bench(
        `chain of ${chain.toLocaleString("en")} tasks`,
        "platform, 2 executors, batched",
        () => ours("chain", chain, "batched"),
        beside("chain", chain),
      ),
      bench(
        `chain of ${chain.toLocaleString("en")} tasks, each step durable`,
        "platform, 2 executors, fsync always",
        () => ours("chain", chain, "always"),
        {
          [`raw: ${chain.toLocaleString("en")} appends with fdatasync`]: () => rawSyncs(`${dir}/raw`, chain),
        },
      ),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Milliseconds for so many records of 200 bytes, each on the disk before the next one. */
function rawSyncs(path: string, times: number): Promise<number> {
  using file = Deno.openSync(path, { append: true, create: true });
  const record = new Uint8Array(200).fill(46);
  const startedMs = performance.now();
  for (let time = 0; time < times; time++) {
    file.writeSync(record);
    file.syncDataSync();
  }
  return Promise.resolve(performance.now() - startedMs);
}

async function openBullmq(): Promise<Peer | undefined> {
  const url = new URL(Deno.env.get("MILLRACE_TEST_REDIS_URL") ?? "redis://127.0.0.1:6379");
  const redis = await Deno.connect({ hostname: url.hostname, port: Number(url.port || 6379) }).catch(() =>
    undefined
  );
  redis?.close();
  const opened = redis === undefined ? { missing: "there is no Redis" } : await openNodePeer("flows.mjs");
  if (!("missing" in opened)) return opened;
  // deno-lint-ignore no-console -- a program says what it leaves out
  console.error(`Without BullMQ, which cannot be had: ${opened.missing}`);
  return undefined;
}
