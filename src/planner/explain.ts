/**
 * A plan as text for people.
 *
 * @module
 */
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { Plan } from "../task/plan.ts";

/**
 * The levels of a plan, one task a line with what feeds it, and the tasks outside the selection.
 *
 * Shape: a title; `1  extract`; `2  load  ← rows: extract, after: clean`; `external  rates`. No final line end.
 */
export function explainPlan(plan: Plan): string {
  const tasks = plan.executionOrder.length;
  const levels = plan.parallelLevels.length;
  const width = plan.external.length > 0 ? "external".length : String(levels).length;
  const lines = [`dag ${plan.dagId.slice(0, 12)}: ${count(tasks, "task")} in ${count(levels, "level")}`];
  for (const [level, names] of plan.parallelLevels.entries()) {
    for (const [index, name] of names.entries()) {
      const label = index === 0 ? String(level + 1) : "";
      lines.push(`${label.padEnd(width)}  ${name}${edgesInto(plan.tasks[name]!)}`);
    }
  }
  for (const [index, name] of plan.external.entries()) {
    lines.push(`${(index === 0 ? "external" : "").padEnd(width)}  ${name}`);
  }
  return lines.join("\n");
}

function edgesInto(task: TaskDescriptor): string {
  const edges = task.inputs.map(({ param, task, collect }) =>
    `${param}: ${collect ? `collect(${task})` : task}`
  );
  if (task.after.length > 0) edges.push(`after: ${task.after.join(", ")}`);
  return edges.length === 0 ? "" : `  ← ${edges.join(", ")}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
