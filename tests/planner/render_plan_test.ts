import { assert, assertEquals } from "@std/assert";
import { explainPlan } from "../../src/planner/explain.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import { renderPlan } from "../../src/planner/render_plan.ts";
import type { ExplainedPlan, PlanFormat, Selection } from "../../src/task/plan.ts";
import { descriptorsOf } from "./descriptors.ts";

const tasks = descriptorsOf({ extract: [], clean: [], rates: [], load: [], report: ["load"], other: [] }, {
  extract: { stream: true, output: { enum: ['a"b', "c\\d", "<e>"] } },
  load: {
    inputs: [
      { param: "rows", task: "extract", collect: true },
      { param: "rates", task: "rates", collect: false },
    ],
    after: ["clean"],
    output: {},
  },
  report: { inputs: [{ param: "load", task: "load", collect: false, schema: { enum: ['"'] } }] },
  other: { inputs: [{ param: "load", task: "load", collect: false, schema: {} }] },
});

function planned(selection: Selection): ExplainedPlan {
  return explainPlan(planTasks(tasks, selection), tasks);
}

const part = planned({ names: ["extract", "clean", "load", "report"] });

Deno.test("renderPlan as text shows levels, edges with types and verdicts, external and skipped tasks", () => {
  assertEquals(renderPlan(part, "text").split("\n"), [
    `4 tasks in 3 levels, dag ${part.dagId.slice(0, 12)}`,
    "1  clean",
    "   extract",
    "2  load",
    '     ← all of extract as rows: ("a\\"b" | "c\\\\d" | "<e>")[] (unchecked)',
    "     ← rates (unchecked)",
    "     ← after clean",
    "3  report",
    "     ← load: unknown (unknown: nothing is said about it)",
    "external, from an earlier run: rates",
    "skipped: other",
  ]);
});

Deno.test("renderPlan as text says nothing of what there is not", () => {
  const alone = descriptorsOf({ a: [] });
  const plan = explainPlan(planTasks(alone), alone);
  assertEquals(renderPlan(plan, "text"), `1 task in 1 level, dag ${plan.dagId.slice(0, 12)}\n1  a`);
});

Deno.test("renderPlan names only some of very many skipped tasks", () => {
  const many = descriptorsOf(Object.fromEntries(Array.from({ length: 31 }, (_, index) => [`t${index}`, []])));
  const plan = explainPlan(planTasks(many, { names: ["t0"] }), many);
  assert(renderPlan(plan, "text").endsWith("t18, 20 more"));
});

Deno.test("renderPlan as Mermaid draws levels as groups, and escapes what is at the edges", () => {
  assertEquals(renderPlan(part, "mermaid").split("\n"), [
    "flowchart LR",
    '  subgraph level1["level 1"]',
    '    t0["clean"]',
    '    t1["extract"]',
    "  end",
    '  subgraph level2["level 2"]',
    '    t2["load"]',
    "  end",
    '  subgraph level3["level 3"]',
    '    t3["report"]',
    "  end",
    '  t4(["rates"]):::external',
    '  t1 -->|"rows, all chunks: (#34;a#92;#34;b#34; | #34;c#92;#92;d#34; | #34;#60;e#62;#34;)[] (unchecked)"| t2',
    '  t4 -->|"rates (unchecked)"| t2',
    '  t0 -.->|"after"| t2',
    '  t2 -->|"load: unknown (unknown: nothing is said about it)"| t3',
    "  classDef external stroke-dasharray:4",
    "  %% skipped: other",
  ]);
});

Deno.test("renderPlan as DOT draws levels as ranks, and escapes what is at the edges", () => {
  assertEquals(renderPlan(part, "dot").split("\n"), [
    "digraph plan {",
    "  rankdir=LR;",
    "  node [shape=box];",
    '  { rank=same; "clean"; "extract"; }',
    '  { rank=same; "load"; }',
    '  { rank=same; "report"; }',
    '  "rates" [style=dashed];',
    String
      .raw`  "extract" -> "load" [label="rows, all chunks: (\"a\\\"b\" | \"c\\\\d\" | \"<e>\")[] (unchecked)"];`,
    '  "rates" -> "load" [label="rates (unchecked)"];',
    '  "clean" -> "load" [label="after", style=dashed];',
    '  "load" -> "report" [label="load: unknown (unknown: nothing is said about it)"];',
    "  // skipped: other",
    "}",
  ]);
});

Deno.test("renderPlan shows the critical path where durations are known", () => {
  const plan = explainPlan(planTasks(tasks, { names: ["clean", "load"] }), tasks, { clean: 5, load: 7 });
  const lineOf = (format: PlanFormat, part: string): string | undefined =>
    renderPlan(plan, format).split("\n").find((line) => line.includes(part))?.trim();
  assertEquals(lineOf("text", "critical"), "critical path, 12 ms: clean → load");
  assertEquals(lineOf("mermaid", "class t"), "class t0,t1 critical");
  assertEquals(lineOf("dot", "penwidth"), '"clean" [penwidth=3];');
});

Deno.test("renderPlan as JSON loses nothing", () => {
  assertEquals(JSON.parse(renderPlan(part, "json")), JSON.parse(JSON.stringify(part)));
});
