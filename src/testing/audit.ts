/**
 * The audit: what must hold in every actor system at every moment.
 *
 * @module
 */
import { type SystemSnapshot, totals } from "../actor/snapshot.ts";

/** What is wrong with a system by its snapshot, as sentences; empty if nothing is. */
export function findings(snapshot: SystemSnapshot): string[] {
  return snapshot.hosts.flatMap(({ host, label, node }) => {
    if (node === undefined) return [];
    const { accepted, handled, failed, deadLettered, queued, inHand } = totals(node);
    const found: string[] = [];
    if (accepted !== handled + failed + deadLettered + queued + inHand) {
      found.push(
        `host ${host} (${label}) breaks the accounting law: ${accepted} accepted, but ${handled} handled + ` +
          `${failed} failed + ${deadLettered} dead-lettered + ${queued} queued + ${inHand} in hand`,
      );
    }
    for (const { name, depth, inHand: busy } of node.actors) {
      if (depth < 0 || busy < 0) {
        found.push(`actor "${name}" counts below zero: depth ${depth}, in hand ${busy}`);
      }
    }
    return found;
  });
}
