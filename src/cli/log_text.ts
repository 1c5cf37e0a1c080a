/**
 * What tasks wrote, for a person at a terminal.
 *
 * @module
 */
import type { LogEntry } from "../task/log_entry.ts";
import { formatTimeOfDay } from "./durations.ts";
import type { Style } from "./style.ts";
import { printable } from "./terminal_text.ts";

/** An entry with the time of day, painted by how much to care; further lines of it are set in. */
export function logText(entry: LogEntry, style: Style, utcOffsetMinutes: number): string {
  const { timeMs, task, attempt, level, text, attrs } = entry;
  const paint = level === "error" ? style.red : level === "warn" ? style.yellow : asIs;
  const time = style.dim(formatTimeOfDay(timeMs, utcOffsetMinutes));
  const more = attrs === undefined ? "" : ` ${style.dim(printable(JSON.stringify(attrs)))}`;
  const told = printable(text).trimEnd().split("\n").map((line) => paint(line)).join("\n    ");
  // Colour may be off: what went wrong says so in a word, too.
  const word = level === "info" ? "" : `${paint(level)} `;
  return `${time} ${style.cyan(`${task}#${attempt}`)} ${word}${told}${more}`;
}

function asIs(text: string): string {
  return text;
}
