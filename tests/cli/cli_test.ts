import { assertEquals, assertStringIncludes } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { runCli } from "../../src/cli/cli.ts";
import { FakeEnvironment } from "./fake_environment.ts";
import { RUN_ID, runView, taskView } from "./fake_platform.ts";

const locked = new MillraceError("platform/data-dir-locked", "Cannot open as pid 7 has it", {
  details: { dataDir: ".millrace", pid: 7 },
});

Deno.test("runCli() plans without opening anything", async () => {
  const environment = new FakeEnvironment();
  assertEquals(await runCli(["plan", "flights"], environment), 0);
  assertEquals(environment.opened, []);
  assertEquals(environment.planned, [
    { modules: ["file:///default.ts"], request: { pipeline: "flights" }, options: { format: "text" } },
  ]);
  assertEquals(environment.stdout.text, "flights: text plan\n");
});

Deno.test("runCli() gives the plan in the format that is asked for, and nothing else", async () => {
  const lines = [["--json"], ["--format", "json"], ["-f", "mermaid"], ["--format", "dot"]];
  for (const [index, format] of ["json", "json", "mermaid", "dot"].entries()) {
    const environment = new FakeEnvironment();
    assertEquals(await runCli(["plan", "--tags", "x", ...lines[index]!], environment), 0);
    assertEquals(environment.stdout.text, `${format} plan\n`);
  }
});

Deno.test("runCli() says of which tasks a plan is", async () => {
  for (const [line, title] of [[[], "all tasks"], [["--select", "+a"], "selection"]] as const) {
    const environment = new FakeEnvironment();
    assertEquals(await runCli(["plan", ...line], environment), 0);
    assertEquals(environment.stdout.text, `${title}: text plan\n`);
  }
});

Deno.test("runCli() plans strictly where it is asked to", async () => {
  const environment = new FakeEnvironment();
  environment.files.set(environment.moduleUrl("plan.json"), '{"dagId":"abc","tasks":{}}');
  assertEquals(await runCli(["plan", "--strict"], environment), 0);
  assertEquals(environment.planned.map(({ options }) => options), [{ format: "text", strict: true }]);
  environment.stdout.text = "";
  assertEquals(await runCli(["plan", "--strict", "--against", "plan.json"], environment), 0);
  assertEquals(environment.stdout.text, "strict text diff of {} against abc\n");
});

Deno.test("runCli() asks who has the data folder what is cached", async () => {
  const environment = new FakeEnvironment();
  environment.platform.closing.resolve({ lostThreads: 0, unfinishedRuns: 0 });
  assertEquals(await runCli(["plan", "flights", "--explain", "-P", "n=1", "--json"], environment), 0);
  assertEquals(environment.opened[0]!.purpose, "plan");
  assertEquals(environment.stdout.json, [[
    { pipeline: "flights", params: { n: 1 } },
    { format: "json", cache: true },
  ]]);
  for (const line of [["-P", "n=1"], ["--explain", "--run", "x"], ["--explain", "--against", "x"]]) {
    assertEquals(await runCli(["plan", "flights", ...line], new FakeEnvironment()), 2);
  }
});

Deno.test("runCli() plans what a run has run, with its durations", async () => {
  const environment = new FakeEnvironment();
  const tasks = { read: taskView({ startedMs: 5, endedMs: 35 }), report: taskView({ startedMs: 40 }) };
  environment.platform.views.set(
    RUN_ID,
    runView({ request: { pipeline: "flights", params: { n: 1 } }, tasks }),
  );
  environment.platform.closing.resolve({ lostThreads: 0, unfinishedRuns: 0 });
  assertEquals(await runCli(["plan", "--run", RUN_ID.slice(-6)], environment), 0);
  assertEquals(await runCli(["plan", "--run", RUN_ID, "-n", "read"], environment), 0);
  const options = { format: "text", durationsMs: { read: 30 } };
  assertEquals(environment.planned.map(({ request, options }) => ({ request, options })) as unknown, [
    { request: { pipeline: "flights" }, options },
    { request: { names: ["read"] }, options },
  ]);
  assertEquals(environment.opened.map(({ purpose }) => purpose), ["look", "look"]);
});

Deno.test("runCli() compares with an earlier plan, and refuses a file that holds none", async () => {
  const environment = new FakeEnvironment();
  const files = { "plan.json": '{"dagId":"abc","tasks":{}}', "other.json": "[]", "cut.json": '{"da' };
  for (const [name, text] of Object.entries(files)) environment.files.set(environment.moduleUrl(name), text);
  assertEquals(await runCli(["plan", "flights", "--against", "plan.json"], environment), 0);
  assertEquals(environment.stdout.text, 'text diff of {"pipeline":"flights"} against abc\n');
  for (const path of ["other.json", "cut.json", "nowhere.json"]) {
    assertEquals(await runCli(["plan", "--against", path, "--json"], environment), 2);
    const { error } = environment.stderr.json.pop() as { error: { code: string } };
    assertEquals(error.code, "cli/file-unusable");
    environment.stderr.text = "";
  }
});

Deno.test("runCli() tells each problem of a plan", async () => {
  const environment = new FakeEnvironment();
  const problems = [
    { kind: "cycle", tasks: ["a", "b", "a"], message: "a → b → a is a cycle" },
    { kind: "unknown-task", tasks: ["c"], message: 'there is no task "c"' },
  ] as const;
  environment.failure = new MillraceError("plan/invalid", "Cannot plan", { details: { problems } });
  assertEquals(await runCli(["plan"], environment), 1);
  assertEquals(environment.stderr.lines, [
    "error: Cannot plan",
    "  - a → b → a is a cycle",
    '  - there is no task "c"',
  ]);
});

Deno.test("runCli() tells a failure with its causes, or as JSON", async () => {
  const environment = new FakeEnvironment();
  const cause = new TypeError("x is not a function");
  environment.failure = new MillraceError("module/load-failed", "Cannot load the module", {
    details: { module: "a.ts" },
    cause,
  });
  assertEquals(await runCli(["start"], environment), 1);
  assertEquals(environment.stderr.lines, [
    "error: Cannot load the module",
    "  caused by: x is not a function",
  ]);
  const json = new FakeEnvironment();
  json.failure = locked;
  assertEquals(await runCli(["start", "--json"], json), 1);
  const [told] = json.stderr.json as { error: { code: string; details: unknown; stack?: string } }[];
  assertEquals([told!.error.code, told!.error.stack], ["platform/data-dir-locked", undefined]);
});

Deno.test("runCli() shows the place of an error that is not one of ours", async () => {
  const environment = new FakeEnvironment();
  environment.failure = new TypeError("undefined is not a function");
  assertEquals(await runCli(["start"], environment), 1);
  assertStringIncludes(environment.stderr.text, "cli_test.ts");
});

Deno.test("runCli() lets a platform that failed to open be interrupted no more", async () => {
  const environment = new FakeEnvironment();
  environment.failure = locked;
  await runCli(["start"], environment);
  assertEquals(environment.listening, 0);
});

Deno.test("runCli() ends with 3 where the owner of the data folder serves no HTTP", async () => {
  const environment = new FakeEnvironment();
  environment.owner = { pid: 7 };
  assertEquals(await runCli(["runs"], environment), 3);
  assertStringIncludes(environment.stderr.text, "serves no HTTP: its pid is 7");
});
