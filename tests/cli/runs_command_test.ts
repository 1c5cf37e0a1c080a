import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../src/cli/cli.ts";
import { FakeEnvironment } from "./fake_environment.ts";
import { RUN_ID, runView } from "./fake_platform.ts";

async function runs(environment: FakeEnvironment, ...line: string[]): Promise<number> {
  environment.platform.closing.resolve({ lostThreads: 0, unfinishedRuns: 0 });
  return await runCli(["runs", ...line], environment);
}

function withRuns(...ids: string[]): FakeEnvironment {
  const environment = new FakeEnvironment();
  for (const id of ids) environment.platform.views.set(id, runView({ id }));
  return environment;
}

Deno.test("runs lists as a table or as one JSON document, and only looks", async () => {
  const environment = withRuns(RUN_ID);
  assertEquals(await runs(environment), 0);
  assertEquals(environment.opened[0]!.purpose, "look");
  assertStringIncludes(environment.stdout.lines[1]!, "a41b09cc  flights   ▸ running");
  const json = withRuns(RUN_ID);
  assertEquals(await runs(json, "--json"), 0);
  assertEquals((json.stdout.json[0] as { id: string }[]).map((run) => run.id), [RUN_ID]);
});

Deno.test("runs show takes the head or the tail of an id", async () => {
  for (const part of [RUN_ID, "a41b09cc", "019aa000-0000"]) {
    const environment = withRuns(RUN_ID, "019aa000-0001-7000-8000-00007d1c22ef");
    assertEquals(await runs(environment, "show", part, "--json"), 0);
    assertEquals((environment.stdout.json[0] as { id: string }).id, RUN_ID);
  }
});

Deno.test("an id that fits none or several runs ends with 2", async () => {
  const none = withRuns(RUN_ID);
  assertEquals(await runs(none, "show", "ffff"), 2);
  assertStringIncludes(none.stderr.text, 'no id begins or ends like this: "ffff"');
  const several = withRuns(RUN_ID, "019aa000-0001-7000-8000-00007d1c22ef");
  assertEquals(await runs(several, "show", "019aa000"), 2);
  assertStringIncludes(several.stderr.text, "fits 2 of them: 019aa000-0001-7000-8000-00007d1c22ef, ");
  const json = withRuns(RUN_ID, "019aa000-0001-7000-8000-00007d1c22ef");
  assertEquals(await runs(json, "show", "019aa000", "--json"), 2);
  assertStringIncludes(json.stderr.text, '"code":"cli/ambiguous-run-id"');
});

Deno.test("runs result prints the value as JSON, as near as JSON gets", async () => {
  const environment = withRuns(RUN_ID);
  const value = { count: 12n, byName: new Map([["a", 1]]), at: new Date(0) };
  environment.platform.results.set(`${RUN_ID}/report`, value);
  assertEquals(await runs(environment, "result", "a41b09cc", "report", "--json"), 0);
  assertEquals(environment.stdout.json, [{
    count: "12",
    byName: [["a", 1]],
    at: "1970-01-01T00:00:00.000Z",
  }]);
});

Deno.test("runs result of a task that returned nothing prints null", async () => {
  const environment = withRuns(RUN_ID);
  assertEquals(await runs(environment, "result", "a41b09cc", "report"), 0);
  assertEquals(environment.stdout.text, "null\n");
});

Deno.test("runs logs prints what tasks wrote, without what could steer a terminal", async () => {
  const environment = withRuns(RUN_ID);
  const entry = { timeMs: 0, attempt: 1, level: "warn", source: "stdout" } as const;
  environment.platform.entries.push(
    { ...entry, task: "read", text: "red \x1b[31malert\nsecond line" },
    { ...entry, task: "report", text: "counted", attrs: { rows: 3 } },
  );
  assertEquals(await runs(environment, "logs", "a41b09cc"), 0);
  assertEquals(
    environment.stdout.text,
    "1970-01-01T00:00:00.000Z read#1 warn  red  [31malert\nsecond line\n" +
      '1970-01-01T00:00:00.000Z report#1 warn  counted {"rows":3}\n',
  );
  const json = withRuns(RUN_ID);
  json.platform.entries.push(...environment.platform.entries);
  assertEquals(await runs(json, "logs", "a41b09cc", "report", "-f", "--json"), 0);
  assertEquals(json.stdout.json, [environment.platform.entries[1]]);
});

Deno.test("runs logs is short at a terminal, and says so if there is nothing", async () => {
  const environment = withRuns(RUN_ID);
  environment.stdout.isTerminal = true;
  environment.variables = { NO_COLOR: "1" };
  environment.platform.entries.push(
    { timeMs: 0, attempt: 1, level: "info", source: "stdout", task: "read", text: "12 rows" },
  );
  assertEquals(await runs(environment, "logs", "a41b09cc"), 0);
  assertEquals(environment.stdout.text, "00:00:00 read#1 12 rows\n");
  const silent = withRuns(RUN_ID);
  assertEquals(await runs(silent, "logs", "a41b09cc", "read"), 0);
  assertEquals([silent.stdout.text, silent.stderr.text], ["", "Nothing was written.\n"]);
});

Deno.test("runs logs of a task that the run has not ends with 2", async () => {
  const environment = withRuns(RUN_ID);
  assertEquals(await runs(environment, "logs", "a41b09cc", "reprot"), 2);
  assertStringIncludes(environment.stderr.text, 'has none of that name; did you mean "report"?');
});

Deno.test("runs prune deletes some at a time, says how far it is, and sums up", async () => {
  const environment = withRuns();
  environment.platform.reports.push({ runs: 200, results: 900, more: true }, {
    runs: 7,
    results: 1,
    more: false,
  });
  assertEquals(await runs(environment, "prune", "--older-than", "7d", "--pipeline", "flights"), 0);
  assertEquals(environment.opened[0]!.purpose, "look");
  const request = { pipeline: "flights", olderThanMs: 604_800_000, limit: 200 };
  assertEquals(environment.platform.pruned, [request, request]);
  assertEquals(environment.stderr.lines, ["200 runs deleted so far"]);
  assertEquals(environment.stdout.lines, ["207 runs deleted, with 901 results"]);
});

Deno.test("runs prune --dry-run only counts", async () => {
  const environment = withRuns();
  environment.platform.reports.push({ runs: 3, results: 0, more: false });
  assertEquals(await runs(environment, "prune", "--keep", "0", "--dry-run"), 0);
  assertEquals(environment.platform.pruned, [{ keep: 0, dryRun: true }]);
  assertEquals(environment.stdout.lines, ["3 runs would be deleted"]);
});

Deno.test("runs prune wants to be told what may go", async () => {
  const environment = withRuns();
  assertEquals(await runs(environment, "prune"), 2);
  assertStringIncludes(environment.stderr.text, "--older-than, --keep, or both");
  assertEquals(environment.opened, []);
});

Deno.test("runs cancel says what became of the run, and fails if it had ended", async () => {
  const environment = withRuns(RUN_ID);
  assertEquals(await runs(environment, "cancel", "a41b09cc"), 0);
  assertEquals(environment.stdout.text, `${RUN_ID} is cancelled\n`);
  const late = new FakeEnvironment();
  late.platform.views.set(RUN_ID, runView({ id: RUN_ID, status: "succeeded" }));
  assertEquals(await runs(late, "cancel", RUN_ID), 1);
  assertEquals(late.stdout.text, `${RUN_ID} had ended: succeeded\n`);
});
