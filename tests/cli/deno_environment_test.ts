import { assertEquals } from "@std/assert";
import { createDenoEnvironment, moduleUrl } from "../../src/cli/deno_environment.ts";
import { FakeEnvironment } from "./fake_environment.ts";

Deno.test("moduleUrl() keeps URLs and turns paths into file URLs", () => {
  const here = new URL(`file://${Deno.cwd()}/`).href;
  assertEquals(moduleUrl("https://example.com/a.ts"), "https://example.com/a.ts");
  assertEquals(moduleUrl("jsr:@scope/name"), "jsr:@scope/name");
  assertEquals(moduleUrl("file:///a.ts"), "file:///a.ts");
  assertEquals(moduleUrl("a/../b.ts"), `${here}b.ts`);
  assertEquals(moduleUrl("/tasks/50% #1?.ts"), "file:///tasks/50%25%20%231%3F.ts");
});

Deno.test("createDenoEnvironment() gives sizes, variables and signals of this process", () => {
  const environment = createDenoEnvironment(new FakeEnvironment());
  assertEquals(environment.stdout.columns() > 0 && environment.stderr.rows() > 0, true);
  assertEquals(environment.env("MILLRACE_NOT_SET"), undefined);
  environment.onSignal(() => {})();
});

Deno.test("output to a reader that left is dropped, and the work goes on", async () => {
  const module = new URL("../../src/cli/deno_environment.ts", import.meta.url).href;
  const script = `
    import { createDenoEnvironment } from ${JSON.stringify(module)};
    const { stdout, exit } = createDenoEnvironment({});
    for (let line = 0; line < 10_000; line++) stdout.write("x".repeat(100) + "\\n");
    exit(7);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", script],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  await child.stdout.cancel();
  assertEquals((await child.status).code, 7);
});
