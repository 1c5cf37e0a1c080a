/**
 * All tasks that a plan may be made of.
 *
 * @module
 */
import { nearest } from "../base/names.ts";
import type { TaskDescriptor } from "../task/descriptor.ts";

/** All tasks there are, by name. */
export type Descriptors = ReadonlyMap<string, TaskDescriptor>;

/** `, did you mean "x"?` if a name like it is known. The search is long, so only the first problems get one. */
export function suggestion(descriptors: Descriptors, name: string, problemsBefore: number): string {
  if (problemsBefore >= 5) return "";
  const near = nearest(name, descriptors.keys());
  return near === undefined ? "" : `, did you mean "${near}"?`;
}
