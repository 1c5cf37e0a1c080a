/**
 * Logging: records for people, written by one sink.
 *
 * @module
 */

/** How much someone should care: `error` act, `warn` unusual but handled, `info` life-cycle, `debug` the rest. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** One line of the log. */
export interface LogRecord {
  /** When, in ms since 1970. */
  readonly timeMs: number;
  /** How much someone should care. */
  readonly level: LogLevel;
  /** A constant sentence; what varies is in `attrs`. */
  readonly message: string;
  /** What varies. */
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** Where records go. */
export type LogSink = (record: LogRecord) => void;

/** What code logs with. */
export interface Logger {
  /** For finding faults. */
  debug(message: string, attrs?: Readonly<Record<string, unknown>>): void;
  /** Life-cycle. */
  info(message: string, attrs?: Readonly<Record<string, unknown>>): void;
  /** Unusual, but handled. */
  warn(message: string, attrs?: Readonly<Record<string, unknown>>): void;
  /** Someone must act. */
  error(message: string, attrs?: Readonly<Record<string, unknown>>): void;
  /** The same logger with more attributes on each record. */
  with(attrs: Readonly<Record<string, unknown>>): Logger;
}

/** A logger that writes to `sink`; a sink that throws never breaks the work. */
export function createLogger(
  sink: LogSink,
  now: () => number,
  fixed: Readonly<Record<string, unknown>> = {},
): Logger {
  const write = (level: LogLevel) => (message: string, attrs?: Readonly<Record<string, unknown>>): void => {
    try {
      sink({ timeMs: now(), level, message, attrs: { ...fixed, ...attrs } });
    } catch {
      // An observer can never break the work.
    }
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (attrs) => createLogger(sink, now, { ...fixed, ...attrs }),
  };
}
