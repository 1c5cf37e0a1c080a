/**
 * Colours and signs. Every state has a sign of its own, so that nothing is told by colour alone.
 *
 * @module
 */
import type { RunStatus, TaskStatus } from "../task/run.ts";
import type { CliEnvironment, CliOutput } from "./port.ts";

/** Paints text, or leaves it as it is where colours are off. */
export type Paint = (text: string) => string;

/** The few paints that Millrace uses. */
export interface Style {
  /** Stands out. */
  readonly bold: Paint;
  /** Stands back. */
  readonly dim: Paint;
  /** Failed. */
  readonly red: Paint;
  /** Succeeded. */
  readonly green: Paint;
  /** Wants attention. */
  readonly yellow: Paint;
  /** At work; addresses. */
  readonly cyan: Paint;
}

function asIs(text: string): string {
  return text;
}

/** The style without any escape. */
export const PLAIN_STYLE: Style = { bold: asIs, dim: asIs, red: asIs, green: asIs, yellow: asIs, cyan: asIs };

/** Whether to colour: `NO_COLOR` wins, then `FORCE_COLOR` (but `0`), then whether a person looks at it. */
export function wantsColour(output: CliOutput, env: CliEnvironment["env"]): boolean {
  if (env("NO_COLOR") !== undefined) return false;
  const forced = env("FORCE_COLOR");
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return output.isTerminal && env("TERM") !== "dumb";
}

/** The style for an output. */
export async function styleFor(output: CliOutput, env: CliEnvironment["env"]): Promise<Style> {
  if (!wantsColour(output, env)) return PLAIN_STYLE;
  // Imported only here: it reads the environment while it loads, which needs a permission.
  const { default: picocolors } = await import("picocolors");
  return picocolors.createColors(true);
}

/** One turn of the spinner. */
export const SPINNER: readonly string[] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** What stands for a state, all one column wide. */
const SIGNS: Readonly<Record<TaskStatus | RunStatus, string>> = {
  pending: "·",
  ready: "·",
  running: "▸",
  retrying: "↻",
  succeeded: "✓",
  failed: "✗",
  timed_out: "✗",
  skipped: "–",
  cancelled: "⊘",
};

/** The paint of a state. */
export function paintOf(status: TaskStatus | RunStatus, style: Style): Paint {
  switch (status) {
    case "succeeded":
      return style.green;
    case "failed":
    case "timed_out":
      return style.red;
    case "retrying":
    case "cancelled":
      return style.yellow;
    case "running":
      return style.cyan;
    default:
      return style.dim;
  }
}

/** The painted sign of a state; a turning one for `running` if `frame` is given. */
export function signOf(status: TaskStatus | RunStatus, style: Style, frame?: number): string {
  const turning = status === "running" && frame !== undefined;
  return paintOf(status, style)(turning ? SPINNER[frame % SPINNER.length]! : SIGNS[status]);
}

/** A state in words. */
export function wordsOf(status: TaskStatus | RunStatus): string {
  return status === "timed_out" ? "timed out" : status;
}
