/**
 * The log of one attempt: everything that it writes, up to a limit, at once: what is written before a loop that
 * never ends is there.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import type { LogLevel, LogRecord } from "../base/log.ts";
import type { LogLine } from "../task/log_entry.ts";

/** How much an attempt may write, in bytes as they are kept; the rest is counted. */
export const MAX_LOG_BYTES = 2 ** 20;
/** How much one line may have, in characters; a longer one is kept in parts. */
export const MAX_TEXT = 8_192;

/** Where a log goes. */
export interface AttemptLogPorts {
  /** The time, in ms since 1970. */
  now(): number;
  /** Keeps a line, as JSON. May throw: then no more is kept. */
  append(json: string): void;
  /** Shows a line to whoever looks at the platform's own log. */
  show(line: LogLine): void;
  /** Told once if lines cannot be kept. */
  failed(error: unknown): void;
}

/** The log of one attempt. */
export class AttemptLog {
  readonly #ports: AttemptLogPorts;
  #left = MAX_LOG_BYTES;
  #droppedBytes = 0;
  #state: "open" | "broken" | "closed" = "open";

  constructor(ports: AttemptLogPorts) {
    this.#ports = ports;
  }

  /** Whether the attempt has ended. */
  get closed(): boolean {
    return this.#state === "closed";
  }

  /** Takes what was printed. */
  print(source: "stdout" | "stderr", level: LogLevel, text: string): void {
    for (let from = 0; from === 0 || from < text.length; from += MAX_TEXT) {
      this.take({ timeMs: this.#ports.now(), level, source, text: text.slice(from, from + MAX_TEXT) });
    }
  }

  /** Takes a record of `ctx.log`; which attempt it is of goes without saying. */
  record({ timeMs, level, message, attrs: { runId: _, task: __, attempt: ___, ...attrs } }: LogRecord): void {
    const text = message.slice(0, MAX_TEXT);
    this.take({ timeMs, level, source: "log", text, ...(Object.keys(attrs).length === 0 ? {} : { attrs }) });
  }

  /** Takes a line as it is. */
  take(line: LogLine): void {
    if (this.#state === "closed") return;
    if (line.droppedBytes !== undefined) return this.drop(line.droppedBytes);
    const json = jsonOf(line);
    if (json.length > this.#left) return this.drop(json.length);
    this.#left -= json.length;
    this.#ports.show(line);
    this.#append(json);
  }

  /** So much was written that nobody will read. */
  drop(bytes: number): void {
    this.#droppedBytes += bytes;
  }

  /** The attempt has ended; a last line says what was left out. */
  close(): void {
    if (this.#state === "closed") return;
    if (this.#droppedBytes > 0) {
      const line: LogLine = {
        timeMs: this.#ports.now(),
        level: "warn",
        source: "log",
        text: `${this.#droppedBytes} bytes more were left out: an attempt may write ${MAX_LOG_BYTES}`,
        droppedBytes: this.#droppedBytes,
      };
      this.#ports.show(line);
      this.#append(jsonOf(line));
    }
    this.#state = "closed";
  }

  #append(json: string): void {
    if (this.#state !== "open") return;
    try {
      this.#ports.append(json);
    } catch (error) {
      this.#state = "broken"; // a full disk is no reason to fail a task that only talks
      this.#ports.failed(error);
    }
  }
}

/** A line as JSON; what JSON has not is left to its own words. */
function jsonOf(line: LogLine): string {
  try {
    const json = JSON.stringify(line, (_, value) => typeof value === "bigint" ? String(value) : value);
    if (json.length <= 8 * MAX_TEXT) return json;
  } catch (error) {
    return JSON.stringify({ ...line, attrs: { unwritable: messageOf(error) } });
  }
  return JSON.stringify({ ...line, attrs: { unwritable: "it is too long" } });
}
