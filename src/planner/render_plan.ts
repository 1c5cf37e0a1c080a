/**
 * Plans as text: for people, for Mermaid, for Graphviz, for programs.
 *
 * @module
 */
import type { CacheForecast, ExplainedPlan, PlanEdge, PlanFormat } from "../task/plan.ts";
import { pathText } from "./path_text.ts";

/** How many skipped tasks are named; the rest are counted. */
const MAX_NAMED = 10;

/**
 * Writes a plan. Shows levels, edges with their types and whether these fit, external and skipped tasks, and the
 * critical path where it is known; an edge that only orders is dashed in a graph. No final line end.
 *
 * @param plan What `explainPlan()` or `planner.explain()` gave.
 * @param format `text` for people, `mermaid` (<https://mermaid.js.org>), `dot` (<https://graphviz.org>), or `json`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPlanner, createTaskRegistry, defineTask, renderPlan } from "@millrace/millrace";
 *
 * const registry = createTaskRegistry();
 * const rows = defineTask({ name: "rows", run: () => [1, 2] });
 * registry.register(rows);
 * registry.register(defineTask({ name: "sum", inputs: { rows }, run: ({ rows }) => rows.length }));
 * const text = renderPlan(createPlanner(registry).explain(), "text");
 * assertEquals(text.split("\n").slice(1), ["1  rows", "2  sum", "     ← rows (unchecked)"]);
 * ```
 */
export function renderPlan(plan: ExplainedPlan, format: PlanFormat): string {
  switch (format) {
    case "text":
      return planText(plan);
    case "mermaid":
      return planMermaid(plan);
    case "dot":
      return planDot(plan);
    case "json":
      return JSON.stringify(plan);
  }
}

function planText(plan: ExplainedPlan): string {
  const { dagId, executionOrder, parallelLevels, edges, external, skipped, criticalPath, cache } = plan;
  const into = Map.groupBy(edges, (edge) => edge.to);
  const [tasks, levels] = [count(executionOrder, "task"), count(parallelLevels, "level")];
  const lines = [`${tasks} in ${levels}, dag ${dagId.slice(0, 12)}`];
  const width = String(parallelLevels.length).length;
  for (const [level, names] of parallelLevels.entries()) {
    for (const [index, name] of names.entries()) {
      lines.push(
        `${(index === 0 ? String(level + 1) : "").padEnd(width)}  ${name}${forecastText(cache?.[name])}`,
      );
      for (const edge of into.get(name) ?? []) lines.push(`${" ".repeat(width)}    ← ${edgeText(edge)}`);
    }
  }
  if (external.length > 0) lines.push(`external, from an earlier run: ${external.join(", ")}`);
  if (skipped.length > 0) lines.push(`skipped: ${someOf(skipped)}`);
  if (criticalPath !== undefined) {
    lines.push(`critical path, ${criticalPath.durationMs} ms: ${pathText(criticalPath.tasks)}`);
  }
  return lines.join("\n");
}

/** ` (cached by run 9f3a21c4)`, ` (runs: nothing is cached)`, ` (may be cached: "rows" runs before)`. */
function forecastText(forecast: CacheForecast | undefined): string {
  switch (forecast?.expected) {
    case undefined:
      return "";
    case "hit":
      return ` (cached by run ${forecast.runId.slice(-8)})`;
    case "miss":
      return " (runs: nothing is cached)";
    case "unknown":
      return ` (may be cached: ${forecast.reason})`;
  }
}

/** How many characters of a type are written at an edge. */
const MAX_TYPE = 72;

/** `extract`, `extract as rows`, `all of extract as rows: number[] (compatible)`, `after clean_up`. */
function edgeText(edge: PlanEdge): string {
  const { from, param, collect } = edge;
  if (param === undefined) return `after ${from}`;
  const name = param === from ? "" : ` as ${param}`;
  return `${collect ? "all of " : ""}${from}${name}${typeText(edge)}`;
}

