/**
 * What the actor of the attempts' logs understands.
 *
 * @module
 */
import { z } from "zod";
import { passed, protocol } from "../actor/protocol.ts";
import type { LogEntry } from "../task/log_entry.ts";

/** The protocol of the logs. */
export const logsProtocol = protocol("logs", {
  /** What the attempts of a run wrote, in order of time; `run/not-found` if there is no such run. */
  read: {
    in: z.object({
      runId: z.string(),
      task: z.string().optional(),
      attempt: z.number().optional(),
      follow: z.boolean().optional(),
    }),
    stream: passed<LogEntry>(),
  },
});
