/**
 * Clears away what belongs to forgotten runs: facts first, then results and what the tasks wrote. What is done is journalled after it is
 * done, so that a process that ends in between does it again.
 *
 * @module
 */
import type { IOManager } from "../store/port.ts";
import type { JournalPruning } from "./port.ts";

/**
 * One short step.
 *
 * @returns How many results were deleted; `undefined` if there is nothing to clear away.
 */
export async function sweep(
  journal: Pick<JournalPruning, "release" | "released">,
  io: Pick<IOManager, "clearRun" | "list" | "delete">,
  logs: { clearRun(runId: string): Promise<void> },
): Promise<number | undefined> {
  const released = await journal.release();
  if (released === undefined) return undefined;
  const { runId, more, kept } = released;
  if (more) return 0;
  const deleted = kept.length === 0 ? await io.clearRun(runId) : await deleteOthers(io, runId, new Set(kept));
  await logs.clearRun(runId);
  await journal.released(runId, kept);
  return deleted;
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
