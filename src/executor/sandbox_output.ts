/**
 * What a sandbox writes to its standard output and error: raw lines of the task, of what it starts and of Deno;
 * and, in between, lines that the sandbox itself has made, as JSON text sequences (RFC 7464). They are written at
 * once: what comes before a loop that never ends is there.
 *
 * @module
 */
import type { LogLevel } from "../base/log.ts";
import type { LogLine } from "../task/log_entry.ts";
import type { AttemptLog } from "./attempt_log.ts";

/** Where a process writes. */
export type OutputStream = "stdout" | "stderr";

/** One line of a process. */
export interface OutputLine {
  readonly stream: OutputStream;
  readonly text: string;
}

/** What is passed on at once. */
export interface OutputBatch {
  readonly lines: readonly OutputLine[];
  /** How many characters were left out, as they came too fast. */
  readonly dropped: number;
  /** Whether no more can come. */
  readonly ended: boolean;
}

/** Begins a line that is ours (RFC 7464, §2.2). */
const MARK = "\x1e";
const END = `${MARK}{"end":true}`;
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** A line of a log, as the sandbox writes it. */
export function outputOf(json: string): string {
  return `${MARK}${json}\n`;
}

/** What the sandbox writes to both streams once an attempt has ended. On a line of its own, whatever was before. */
export const END_OF_ATTEMPT: string = `\n${END}\n`;

/** Sorts the lines of one sandbox into the log of the attempt that runs. */
export class SandboxOutput {
  readonly #stray: (line: OutputLine) => void;
  #log: AttemptLog | undefined;
  #open = new Set<OutputStream>();
  #quiet = Promise.withResolvers<void>();
  #ended = false;

  /** @param stray Takes what is written while no attempt runs. */
  constructor(stray: (line: OutputLine) => void) {
    this.#stray = stray;
  }

  /** From now on lines are of this attempt. */
  begin(log: AttemptLog): void {
    this.#log = log;
    this.#open = new Set(["stdout", "stderr"]);
    this.#quiet = Promise.withResolvers();
    if (this.#ended) this.#quiet.resolve();
  }

  /** Resolves once all that the attempt has written is here. */
  get quiet(): Promise<void> {
    return this.#quiet.promise;
  }

  /** The attempt is over. */
  end(): void {
    this.#log = undefined;
  }

  /** Takes what has come. */
  take({ lines, dropped, ended }: OutputBatch): void {
    for (const line of lines) this.#line(line);
    this.#log?.drop(dropped);
    if (!ended) return;
    this.#ended = true;
    this.#quiet.resolve();
  }

  #line(line: OutputLine): void {
    const { stream, text } = line;
    if (text === END) {
      this.#open.delete(stream);
      if (this.#open.size === 0) this.#quiet.resolve();
    } else if (this.#log === undefined) {
      if (text !== "") this.#stray(line);
    } else {
      const ours = lineOf(text);
      // The empty line before the end is ours too.
      if (ours !== undefined) this.#log.take(ours);
      else if (text !== "") this.#log.print(stream, stream === "stdout" ? "info" : "warn", text);
    }
  }
}

/** A line that the sandbox has made; what only begins like one is the task's own. */
function lineOf(text: string): LogLine | undefined {
  if (!text.startsWith(MARK)) return undefined;
  try {
    const line = JSON.parse(text.slice(1));
    const isLine = typeof line.timeMs === "number" && typeof line.text === "string" &&
      LEVELS.includes(line.level) && ["log", "stdout", "stderr"].includes(line.source);
    return isLine ? line : undefined;
  } catch {
    return undefined;
  }
}

/** How many characters may wait to be passed on: more than a sandbox writes of what it has made itself. */
const MAX_WAITING = 2 ** 22;

/** Passes lines on, together and one batch at a time; what comes faster than it goes is counted. */
export class OutputRelay {
  #send: ((batch: OutputBatch) => Promise<void>) | undefined;
  #lines: OutputLine[] = [];
  #waiting = 0;
  #dropped = 0;
  #ended = false;
  #sending = false;

  /** Whom to pass them on to; until then they wait. */
  attach(send: (batch: OutputBatch) => Promise<void>): void {
    this.#send = send;
    this.#flush();
  }

  /** A line has come. */
  push(line: OutputLine): void {
    if (this.#waiting + line.text.length > MAX_WAITING) this.#dropped += line.text.length;
    else {
      this.#waiting += line.text.length + 1;
      this.#lines.push(line);
    }
    if (!this.#sending) queueMicrotask(() => this.#flush());
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.#flush();
  }

  #flush(): void {
    if (this.#sending || this.#send === undefined) return;
    if (this.#lines.length === 0 && this.#dropped === 0 && !this.#ended) return;
    const batch = { lines: this.#lines, dropped: this.#dropped, ended: this.#ended };
    this.#lines = [];
    this.#waiting = this.#dropped = 0;
    this.#sending = true;
    const { ended } = batch;
    // Gone: nobody needs it any more.
    void this.#send(batch).catch(() => {}).then(() => {
      this.#sending = false;
      if (!ended) this.#flush();
    });
  }
}
