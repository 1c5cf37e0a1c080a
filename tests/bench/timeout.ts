/** How late an endless loop is ended: from its time-out to the answer, of many. */
import { createExecutorPool } from "../../actors/executor_pool.ts";
import { assertCount, type OpenBench } from "./figure.ts";

const TIMEOUT_MS = 20;

/** A percentile of `values`, by the nearest rank. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(percent / 100 * sorted.length) - 1)]!;
}

/** Each loop costs an executor, which is replaced before the next one: that is not measured. */
export async function timeout(quick: boolean): Promise<OpenBench> {
  const times = quick ? 3 : 100;
  const executors = await createExecutorPool({
    modules: [import.meta.resolve("./pool_tasks.ts")],
    executors: 2,
    log: () => {},
  });
  const lateness = async (): Promise<number[]> => {
    const late: number[] = [];
    for (let time = 0; time < times; time++) {
      await executors.run("noop"); // an executor is there
      const startedMs = performance.now();
      const code = await executors.run("endless", {}, { timeoutMs: TIMEOUT_MS }).then(
        () => "",
        (error) => error.code,
      );
      assertCount("time-outs", code === "task/timed-out" ? 1 : 0, 1);
      late.push(performance.now() - startedMs - TIMEOUT_MS);
    }
    return late;
  };
  let last: number[] = [];
  return {
    benches: [{
      name: `an endless loop ends after its time-out of ${TIMEOUT_MS} ms, ${times} loops`,
      unit: "ms late",
      subjects: {
        "p50": async () => percentile(last = await lateness(), 50),
        "p99": () => Promise.resolve(percentile(last, 99)),
      },
      compare: [],
    }],
    [Symbol.asyncDispose]: async () => void await executors.close(),
  };
}
