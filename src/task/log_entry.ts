/**
 * What a task writes while it runs: kept for each attempt, and read by whoever looks at the run.
 *
 * @module
 */
import type { LogLevel } from "../base/log.ts";

/** One thing that an attempt wrote. */
export interface LogLine {
  /** When, in ms since 1970. */
  readonly timeMs: number;
  /** How much someone should care: of `ctx.log` and `console` by the method's name; else `warn` for stderr. */
  readonly level: LogLevel;
  /** `log` for `ctx.log`, else where it was printed. */
  readonly source: "log" | "stdout" | "stderr";
  /** What it says; may have several lines. A very long one is kept in parts. */
  readonly text: string;
  /** What varies, of `ctx.log`. */
  readonly attrs?: Readonly<Record<string, unknown>>;
  /** How many bytes were left out before the end of the attempt, as it had written too much. */
  readonly droppedBytes?: number;
}

/** One thing that an attempt wrote, and which attempt it was. */
export interface LogEntry extends LogLine {
  /** The task. */
  readonly task: string;
  /** Which try, from 1. */
  readonly attempt: number;
}

/** Which entries of a run to read. */
export interface LogFilter {
  /** Only this task. All by default. */
  readonly task?: string;
  /** Only this attempt, from 1. All by default. */
  readonly attempt?: number;
  /** Whether to wait for more until the run has ended. @default {false} */
  readonly follow?: boolean;
}

/** An entry as a line for people: when, which attempt, how much to care, what it says. */
export function logEntryText({ timeMs, task, attempt, level, text, attrs }: LogEntry): string {
  const more = attrs === undefined ? "" : ` ${JSON.stringify(attrs)}`;
  return `${new Date(timeMs).toISOString()} ${task}#${attempt} ${level.padEnd(5)} ${text}${more}`;
}
