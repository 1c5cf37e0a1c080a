/**
 * What planning needs of a task, found out once, when it is described: hashing a hundred thousand tasks, or only
 * walking through their parts, takes longer than all the rest of planning them.
 *
 * @module
 */
import { type InputDescriptor, sourcesOf, type TaskDescriptor } from "./descriptor.ts";
import { hashOfTask } from "./task_hash.ts";

/** A task, ready to be planned. */
export interface PreparedTask {
  /** The names of what it depends on, each once. */
  readonly sources: readonly string[];
  /** Inputs that ask more of their source than a value, by `collect()` or `from()`: to be checked. */
  readonly demands: readonly InputDescriptor[];
  /** The hash of all that matters about it. */
  readonly hash: string;
}

/** Of frozen descriptors only, which cannot change. */
const prepared = new WeakMap<TaskDescriptor, PreparedTask>();

/** Prepares a task, unless that was done before. */
export function prepareTask(task: TaskDescriptor): PreparedTask {
  const before = prepared.get(task);
  if (before !== undefined) return before;
  const made: PreparedTask = {
    sources: sourcesOf(task),
    demands: task.inputs.filter((input) => input.collect || input.schema !== undefined),
    hash: hashOfTask(task),
  };
  if (Object.isFrozen(task)) prepared.set(task, made);
  return made;
}
