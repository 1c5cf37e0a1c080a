/**
 * What the planner actor understands.
 *
 * @module
 */
import { z } from "zod";
import { protocol } from "../actor/protocol.ts";
import type { PipelineDescriptor, TaskDescriptor } from "../task/descriptor.ts";
import type { DrawOptions, Plan } from "../task/plan.ts";
import type { RunRequest } from "../task/run.ts";

/** The planner's protocol. */
export const plannerProtocol = protocol("planner", {
  /** Checks a request, its parameters too, and plans it. */
  prepare: {
    in: z.custom<RunRequest>((value) => typeof value === "object" && value !== null),
    out: z.object({ plan: z.custom<Plan>(), params: z.record(z.string(), z.unknown()) }),
  },
  /** Plans a pipeline or a selection, whatever its parameters. */
  plan: {
    in: z.custom<RunRequest>((value) => typeof value === "object" && value !== null),
    out: z.custom<Plan>(),
  },
  /** Plans the same and writes the plan: for people, for Mermaid, for Graphviz, or as JSON. */
  draw: {
    in: z.custom<{ readonly request: RunRequest; readonly options: DrawOptions }>((value) =>
      typeof value === "object" && value !== null
    ),
    out: z.string(),
  },
  /** What is defined. */
  describe: {
    in: z.void(),
    out: z.object({
      tasks: z.array(z.custom<TaskDescriptor>()),
      pipelines: z.array(z.custom<PipelineDescriptor>()),
    }),
  },
  /** Makes a task known that lives in the main program. */
  define: { in: z.custom<TaskDescriptor>(), out: z.void() },
  /** Forgets such a task. */
  forget: { in: z.string(), out: z.void() },
});
