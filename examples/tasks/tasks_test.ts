import { assert, assertEquals } from "@std/assert";
import { problems, verdicts } from "./edges.ts";
import { main as planning } from "./planning.ts";
import { main as registering } from "./registering.ts";

function linesOf(program: (print: (line: string) => void) => void): string[] {
  const lines: string[] = [];
  program((line) => lines.push(...line.split("\n")));
  return lines;
}

function edges(print: (line: string) => void): void {
  for (const line of [...verdicts(), "", ...problems()]) print(line);
}

/** Runs a program of this folder as a user does. */
async function run(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...args],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("registering finds tasks, and tells every mistake", () => {
  const lines = linesOf(registering);
  assertEquals(lines.slice(0, 5), [
    "report depends on: totals, sales",
    "daily: totals, clean_sales, extract_rates, extract_sales",
    "publish or nightly: report, backup",
    "daily and slow: totals",
    "extract_*: extract_rates, extract_sales",
  ]);
  assertEquals(lines.slice(6, 10).map((line) => line.split(":")[0]), [
    "task/duplicate",
    "task/unknown",
    "TypeError",
    "RangeError",
  ]);
  assertEquals(lines.slice(-2), ["left: 5", "left: 0"]);
});

Deno.test("planning explains, draws, tells ids apart and reports all that is wrong", () => {
  const lines = linesOf(planning);
  const below = (heading: string): string[] => {
    const start = lines.indexOf(`# ${heading}`) + 1;
    const end = lines.findIndex((line, index) => index >= start && line.startsWith("# "));
    return lines.slice(start, end === -1 ? undefined : end);
  };
  assertEquals(below("A part of it: what is left out is loaded from an earlier run").slice(-2), [
    "external, from an earlier run: extract_sales, totals",
    "skipped: extract_rates",
  ]);
  assertEquals(below("The same tasks, the same id; another policy, another id"), ["true", "false"]);
  assertEquals(below("What can start, as tasks end")[1], "extract_sales → clean_sales");
  assertEquals(below("Everything that is wrong, at once").map((line) => line.split(":")[0]), [
    "- missing-dependency",
    "- cycle",
    "- unknown-task",
    '- Cannot select tasks as there must be "and" or "or" between two parts',
  ]);
});

Deno.test("the programs run without any permission", async () => {
  const programs = { "registering.ts": registering, "planning.ts": planning, "edges.ts": edges };
  for (const [path, program] of Object.entries(programs)) {
    assertEquals((await run(`examples/tasks/${path}`)).trimEnd().split("\n"), linesOf(program));
  }
});

Deno.test("the command line plans the same tasks by the same selectors", async () => {
  const plan = (...args: string[]): Promise<string> =>
    run("-A", "actors/main.ts", "plan", "-m", "examples/tasks/sales.ts", ...args);
  const text = await plan("--select", "+report");
  assertEquals(text.split("\n").slice(1, -1), linesOf(planning).slice(2, 14));
  const drawn = await plan("--select", "extract_*+1", "--format", "mermaid");
  assert(linesOf(planning).join("\n").includes(drawn.trimEnd()));
});

Deno.test("the README shows what the programs print", async () => {
  const readme = await Deno.readTextFile(new URL("./README.md", import.meta.url));
  const shown = [...readme.matchAll(/^```text\n([^]*?)\n```$/gm)].map(([, block]) => block!.split("\n"));
  const daily = await run("-A", "actors/main.ts", "plan", "daily", "-m", "examples/tasks/orders.ts");
  const printed = [registering, planning, edges].flatMap(linesOf).concat(daily.split("\n"));
  // A content hash may change with the version.
  const lines = new Set(printed.map((line) => line.replace(/dag \w+$/, "dag …")));
  assertEquals(shown.length, 4);
  for (const line of shown.flat()) assert(lines.has(line), line);
});
