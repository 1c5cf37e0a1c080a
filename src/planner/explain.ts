/**
 * What people ask about a plan: which edges there are, what goes over them and whether it fits, what is left out.
 *
 * @module
 */
import type { InputDescriptor, TaskDescriptor } from "../task/descriptor.ts";
import type { CacheForecast, ExplainedPlan, Plan, PlanEdge } from "../task/plan.ts";
import { criticalPath } from "./critical_path.ts";
import type { Descriptors } from "./descriptors.ts";
import { verdictOn } from "./edge_fit.ts";
import { schemaText } from "./schema_text.ts";

/**
 * A plan with its edges, their types and whether these fit, and the tasks that the selection leaves out. Plain data; `renderPlan()`
 * writes it for people.
 *
 * @param plan The plan.
 * @param descriptors All tasks that it was made of, by name.
 * @param durationsMs How long tasks take, in ms: gives the critical path.
 * @param cache For which tasks an earlier result would stand.
 */
export function explainPlan(
  plan: Plan,
  descriptors: Descriptors,
  durationsMs?: Readonly<Record<string, number>>,
  cache?: Readonly<Record<string, CacheForecast>>,
): ExplainedPlan {
  const external = new Set(plan.external);
  const skipped = [...descriptors.keys()].filter((name) =>
    !Object.hasOwn(plan.tasks, name) && !external.has(name)
  );
  return {
    ...plan,
    edges: plan.executionOrder.flatMap((name) => edgesInto(plan.tasks[name]!, descriptors)),
    skipped: skipped.sort(),
    ...(durationsMs === undefined ? {} : { criticalPath: criticalPath(plan, durationsMs) }),
    ...(cache === undefined ? {} : { cache }),
  };
}

function edgesInto({ name, inputs, after }: TaskDescriptor, descriptors: Descriptors): PlanEdge[] {
  const data = inputs.map((input): PlanEdge => {
    const { task: from, param, collect } = input;
    const type = typeOf(input, descriptors.get(from));
    const verdict = verdictOn(descriptors, input);
    return { from, to: name, param, collect, ...(type === undefined ? {} : { type }), ...verdict };
  });
  return [...data, ...after.map((from) => ({ from, to: name }))];
}

/** What the source gives; where it does not say so, what its consumer expects. */
function typeOf(
  { collect, schema }: InputDescriptor,
  source: TaskDescriptor | undefined,
): string | undefined {
  if (source?.output === undefined) return schema && schemaText(schema);
  const item = schemaText(source.output);
  const value = !source.stream ? item : collect ? `${bracketed(item)}[]` : `AsyncIterable<${item}>`;
  return source.failSafe ? `${value} | TaskFailure` : value;
}

/** A union needs brackets before `[]`; an object, whose own unions are inside, does not. */
function bracketed(type: string): string {
  return /^[\w.]+$|^\{[^|&]*\}$/.test(type) ? type : `(${type})`;
}
