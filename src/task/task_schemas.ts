/**
 * Schemas beside the definitions: what `millrace schema` read from the types of tasks.
 *
 * @module
 */
import { deepFreeze } from "../base/deep_freeze.ts";
import type { JsonSchema } from "../base/schema.ts";
import type { TaskDescriptor } from "./descriptor.ts";

/** What one task gives and needs, as JSON Schema. What is absent could not be said. */
export interface TaskSchema {
  /** What it gives (of a streaming task: one chunk). */
  readonly output?: JsonSchema;
  /** What its `run` needs of each input, by parameter (of a stream: one chunk). */
  readonly inputs?: Readonly<Record<string, JsonSchema>>;
}

/** Schemas by the name of the task. */
export type TaskSchemas = Readonly<Record<string, TaskSchema>>;

/**
 * The descriptor with schemas where it has none; those that the definition itself has are kept. Frozen to its
 * leaves, the schemas too.
 */
export function withSchemas(task: TaskDescriptor, schemas: TaskSchemas): TaskDescriptor {
  if (!Object.hasOwn(schemas, task.name)) return task;
  const { output, inputs = {} } = schemas[task.name]!;
  return deepFreeze({
    ...task,
    inputs: task.inputs.map((input) =>
      input.schema !== undefined || !Object.hasOwn(inputs, input.param)
        ? input
        : { ...input, schema: inputs[input.param]! }
    ),
    ...(task.output ?? output) === undefined ? {} : { output: (task.output ?? output)! },
  });
}
