import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createPlanBook, type PlanBook } from "../../actors/plan_book.ts";
import { MillraceError } from "../../src/base/errors.ts";

const MODULE = `
  import { definePipeline, defineTask, from } from "${import.meta.resolve("../../mod.ts")}";
  export const rows = defineTask({ name: "rows", run: () => [1] });
  export const sum = defineTask({ name: "sum", inputs: { rows }, run: ({ rows }) => rows.length });
  export const loose = definePipeline({ name: "loose", tasks: [rows, sum] });
  export const tight = definePipeline({ name: "tight", tasks: [rows, sum], strict: true });
`;
const number = { type: "number" };
const list = (items: object): object => ({ type: "array", items });

/** A book of the module, with these schemas beside it. */
async function bookWith(schemas?: object): Promise<PlanBook> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/pipelines.ts`, MODULE);
    if (schemas !== undefined) {
      const text = `export const schemas = ${JSON.stringify(schemas)};`;
      await Deno.writeTextFile(`${folder}/pipelines.schemas.ts`, text);
    }
    return await createPlanBook([`file://${folder}/pipelines.ts`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("createPlanBook plans with the schemas that stand beside a module", async () => {
  const book = await bookWith({
    rows: { output: list(number) },
    sum: { output: number, inputs: { rows: list(number) } },
  });
  const plan = book.plan({ pipeline: "tight" });
  assertEquals(plan.tasks.rows?.output as unknown, list(number));
  assertEquals(plan.tasks.sum?.inputs[0]?.schema as unknown, list(number));
  const without = await bookWith();
  assertEquals(without.plan({ pipeline: "loose" }).executionOrder, ["rows", "sum"]);
  assert(
    without.plan({ pipeline: "loose" }).dagId !== book.plan({ pipeline: "loose" }).dagId,
    "a schema counts",
  );
  assertThrows(() => without.plan({ pipeline: "tight" }), MillraceError, "has no schema");
});

Deno.test("createPlanBook draws each edge with its type and its verdict", async () => {
  const book = await bookWith({ rows: { output: list(number) }, sum: { inputs: { rows: list({}) } } });
  const { edges } = JSON.parse(book.draw({ pipeline: "loose" }, { format: "json" }));
  assertEquals(edges, [
    { from: "rows", to: "sum", param: "rows", collect: false, type: "number[]", fit: "compatible" },
  ]);
  assert(book.draw({}, { format: "text" }).endsWith("     ← rows: number[] (compatible)"));
});

Deno.test("createPlanBook plans strictly if the caller or the pipeline asks for it", async () => {
  const book = await bookWith();
  const message = "has no schema";
  book.plan({ pipeline: "loose" }, { strict: false });
  assertThrows(() => book.plan({ pipeline: "loose" }, { strict: true }), MillraceError, message);
  assertThrows(() => book.plan({ pipeline: "tight" }, { strict: false }), MillraceError, message);
  assertThrows(() => book.draw({}, { format: "text", strict: true }), MillraceError, message);
});

Deno.test("createPlanBook refuses to plan an edge whose sides do not fit", async () => {
  const book = await bookWith({
    rows: { output: list(number) },
    sum: { inputs: { rows: list({ type: "string" }) } },
  });
  const error = assertThrows(() => book.plan({ pipeline: "loose" }), MillraceError, "at '[]'");
  assert(MillraceError.is(error, "plan/invalid"));
  assertEquals(error.details.problems.map(({ kind, path }) => [kind, path]), [["type-mismatch", "[]"]]);
});

Deno.test("createPlanBook does not start on schemas that cannot be read", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/pipelines.ts`, MODULE);
  await Deno.writeTextFile(`${folder}/pipelines.schemas.ts`, "export const schemas = 1;");
  await assertRejects(
    () => createPlanBook([`file://${folder}/pipelines.ts`]),
    MillraceError,
    "millrace schema",
  );
  await Deno.remove(folder, { recursive: true });
});
