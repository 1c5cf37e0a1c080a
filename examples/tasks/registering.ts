/** Registering tasks and finding them again: `deno run examples/tasks/registering.ts`. */
import { createTaskRegistry, defineTask, MillraceError, type Task } from "@millrace/millrace";
import { sales } from "./sales.ts";

export function main(print: (line: string) => void): void {
  const registry = createTaskRegistry();
  for (const task of sales) registry.register(task);

  // By name, by tag, by several tags, by pattern: always in the order of registration.
  const names = (tasks: readonly Task[]): string => tasks.map((task) => task.name).join(", ");
  print(`report depends on: ${Object.keys(registry.get("report").inputs).join(", ")}`);
  print(`daily: ${names(registry.byTag("daily"))}`);
  print(`publish or nightly: ${names(registry.byTags(["publish", "nightly"], "any"))}`);
  print(`daily and slow: ${names(registry.byTags(["daily", "slow"], "all"))}`);
  print(`extract_*: ${names(registry.byPattern("extract_*"))}`);

  // Each task is there as plain data too, which HTTP, the command line and the planner go by.
  const { name, stream, maxRetries, output } = registry.descriptors.get("extract_sales")!;
  print(JSON.stringify({ name, stream, maxRetries, gives: output?.properties }));

  // A mistake says what, where and what was meant.
  const mistakes: (() => unknown)[] = [
    () => registry.register(defineTask({ name: "report", run: () => "another" })),
    () => registry.get("reprot"),
    () => defineTask({ name: "late", run: () => 1, maxRetrys: 3 } as never),
    () => defineTask({ name: "late", run: () => 1, timeoutMs: -1 }),
  ];
  for (const mistake of mistakes) print(messageOf(mistake));

  registry.unregister("backup");
  print(`left: ${registry.list().length}`);
  registry.clear();
  print(`left: ${registry.list().length}`);
}

/** What a mistake is told by: an error of the catalogue with its code, or misuse of the API. */
function messageOf(mistake: () => unknown): string {
  try {
    mistake();
    return "no mistake";
  } catch (error) {
    if (MillraceError.is(error)) return `${error.code}: ${error.message}`;
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

// deno-lint-ignore no-console -- this is a program, and this is its answer
if (import.meta.main) main((line) => console.log(line));
