import { assertEquals } from "@std/assert";
import { explainPlan } from "../../src/planner/explain.ts";
import { planTasks } from "../../src/planner/plan_tasks.ts";
import { descriptorsOf } from "./descriptors.ts";

const tasks = descriptorsOf(
  { extract: [], clean: [], rates: [], load: ["rates"], report: ["load"] },
  {
    extract: { stream: true },
    load: {
      inputs: [{ param: "rows", task: "extract", collect: true }, {
        param: "rates",
        task: "rates",
        collect: false,
      }],
      after: ["clean"],
    },
  },
);

Deno.test("explainPlan shows levels, edges and external tasks", () => {
  const plan = planTasks(tasks, { names: ["extract", "clean", "load", "report"] });
  assertEquals(explainPlan(plan).split("\n"), [
    `dag ${plan.dagId.slice(0, 12)}: 4 tasks in 3 levels`,
    "1         clean",
    "          extract",
    "2         load  ← rows: collect(extract), rates: rates, after: clean",
    "3         report  ← load: load",
    "external  rates",
  ]);
});

Deno.test("explainPlan keeps to a narrow margin without external tasks", () => {
  const plan = planTasks(tasks, { names: ["extract"] });
  assertEquals(explainPlan(plan), `dag ${plan.dagId.slice(0, 12)}: 1 task in 1 level\n1  extract`);
});
