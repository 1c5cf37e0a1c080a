/**
 * Imports the modules that define tasks, pipelines and triggers. Every host that needs them does so for
 * itself: functions do not cross threads.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import { collectDefinitions, type Definitions, mergeDefinitions } from "./load.ts";

/**
 * Imports modules and gathers what they define.
 *
 * @throws {MillraceError} `module/load-failed` if one does not evaluate; or what its definitions break.
 */
export async function importDefinitions(urls: readonly string[]): Promise<Definitions> {
  const parts: Definitions[] = [];
  for (const url of urls) parts.push(collectDefinitions(await importModule(url), url));
  return mergeDefinitions(...parts);
}

/** Imports one module. */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (cause) {
    // Two modules that import each other: one sees the other's tasks before they are made.
    const hint = cause instanceof ReferenceError && cause.message.includes("before initialization")
      ? " (two modules that import each other: split one, or use from(name, schema))"
      : "";
    throw new MillraceError(
      "module/load-failed",
      `Cannot load module "${url}" as it must evaluate without an error: ${messageOf(cause)}${hint}`,
      { details: { module: url }, cause },
    );
  }
}
