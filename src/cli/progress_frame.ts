/**
 * Progress for a terminal: the lines of one frame. Pure: what changes with time comes in.
 *
 * @module
 */
import { formatCountdown, formatDuration } from "./durations.ts";
import { isFinal, type RunProgress, type TaskProgress } from "./progress.ts";
import { paintOf, signOf, type Style, wordsOf } from "./style.ts";
import { clip, counted, oneLine, shortId } from "./terminal_text.ts";

/** How to draw a frame. */
export interface FrameOptions {
  /** The width of the terminal, in characters. */
  readonly columns: number;
  /** The height of the terminal, in lines; `Infinity` for what stays. */
  readonly rows: number;
  /** The time, in ms since 1970. */
  readonly nowMs: number;
  /** Which frame it is: turns the spinners. */
  readonly frame: number;
  /** The colours. */
  readonly style: Style;
}

/** Wider than this, the times stand too far from the names to be read together. */
const MAX_WIDTH = 96;
const MIN_WIDTH = 24;
/** Room for a time such as `2h 07m` and the space before it. */
const TIME_WIDTH = 7;
const BAR_WIDTH = 16;
const ROOM_FOR_ALL = 40;

/** All given runs as trees, cut down to what fits: finished and waiting tasks are folded first. */
export function progressFrame(runs: readonly RunProgress[], options: FrameOptions): readonly string[] {
  const full = runs.flatMap((run) => runLines(run, options, false));
  // The line below the frame is where the cursor rests.
  const room = Math.max(1, options.rows - 1);
  if (full.length <= room) return full;
  const folded = runs.flatMap((run) => runLines(run, options, true));
  if (folded.length <= room) return folded;
  const hidden = folded.length - (room - 1);
  return [...folded.slice(0, room - 1), options.style.dim(`… ${counted(hidden, "more line")}`)];
}

/** One run as a single line: what stays of a run among many. */
export function runSummaryLine(run: RunProgress, options: FrameOptions): string {
  return headLine(run, options, [...run.tasks.values()]);
}

