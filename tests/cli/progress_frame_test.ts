import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { RunProgress, TaskProgress } from "../../src/cli/progress.ts";
import { type FrameOptions, progressFrame, runSummaryLine } from "../../src/cli/progress_frame.ts";
import { PLAIN_STYLE } from "../../src/cli/style.ts";
import { NOON_MS } from "./fake_environment.ts";
import { RUN_ID } from "./fake_platform.ts";

const TASKS: TaskProgress[] = [
  {
    name: "read_flights",
    status: "running",
    attempt: 1,
    chunks: 7,
    done: 142,
    total: 200,
    startedMs: NOON_MS - 2_300,
  },
  { name: "read_airports", status: "succeeded", attempt: 1, chunks: 10, durationMs: 310 },
  { name: "parse", status: "running", attempt: 2, chunks: 1, startedMs: NOON_MS - 90 },
  {
    name: "weather",
    status: "retrying",
    attempt: 1,
    chunks: 0,
    nextTryMs: NOON_MS + 3_000,
    error: "fetch failed",
  },
  { name: "routes", status: "failed", attempt: 3, chunks: 0, durationMs: 1_000, error: "division by zero" },
  { name: "join", status: "pending", attempt: 0, chunks: 0 },
  { name: "page", status: "skipped", attempt: 0, chunks: 0 },
];

function run(tasks: TaskProgress[] = TASKS, over: Partial<RunProgress> = {}): RunProgress {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  return {
    id: RUN_ID,
    pipeline: "flights",
    status: "running",
    startedMs: NOON_MS - 2_400,
    tasks: byName,
    ...over,
  };
}

function options(columns: number, rows = 24): FrameOptions {
  return { columns, rows, nowMs: NOON_MS, frame: 0, style: PLAIN_STYLE };
}

Deno.test("progressFrame() at 80 columns", () => {
  assertEquals(progressFrame([run()], options(80)), [
    "⠋ flights  #a41b09cc  3/7 tasks                                             2.4s",
    "  ⠋ read_flights   ━━━━━━━━━━━─────  71%  142/200                           2.3s",
    "  ✓ read_airports  10 chunks                                                0.3s",
    "  ⠋ parse          1 chunk, try 2                                           90ms",
    "  ↻ weather        try 2 in 3s: fetch failed",
    "  ✗ routes         failed after 3 tries: division by zero                   1.0s",
    "  · join",
    "  – page           skipped",
  ]);
});

Deno.test("progressFrame() at 40 columns leaves out the least telling first", () => {
  assertEquals(progressFrame([run()], options(40)), [
    "⠋ flights  #a41b09cc  3/7 tasks     2.4s",
    "  ⠋ read_flights   71%              2.3s",
    "  ✓ read_airports  10 chunks        0.3s",
    "  ⠋ parse          1 chunk, try 2   90ms",
    "  ↻ weather        try 2 in 3s: fetch f…",
    "  ✗ routes         division by z…   1.0s",
    "  · join",
    "  – page           skipped",
  ]);
});

Deno.test("progressFrame() folds what is done and waiting where the terminal is too low", () => {
  assertEquals(progressFrame([run()], options(80, 8)), [
    "⠋ flights  #a41b09cc  3/7 tasks                                             2.4s",
    "  ⠋ read_flights  ━━━━━━━━━━━─────  71%  142/200                            2.3s",
    "  ⠋ parse         1 chunk, try 2                                            90ms",
    "  ↻ weather       try 2 in 3s: fetch failed",
    "  ✗ routes        failed after 3 tries: division by zero                    1.0s",
    "    2 done, 1 waiting",
  ]);
  assertEquals(progressFrame([run()], options(80, 4)).at(-1), "… 4 more lines");
});

Deno.test("progressFrame() fits any terminal and shows no control character", () => {
  const task = fc.record({
    name: fc.stringMatching(/^[a-z]{1,63}$/),
    status: fc.constantFrom(
      "pending",
      "running",
      "retrying",
      "succeeded",
      "failed",
      "timed_out",
      "cancelled",
    ),
    attempt: fc.nat(5),
    chunks: fc.nat(100_000),
    error: fc.string(),
    done: fc.nat(10_000),
    total: fc.nat(10_000),
    startedMs: fc.integer({ min: 0, max: NOON_MS }),
    durationMs: fc.nat(),
  }) as fc.Arbitrary<TaskProgress>;
  const columns = fc.integer({ min: 24, max: 200 });
  fc.assert(fc.property(fc.array(task), columns, fc.integer({ min: 3, max: 60 }), (tasks, columns, rows) => {
    const lines = progressFrame([run(tasks)], options(columns, rows));
    assert(lines.length < rows);
    for (const line of lines) assert([...line].length <= columns && !/\p{Cc}/u.test(line), line);
  }));
});

Deno.test("runSummaryLine() says how a run among many has ended", () => {
  const ended = run(TASKS, { status: "failed", endedMs: NOON_MS });
  assertEquals(
    runSummaryLine(ended, options(60)),
    "✗ flights  failed  #a41b09cc  7 tasks, 1 failed         2.4s",
  );
});
