/**
 * The content hash of a plan.
 *
 * @module
 */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { InputDescriptor, TaskDescriptor } from "../task/descriptor.ts";

/** Changes when the meaning of the hash does, so that ids of different meanings never meet. */
const FORMAT = "millrace/dag/1";

/**
 * SHA-256 (hex) over the tasks in the order given, each in canonical JSON (RFC 8785). Everything that a
 * descriptor holds counts, except tags, which only select, and the order of its edges.
 *
 * @param tasks In the order of their names.
 */
export function dagIdOf(tasks: readonly TaskDescriptor[]): string {
  const hash = createHash("sha256").update(FORMAT);
  for (const task of tasks) hash.update("\n").update(canonicalize(canonicalForm(task))!);
  return hash.digest("hex");
}

function canonicalForm(task: TaskDescriptor): object {
  const { tags: _, ...rest } = task;
  return { ...rest, inputs: task.inputs.toSorted(byParam), after: [...new Set(task.after)].sort() };
}

function byParam(a: InputDescriptor, b: InputDescriptor): number {
  return a.param < b.param ? -1 : a.param > b.param ? 1 : 0;
}
