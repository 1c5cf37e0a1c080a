/**
 * Whether what goes over an edge is what the task at its end needs.
 *
 * @module
 */
import type { PlanProblem } from "../base/error_codes.ts";
import type { JsonSchema } from "../base/schema.ts";
import type { InputDescriptor, TaskDescriptor } from "../task/descriptor.ts";
import { arrayOf, orFailure } from "../task/wrap_schema.ts";
import { fitSchemas, type SchemaFit } from "./schema_fit.ts";

/** What is known of an edge that carries data. */
export type EdgeFit =
  | SchemaFit
  | {
    /** One side says nothing as JSON Schema. */
    readonly fit: "unchecked";
    /** Which side. */
    readonly missing: "output" | "input";
  };

/** Verdicts of pairs of schemas, by how the value travels: schemas of definitions never change. */
const known = new WeakMap<JsonSchema, WeakMap<JsonSchema, Map<string, SchemaFit>>>();

/**
 * Compares what `source` gives with what `input` needs: of a stream one chunk, of a collected one the array; of
 * a fail-safe task also its failure.
 */
export function fitEdge(source: TaskDescriptor, input: InputDescriptor): EdgeFit {
  if (source.output === undefined) return { fit: "unchecked", missing: "output" };
  if (input.schema === undefined) return { fit: "unchecked", missing: "input" };
  const ofOutput = known.get(source.output) ?? new WeakMap<JsonSchema, Map<string, SchemaFit>>();
  const ofBoth = ofOutput.get(input.schema) ?? new Map<string, SchemaFit>();
  const way = `${input.collect} ${source.failSafe}`;
  const fit = ofBoth.get(way) ?? fitValue(source.output, input.schema, input.collect, source.failSafe);
  known.set(source.output, ofOutput.set(input.schema, ofBoth.set(way, fit)));
  return fit;
}

function fitValue(output: JsonSchema, input: JsonSchema, collect: boolean, failSafe: boolean): SchemaFit {
  const value = collect ? arrayOf(output) : output;
  const fit = fitSchemas(value, input);
  if (!failSafe || fit.fit === "incompatible") return fit;
  const withFailure = fitSchemas(orFailure(value), input);
  if (withFailure.fit !== "incompatible") return withFailure;
  return { ...withFailure, path: "", reason: "may be a failure, as the task is fail-safe" };
}

/** The verdict on an edge as plain data, for people: what a plan that is explained says of it. */
export interface EdgeVerdict {
  /** What came of it; `unchecked` where one side has no schema. */
  readonly fit: EdgeFit["fit"];
  /** Where in the value it does not fit, or may not. */
  readonly path?: string;
  /** Why. */
  readonly reason?: string;
}

/** What is known of the edge into `input`. */
export function verdictOn(
  descriptors: ReadonlyMap<string, TaskDescriptor>,
  input: InputDescriptor,
): EdgeVerdict {
  const source = descriptors.get(input.task);
  const fit = source === undefined ? undefined : fitEdge(source, input);
  if (fit === undefined || fit.fit === "unchecked") return { fit: "unchecked" };
  if (fit.fit === "compatible") return fit;
  const { path, reason } = fit;
  return { fit: fit.fit, ...(path === "" ? {} : { path }), reason };
}

/**
 * Checks the edges that carry data into `tasks`.
 *
 * @param descriptors All tasks there are.
 * @param strict Whether a schema that is missing is a problem, too.
 * @param problems Gets what is wrong.
 */
export function checkTypes(
  descriptors: ReadonlyMap<string, TaskDescriptor>,
  tasks: readonly TaskDescriptor[],
  strict: boolean,
  problems: PlanProblem[],
): void {
  for (const task of tasks) {
    if (strict && task.output === undefined) {
      const message = `task "${task.name}" has no schema for what it gives`;
      problems.push({ kind: "schema-missing", tasks: [task.name], message });
    }
    for (const input of task.inputs) {
      if (input.schema === undefined) {
        if (!strict) continue;
        const message = `task "${task.name}" has no schema for its input "${input.param}"`;
        problems.push({ kind: "schema-missing", tasks: [input.task, task.name], message });
        continue;
      }
      const source = descriptors.get(input.task);
      const fit = source === undefined ? undefined : fitEdge(source, input);
      if (fit?.fit !== "incompatible") continue;
      const { path, reason } = fit;
      problems.push({
        kind: "type-mismatch",
        tasks: [input.task, task.name],
        message:
          `what task "${input.task}" gives does not fit input "${input.param}" of task "${task.name}"` +
          `${path === "" ? "" : `, at '${path}'`}: ${reason}`,
        path,
        reason,
      });
    }
  }
}
