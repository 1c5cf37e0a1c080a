/**
 * Shows progress: a live tree on a terminal, plain lines in a pipe, NDJSON for programs.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { MillraceEvent } from "../event/event.ts";
import type { CliEnvironment, CliOutput } from "./port.ts";
import { type FrameOptions, progressFrame, runSummaryLine } from "./progress_frame.ts";
import { isFinal, type Progress, type ProgressChange, type RunProgress } from "./progress.ts";
import { progressLine } from "./progress_lines.ts";
import { type Style, styleFor } from "./style.ts";

/** What shows progress. */
export interface ProgressView {
  /** Shows what an event or a look at a run has changed. */
  update(event: MillraceEvent | undefined, changes: readonly ProgressChange[]): void;
  /** Writes a line that stays, above whatever moves. */
  print(line: string): void;
  /** Leaves the last frame as it is and shows nothing more. */
  stop(): void;
}

/** How to show progress. */
export interface ProgressViewOptions {
  /** Where to. */
  readonly output: CliOutput;
  /** NDJSON: one `{"event": …}` a line. */
  readonly json: boolean;
  /** What is shown. */
  readonly progress: Progress;
  /** Whether a run that has ended stays as a whole tree, or as one line. */
  readonly keepTree: (run: RunProgress) => boolean;
}

/** At most 12 frames a second: more is not seen, and each costs the terminal's reader bandwidth. */
const FRAME_MS = 1000 / 12;

/** Wipes the line on which the cursor rests: nothing of ours is there, but perhaps the `^C` of a person. */
const CLEAR_LINE = "\r\x1b[K";

/** The view that suits the output. */
export async function createProgressView(
  environment: CliEnvironment,
  options: ProgressViewOptions,
): Promise<ProgressView> {
  const { output, progress } = options;
  if (options.json) return jsonView(output);
  const style = await styleFor(output, environment.env);
  const live = output.isTerminal && environment.env("TERM") !== "dumb" && environment.env("CI") === undefined;
  if (!live) return lineView(output, progress, style, environment);
  // Imported only here: it reads the environment while it loads, which needs a permission.
  const { createLogUpdate } = await import("log-update");
  const stream = {
    isTTY: true,
    get columns(): number {
      return output.columns();
    },
    get rows(): number {
      return output.rows();
    },
    write: (text: string): void => output.write(text),
  };
  const screen = createLogUpdate(
    stream as unknown as Parameters<typeof createLogUpdate>[0],
    // Hiding the cursor would bring in `signal-exit`, which answers the first ^C by killing the process: the
    // signals that Deno handles do not count as handled for it. And a killed process would leave it hidden.
    { showCursor: true },
  );
  return new LiveView(screen, environment.clock, style, options);
}

function jsonView(output: CliOutput): ProgressView {
  return {
    update(event): void {
      if (event !== undefined) output.write(JSON.stringify({ event }) + "\n");
    },
    print(): void {},
    stop(): void {},
  };
}

function lineView(
  output: CliOutput,
  progress: Progress,
  style: Style,
  environment: CliEnvironment,
): ProgressView {
  return {
    update(_event, changes): void {
      for (const change of changes) {
        const namesakes = progress.active.filter((run) => run.pipeline === change.run.pipeline);
        const utcOffsetMinutes = environment.utcOffsetMinutes(change.timeMs);
        const ambiguous = namesakes.some((run) => run.id !== change.run.id);
        output.write(progressLine(change, { utcOffsetMinutes, style, ambiguous }) + "\n");
      }
    },
    print: (line): void => output.write(line + "\n"),
    stop(): void {},
  };
}

/** What `log-update` gives. */
interface Screen {
  (...text: string[]): void;
  clear(): void;
  done(): void;
  persist(...text: string[]): void;
}

class LiveView implements ProgressView {
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #style: Style;
  readonly #options: ProgressViewOptions;
  #cancelDraw: (() => void) | undefined;
  #stopped = false;

  constructor(screen: Screen, clock: Clock, style: Style, options: ProgressViewOptions) {
    this.#screen = screen;
    this.#clock = clock;
    this.#style = style;
    this.#options = options;
  }

  update(_event: MillraceEvent | undefined, changes: readonly ProgressChange[]): void {
    if (this.#stopped) return;
    const ended = changes.filter(({ run, task }) => task === undefined && isFinal(run.status));
    if (ended.length > 0) this.print(ended.flatMap(({ run }) => this.#remains(run)).join("\n"));
    if (this.#cancelDraw === undefined) this.#draw();
  }

  print(line: string): void {
    if (this.#stopped) return;
    this.#options.output.write(CLEAR_LINE);
    this.#screen.persist(line);
    if (this.#cancelDraw !== undefined) this.#paint();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#paint();
    this.#stopped = true;
    this.#cancelDraw?.();
    this.#screen.done();
    this.#options.output.write(CLEAR_LINE);
  }

  /** Paints now and, while anything moves, again after each frame's time. */
  #draw(): void {
    this.#paint();
    const moving = this.#options.progress.active.length > 0;
    this.#cancelDraw = moving ? this.#clock.after(FRAME_MS, () => this.#draw()) : undefined;
  }

  #paint(): void {
    const runs = this.#options.progress.active;
    // An empty frame would still take up a line.
    if (runs.length === 0) this.#screen.clear();
    else this.#screen(progressFrame(runs, this.#frame()).join("\n"));
  }

  #remains(run: RunProgress): readonly string[] {
    const frame = { ...this.#frame(), rows: Infinity };
    const whole = run.status !== "succeeded" || this.#options.keepTree(run);
    return whole ? progressFrame([run], frame) : [runSummaryLine(run, frame)];
  }

  #frame(): FrameOptions {
    const { output } = this.#options;
    const nowMs = this.#clock.now();
    return {
      columns: output.columns(),
      rows: output.rows(),
      nowMs,
      frame: Math.floor(nowMs / FRAME_MS),
      style: this.#style,
    };
  }
}
