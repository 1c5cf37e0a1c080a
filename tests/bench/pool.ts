/** Calls/s of a pool alone, with so many in flight, beside npm poolifier and piscina under Node. */
import { createExecutorPool } from "../../actors/executor_pool.ts";
import { assertCount, type Bench, type OpenBench, perSecond } from "./figure.ts";
import { openNodePeer } from "./peers/node_peer.ts";
import type { Peer } from "./peers/peer.ts";

const ours = "createExecutorPool, 2 executors";
const raw = "raw: 2 workers, one after the other";
const IN_FLIGHT: readonly (readonly [size: number, calls: number])[] = [[1, 5_000], [64, 100_000], [
  1_000,
  300_000,
]];

/** Starts everything first, so that no start is measured. */
export async function pool(quick: boolean): Promise<OpenBench> {
  const stack = new AsyncDisposableStack();
  const executors = stack.use(
    await createExecutorPool({ modules: [import.meta.resolve("./pool_tasks.ts")], executors: 2 }),
  );
  const workers = [1, 2].map((n) =>
    stack.adopt(
      new Worker(new URL("./raw_busy_worker.ts", import.meta.url), { type: "module", name: `raw ${n}` }),
      (worker) => worker.terminate(),
    )
  );
  const opened = await openNodePeer("pools.mjs");
  if ("missing" in opened) {
    // deno-lint-ignore no-console -- a program says what it leaves out
    console.error(`Without poolifier and piscina, which cannot be had: ${opened.missing}`);
  } else stack.use(opened);
  const peer: Peer | undefined = "missing" in opened ? undefined : opened;

  const runOurs = async (size: number, calls: number): Promise<void> => {
    let left = calls;
    let done = 0;
    await Promise.all(Array.from({ length: size }, async () => {
      while (left-- > 0) {
        const one = await executors.run("noop") as number;
        done += one;
      }
    }));
    assertCount("answers", done, calls);
  };
  const noop = ([size, calls]: readonly [number, number]): Bench => {
    const peers = peer === undefined ? {} : Object.fromEntries(
      ["poolifier", "piscina"].map((name) => [
        `npm ${name}, 2 threads, Node`,
        async () => calls / await peer.ask(`${name}/noop`, size, calls) * 1_000,
      ]),
    );
    return {
      name: `calls of a task that does nothing, ${size.toLocaleString("en")} in flight`,
      unit: "calls/s",
      subjects: { [ours]: () => perSecond(calls, () => runOurs(size, calls)), ...peers },
      compare: Object.keys(peers).map((name) => [ours, name]),
    };
  };
  const busyCalls = quick ? 40 : 1_000;
  const busy: Bench = {
    name: "calls of a task that computes for 1 ms, 64 in flight",
    unit: "calls/s",
    subjects: {
      [ours]: () =>
        perSecond(busyCalls, async () => {
          let left = busyCalls;
          await Promise.all(Array.from({ length: 64 }, async () => {
            while (left-- > 0) await executors.run("busy", { ms: 1 });
          }));
        }),
      [raw]: () =>
        perSecond(busyCalls, async () => {
          await Promise.all(workers.map((worker) =>
            new Promise((resolve) => {
              worker.onmessage = resolve;
              worker.postMessage(busyCalls / 2);
            })
          ));
        }),
    },
    compare: [[ours, raw]],
  };
  return {
    benches: [...IN_FLIGHT.map(([size, calls]) => noop([size, quick ? calls / 100 : calls])), busy],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
