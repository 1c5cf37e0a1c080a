/**
 * Logs to stderr: a line for people on a terminal, JSON elsewhere.
 *
 * @module
 */
import type { LogLevel, LogRecord, LogSink } from "./log.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Whether a text names a level. */
export function isLogLevel(text: string | undefined): text is LogLevel {
  return LEVELS.includes(text as LogLevel);
}

/** Writes records of at least `level` to stderr, whole lines at once. */
export function consoleLogSink(level: LogLevel): LogSink {
  const encoder = new TextEncoder();
  const terminal = Deno.stderr.isTerminal();
  return (record) => {
    if (LEVELS.indexOf(record.level) < LEVELS.indexOf(level)) return;
    Deno.stderr.writeSync(encoder.encode((terminal ? forPeople(record) : forPrograms(record)) + "\n"));
  };
}

function forPrograms({ timeMs, level, message, attrs }: LogRecord): string {
  return JSON.stringify({ time: new Date(timeMs).toISOString(), level, message, ...attrs });
}

function forPeople({ timeMs, level, message, attrs }: LogRecord): string {
  const details = Object.entries(attrs).map(([key, value]) => `${key}=${shown(value)}`);
  return [new Date(timeMs).toISOString().slice(11, 23), level.toUpperCase().padEnd(5), message, ...details]
    .join(" ");
}

/** A value on one line; of an error its code and message, as the rest is for programs. */
function shown(value: unknown): string {
  if (typeof value === "string") return /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === "object" && value !== null && "code" in value && "message" in value) {
    return JSON.stringify(`${value.code}: ${value.message}`);
  }
  return JSON.stringify(value);
}
