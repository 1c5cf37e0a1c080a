import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseCommandLine } from "../../src/cli/command_line.ts";
import type { Invocation } from "../../src/cli/invocation.ts";
import { FakeEnvironment } from "./fake_environment.ts";

function understood(line: string[], variables: Record<string, string> = {}): Invocation {
  const environment = new FakeEnvironment();
  environment.variables = variables;
  const read = parseCommandLine(line, environment);
  assert("invocation" in read, environment.stderr.text);
  return read.invocation;
}

function refused(line: string[], variables: Record<string, string> = {}): string {
  const environment = new FakeEnvironment();
  environment.variables = variables;
  assertEquals(parseCommandLine(line, environment), { exitCode: 2 });
  assertEquals(environment.stdout.text, "");
  return environment.stderr.text;
}

const COMMON = { json: false, modules: ["file:///default.ts"], modulesNamed: false, dataDir: ".millrace" };

Deno.test("start has defaults for everything", () => {
  assertEquals(understood(["start"]), { command: "start", ...COMMON, port: 8000, hostname: "127.0.0.1" });
});

Deno.test("start takes modules by argument, then by MILLRACE_MODULES", () => {
  assertEquals(understood(["start", "a.ts", "-m", "b.ts"]).modules, [
    "file:///here/a.ts",
    "file:///here/b.ts",
  ]);
  assertEquals(understood(["start"], { MILLRACE_MODULES: "c.ts, d.ts" }).modules, [
    "file:///here/c.ts",
    "file:///here/d.ts",
  ]);
});

Deno.test("start prefers options to environment variables", () => {
  const variables = {
    PORT: "9000",
    HOST: "0.0.0.0",
    MILLRACE_DATA_DIR: "/data",
    MILLRACE_EXECUTORS: "3",
    MILLRACE_TOKEN: "secret",
  };
  const fromVariables = {
    command: "start",
    ...COMMON,
    dataDir: "/data",
    port: 9000,
    hostname: "0.0.0.0",
    executors: 3,
    token: "secret",
  };
  assertEquals(understood(["start"], variables) as unknown, fromVariables);
  const line = "start --port 0 --host ::1 -d here --executors 1 --fsync always --run flights --json".split(
    " ",
  );
  assertEquals(understood(line, variables) as unknown, {
    ...fromVariables,
    json: true,
    dataDir: "here",
    port: 0,
    hostname: "::1",
    executors: 1,
    fsync: "always",
    run: "flights",
  });
});

Deno.test("run tries a single name as a pipeline, then as a task", () => {
  assertEquals(understood(["run", "flights", "--watch"]), {
    command: "run",
    ...COMMON,
    requests: [{ pipeline: "flights" }, { names: ["flights"] }],
    watch: true,
    followOn: false,
  });
});

Deno.test("run takes several names, tags or --include-upstream as a selection of tasks", () => {
  const requests = (...line: string[]): unknown =>
    (understood(["run", ...line]) as { requests: unknown }).requests;
  assertEquals(requests("a", "b"), [{ names: ["a", "b"] }]);
  assertEquals(requests("a", "--tags", "x,y", "--tags", "z"), [{ names: ["a"], tags: ["x", "y", "z"] }]);
  assertEquals(requests("a", "--include-upstream"), [{ names: ["a"], includeUpstream: true }]);
});

Deno.test("run reads parameters as JSON, or one by one as JSON or text", () => {
  const line = [
    "run",
    "a",
    "b",
    "--params",
    '{"n":1,"day":"x"}',
    "-P",
    "day=2026-01-31",
    "-P",
    "all=true",
    "-P",
    "e=",
  ];
  const [request] = (understood(line) as unknown as { requests: { params: unknown }[] }).requests;
  assertEquals(request!.params, { n: 1, day: "2026-01-31", all: true, e: "" });
});

Deno.test("run takes how long it may last", () => {
  const { requests } = understood(["run", "a", "--timeout", "90s"]) as unknown as { requests: unknown };
  assertEquals(requests, [{ pipeline: "a", timeoutMs: 90_000 }, { names: ["a"], timeoutMs: 90_000 }]);
});

Deno.test("run takes a selector", () => {
  assertEquals((understood(["run", "-s", "+a"]) as { requests: unknown }).requests, [{ select: "+a" }]);
  assertEquals((understood(["run", "b", "-s", "+a"]) as { requests: unknown }).requests, [
    { names: ["b"], select: "+a" },
  ]);
});

Deno.test("run --follow-on watches", () => {
  assertEquals((understood(["run", "a", "--follow-on"]) as { watch: boolean }).watch, true);
});

Deno.test("plan takes a pipeline, or a selection, or nothing", () => {
  const request = (...line: string[]): unknown =>
    (understood(["plan", ...line]) as { request: unknown }).request;
  assertEquals(request("flights"), { pipeline: "flights" });
  assertEquals(request("--roots", "report", "--names", "a,b"), { names: ["a", "b"], roots: ["report"] });
  assertEquals(request("-s", "+report and not tag:slow"), { select: "+report and not tag:slow" });
  assertEquals(request(), {});
});

