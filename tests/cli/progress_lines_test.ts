import { assertEquals } from "@std/assert";
import type { RunProgress, TaskProgress } from "../../src/cli/progress.ts";
import { progressLine } from "../../src/cli/progress_lines.ts";
import { PLAIN_STYLE } from "../../src/cli/style.ts";
import { NOON_MS } from "./fake_environment.ts";
import { RUN_ID } from "./fake_platform.ts";

const options = { utcOffsetMinutes: 0, style: PLAIN_STYLE };

function line(over: Partial<TaskProgress>, ambiguous = false): string {
  const task: TaskProgress = { name: "read", status: "running", attempt: 1, chunks: 0, ...over };
  return progressLine({ timeMs: NOON_MS, run: run("running"), task }, { ...options, ambiguous });
}

function run(status: RunProgress["status"]): RunProgress {
  const ended = status === "running" ? {} : { endedMs: NOON_MS };
  return { id: RUN_ID, pipeline: "flights", status, startedMs: NOON_MS - 2_400, tasks: new Map(), ...ended };
}

Deno.test("progressLine() tells of a run with its id", () => {
  const told = (["running", "succeeded", "failed"] as const).map((status) =>
    progressLine({ timeMs: NOON_MS, run: run(status) }, options)
  );
  assertEquals(told, [
    "12:04:05 flights started #a41b09cc",
    "12:04:05 flights succeeded 2.4s (0 tasks) #a41b09cc",
    "12:04:05 flights failed 2.4s (0 tasks) #a41b09cc",
  ]);
});

Deno.test("progressLine() says why a run failed that has no task to say it", () => {
  const mute = { ...run("failed"), error: "no such\npipeline" };
  assertEquals(
    progressLine({ timeMs: NOON_MS, run: mute }, options),
    "12:04:05 flights failed 2.4s (0 tasks) #a41b09cc: no such pipeline",
  );
});

Deno.test("progressLine() tells of a task what matters in its state", () => {
  assertEquals(line({}), "12:04:05 flights/read started");
  assertEquals(line({ attempt: 2, error: "old" }), "12:04:05 flights/read started (try 2)");
  assertEquals(
    line({ status: "succeeded", durationMs: 800, chunks: 10 }),
    "12:04:05 flights/read succeeded 0.8s (10 chunks)",
  );
  assertEquals(
    line({ status: "retrying", error: "no\nroute", nextTryMs: NOON_MS + 4_000 }),
    "12:04:05 flights/read retrying (try 2 in 4.0s): no route",
  );
  assertEquals(
    line({ status: "timed_out", attempt: 3, durationMs: 12, error: "a : b" }),
    "12:04:05 flights/read timed out 12ms (3 tries): a : b",
  );
  assertEquals(line({ status: "skipped" }), "12:04:05 flights/read skipped");
  assertEquals(line({ status: "failed", error: "gone" }), "12:04:05 flights/read failed: gone");
});

Deno.test("progressLine() names the run where its pipeline alone says too little", () => {
  assertEquals(line({}, true), "12:04:05 flights#a41b09cc/read started");
});
