import { assertEquals } from "@std/assert";
import { failureLines, runsTable, runText } from "../../src/cli/runs_text.ts";
import { PLAIN_STYLE } from "../../src/cli/style.ts";
import { NOON_MS } from "./fake_environment.ts";
import { RUN_ID, runView, taskView } from "./fake_platform.ts";

const options = { columns: 80, nowMs: NOON_MS, utcOffsetMinutes: 0, style: PLAIN_STYLE };
const error = { code: "task/threw", message: "no\nroute", details: {} } as const;

Deno.test("runsTable() lists runs with state, age and duration", () => {
  const runs = [
    runView({ acceptedMs: NOON_MS - 1_500 }),
    runView({
      pipeline: "report",
      status: "succeeded",
      acceptedMs: NOON_MS - 200_000,
      endedMs: NOON_MS - 197_600,
    }),
  ];
  assertEquals(runsTable(runs, options), [
    "ID        PIPELINE  STATUS       STARTED    TOOK",
    "a41b09cc  flights   ▸ running    just now   1.5s …",
    "a41b09cc  report    ✓ succeeded  3 min ago  2.4s",
  ]);
});

Deno.test("runsTable() of nothing says what to do", () => {
  assertEquals(runsTable([], options), ["No runs. Start one: millrace run <pipeline> --watch"]);
});

Deno.test("runText() shows tasks in the order of the plan, and why they failed", () => {
  const run = runView({
    status: "failed",
    acceptedMs: NOON_MS - 65_000,
    endedMs: NOON_MS - 60_000,
    request: { pipeline: "flights", params: { day: "x" } },
    tasks: {
      report: taskView({ status: "skipped" }),
      read: taskView({ status: "failed", attempts: 3, startedMs: 0, endedMs: 800, error }),
    },
    error: { code: "run/failed", message: "1 task failed", details: {} },
  });
  assertEquals(runText(run, options), [
    "✗ flights  failed",
    `  id        ${RUN_ID}`,
    "  accepted  2026-11-21 12:03:00 (1 min ago)",
    "  took      5.0s",
    '  params    {"day":"x"}',
    "  error     1 task failed",
    "",
    "TASK    STATUS     TRIES  RESULTS  TOOK",
    "read    ✗ failed   3      0        0.8s",
    "report  – skipped  0      0",
    "",
    "✗ read failed after 3 tries",
    "    no route",
  ]);
});

Deno.test("runText() says what holds a run up, and the first ten of its tasks", () => {
  const waiting = {
    a: taskView({ waitsFor: { concurrencyKey: "api" } }),
    b: taskView({ status: "retrying", waitsFor: { untilMs: NOON_MS + 6_500 } }),
    c: taskView({ waitsFor: { tasks: ["a", "b"], more: 0 } }),
    d: taskView({ waitsFor: { tasks: ["a"], more: 12 } }),
    e: taskView({ waitsFor: { rateLimit: "api" } }),
    f: taskView({ waitsFor: { rateLimit: "api", untilMs: NOON_MS + 2_000 } }),
  };
  assertEquals(runText(runView({ tasks: waiting }), options).slice(-6), [
    '· a waits for its turn with "api"',
    "↻ b waits for its next try, in 7s",
    "· c waits for a, b",
    "· d waits for a and 12 more",
    '· e waits for its rate limit "api"',
    '· f waits for its rate limit "api", at least 2s',
  ]);
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`t${n}`, waiting.c]));
  assertEquals(runText(runView({ tasks: many }), options).slice(-2), [
    "· t9 waits for a, b",
    "  2 more wait",
  ]);
  const queued = runText(runView({ status: "pending", runsBefore: 2, tasks: {} }), options);
  assertEquals(queued.filter((line) => line.includes("waits")), [
    "  waits     for its turn: 2 runs of the pipeline before it",
  ]);
});

Deno.test("runText() says which run is repeated, and whose the results are", () => {
  const run = runView({
    parentRunId: RUN_ID,
    tasks: { read: taskView({ status: "succeeded", resultIds: ["a1"], from: { runId: RUN_ID } }) },
  });
  const lines = runText(run, options);
  assertEquals(lines.filter((line) => line.includes("repeats")), [`  repeats   ${RUN_ID}`]);
  assertEquals(lines.at(-2), `read  ✓ succeeded  0      1 of ${RUN_ID.slice(-8)}`);
});

Deno.test("failureLines() tells of failed tasks only, and of those without a message too", () => {
  const tasks = { a: taskView({ status: "succeeded" }), b: taskView({ status: "timed_out", attempts: 1 }) };
  assertEquals(failureLines(tasks, 80, PLAIN_STYLE), ["✗ b timed out", "    no error was recorded"]);
});
