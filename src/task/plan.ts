/**
 * The plan: the checked DAG of one pipeline or selection. Plain data, so that it can be journalled with a
 * run and shown to people.
 *
 * @module
 */
import type { TaskDescriptor } from "./descriptor.ts";

/** Which tasks to plan: the union of what is named. */
export interface Selection {
  /** Tasks by name. */
  readonly names?: readonly string[];
  /** Tasks that have any of these tags. */
  readonly tags?: readonly string[];
  /** Tasks by name, together with everything that they depend on. */
  readonly roots?: readonly string[];
  /** Tasks by a selector, such as `+report` or `tag:etl and not extract_*`: the language of {@linkcode Selector}. */
  readonly select?: string;
  /** Also everything that the selected tasks depend on. @default {false} */
  readonly includeUpstream?: boolean;
}

/** A checked, content-hashed DAG. */
export interface Plan {
  /** SHA-256 (hex) of the canonical form of what matters: the same structure gives the same id. */
  readonly dagId: string;
  /** A topological order; ties are broken by name, so it is the same whatever the order of definition. */
  readonly executionOrder: readonly string[];
  /** The tasks by depth: all tasks of one level can run at the same time. */
  readonly parallelLevels: readonly (readonly string[])[];
  /** Tasks outside the selection whose latest succeeded result a run loads. */
  readonly external: readonly string[];
  /** The descriptors of the planned tasks, by name. */
  readonly tasks: Readonly<Record<string, TaskDescriptor>>;
}

/** Whether what goes over an edge is what the task at its end needs. */
export interface EdgeVerdict {
  /**
   * `compatible` and `incompatible` are proved on the schemas of both sides, `unknown` is everything else;
   * `unchecked`: one side has no schema.
   */
  readonly fit: "compatible" | "incompatible" | "unknown" | "unchecked";
  /** Where in the value it does not fit, or may not, as `a.b[].c`; absent for the whole. */
  readonly path?: string;
  /** Why; absent where it is compatible or unchecked. */
  readonly reason?: string;
}

/** One edge of a plan. An edge that only orders has no verdict, as it carries nothing. */
export interface PlanEdge extends Partial<EdgeVerdict> {
  /** The task that comes first; it may be external. */
  readonly from: string;
  /** The task that needs it. */
  readonly to: string;
  /** The input that takes the value; absent for an edge that only orders. */
  readonly param?: string;
  /** Whether all chunks of a streaming task arrive as one array; absent like `param`. */
  readonly collect?: boolean;
  /** What arrives, as TypeScript would write it; absent where no schema says it. */
  readonly type?: string;
}

/** A plan with what people ask about it. */
export interface ExplainedPlan extends Plan {
  /** All edges into the planned tasks, in the order of execution. */
  readonly edges: readonly PlanEdge[];
  /** Tasks that the selection leaves out and that no planned task needs, sorted. */
  readonly skipped: readonly string[];
  /** What decides how long a run takes, where it is known how long its tasks take. */
  readonly criticalPath?: CriticalPath;
  /** Of the tasks with a cache, by name: whether an earlier result would stand for them; where it was asked for. */
  readonly cache?: Readonly<Record<string, CacheForecast>>;
}

/**
 * Whether an earlier result would stand for a task if it ran now. It is unknown as long as something that it reads
 * is still to be made.
 */
export type CacheForecast =
  | { readonly expected: "hit"; readonly runId: string }
  | { readonly expected: "miss" }
  | { readonly expected: "unknown"; readonly reason: string };

/** The longest way through a plan. */
export interface CriticalPath {
  /** Its tasks, each one after the one that it waits for longest. */
  readonly tasks: readonly string[];
  /** How long all of them take, in ms. */
  readonly durationMs: number;
}

/** How to write a plan. */
export interface DrawOptions {
  /** As what. */
  readonly format: PlanFormat;
  /** How long tasks take, in ms: shows the critical path. */
  readonly durationsMs?: Readonly<Record<string, number>>;
  /** Whether every task and every edge that carries data must have a schema. @default {false} */
  readonly strict?: boolean;
  /** Whether to say for which tasks an earlier result would stand; with the parameters of the request. @default {false} */
  readonly cache?: boolean;
}

/** As what a plan can be written: for people, for Mermaid, for Graphviz, for programs. */
export type PlanFormat = "text" | "mermaid" | "dot" | "json";

/** All of them. */
export const PLAN_FORMATS: readonly PlanFormat[] = ["text", "mermaid", "dot", "json"];
