/** The promises of `fitSchemas()`, held against a validator that knows nothing of it. */
import { assert } from "@std/assert";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import fc from "fast-check";
import { fitSchemas } from "../../src/planner/schema_fit.ts";
import { documents, type Json, pairs, valuesOf } from "./json_schemas.ts";

// As an output: what is written. As an input: what has a default is filled in first.
const oracles = { output: oracle(false), input: oracle(true) };

function oracle(useDefaults: boolean): (schema: Json) => (value: unknown) => boolean {
  return (schema) => {
    const ajv = new Ajv2020({ strict: false, useDefaults, logger: false });
    (formats as unknown as { default: (ajv: Ajv2020) => void }).default(ajv);
    const validate: ValidateFunction = ajv.compile(schema);
    // Defaults are written into the value.
    return (value) => validate(structuredClone(value));
  };
}

/** Checks the promise for one pair; gives the verdict. */
function holds(output: Json, input: Json, seed: number): string {
  const verdict = fitSchemas(output, input);
  if (verdict.fit === "unknown") return verdict.fit;
  const [gives, takes] = [oracles.output(output), oracles.input(input)];
  if (verdict.fit === "incompatible") {
    const shown = JSON.stringify({ output, input, verdict });
    assert(gives(verdict.example), `not an output: ${shown}`);
    assert(!takes(verdict.example), `accepted after all: ${shown}`);
    return verdict.fit;
  }
  for (const value of fc.sample(valuesOf(output, output), { numRuns: 40, seed })) {
    if (!gives(value)) continue;
    samples++;
    assert(takes(value), `refused after all: ${JSON.stringify({ output, input, value })}`);
  }
  return verdict.fit;
}

let samples = 0;

Deno.test("fitSchemas is right whenever it says compatible or incompatible, and says both often", () => {
  const verdicts: Record<string, number> = { compatible: 0, incompatible: 0, unknown: 0 };
  samples = 0;
  fc.assert(
    fc.property(pairs, fc.nat(), ([output, input], seed) => void verdicts[holds(output, input, seed)]!++),
    { numRuns: 400 },
  );
  assert(
    verdicts.compatible! > 50 && verdicts.incompatible! > 10 && samples > 2_000,
    JSON.stringify({ ...verdicts, samples }),
  );
});

Deno.test("fitSchemas is right for schemas that have nothing to do with each other", () => {
  fc.assert(
    fc.property(documents, documents, fc.nat(), (output, input, seed) => void holds(output, input, seed)),
    { numRuns: 200 },
  );
});
