import { assertEquals } from "@std/assert";
import { explainPlan } from "../../src/planner/explain.ts";
import { forecastCache, type ForecastPorts } from "../../src/planner/forecast_cache.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import { renderPlan } from "../../src/planner/render_plan.ts";
import { codeOf, memoKeyOf } from "../../src/task/memo_key.ts";
import { descriptorsOf } from "./descriptors.ts";

const cache = { keyed: false, version: "1" };

/** What is remembered: by task, with the digests of what it has read and of itself. */
function remembering(
  ...memos: { task: string; inputs: Record<string, string>; digest: string; timeMs?: number }[]
) {
  const known = new Map(memos.map(({ task, inputs, digest, timeMs = 0 }) => [
    memoKeyOf({ task, code: "version:1", text: "params", inputs }),
    { runId: `run-of-${task}`, digest, timeMs },
  ]));
  const ports: ForecastPorts = {
    now: () => 100,
    paramsText: () => Promise.resolve("params"),
    memo: (_, key) => Promise.resolve(known.get(key)),
  };
  return ports;
}

Deno.test("forecastCache() follows the content of what would be taken, and stops at what is unknown", async () => {
  const tasks = descriptorsOf({
    a: [],
    b: ["a"],
    c: ["b"],
    d: ["plain"],
    plain: [],
    e: ["ext"],
    ext: [],
    f: [],
    g: [],
  }, {
    a: { cache },
    b: { cache },
    c: { cache },
    d: { cache },
    e: { cache },
    f: { cache: { ...cache, keyed: true } },
    g: { cache: { ...cache, ttlMs: 50 } },
  });
  const plan = planTasks(tasks, { names: ["a", "b", "c", "d", "plain", "e", "f", "g"] });
  const ports = remembering(
    { task: "a", inputs: {}, digest: "x" },
    { task: "b", inputs: { a: "x" }, digest: "y" },
    { task: "c", inputs: { b: "another" }, digest: "z" },
    { task: "g", inputs: {}, digest: "old", timeMs: 49 },
  );
  const forecasts = await forecastCache(plan, ports);
  assertEquals(forecasts, {
    a: { expected: "hit", runId: "run-of-a" },
    b: { expected: "hit", runId: "run-of-b" },
    c: { expected: "miss" },
    d: { expected: "unknown", reason: '"plain" runs before' },
    e: { expected: "unknown", reason: 'it reads an earlier result of "ext"' },
    f: { expected: "unknown", reason: "its own function says what it depends on" },
    g: { expected: "miss" },
  });
  const text = renderPlan(explainPlan(plan, tasks, undefined, forecasts), "text");
  for (
    const line of [
      "a (cached by run run-of-a)",
      "c (runs: nothing is cached)",
      'd (may be cached: "plain" runs before)',
    ]
  ) {
    assertEquals(text.split("\n").filter((one) => one.endsWith(`  ${line}`)).length, 1, text);
  }
  assertEquals(codeOf(tasks.get("a")!), "version:1");
});
