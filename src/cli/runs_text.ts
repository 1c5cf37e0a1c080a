/**
 * Runs for people.
 *
 * @module
 */
import type { RunSummary, RunView, TaskView, TaskWait } from "../task/run.ts";
import { formatAgo, formatCountdown, formatDuration, formatInstant } from "./durations.ts";
import { isFinal } from "./progress.ts";
import { paintOf, PLAIN_STYLE, signOf, type Style, wordsOf } from "./style.ts";
import { type Cell, clip, counted, oneLine, shortId, table, wrap } from "./terminal_text.ts";

/** How to write about runs. */
export interface RunsTextOptions {
  /** The width to keep to, in characters. */
  readonly columns: number;
  /** The time, in ms since 1970. */
  readonly nowMs: number;
  /** How far local time is ahead of UTC, in minutes. */
  readonly utcOffsetMinutes: number;
  /** The colours. */
  readonly style: Style;
}

/** A list of runs as a table; in an empty one the command to try next. */
export function runsTable(runs: readonly RunSummary[], options: RunsTextOptions): readonly string[] {
  const { style, nowMs } = options;
  if (runs.length === 0) return ["No runs. Start one: millrace run <pipeline> --watch"];
  const heading = ["ID", "PIPELINE", "STATUS", "STARTED", "TOOK"].map((text) => ({ text, paint: style.dim }));
  const rows = runs.map((run): readonly (Cell | string)[] => [
    shortId(run.id),
    run.pipeline,
    statusCell(run.status, style),
    formatAgo(nowMs - run.acceptedMs),
    took(run.acceptedMs, run.endedMs, isFinal(run.status), nowMs),
  ]);
  return table([heading, ...rows], options.columns, 1);
}

/** One run with its tasks and the errors of those that failed. */
export function runText(run: RunView, options: RunsTextOptions): readonly string[] {
  const { style, nowMs, utcOffsetMinutes } = options;
  const paint = paintOf(run.status, style);
  const accepted = `${formatInstant(run.acceptedMs, utcOffsetMinutes)} (${
    formatAgo(nowMs - run.acceptedMs)
  })`;
  const facts: readonly (readonly [string, string])[] = [
    ["id", run.id],
    ["accepted", accepted],
    ...(run.parentRunId === undefined ? [] : [["repeats", run.parentRunId] as const]),
    ["took", took(run.acceptedMs, run.endedMs, isFinal(run.status), nowMs)],
    ...(run.runsBefore === undefined
      ? []
      : [["waits", `for its turn: ${counted(run.runsBefore, "run")} of the pipeline before it`] as const]),
    ...(run.request.params === undefined ? [] : [["params", JSON.stringify(run.request.params)] as const]),
    ...(run.error === undefined ? [] : [["error", oneLine(run.error.message)] as const]),
  ];
  return [
    `${signOf(run.status, style)} ${style.bold(run.pipeline)}  ${paint(wordsOf(run.status))}`,
    ...facts.map(([label, text]) => `  ${style.dim(label.padEnd(10))}${text}`),
    "",
    ...tasksTable(run, options),
    ...waitLines(run.tasks, options),
    ...failureLines(run.tasks, options.columns, style),
  ];
}

/** The tasks that failed, each with its whole error message. */
export function failureLines(
  tasks: Readonly<Record<string, TaskView>>,
  columns: number,
  style: Style,
): readonly string[] {
  return Object.entries(tasks)
    .filter(([, task]) => task.status === "failed" || task.status === "timed_out")
    .flatMap(([name, task]) => {
      const tries = task.attempts > 1 ? ` after ${task.attempts} tries` : "";
      const message = oneLine(task.error?.message ?? "no error was recorded");
      return [
        `${signOf(task.status, style)} ${style.bold(name)} ${style.red(wordsOf(task.status) + tries)}`,
        ...wrap(message, Math.max(20, columns - 4)).map((line) => `    ${line}`),
      ];
    });
}

/** So many tasks are said what they wait for; more are counted only. */
const MAX_WAITS = 10;

/** What the tasks that have not started wait for. */
function waitLines(
  tasks: Readonly<Record<string, TaskView>>,
  { columns, nowMs, style }: RunsTextOptions,
): readonly string[] {
  const waits = Object.entries(tasks).flatMap(([name, { status, waitsFor }]) =>
    waitsFor === undefined ? [] : [{ name, status, text: waitText(waitsFor, nowMs) }]
  );
  const lines = waits.slice(0, MAX_WAITS).map(({ name, status, text }) =>
    `${signOf(status, style)} ${style.bold(name)} ${style.dim(clip(text, columns - name.length - 3))}`
  );
  return waits.length <= MAX_WAITS ? lines : [...lines, `  ${waits.length - MAX_WAITS} more wait`];
}

function waitText(wait: TaskWait, nowMs: number): string {
  if ("concurrencyKey" in wait) return `waits for its turn with "${wait.concurrencyKey}"`;
  if ("rateLimit" in wait) {
    const when = wait.untilMs === undefined ? "" : `, at least ${formatCountdown(wait.untilMs - nowMs)}`;
    return `waits for its rate limit "${wait.rateLimit}"${when}`;
  }
  if ("untilMs" in wait) return `waits for its next try, in ${formatCountdown(wait.untilMs - nowMs)}`;
  return `waits for ${wait.tasks.join(", ")}${wait.more === 0 ? "" : ` and ${wait.more} more`}`;
}

function tasksTable(run: RunView, options: RunsTextOptions): readonly string[] {
  const { style, nowMs } = options;
  const names = [...new Set([...run.levels?.flat() ?? [], ...Object.keys(run.tasks)])]
    .filter((name) => Object.hasOwn(run.tasks, name));
  if (names.length === 0) return [];
  const heading = ["TASK", "STATUS", "TRIES", "RESULTS", "TOOK"].map((text) => ({ text, paint: style.dim }));
  const rows = names.map((name): readonly (Cell | string)[] => {
    const task = run.tasks[name]!;
    return [
      name,
      statusCell(task.status, style),
      String(task.attempts),
      resultsText(task),
      took(task.startedMs, task.endedMs, isFinal(task.status), nowMs),
    ];
  });
  return [...table([heading, ...rows], options.columns, 0), ""];
}

/** How many results, and whose they are: `1`, `3 of 9f3a21c4`, `1 cached from 9f3a21c4`. */
function resultsText({ resultIds, from, cached }: TaskView): string {
  const whose = from !== undefined
    ? ` of ${shortId(from.runId)}`
    : cached !== undefined
    ? ` cached from ${shortId(cached.runId)}`
    : "";
  return `${resultIds.length}${whose}`;
}

function statusCell(status: RunSummary["status"] | TaskView["status"], style: Style): Cell {
  return { text: `${signOf(status, PLAIN_STYLE)} ${wordsOf(status)}`, paint: paintOf(status, style) };
}

function took(
  startedMs: number | undefined,
  endedMs: number | undefined,
  ended: boolean,
  nowMs: number,
): string {
  if (startedMs === undefined) return "";
  if (endedMs !== undefined) return formatDuration(endedMs - startedMs);
  return ended ? "" : `${formatDuration(nowMs - startedMs)} …`;
}
