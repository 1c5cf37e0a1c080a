/**
 * The schemas of a module's tasks, read from their types.
 *
 * @module
 */
import type { JsonSchema } from "../base/schema.ts";
import { describeTask } from "../task/describe.ts";
import { importDefinitions } from "../task/import_definitions.ts";
import { isEdge, isTask, type Task } from "../task/task.ts";
import type { TaskSchema, TaskSchemas } from "../task/task_schemas.ts";
import { anyOf } from "../task/wrap_schema.ts";
import { openTypeProject } from "./deno_type_project.ts";
import type { ExtractedSchemas, SchemaGap } from "./port.ts";
import { chunksOf, type TaskTypes, taskTypesOf } from "./task_types.ts";
import { schemaOfType, type Unsaid } from "./type_schema.ts";

/**
 * Reads what the definitions themselves do not say as JSON Schema. The module is imported: which tasks there
 * are, and what they say of themselves, is known only then.
 */
export async function extractSchemas(moduleUrl: string): Promise<ExtractedSchemas> {
  const { tasks } = await importDefinitions([moduleUrl]);
  const found = new Map<string, TaskTypes>();
  for (const file of await openTypeProject(moduleUrl)) {
    if (!file.getFullText().includes("defineTask")) continue;
    for (const types of taskTypesOf(file)) if (!found.has(types.name)) found.set(types.name, types);
  }
  const schemas: Record<string, TaskSchema> = {};
  const gaps: SchemaGap[] = [];
  for (const task of tasks.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    const schema = schemaOfTask(task, found.get(task.name), gaps);
    if (schema.output !== undefined || schema.inputs !== undefined) schemas[task.name] = schema;
  }
  return { schemas: schemas satisfies TaskSchemas, gaps };
}

function schemaOfTask(task: Task, types: TaskTypes | undefined, gaps: SchemaGap[]): TaskSchema {
  const { output, inputs } = describeTask(task);
  const without = inputs.filter((input) => input.schema === undefined).map((input) => input.param);
  // What `run` takes is what comes out of such a schema; what goes in is known to its library only.
  const [silent, open] = [
    without.filter((param) => hasSchema(task, param)),
    without.filter((param) => !hasSchema(task, param)),
  ];
  const gap = (side: string, unsaid: Unsaid): void => void gaps.push({ task: task.name, side, ...unsaid });
  for (const param of silent) gap(`inputs.${param}`, { path: "", reason: "its schema has no JSON Schema" });
  if (output !== undefined && open.length === 0) return {};
  if (types === undefined) {
    gap("", { path: "", reason: "no call of defineTask() with this name as a literal was found" });
    return {};
  }
  const given = output === undefined
    ? schemaOf([types.output], types, "output", (unsaid) => gap("output", unsaid))
    : undefined;
  const needed = open.flatMap((param): [string, JsonSchema][] => {
    const type = types.input(param);
    // A `run` without parameters takes whatever there is.
    if (type === undefined) return [[param, {}]];
    const parts = isStream(task, param) ? chunksOf(type) : [type];
    const schema = schemaOf(parts, types, "input", (unsaid) => gap(`inputs.${param}`, unsaid));
    return schema === undefined ? [] : [[param, schema]];
  });
  return {
    ...(given === undefined ? {} : { output: given }),
    ...(needed.length === 0 ? {} : { inputs: Object.fromEntries(needed) }),
  };
}

function hasSchema(task: Task, param: string): boolean {
  const source = task.inputs[param]!;
  return isEdge(source) && source.schema !== undefined;
}

function isStream(task: Task, param: string): boolean {
  const source = task.inputs[param]!;
  if (isEdge(source)) return false;
  return isTask(source) && source.stream;
}

/** The schema of any of the types; nothing if nothing at all can be said. */
function schemaOf(
  types: readonly TaskTypes["output"][],
  { place }: TaskTypes,
  side: "input" | "output",
  gap: (unsaid: Unsaid) => void,
): JsonSchema | undefined {
  const unsaid: Unsaid[] = [];
  const schemas = types.map((type) => schemaOfType(type, place, side, unsaid));
  unsaid.forEach(gap);
  const [schema] = schemas;
  if (schemas.length === 1) return "x-partial" in schema! ? undefined : schema;
  return anyOf(schemas);
}