function runLines(run: RunProgress, options: FrameOptions, fold: boolean): readonly string[] {
  const tasks = [...run.tasks.values()];
  const shown = fold ? tasks.filter((task) => !isQuiet(task)) : tasks;
  const nameWidth = Math.max(0, ...shown.map((task) => task.name.length));
  const lines = [headLine(run, options, tasks), ...shown.map((task) => taskLine(task, nameWidth, options))];
  if (!fold) return lines;
  const { style } = options;
  const done = tasks.filter((task) => task.status === "succeeded" || task.status === "skipped").length;
  const waiting = tasks.length - shown.length - done;
  const folded = [
    ...(done > 0 ? [`${done} done`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
  ];
  return folded.length === 0 ? lines : [...lines, style.dim(`    ${folded.join(", ")}`)];
}

/** Whether nobody misses its line when room is short. */
function isQuiet(task: TaskProgress): boolean {
  return ["pending", "ready", "succeeded", "skipped"].includes(task.status);
}

function headLine(run: RunProgress, options: FrameOptions, tasks: readonly TaskProgress[]): string {
  const { style } = options;
  const width = widthOf(options);
  const ended = tasks.filter((task) => isFinal(task.status)).length;
  const failed = tasks.filter((task) => task.status === "failed" || task.status === "timed_out").length;
  const counts = tasks.length === 0
    ? ""
    : isFinal(run.status)
    ? counted(tasks.length, "task") + (failed > 0 ? `, ${failed} failed` : "")
    : `${ended}/${tasks.length} tasks`;
  const word = run.status === "succeeded" || run.status === "running" ? "" : wordsOf(run.status);
  const took = formatDuration((run.endedMs ?? options.nowMs) - run.startedMs);
  const id = `#${shortId(run.id)}`;
  const room = width - 2 - TIME_WIDTH;
  const name = clip(run.pipeline, room);
  // What does not fit is left out, the least telling first.
  const facts: string[] = [];
  let left = room - name.length;
  for (const fact of [word, id, counts]) {
    if (fact === "" || fact.length + 2 > left) continue;
    facts.push(fact);
    left -= fact.length + 2;
  }
  const painted = facts.map((fact) => fact === word ? paintOf(run.status, style)(fact) : style.dim(fact));
  return `${signOf(run.status, style, options.frame)} ${style.bold(name)}` +
    painted.map((fact) => `  ${fact}`).join("") + " ".repeat(left) + style.dim(took.padStart(TIME_WIDTH));
}

function taskLine(task: TaskProgress, widestName: number, options: FrameOptions): string {
  const { style } = options;
  const width = widthOf(options);
  const nameWidth = Math.min(widestName, Math.floor(width * 0.45));
  const name = clip(task.name, nameWidth);
  const took = timeOf(task, options.nowMs);
  const room = width - 4 - nameWidth - 2 - (took === "" ? 0 : TIME_WIDTH);
  const { text, paint } = middle(task, room, options);
  const fits = clip(text, room);
  const quiet = task.status === "pending" || task.status === "ready" || task.status === "skipped";
  const line = `  ${signOf(task.status, style, options.frame)} ${quiet ? style.dim(name) : name}` +
    " ".repeat(nameWidth - name.length + 2) + paint(fits) +
    " ".repeat(Math.max(0, room - [...fits].length)) +
    (took === "" ? "" : style.dim(took.padStart(TIME_WIDTH)));
  return line.trimEnd();
}

function timeOf(task: TaskProgress, nowMs: number): string {
  if (task.status === "running" && task.startedMs !== undefined) {
    return formatDuration(nowMs - task.startedMs);
  }
  return isFinal(task.status) && task.durationMs !== undefined ? formatDuration(task.durationMs) : "";
}

/** What is said between name and time: as much of it as fits. */
function middle(
  task: TaskProgress,
  room: number,
  options: FrameOptions,
): { readonly text: string; readonly paint: (text: string) => string } {
  const { style } = options;
  const error = task.error === undefined ? "" : `: ${oneLine(task.error)}`;
  const tries = task.attempt > 1 ? `${task.attempt} tries` : "";
  switch (task.status) {
    case "running":
      return { text: work(task, room), paint: (text) => paintBar(text, style) };
    case "retrying": {
      const waitMs = (task.nextTryMs ?? options.nowMs) - options.nowMs;
      return { text: `try ${task.attempt + 1} in ${formatCountdown(waitMs)}${error}`, paint: style.yellow };
    }
    case "succeeded": {
      const chunks = task.chunks > 0 ? counted(task.chunks, "chunk") : "";
      return { text: [chunks, tries].filter((fact) => fact !== "").join(", "), paint: style.dim };
    }
    case "failed":
    case "timed_out": {
      const word = wordsOf(task.status) + (task.attempt > 1 ? ` after ${tries}` : "");
      // The sign says that it failed; where room is short, why it did counts more than how often.
      const terse = task.error === undefined || room >= ROOM_FOR_ALL ? word + error : oneLine(task.error);
      return { text: terse, paint: style.red };
    }
    case "skipped":
    case "cancelled":
      return { text: wordsOf(task.status) + error, paint: style.dim };
    default:
      return { text: "", paint: style.dim };
  }
}

function work(task: TaskProgress, room: number): string {
  const again = task.attempt > 1 ? `try ${task.attempt}` : "";
  const chunks = task.chunks > 0 ? counted(task.chunks, "chunk") : "";
  if (task.done === undefined) return [chunks, again].filter((fact) => fact !== "").join(", ");
  if (task.total === undefined || task.total <= 0) {
    return [`${task.done} done`, again].filter((fact) => fact !== "").join(", ");
  }
  const share = Math.min(1, Math.max(0, task.done / task.total));
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const facts = [`${task.done}/${task.total}`, again].filter((fact) => fact !== "").join(", ");
  const candidates = [`${bar(share, BAR_WIDTH)} ${percent}  ${facts}`, `${bar(share, BAR_WIDTH)} ${percent}`];
  return candidates.find((candidate) => [...candidate].length <= room) ?? percent.trimStart();
}

const FULL = "━";
const HALF = "╸";
const EMPTY = "─";

/** A bar in steps of half a character. */
function bar(share: number, width: number): string {
  const halves = Math.floor(share * width * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2;
  return FULL.repeat(full) + HALF.repeat(half) + EMPTY.repeat(width - full - half);
}

function paintBar(text: string, style: Style): string {
  const parts = /^([━╸]*)(─*)(.*)$/su.exec(text)!;
  return style.cyan(parts[1]!) + style.dim(parts[2]!) + parts[3]!;
}

function widthOf(options: FrameOptions): number {
  return Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, options.columns));
}
