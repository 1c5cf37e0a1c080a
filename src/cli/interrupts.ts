/**
 * ^C once asks, ^C twice insists.
 *
 * @module
 */
import { EXIT } from "./exit_codes.ts";
import type { CliEnvironment, StopSignal } from "./port.ts";

/**
 * One ^C may arrive twice: from the terminal, which signals the whole process group, and from a parent (npm,
 * `deno task`) that passes its own on. Nobody presses twice as fast as that.
 */
export const SAME_PRESS_MS = 200;

/** Listens for ^C and its kin. */
export interface Interrupts extends Disposable {
  /** Resolves with the first signal. The second one ends the process at once with exit code 130. */
  readonly first: Promise<StopSignal>;
}

/**
 * Listens until disposed of.
 *
 * @param environment Where signals come from.
 * @param onForce Called before the process is ended by a second signal.
 */
export function listenForInterrupts(environment: CliEnvironment, onForce: () => void): Interrupts {
  const { promise, resolve } = Promise.withResolvers<StopSignal>();
  let firstMs: number | undefined;
  const undo = environment.onSignal((signal) => {
    const nowMs = environment.clock.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      resolve(signal);
    } else if (nowMs - firstMs >= SAME_PRESS_MS) {
      onForce();
      environment.exit(EXIT.interrupted);
    }
  });
  return { first: promise, [Symbol.dispose]: undo };
}
