import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../src/cli/cli.ts";
import { schemaModuleText } from "../../src/cli/schema_module.ts";
import { FakeEnvironment } from "./fake_environment.ts";

const schemas = { load: { output: { type: "string" } } };
const text = schemaModuleText("a.ts", schemas);

Deno.test("schema writes what was read beside the module, and says so", async () => {
  const environment = new FakeEnvironment();
  environment.extracted = { schemas, gaps: [] };
  assertEquals(await runCli(["schema", "a.ts"], environment), 0);
  assertEquals([...environment.files], [["file:///here/a.schemas.ts", text]]);
  assertEquals(environment.stdout.text, "written  /here/a.schemas.ts  1 task\n");
  assertEquals(await runCli(["schema", "a.ts"], environment), 0);
  assertStringIncludes(environment.stdout.text, "fresh  /here/a.schemas.ts");
});

Deno.test("schemaModuleText is a module of the very schemas, whatever their members are called", async () => {
  const properties = JSON.parse('{ "__proto__": { "type": "null" }, "a\\n\\"__proto__\\":": {}, "": {} }');
  const odd = { load: { output: { type: "object", properties } } };
  const module = await import(`data:text/typescript,${encodeURIComponent(schemaModuleText("a.ts", odd))}`);
  assertEquals(JSON.stringify(module.schemas), JSON.stringify(odd));
});

Deno.test("schema --check writes nothing and fails if what is written is stale, or missing", async () => {
  const environment = new FakeEnvironment();
  environment.extracted = { schemas, gaps: [] };
  assertEquals(await runCli(["schema", "a.ts", "--check"], environment), 1);
  environment.files.set("file:///here/a.schemas.ts", text.replace("string", "number"));
  assertEquals(await runCli(["schema", "a.ts", "--check"], environment), 1);
  assertStringIncludes(
    environment.stdout.text,
    "stale  /here/a.schemas.ts  1 task: run it again without --check\n",
  );
  environment.files.set("file:///here/a.schemas.ts", text);
  assertEquals(await runCli(["schema", "a.ts", "--check"], environment), 0);
  assertEquals(environment.files.get("file:///here/a.schemas.ts"), text);
});

Deno.test("schema needs no file where the definitions say everything", async () => {
  const environment = new FakeEnvironment();
  assertEquals(await runCli(["schema", "a.ts", "--check"], environment), 0);
  assertEquals(await runCli(["schema", "a.ts"], environment), 0);
  assertEquals(environment.files.size, 0);
  environment.files.set("file:///here/a.schemas.ts", text);
  assertEquals(await runCli(["schema", "a.ts"], environment), 0);
  assertEquals(
    environment.files.get("file:///here/a.schemas.ts"),
    schemaModuleText("a.ts", {}),
    "no longer needed",
  );
});

Deno.test("schema reports what cannot be said, one line each, and goes on", async () => {
  const environment = new FakeEnvironment();
  environment.extracted = {
    schemas,
    gaps: [
      { task: "load", side: "output", path: "rows[].fn", reason: "a function is no data" },
      { task: "sum", side: "", path: "", reason: "no call\nwas found" },
    ],
  };
  assertEquals(await runCli(["schema", "a.ts"], environment), 0);
  assertEquals(environment.stderr.lines.length, 2, environment.stderr.text);
  assertEquals(environment.stderr.lines[0], "not said  load, output at rows[].fn: a function is no data");
});

Deno.test("schema --json gives one document a module", async () => {
  const environment = new FakeEnvironment();
  environment.extracted = { schemas, gaps: [{ task: "load", side: "output", path: "", reason: "any" }] };
  assertEquals(await runCli(["schema", "a.ts", "b.ts", "--json"], environment), 0);
  assertEquals(
    environment.stdout.json,
    ["a", "b"].map((name) => ({
      module: `file:///here/${name}.ts`,
      schemas: `file:///here/${name}.schemas.ts`,
      tasks: 1,
      status: "written",
      gaps: environment.extracted.gaps,
    })),
  );
});

Deno.test("schema refuses modules that are no files", async () => {
  const environment = new FakeEnvironment();
  environment.moduleUrl = (specifier) => specifier;
  assertEquals(await runCli(["schema", "https://example.org/a.ts"], environment), 2);
  assertStringIncludes(environment.stderr.text, "https://example.org/a.ts");
});

Deno.test("schemaModuleText is a module that needs no other and gives the schemas", async () => {
  const module = await import(`data:application/typescript,${encodeURIComponent(text)}`);
  assertEquals(module.schemas, schemas);
  assert(!text.includes("import "));
});
