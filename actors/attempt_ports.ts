/**
 * What executors of every kind do for their attempts by way of the orchestrator.
 *
 * @module
 */
import type { ActorRef } from "../src/actor/ref.ts";
import type { AttemptPorts } from "../src/executor/attempt.ts";
import type { AttemptKey } from "../src/executor/port.ts";
import type { orchestratorProtocol } from "../src/orchestrator/protocol.ts";

/** Asks within the platform end with the actor, not with the clock. */
const ALWAYS = { timeoutMs: "none" } as const;

/** How an attempt tells how far it is, and reads and writes streams. */
export function attemptPorts(
  orchestrator: ActorRef<typeof orchestratorProtocol>,
  { runId, task, attempt }: AttemptKey,
): Pick<AttemptPorts, "notice" | "streams"> {
  const key = { runId, task, attempt };
  return {
    notice(notice) {
      // Who reads chunks waits for them; progress is for people.
      if (notice.kind === "progress") orchestrator.tell("notice", { attempt: key, notice });
      else void orchestrator.offer("notice", { attempt: key, notice }).catch(() => {});
    },
    streams: {
      read: (source, position, signal) =>
        orchestrator.ask("readStream", { reader: key, source, position }, { ...ALWAYS, signal }),
      left: (source) => void orchestrator.offer("leaveStream", { reader: key, source }).catch(() => {}),
      room: (chunks, maxAhead, signal) =>
        orchestrator.ask("streamRoom", { source: key, chunks, maxAhead }, { ...ALWAYS, signal }),
    },
  };
}
