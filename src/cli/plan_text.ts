/**
 * A plan for people.
 *
 * @module
 */
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { Plan } from "../task/plan.ts";
import type { Style } from "./style.ts";
import { counted, wrap } from "./terminal_text.ts";

/** The plan as lines: levels, edges, what a run needs from outside. */
export function planText(title: string, plan: Plan, columns: number, style: Style): readonly string[] {
  const heading = [
    style.bold(title),
    counted(plan.executionOrder.length, "task"),
    counted(plan.parallelLevels.length, "level"),
    style.dim(`dag ${plan.dagId.slice(0, 12)}`),
  ].join("  ");
  const levels = plan.parallelLevels.flatMap((names, index) =>
    indented(String(index + 1), names.join("  "), 4, columns, style)
  );
  const edges = edgeLines(plan, columns, style);
  const external = plan.external.length === 0 ? [] : [
    "",
    "external: a run loads the latest succeeded result of",
    ...plan.external.map((name) => `    ${name}`),
  ];
  return [
    heading,
    "",
    "levels",
    ...levels,
    ...(edges.length === 0 ? [] : ["", "edges", ...edges]),
    ...external,
  ];
}

function edgeLines(plan: Plan, columns: number, style: Style): readonly string[] {
  const withEdges = plan.executionOrder
    .map((name) => plan.tasks[name])
    .filter((task) => task !== undefined)
    .filter((task) => task.inputs.length + task.after.length > 0);
  const width = Math.max(0, ...withEdges.map((task) => task.name.length));
  return withEdges.flatMap((task) => {
    const sources = sourcesOf(task).join(", ");
    return width + 8 > columns / 2
      ? [`    ${task.name}`, ...indented("", `← ${sources}`, 6, columns, style)]
      : indented(task.name, `← ${sources}`, width + 1, columns, style, false);
  });
}

/** What a task waits for: `extract`, `extract as rows`, `all of extract`, `after clean_up`. */
function sourcesOf(task: TaskDescriptor): readonly string[] {
  const inputs = task.inputs.map((input) =>
    (input.collect ? `all of ${input.task}` : input.task) +
    (input.param === input.task ? "" : ` as ${input.param}`)
  );
  return [...inputs, ...task.after.map((name) => `after ${name}`)];
}

function indented(
  label: string,
  text: string,
  labelWidth: number,
  columns: number,
  style: Style,
  dimmed: boolean = true,
): readonly string[] {
  return wrap(text, Math.max(16, columns - labelWidth - 4)).map((line, index) => {
    const head = (index === 0 ? label : "").padEnd(labelWidth);
    return `    ${dimmed ? style.dim(head) : head}${line}`;
  });
}