/** What a graph writes at an edge. */
function edgeLabel(edge: PlanEdge): string {
  const { param, collect } = edge;
  if (param === undefined) return "after";
  return `${param}${collect ? ", all chunks" : ""}${typeText(edge)}`;
}

/** `: number[] (compatible)`, `: unknown (unknown at 'id': nothing is said about it)`. */
function typeText({ type, fit, path, reason }: PlanEdge): string {
  const name = type === undefined ? "" : `: ${shortened(type)}`;
  if (fit === undefined) return name;
  const where = path === undefined ? "" : ` at '${path}'`;
  return `${name} (${fit}${where}${reason === undefined ? "" : `: ${reason}`})`;
}

/** What is left of a long type: a line for people holds no more. The JSON form has all of it. */
function shortened(type: string): string {
  return type.length <= MAX_TYPE ? type : `${type.slice(0, MAX_TYPE - 1)}…`;
}

function planMermaid(plan: ExplainedPlan): string {
  const { executionOrder, parallelLevels, edges, external, skipped, criticalPath } = plan;
  const ids = new Map([...executionOrder, ...external].map((name, index) => [name, `t${index}`]));
  const lines = ["flowchart LR"];
  for (const [level, names] of parallelLevels.entries()) {
    lines.push(`  subgraph level${level + 1}["level ${level + 1}"]`);
    for (const name of names) lines.push(`    ${ids.get(name)}["${name}"]`);
    lines.push("  end");
  }
  for (const name of external) lines.push(`  ${ids.get(name)}(["${name}"]):::external`);
  for (const edge of edges) {
    const arrow = edge.param === undefined ? "-.->" : "-->";
    lines.push(`  ${ids.get(edge.from)} ${arrow}|"${mermaidText(edgeLabel(edge))}"| ${ids.get(edge.to)}`);
  }
  if (external.length > 0) lines.push("  classDef external stroke-dasharray:4");
  if (criticalPath !== undefined) {
    lines.push("  classDef critical stroke-width:3px");
    lines.push(`  class ${criticalPath.tasks.map((name) => ids.get(name)).join(",")} critical`);
  }
  if (skipped.length > 0) lines.push(`  %% skipped: ${someOf(skipped)}`);
  return lines.join("\n");
}

/** Inside of quotes Mermaid wants some characters by their names: <https://mermaid.js.org/syntax/flowchart.html>. */
function mermaidText(text: string): string {
  return text.replaceAll(/[#"<>&`\\\p{Cc}]/gu, (character) => `#${character.charCodeAt(0)};`);
}

function planDot(plan: ExplainedPlan): string {
  const { parallelLevels, edges, external, skipped, criticalPath } = plan;
  const lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"];
  for (const names of parallelLevels) {
    lines.push(`  { rank=same; ${names.map((name) => `${dotText(name)};`).join(" ")} }`);
  }
  for (const name of external) lines.push(`  ${dotText(name)} [style=dashed];`);
  for (const name of criticalPath?.tasks ?? []) lines.push(`  ${dotText(name)} [penwidth=3];`);
  for (const edge of edges) {
    const style = edge.param === undefined ? ", style=dashed" : "";
    lines.push(`  ${dotText(edge.from)} -> ${dotText(edge.to)} [label=${dotText(edgeLabel(edge))}${style}];`);
  }
  if (skipped.length > 0) lines.push(`  // skipped: ${someOf(skipped)}`);
  return [...lines, "}"].join("\n");
}

/** A quoted text; in a label `\` and `&` start something: <https://graphviz.org/doc/info/lang.html>. */
function dotText(text: string): string {
  return `"${text.replaceAll("&", "&amp;").replaceAll(/["\\]/g, "\\$&")}"`;
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).join(", ");
  return names.length > MAX_NAMED ? `${shown}, ${names.length - MAX_NAMED} more` : shown;
}

function count({ length }: readonly unknown[], noun: string): string {
  return `${length} ${noun}${length === 1 ? "" : "s"}`;
}
