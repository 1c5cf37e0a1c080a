/**
 * Imports the schemas that stand beside modules of definitions.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { importModule } from "./import_definitions.ts";
import type { TaskSchemas } from "./task_schemas.ts";

/** Where the schemas of a module stand: `pipelines.schemas.ts` beside `pipelines.ts`. */
export function schemasUrlOf(moduleUrl: string): string {
  const url = new URL(moduleUrl);
  url.search = url.hash = "";
  url.pathname = url.pathname.replace(/(\.[cm]?[jt]sx?)?$/, ".schemas.ts");
  return url.href;
}

/**
 * Imports the schemas of modules, where there are any. Only beside files: a module from elsewhere would be
 * asked for in vain at each start.
 *
 * @throws {MillraceError} `module/load-failed` if one does not evaluate; `module/definition-invalid` if it has
 *   no `schemas`.
 */
export async function importSchemas(moduleUrls: readonly string[]): Promise<TaskSchemas> {
  const all: Record<string, TaskSchemas[string]> = {};
  for (const moduleUrl of moduleUrls) {
    if (moduleUrl.startsWith("file:")) Object.assign(all, await importBeside(schemasUrlOf(moduleUrl)));
  }
  return all;
}

async function importBeside(url: string): Promise<TaskSchemas> {
  let namespace: Record<string, unknown>;
  try {
    namespace = await importModule(url);
  } catch (error) {
    if (isAbsent(error, url)) return {};
    throw error;
  }
  const { schemas } = namespace;
  if (typeof schemas === "object" && schemas !== null) return schemas as TaskSchemas;
  throw new MillraceError(
    "module/definition-invalid",
    `Cannot load schemas as "schemas" must be what "millrace schema" wrote: ${url}`,
    { details: { module: url, export: "schemas" } },
  );
}

/** The module itself is not there; one that it imports would be a fault. */
function isAbsent(error: unknown, url: string): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message.startsWith(`Module not found "${url}"`);
}