Deno.test("runs lists, shows and prints results, with --json at either place", () => {
  assertEquals(understood(["runs", "--status", "failed", "-n", "5"]) as unknown, {
    command: "runs list",
    ...COMMON,
    filter: { status: "failed", limit: 5 },
  });
  assertEquals(understood(["runs", "show", "a41b", "--json"]) as unknown, {
    command: "runs show",
    ...COMMON,
    json: true,
    runId: "a41b",
  });
  assertEquals(understood(["runs", "--json", "result", "a41b", "report", "-d", "x"]) as unknown, {
    command: "runs result",
    ...COMMON,
    json: true,
    dataDir: "x",
    runId: "a41b",
    task: "report",
  });
});

Deno.test("runs rerun is a run that repeats another, from one place", () => {
  const request = (...line: string[]): unknown =>
    (understood(["runs", "rerun", "a41b", ...line]) as { requests: readonly unknown[] }).requests[0];
  assertEquals(request(), { rerun: { runId: "a41b", from: "failure" } });
  assertEquals(request("--from-failure"), { rerun: { runId: "a41b", from: "failure" } });
  assertEquals(request("--from-start", "--params", '{"a":1,"b":2}', "-P", "b=3"), {
    rerun: { runId: "a41b", from: "start" },
    params: { a: 1, b: 3 },
  });
  assertEquals(request("--from", "x", "--from", "y,z"), {
    rerun: { runId: "a41b", from: { tasks: ["x", "y", "z"] } },
  });
  assertEquals(understood(["runs", "rerun", "a41b", "--json", "-w"]) as unknown, {
    command: "run",
    ...COMMON,
    json: true,
    requests: [{ rerun: { runId: "a41b", from: "failure" } }],
    watch: true,
    followOn: false,
  });
});

Deno.test("a mistyped command or option is refused with a suggestion", () => {
  assertStringIncludes(refused(["rnu"]), "Did you mean run?");
  assertStringIncludes(refused(["start", "--prot", "1"]), "Did you mean --port?");
  assertStringIncludes(refused(["runs", "sho"]), "Did you mean show?");
  assertStringIncludes(refused(["runs", "shw", "--jsn"]), "Did you mean --json?");
  assertStringIncludes(refused(["runs", "--status", "faild"]), "Did you mean failed?");
});

Deno.test("a wrong value is refused with what it must be", () => {
  assertStringIncludes(refused(["start", "--port", "70000"]), "whole number from 0 to 65535");
  assertStringIncludes(refused(["start"], { PORT: "many" }), "PORT value 'many' is invalid");
  assertStringIncludes(refused(["run", "a", "--params", "[1]"]), "Must be a JSON object");
  assertStringIncludes(refused(["run", "a", "--params", "{"]), "Must be a JSON object");
  assertStringIncludes(refused(["run", "a", "-P", "novalue"]), "Must be key=value");
  assertStringIncludes(refused(["start", "--fsync", "never"]), "always, batched");
  assertStringIncludes(refused(["plan", "--format", "mermad"]), "Did you mean mermaid?");
});

Deno.test("a request for nothing, or for two things at once, is refused", () => {
  assertStringIncludes(refused(["run"]), "name a pipeline, tasks, --tags or --select");
  assertStringIncludes(refused(["plan", "flights", "--tags", "x"]), "leave out either");
  assertStringIncludes(refused(["plan", "flights", "--select", "x"]), "leave out either");
  assertStringIncludes(refused(["plan", "--json", "--format", "dot"]), "--json is --format json");
  assertStringIncludes(refused(["plan", "--against", "x", "--format", "dot"]), "text or JSON, no dot");
  assertMatch(refused(["runs", "show"]), /missing required argument 'id'/);
  assertStringIncludes(refused([]), "Usage: millrace");
});

Deno.test("help goes to stdout with examples, and is a success", () => {
  for (const line of [["--help"], ["start", "--help"], ["run", "-h"], ["plan", "-h"], ["runs", "-h"]]) {
    const environment = new FakeEnvironment();
    assertEquals(parseCommandLine(line, environment), { exitCode: 0 });
    assertStringIncludes(environment.stdout.text, "Examples:");
    assertEquals(environment.stderr.text, "");
  }
});

Deno.test("--version prints the version", () => {
  const environment = new FakeEnvironment();
  assertEquals(parseCommandLine(["--version"], environment), { exitCode: 0 });
  assertEquals(environment.stdout.text, "0.1.0\n");
});

Deno.test("schema takes modules by argument, and may only check", () => {
  assertEquals(understood(["schema"]), { command: "schema", ...COMMON, check: false });
  assertEquals(understood(["schema", "a.ts", "--check"]), {
    command: "schema",
    ...COMMON,
    modules: ["file:///here/a.ts"],
    modulesNamed: true,
    check: true,
  });
});
