/**
 * The text of a module of schemas.
 *
 * @module
 */
import type { TaskSchemas } from "../task/task_schemas.ts";

/**
 * A module that exports `schemas`, without an import, so that it may stand anywhere. The same schemas always
 * give the same text.
 *
 * @param name The file of the definitions, for the reader.
 */
export function schemaModuleText(name: string, schemas: TaskSchemas): string {
  return `// deno-fmt-ignore-file
/**
 * What the tasks of \`${name}\` take and give, as JSON Schema. Written by \`millrace schema ${name}\` from their
 * types: do not edit it, write it again.
 *
 * @module
 */

type Schema = Readonly<Record<string, unknown>>;

/** By the name of the task. */
export const schemas: Readonly<
  Record<string, { readonly output?: Schema; readonly inputs?: Readonly<Record<string, Schema>> }>
> = ${literal(schemas)};
`;
}

/** JSON as a literal: there, "__proto__" would be no member, but the prototype. */
function literal(schemas: TaskSchemas): string {
  return JSON.stringify(schemas, undefined, 2).replaceAll(/^( *)"__proto__":/gm, '$1["__proto__"]:');
}
