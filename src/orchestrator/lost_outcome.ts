/**
 * What an attempt came to whose executor was lost: the executor may have stored its result, and gone before it
 * could say so, with the work of another attempt.
 *
 * @module
 */
import type { AttemptOutcome } from "../executor/port.ts";

/** Whether nobody knows what became of the attempt. */
export function isLost(outcome: AttemptOutcome): boolean {
  return !outcome.ok && outcome.error.code === "executor/lost";
}

/** Success if the attempt's result is stored in full, else the outcome as it is. */
export async function outcomeOfLost(
  outcome: AttemptOutcome,
  adoptable: () => Promise<{ readonly chunks?: number } | undefined>,
): Promise<AttemptOutcome> {
  // A store that does not answer knows of no result: the attempt is lost, and tried again if its task says so.
  const found = await adoptable().catch(() => undefined);
  return found === undefined ? outcome : { ok: true, durationMs: outcome.durationMs, ...found };
}
