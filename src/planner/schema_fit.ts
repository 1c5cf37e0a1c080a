/**
 * Whether what one task gives is what another one needs, decided on their JSON Schemas.
 *
 * @module
 */
import { Comparison } from "./fit/comparison.ts";
import { type AnyJsonSchema, Budget, Document, GivenUp } from "./fit/node.ts";
import { isSame } from "./fit/value.ts";
import type { SchemaFit } from "./fit/verdict.ts";

export type { AnyJsonSchema, SchemaFit };

/**
 * Whether every value that `output` describes is accepted by `input` (JSON Schema 2020-12).
 *
 * - *compatible* is always right: no value of `output` is refused by `input`. (A `format` counts as checked.)
 * - *incompatible* is always right, too: it comes with a value that `output` describes and `input` refuses.
 * - *unknown* is everything else: what `output` says nothing about (`{}`, other properties of an open object),
 *   keywords that are not understood, schemas that are too large. It takes a bounded number of steps.
 *
 * An input's property that has a `default` may be absent. Values beyond JSON are described by `x-type`:
 * `{ "x-type": "Date" }`; so are `bigint`, `undefined`, `RegExp`, `URL`, `Error`, `Map` (with `x-keys`,
 * `x-values`), `Set` (with `x-items`), `ArrayBuffer` and all typed arrays.
 *
 * A schema with `"x-partial": true` asks for more than it says: a check by code, a class.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fitSchemas } from "@millrace/millrace";
 *
 * const order = { type: "object", properties: { id: { type: "integer" } }, required: ["id"] };
 * const named = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };
 * assertEquals(fitSchemas(order, order).fit, "compatible");
 * assertEquals(fitSchemas(order, named), {
 *   fit: "incompatible",
 *   path: "id",
 *   reason: "gives integer, but string is needed",
 *   example: { id: 0 },
 * });
 * assertEquals(fitSchemas({}, named).fit, "unknown");
 * ```
 */
export function fitSchemas(output: AnyJsonSchema, input: AnyJsonSchema): SchemaFit {
  const budget = new Budget();
  try {
    if (isSame(output, input)) return { fit: "compatible" };
    const gives = new Document(output, false, budget);
    const needs = new Document(input, true, budget);
    return new Comparison().fit(gives.root, needs.root);
  } catch (error) {
    if (error instanceof GivenUp) return { fit: "unknown", path: "", reason: error.message };
    // The stack is the last limit: a constant, say, that is nested ten thousand deep.
    if (error instanceof RangeError) {
      return { fit: "unknown", path: "", reason: "the schemas are nested too deep" };
    }
    throw error;
  }
}
