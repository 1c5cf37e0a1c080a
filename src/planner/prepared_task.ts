/**
 * What planning needs of a task, found out once: most plans are of tasks that were planned before, and walking
 * through the parts of a hundred thousand descriptors takes longer than all the rest of planning them.
 *
 * @module
 */
import { type InputDescriptor, sourcesOf, type TaskDescriptor } from "../task/descriptor.ts";
import { hashOfTask } from "./dag_id.ts";

/** A task, ready to be planned. */
export interface PreparedTask {
  /** The names of what it depends on, each once. */
  readonly sources: readonly string[];
  /** Inputs that ask more of their source than a value: to be checked. */
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
    demands: task.inputs.filter((input) => input.collect),
    hash: hashOfTask(task),
  };
  if (Object.isFrozen(task)) prepared.set(task, made);
  return made;
}
