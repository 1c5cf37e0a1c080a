/** Selecting, planning and explaining: `deno run examples/tasks/planning.ts`. */
import {
  createPlanner,
  createReadySet,
  createTaskRegistry,
  defineTask,
  MillraceError,
  renderPlan,
} from "@millrace/millrace";
import { sales } from "./sales.ts";

export function main(print: (line: string) => void): void {
  const registry = createTaskRegistry();
  for (const task of sales) registry.register(task);
  const planner = createPlanner(registry);

  print("# A task with everything that it depends on");
  print(renderPlan(planner.explain({ select: "+report" }), "text"));

  print("# A part of it: what is left out is loaded from an earlier run");
  print(renderPlan(planner.explain({ select: "1+report and not tag:slow" }), "text"));

  print("# For Mermaid; dot and json work the same");
  print(renderPlan(planner.explain({ select: "extract_*+1" }), "mermaid"));

  print("# The same tasks, the same id; another policy, another id");
  const { dagId } = planner.plan();
  const other = createTaskRegistry();
  for (const task of sales.toReversed()) other.register(task);
  print(String(createPlanner(other).plan().dagId === dagId));
  other.unregister("backup");
  other.register(defineTask({ name: "backup", tags: ["nightly"], maxRetries: 1, run: () => "kept" }));
  print(String(createPlanner(other).plan().dagId === dagId));

  print("# What can start, as tasks end");
  const tasks = createReadySet(planner.plan({ select: "+totals" }));
  for (const name of tasks.ready) print(`${name} → ${tasks.end(name).join(", ") || "nothing yet"}`);

  print("# Everything that is wrong, at once");
  registry.register(defineTask({ name: "chicken", after: ["egg"], run: () => 1 }));
  registry.register(defineTask({ name: "egg", after: ["chicken"], run: () => 1 }));
  registry.register(defineTask({ name: "lost", after: ["repotr"], run: () => 1 }));
  for (const select of ["*", "+reprot", "report andd totals"]) {
    try {
      planner.plan({ select });
    } catch (error) {
      if (!MillraceError.is(error)) throw error;
      const problems = MillraceError.is(error, "plan/invalid")
        ? error.details.problems.map((problem) => `${problem.kind}: ${problem.message}`)
        : [error.message];
      for (const problem of problems) print(`- ${problem}`);
    }
  }
}

// deno-lint-ignore no-console -- this is a program, and this is its answer
if (import.meta.main) main((line) => console.log(line));
