/**
 * What memoisation would do to a run: which tasks an earlier result would stand for, so far as that can be known
 * before anything runs.
 *
 * @module
 */
import type { TaskDescriptor } from "../task/descriptor.ts";
import { codeOf, memoKeyOf } from "../task/memo_key.ts";
import type { CacheForecast, Plan } from "../task/plan.ts";

/** What is asked in a forecast. */
export interface ForecastPorts {
  /** The time, in ms since 1970. */
  now(): number;
  /** The parameters that a task takes, as a text. */
  paramsText(task: TaskDescriptor): Promise<string>;
  /** What is remembered of a task under a key. */
  memo(
    task: string,
    key: string,
  ): Promise<{ readonly runId: string; readonly digest: string; readonly timeMs: number } | undefined>;
}

/** A forecast for each task of a plan that has a cache, by name. */
export async function forecastCache(
  plan: Plan,
  ports: ForecastPorts,
): Promise<Readonly<Record<string, CacheForecast>>> {
  const forecasts: Record<string, CacheForecast> = {};
  /** Of the tasks that an earlier result would stand for: what tells it from others. */
  const digests = new Map<string, string>();
  for (const name of plan.executionOrder) {
    const task = plan.tasks[name]!;
    const code = codeOf(task);
    if (code === undefined) continue;
    const anew = task.inputs.find((input) => !digests.has(input.task));
    if (task.cache!.keyed || anew !== undefined) {
      const reason = task.cache!.keyed
        ? "its own function says what it depends on"
        : plan.external.includes(anew!.task)
        ? `it reads an earlier result of "${anew!.task}"`
        : `"${anew!.task}" runs before`;
      forecasts[name] = { expected: "unknown", reason };
      continue;
    }
    const inputs = Object.fromEntries(task.inputs.map((input) => [input.param, digests.get(input.task)!]));
    const text = await ports.paramsText(task);
    const found = await ports.memo(name, memoKeyOf({ task: name, code, text, inputs }));
    const { ttlMs = Infinity } = task.cache!;
    if (found === undefined || ports.now() - found.timeMs > ttlMs) {
      forecasts[name] = { expected: "miss" };
    } else {
      forecasts[name] = { expected: "hit", runId: found.runId };
      digests.set(name, found.digest);
    }
  }
  return forecasts;
}
