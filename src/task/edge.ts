/**
 * Edges that say more than "the value of that task": `collect()` and `from()`.
 *
 * @module
 */
import type { AnySchema } from "../base/schema.ts";
import { isName } from "../base/names.ts";
import type { Collected, Declared, EdgeCheck, StreamCheck } from "./inference.ts";
import { assertSchema, frozen, shown } from "./option_checks.ts";
import { type Edge, isTask, type Task } from "./task.ts";

/**
 * All chunks of a streaming task as one array, once it has ended.
 *
 * @throws {TypeError} If the task does not stream.
 *
 * @example
 * ```ts
 * import { collect, defineTask } from "@millrace/millrace";
 *
 * const rows = defineTask({ name: "rows", stream: true, run: () => [1, 2, 3] });
 * defineTask({ name: "count", inputs: { rows: collect(rows) }, run: ({ rows }) => rows.length });
 * ```
 */
export function collect<T extends Task>(task: T & StreamCheck<T>): Edge<Collected<T>> {
  if (!isTask(task)) {
    throw new TypeError(`Cannot collect as it must be a task: current value is ${shown(task)}`);
  }
  const { name, stream }: Task = task;
  if (!stream) {
    throw new TypeError(`Cannot collect task "${name}" as it does not stream: name it without collect()`);
  }
  return frozen<Edge<never>>({ "~millrace": "edge", task: task as Task, collect: true });
}

/**
 * The value of a task, with what the downstream task needs of it.
 *
 * With a task, the two are compared at compile time; with a name, when the run is planned. A name also
 * lets modules refer to each other without importing each other. The value is checked once, when it arrives;
 * what comes out of the schema is what `run` gets.
 *
 * @throws {TypeError} If the task streams, or if something is neither task nor name, or no schema.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * import { defineTask, from } from "@millrace/millrace";
 *
 * defineTask({ name: "greet", inputs: { who: from("who", z.string()) }, run: ({ who }) => `Hello ${who}` });
 * ```
 */
export function from<T extends Task | string, S extends AnySchema>(
  task: T,
  schema: S & EdgeCheck<T, S>,
): Edge<Declared<T, S>> {
  if (!isTask(task) && !(typeof task === "string" && isName(task))) {
    throw new TypeError(
      `Cannot make an edge as its task must be a task or a name: current value is ${shown(task)}`,
    );
  }
  if (isTask(task) && task.stream) {
    throw new TypeError(
      `Cannot make an edge from task "${task.name}" as it streams: name it in "inputs" itself or with collect()`,
    );
  }
  if (schema === undefined) {
    throw new TypeError("Cannot make an edge as from() needs a schema: current value is undefined");
  }
  assertSchema("an edge", "schema", schema);
  return frozen<Edge<never>>({
    "~millrace": "edge",
    task: task as Task | string,
    collect: false,
    schema: schema as AnySchema,
  });
}
