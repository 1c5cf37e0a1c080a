/** Edges/s that are checked on JSON Schema: what planning a thousand of them costs before anything is remembered. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { fitSchemas } from "../../src/planner/schema_fit.ts";
import type { JsonSchema } from "../../src/base/schema.ts";
import { assertCount, type OpenBench, perSecond } from "./figure.ts";

const ours = "output within input";
const cloned = "raw: both schemas cloned";
const compiled = "npm ajv: both compiled";

/** Every edge has schemas of its own, so that nothing is known beforehand. */
export function schemaEdges(quick: boolean): Promise<OpenBench> {
  const count = quick ? 50 : 1_000;
  const edges = Array.from(
    { length: count },
    (_, index) => [schemaOf(index, true), schemaOf(index, false)] as const,
  );
  const check = (): Promise<void> => {
    const fits = edges.map(([output, input]) => fitSchemas(output, input).fit);
    // Every tenth edge does not fit.
    assertCount(
      "edges that fit",
      fits.filter((fit) => fit === "compatible").length,
      count - Math.ceil(count / 10),
    );
    assertCount(
      "edges that do not",
      fits.filter((fit) => fit === "incompatible").length,
      Math.ceil(count / 10),
    );
    return Promise.resolve();
  };
  const clone = (): Promise<void> => {
    assertCount("clones", structuredClone(edges).length, count);
    return Promise.resolve();
  };
  const compile = (): Promise<void> => {
    // One in ten is enough: the validator takes a thousand times as long.
    const some = edges.filter((_, index) => index % 10 === 0);
    for (const schema of some.flat()) new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    return Promise.resolve();
  };
  return Promise.resolve({
    benches: [{
      name: "edges checked on JSON Schema",
      unit: "edges/s",
      subjects: {
        [ours]: () => perSecond(count, check),
        [cloned]: () => perSecond(count, clone),
        [compiled]: () => perSecond(Math.ceil(count / 10), compile),
      },
      compare: [[ours, cloned], [ours, compiled]],
    }],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

/** Orders of a shop: some thirty properties, a union told apart by a tag, lists, references, a tree. */
function schemaOf(index: number, isOutput: boolean): JsonSchema {
  const closed = isOutput ? { additionalProperties: false } : {};
  const object = (properties: Record<string, unknown>, optional: readonly string[] = []): JsonSchema => ({
    type: "object",
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    ...closed,
  });
  const text = isOutput ? { type: "string", minLength: 1, maxLength: 80 } : { type: "string" };
  const amount = isOutput ? { type: "number", minimum: 0 } : { type: "number" };
  const day = { type: "string", format: "date" };
  const address = object({ street: text, city: text, zip: text, country: { enum: ["NO", "DE", "US"] } }, [
    "zip",
  ]);
  const tags = isOutput ? ["card", "invoice"] : ["transfer", "card", "invoice"];
  const item = object({
    sku: text,
    count: { type: "integer", minimum: 1 },
    price: amount,
    tags: { type: "array", items: text },
  });
  const isWrong = !isOutput && index % 10 === 0;
  return {
    ...object({
      [`id${index}`]: text,
      customer: object({
        name: text,
        email: { type: ["string", "null"] },
        address: { $ref: "#/$defs/address" },
      }, ["email"]),
      delivery: { anyOf: [{ $ref: "#/$defs/address" }, { type: "null" }] },
      payment: {
        oneOf: tags.map((kind) => object({ kind: { const: kind }, reference: text, due: day }, ["due"])),
      },
      items: { type: "array", items: item, minItems: isOutput ? 1 : 0 },
      placed: day,
      total: isWrong ? { type: "string" } : amount,
      category: { $ref: "#/$defs/category" },
      at: { "x-type": "Date" },
      scores: { type: "object", additionalProperties: amount },
    }),
    $defs: {
      address,
      category: object({ name: text, children: { type: "array", items: { $ref: "#/$defs/category" } } }),
    },
  };
}
