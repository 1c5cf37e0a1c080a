/** No-op tasks/s through the whole platform: planned, journalled, run in two workers, each result stored. */
import { openPlatform } from "../../actors/platform.ts";
import { assertCount, type OpenBench, perSecond } from "./figure.ts";
import { FULL, QUICK } from "./noop_tasks.ts";
import type { RawWork } from "./raw_task_worker.ts";

const ours = "run of a fan-out, 2 executors";
const batches = "raw: 2 workers, file written and renamed, 256 a message";
const singles = "raw: 2 workers, file written and renamed, one a message";

/** Starts everything first, so that no start is measured. */
export async function tasks(quick: boolean): Promise<OpenBench> {
  const { tag, count } = quick ? QUICK : FULL;
  const stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "millrace_bench_" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const app = stack.use(
    await openPlatform({
      modules: [import.meta.resolve("./noop_tasks.ts")],
      dataDir: `${dir}/platform`,
      executors: 2,
    }),
  );
  const workers = [1, 2].map((n) =>
    stack.adopt(
      new Worker(new URL("./raw_task_worker.ts", import.meta.url), { type: "module", name: `raw ${n}` }),
      (worker) => worker.terminate(),
    )
  );
  let rawRuns = 0;

  const runOurs = async (): Promise<void> => {
    const { id, finished } = await app.run({ tags: [tag] });
    const { status, tasks } = await finished;
    if (status !== "succeeded") throw new Error(`Cannot give a figure as the run must succeed: ${status}`);
    const stored = Object.values(tasks).filter(({ resultIds }) => resultIds.length === 1).length;
    assertCount("tasks with a result", stored, count);
    assertCount("result of the last task", await app.result(id, `noop_${count - 1}`) as number, count - 1);
  };
  const runRaw = async (batch: number): Promise<void> => {
    const folder = `${dir}/raw/${++rawRuns}`;
    await Deno.mkdir(folder, { recursive: true });
    const half = Math.ceil(count / workers.length);
    const done = await Promise.all(
      workers.map((worker, index) =>
        drive(worker, folder, batch, index * half, Math.min(count, (index + 1) * half))
      ),
    );
    assertCount("raw results", done.reduce((sum, part) => sum + part, 0), count);
  };
  return {
    benches: [{
      name: "no-op tasks with stored results",
      unit: "tasks/s",
      subjects: {
        [ours]: () => perSecond(count, runOurs),
        [batches]: () => perSecond(count, () => runRaw(256)),
        [singles]: () => perSecond(count, () => runRaw(1)),
      },
      compare: [[ours, batches], [ours, singles]],
    }],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Gives tasks to a worker, the next message when it has answered the last; resolves with how many it did. */
function drive(worker: Worker, folder: string, batch: number, first: number, end: number): Promise<number> {
  return new Promise((resolve) => {
    let next = first;
    let done = 0;
    const give = (): void => {
      const work: RawWork = { folder, first: next, end: Math.min(next + batch, end) };
      next = work.end;
      worker.postMessage(work);
    };
    worker.onmessage = ({ data }: MessageEvent<number>) => {
      done += data;
      if (next < end) give();
      else resolve(done);
    };
    give();
  });
}
