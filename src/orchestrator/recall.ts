/**
 * Recalls what is remembered, and lets it be kept for the run that takes it.
 *
 * @module
 */
import type { Memo, Recall, RunJournal } from "./port.ts";

/** What is remembered; once this resolves it is kept for as long as the run is. */
export async function recall(
  journal: Pick<RunJournal, "memo" | "commit">,
  { runId, task, key, sinceMs }: Recall,
): Promise<Memo | undefined> {
  const found = await journal.memo(task, key);
  if (found === undefined || found.timeMs < sinceMs) return undefined;
  await journal.commit([{ kind: "reads", runId, sources: [{ runId: found.runId, task }] }]);
  // Between the two it may have been deleted.
  const kept = await journal.memo(task, key);
  return kept?.runId === found.runId && kept.attempt === found.attempt ? found : undefined;
}
