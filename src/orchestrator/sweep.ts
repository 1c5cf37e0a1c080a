/**
 * Clears away what belongs to forgotten runs: facts first, then results and what the tasks wrote. What is done is journalled after it is
 * done, so that a process that ends in between does it again.
 *
 * @module
 */
import type { IOManager } from "../store/port.ts";
import type { JournalPruning } from "./port.ts";

/**
 * One short step. A run that cannot be cleared away holds up no other one: only once nothing else is left, the step
 * rejects with why, and the next one tries again.
 *
 * @param stuck The runs of these steps that could not be cleared away, with why.
 * @returns How many results were deleted; `undefined` if there is nothing to clear away.
 */
export async function sweep(
  journal: Pick<JournalPruning, "release" | "released">,
  io: Pick<IOManager, "clearRun" | "list" | "delete">,
  logs: { clearRun(runId: string): Promise<void> },
  stuck: Map<string, unknown> = new Map(),
): Promise<number | undefined> {
  const released = await journal.release([...stuck.keys()]);
  if (released === undefined) {
    if (stuck.size === 0) return undefined;
    const [reason] = stuck.values();
    stuck.clear();
    throw reason;
  }
  const { runId, more, kept } = released;
  if (more) return 0;
  try {
    const deleted = kept.length === 0
      ? await io.clearRun(runId)
      : await deleteOthers(io, runId, new Set(kept));
    await logs.clearRun(runId);
    await journal.released(runId, kept);
    return deleted;
  } catch (error) {
    stuck.set(runId, error);
    return 0;
  }
}

async function deleteOthers(
  io: Pick<IOManager, "list" | "delete">,
  runId: string,
  kept: ReadonlySet<string>,
): Promise<number> {
  let deleted = 0;
  for (const key of await io.list({ runId })) {
    if (!kept.has(key.task) && await io.delete(key)) deleted++;
  }
  return deleted;
}
