/**
 * `millrace schema`: writes the schemas of tasks beside their module, or checks that they are fresh.
 *
 * @module
 */
import { schemasUrlOf } from "../task/import_schemas.ts";
import { EXIT } from "./exit_codes.ts";
import type { SchemaInvocation } from "./invocation.ts";
import type { CliEnvironment, SchemaGap } from "./port.ts";
import { schemaModuleText } from "./schema_module.ts";
import { styleFor } from "./style.ts";
import { counted, oneLine } from "./terminal_text.ts";

/** What became of the schemas of one module. */
interface Outcome {
  /** The module of definitions. */
  readonly module: string;
  /** Where its schemas stand. */
  readonly schemas: string;
  /** How many tasks have some there. */
  readonly tasks: number;
  /** Whether they were written, were as they should be, or are not (`--check`). */
  readonly status: "written" | "fresh" | "stale";
  /** What could not be said. */
  readonly gaps: readonly SchemaGap[];
}

/** Writes or checks; resolves with the exit code. */
export async function schemaCommand(
  { modules, check, json }: SchemaInvocation,
  environment: CliEnvironment,
): Promise<number> {
  const { stdout, stderr } = environment;
  const foreign = modules.find((module) => !module.startsWith("file:"));
  if (modules.length === 0 || foreign !== undefined) {
    stderr.write(
      foreign === undefined
        ? "error: name a module\n"
        : `error: schemas stand beside files, which this module is not: ${oneLine(foreign)}\n`,
    );
    return EXIT.usage;
  }
  const outcomes: Outcome[] = [];
  for (const module of modules) outcomes.push(await refresh(module, check, environment));
  if (json) { for (const outcome of outcomes) stdout.write(JSON.stringify(outcome) + "\n"); }
  else await tell(outcomes, environment);
  return outcomes.some(({ status }) => status === "stale") ? EXIT.failed : EXIT.ok;
}

async function refresh(module: string, check: boolean, environment: CliEnvironment): Promise<Outcome> {
  const { schemas, gaps } = await environment.extractSchemas(module);
  const url = schemasUrlOf(module);
  const tasks = Object.keys(schemas).length;
  const before = await environment.readText(url);
  const name = decodeURIComponent(new URL(module).pathname.split("/").at(-1)!);
  // Where there is nothing to say, there need not be a file.
  const after = tasks === 0 && before === undefined ? undefined : schemaModuleText(name, schemas);
  const status = after === before ? "fresh" : check ? "stale" : "written";
  if (status === "written") await environment.writeText(url, after!);
  return { module, schemas: url, tasks, status, gaps };
}

async function tell(outcomes: readonly Outcome[], { stdout, stderr, env }: CliEnvironment): Promise<void> {
  const [out, err] = [await styleFor(stdout, env), await styleFor(stderr, env)];
  for (const { schemas, tasks, status, gaps } of outcomes) {
    const path = decodeURIComponent(new URL(schemas).pathname);
    const what = { written: out.green("written"), fresh: out.dim("fresh"), stale: out.red("stale") }[status];
    const hint = status === "stale" ? ": run it again without --check" : "";
    stdout.write(`${what}  ${path}  ${counted(tasks, "task")}${hint}\n`);
    for (const { task, side, path, reason } of gaps) {
      const where = [side, path].filter((part) => part !== "").join(" at ");
      stderr.write(
        oneLine(`${err.yellow("not said")}  ${task}${where === "" ? "" : `, ${where}`}: ${reason}`) + "\n",
      );
    }
  }
}
