/** Chunks/s through the whole platform: each stored, told, and read by another executor. */
import { openPlatform } from "../../actors/platform.ts";
import { assertCount, type OpenBench, perSecond } from "./figure.ts";
import type { RawWork } from "./raw_task_worker.ts";
import { CHUNKS } from "./stream_tasks.ts";

const live = "read while it is written, 2 executors";
const collected = "collected at its end, 2 executors";
const raw = "raw: 1 worker, file written and renamed, one a message";

/** Starts everything first, so that no start is measured. */
export async function streams(quick: boolean): Promise<OpenBench> {
  const size = quick ? "quick" : "full";
  const count = CHUNKS[size];
  const stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "millrace_bench_" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const app = stack.use(
    await openPlatform({
      modules: [import.meta.resolve("./stream_tasks.ts")],
      dataDir: `${dir}/platform`,
      executors: 2,
    }),
  );
  const worker = stack.adopt(
    new Worker(new URL("./raw_task_worker.ts", import.meta.url), { type: "module", name: "raw" }),
    (worker) => worker.terminate(),
  );
  let rawRuns = 0;

  const runOurs = async (pipeline: string): Promise<void> => {
    const { id, finished } = await app.run({ pipeline: `${pipeline}_${size}` });
    const { status } = await finished;
    if (status !== "succeeded") throw new Error(`Cannot give a figure as the run must succeed: ${status}`);
    assertCount("chunks read", await app.result(id, `${pipeline}_${size}`) as number, count);
  };
  const runRaw = async (): Promise<void> => {
    const folder = `${dir}/raw/${++rawRuns}`;
    await Deno.mkdir(folder, { recursive: true });
    for (let first = 0; first < count; first++) {
      const work: RawWork = { folder, first, end: first + 1 };
      await new Promise<void>((resolve) => {
        worker.onmessage = () => resolve();
        worker.postMessage(work);
      });
    }
  };
  return {
    benches: [{
      name: "chunks of a stream",
      unit: "chunks/s",
      subjects: {
        [live]: () => perSecond(count, () => runOurs("read")),
        [collected]: () => perSecond(count, () => runOurs("collected")),
        [raw]: () => perSecond(count, runRaw),
      },
      compare: [[live, raw], [collected, raw]],
    }],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
