/**
 * Whether what goes over an edge is what the task at its end needs.
 *
 * @module
 */
import type { PlanProblem } from "../base/error_codes.ts";
import type { JsonSchema } from "../base/schema.ts";
import type { InputDescriptor, TaskDescriptor } from "../task/descriptor.ts";
import type { EdgeVerdict } from "../task/plan.ts";
import type { PreparedTask } from "../task/prepared_task.ts";
import { arrayOf, orFailure } from "../task/wrap_schema.ts";
import type { Descriptors } from "./descriptors.ts";
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

/** What is known of the edge into `input`, as plain data. */
export function verdictOn(descriptors: Descriptors, input: InputDescriptor): EdgeVerdict {
  const source = descriptors.get(input.task);
  const fit = source === undefined ? undefined : fitEdge(source, input);
  if (fit === undefined || fit.fit === "unchecked") return { fit: "unchecked" };
  if (fit.fit === "compatible") return fit;
  const { path, reason } = fit;
  return { fit: fit.fit, ...(path === "" ? {} : { path }), reason };
}

/**
 * Checks the edges that carry data into tasks, where both sides have a schema.
 *
 * @param descriptors All tasks there are.
 * @param tasks The selected ones.
 * @param prepared The same, prepared.
 * @param problems Gets what is wrong.
 */
export function checkTypes(
  descriptors: Descriptors,
  tasks: readonly TaskDescriptor[],
  prepared: readonly PreparedTask[],
  problems: PlanProblem[],
): void {
  for (let node = 0; node < tasks.length; node++) {
    for (const input of prepared[node]!.demands) {
      const source = descriptors.get(input.task);
      const fit = source === undefined ? undefined : fitEdge(source, input);
      if (fit?.fit !== "incompatible") continue;
      const { path, reason } = fit;
      const { name } = tasks[node]!;
      problems.push({
        kind: "type-mismatch",
        tasks: [input.task, name],
        message: `what task "${input.task}" gives does not fit input "${input.param}" of task "${name}"` +
          `${path === "" ? "" : `, at '${path}'`}: ${reason}`,
        path,
        reason,
      });
    }
  }
}

/**
 * Checks that every task and every edge that carries data has a schema.
 *
 * @param tasks The selected tasks.
 * @param problems Gets what is missing.
 */
export function checkComplete(tasks: readonly TaskDescriptor[], problems: PlanProblem[]): void {
  for (const { name, inputs, output } of tasks) {
    if (output === undefined) {
      const message = `task "${name}" has no schema for what it gives`;
      problems.push({ kind: "schema-missing", tasks: [name], message });
    }
    for (const { param, task, schema } of inputs) {
      if (schema !== undefined) continue;
      const message = `task "${name}" has no schema for its input "${param}"`;
      problems.push({ kind: "schema-missing", tasks: [task, name], message });
    }
  }
}
