/**
 * Progress for pipes and logs: one plain line per change of state.
 *
 * @module
 */
import { formatDuration, formatTimeOfDay } from "./durations.ts";
import { isFinal, type ProgressChange, type RunProgress, type TaskProgress } from "./progress.ts";
import { paintOf, type Style, wordsOf } from "./style.ts";
import { counted, oneLine, shortId } from "./terminal_text.ts";

/** How to write a line. */
export interface LineOptions {
  /** How far local time is ahead of UTC, in minutes. */
  readonly utcOffsetMinutes: number;
  /** The colours. */
  readonly style: Style;
  /** Whether other runs of the pipeline are under way, so that its name alone says too little. */
  readonly ambiguous?: boolean;
}

/**
 * One change of state as one line.
 *
 * `12:04:05 flights_ingest/read_flights succeeded 0.8s (10 chunks)`
 */
export function progressLine(change: ProgressChange, options: LineOptions): string {
  const { run, task } = change;
  const { style } = options;
  const time = style.dim(formatTimeOfDay(change.timeMs, options.utcOffsetMinutes));
  const tail = style.dim(`#${shortId(run.id)}`);
  if (task === undefined) {
    const word = run.status === "running" ? "started" : wordsOf(run.status);
    const line = [time, run.pipeline, paintOf(run.status, style)(word), ...runFacts(run), tail].join(" ");
    // What its tasks failed at stands at their own lines; a run without tasks has no other place for it.
    const mute = run.status === "failed" && run.tasks.size === 0 && run.error !== undefined;
    return mute ? `${line}: ${oneLine(run.error!)}` : line;
  }
  const pipeline = options.ambiguous === true ? `${run.pipeline}${tail}` : run.pipeline;
  const word = paintOf(task.status, style)(task.status === "running" ? "started" : wordsOf(task.status));
  const facts = [word, ...taskFacts(task, change.timeMs)].join(" ");
  return `${time} ${pipeline}/${task.name} ${facts}${errorOf(task)}`;
}

function runFacts(run: RunProgress): readonly string[] {
  if (!isFinal(run.status)) return [];
  const took = run.endedMs === undefined ? [] : [formatDuration(run.endedMs - run.startedMs)];
  return [...took, `(${counted(run.tasks.size, "task")})`];
}

function taskFacts(task: TaskProgress, timeMs: number): readonly string[] {
  if (task.status === "running") return task.attempt > 1 ? [`(try ${task.attempt})`] : [];
  if (task.status === "retrying") {
    if (task.nextTryMs === undefined) return [];
    return [`(try ${task.attempt + 1} in ${formatDuration(task.nextTryMs - timeMs)})`];
  }
  const notes = [
    ...(task.chunks > 0 ? [counted(task.chunks, "chunk")] : []),
    ...(task.attempt > 1 ? [`${task.attempt} tries`] : []),
  ];
  return [
    ...(task.durationMs === undefined ? [] : [formatDuration(task.durationMs)]),
    ...(notes.length === 0 ? [] : [`(${notes.join(", ")})`]),
  ];
}

/** The error of an earlier try is old news once the task runs again. */
function errorOf(task: TaskProgress): string {
  const old = task.status === "running" || task.status === "succeeded";
  return task.error === undefined || old ? "" : `: ${oneLine(task.error)}`;
}
