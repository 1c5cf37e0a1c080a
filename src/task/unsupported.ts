/**
 * The options that definitions accept and this version cannot keep: whoever runs a definition refuses them
 * (`task/unsupported`), because a promise that is not kept is worse than a refusal.
 *
 * @module
 */
import { brandOf, type Task } from "./task.ts";
import type { Pipeline } from "./pipeline.ts";

/** The options of a task or pipeline that this version cannot keep, as a message shows them; most often none. */
export function unsupportedOptions(definition: Task | Pipeline): string[] {
  if (brandOf(definition) === "pipeline") return present(definition as Pipeline, ["retention"]);
  return [];
}

function present<T extends object>(definition: T, keys: readonly (keyof T & string)[]): string[] {
  return keys.filter((key) => definition[key] !== undefined);
}
