import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { importSchemas, schemasUrlOf } from "../../src/task/import_schemas.ts";

/** Imports what stands beside `pipelines.ts` in a folder of these files. */
async function importBeside(files: Record<string, string>): ReturnType<typeof importSchemas> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    return await importSchemas([`file://${folder}/pipelines.ts`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("schemasUrlOf stands beside the module", () => {
  assertEquals(schemasUrlOf("file:///a.b/pipelines.ts"), "file:///a.b/pipelines.schemas.ts");
  assertEquals(schemasUrlOf("file:///a%20b/p.test.mjs?v=1#x"), "file:///a%20b/p.test.schemas.ts");
  assertEquals(schemasUrlOf("file:///bin/pipelines"), "file:///bin/pipelines.schemas.ts");
});

Deno.test("importSchemas reads the schemas beside a module; there need be none", async () => {
  const schemas = { load: { output: { type: "string" } } };
  const text = `export const schemas = ${JSON.stringify(schemas)};`;
  assertEquals(await importBeside({ "pipelines.schemas.ts": text }), schemas);
  assertEquals(await importBeside({}), {});
  assertEquals(await importSchemas(["https://example.invalid/pipelines.ts"]), {}, "is not asked for");
});

Deno.test("importSchemas rejects schemas that cannot be read", async () => {
  const broken = await assertRejects(
    () => importBeside({ "pipelines.schemas.ts": "throw new Error('no')" }),
    MillraceError,
  );
  assert(MillraceError.is(broken, "module/load-failed"));
  const halved = await assertRejects(
    () => importBeside({ "pipelines.schemas.ts": "import './gone.ts'" }),
    MillraceError,
  );
  assert(MillraceError.is(halved, "module/load-failed"), "what it imports is missing");
  const empty = await assertRejects(
    () => importBeside({ "pipelines.schemas.ts": "export {}" }),
    MillraceError,
  );
  assert(MillraceError.is(empty, "module/definition-invalid"));
});
