import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../src/cli/cli.ts";
import { FakeEnvironment } from "./fake_environment.ts";
import { RUN_ID, runView, taskView } from "./fake_platform.ts";
import { settle } from "./virtual_clock.ts";

const CLEAN = { lostThreads: 0, unfinishedRuns: 0 };
const LATER_ID = "019aa000-0001-7000-8000-00007d1c22ef";
const error = { code: "task/threw", message: "no route", details: {} } as const;
const failedTasks = { read: taskView({ status: "failed", attempts: 2, error }) };

async function started(...line: string[]): Promise<{ environment: FakeEnvironment; code: Promise<number> }> {
  const environment = new FakeEnvironment();
  environment.platform.closing.resolve(CLEAN);
  const code = runCli(["run", ...line], environment);
  await settle();
  return { environment, code };
}

Deno.test("run opens the platform without HTTP, waits, and prints the id only", async () => {
  const { environment, code } = await started("flights");
  environment.platform.finish({ runId: RUN_ID, status: "succeeded", tasks: {} });
  assertEquals(await code, 0);
  assertEquals(environment.opened as unknown[], [{
    modules: ["file:///default.ts"],
    dataDir: ".millrace",
    purpose: "run",
    http: false,
  }]);
  assertEquals([environment.stdout.text, environment.stderr.text], [RUN_ID + "\n", ""]);
  assertEquals(environment.platform.closes, 1);
});

Deno.test("run ends with 1 and tells which tasks failed and why", async () => {
  const { environment, code } = await started("flights");
  environment.platform.finish({ runId: RUN_ID, status: "failed", tasks: failedTasks });
  assertEquals(await code, 1);
  assertEquals(environment.stderr.lines, ["✗ read failed after 2 tries", "    no route"]);
});

Deno.test("run --json gives one document with the end of the run", async () => {
  const { environment, code } = await started("flights", "--json");
  environment.platform.finish({ runId: RUN_ID, status: "succeeded", tasks: {} });
  assertEquals(await code, 0);
  assertEquals(environment.stdout.json, [{ id: RUN_ID, status: "succeeded", tasks: {} }]);
});

Deno.test("run takes a name that is no pipeline for a task", async () => {
  const { environment, code } = await started("read", "-P", "n=1");
  environment.platform.finish({ runId: RUN_ID, status: "succeeded", tasks: {} });
  assertEquals(await code, 0);
  assertEquals(environment.platform.requests, [
    { pipeline: "read", params: { n: 1 } },
    { names: ["read"], params: { n: 1 } },
  ]);
});

Deno.test("runs rerun repeats a run by a part of its id, and waits like run does", async () => {
  const environment = new FakeEnvironment();
  environment.platform.closing.resolve(CLEAN);
  environment.platform.views.set(RUN_ID, runView({ id: RUN_ID, status: "failed" }));
  const code = runCli(["runs", "rerun", RUN_ID.slice(-8), "--from", "a,b", "-P", "n=1"], environment);
  await settle();
  environment.platform.finish({ runId: RUN_ID, status: "succeeded", tasks: {} });
  assertEquals([await code, environment.stdout.text], [0, RUN_ID + "\n"]);
  assertEquals(environment.opened[0]!.purpose, "run");
  assertEquals(environment.platform.requests, [
    { rerun: { runId: RUN_ID, from: { tasks: ["a", "b"] } }, params: { n: 1 } },
  ]);
});

Deno.test("run of a name that is neither ends with 2 and speaks of pipelines", async () => {
  const { environment, code } = await started("flihgts");
  assertEquals(await code, 2);
  assertEquals(environment.stderr.lines, [
    'error: Cannot run pipeline "flihgts" as there is none of that name',
  ]);
});

Deno.test("run --watch shows progress on stderr and ends as the run does", async () => {
  const { environment, code } = await started("flights", "--watch");
  const { platform } = environment;
  platform.emit("run.flights.started", {}, runView());
  platform.emit("run.strangers.started", { runId: "another" });
  await settle();
  platform.emit("task.flights.read.started", { task: "read", attempt: 2 });
  await environment.clock.advance(800);
  const failed = runView({ status: "failed", endedMs: 0, tasks: failedTasks });
  platform.emit("task.flights.read.failed", { task: "read", attempt: 2, error }, failed);
  platform.emit("run.flights.failed");
  assertEquals(await code, 1);
  assertEquals(environment.stdout.text, RUN_ID + "\n");
  assertEquals(environment.stderr.lines, [
    "12:04:05 flights started #a41b09cc",
    "12:04:05 flights/read started (try 2)",
    "12:04:05 flights/read failed 0.8s (2 tries): no route",
    "12:04:05 flights failed 0.8s (2 tasks) #a41b09cc",
    "✗ read failed after 2 tries",
    "    no route",
  ]);
  assertEquals([environment.listening, environment.clock.pending], [0, 0]);
});

Deno.test("run --watch --json gives the run, its events and its end as one line each", async () => {
  const { environment, code } = await started("flights", "--watch", "--json");
  environment.platform.emit("run.flights.succeeded", {}, runView({ status: "succeeded", tasks: {} }));
  assertEquals(await code, 0);
  const lines = environment.stdout.json as Record<string, { topic?: string; status?: string }>[];
  assertEquals(lines.map((line) => Object.keys(line)), [["run"], ["event"], ["end"]]);
  assertEquals([lines[1]!.event!.topic, lines[2]!.end!.status], ["run.flights.succeeded", "succeeded"]);
});

Deno.test("run --follow-on waits for the runs that it led to and ends with 1 if one of them fails", async () => {
  const { environment, code } = await started("flights", "--follow-on");
  const { platform } = environment;
  platform.emit("run.flights.succeeded", {}, runView({ status: "succeeded", tasks: {} }));
  const later = { id: LATER_ID, pipeline: "report", tasks: {} };
  platform.emit("run.report.started", { runId: LATER_ID }, runView(later));
  await environment.clock.advance(5_000);
  platform.emit("run.report.failed", { runId: LATER_ID }, runView({ ...later, status: "failed" }));
  await environment.clock.advance(2_000);
  assertEquals(await code, 1);
  assertStringIncludes(environment.stderr.text, "report failed");
});

Deno.test("^C ends a run in this process with 130 and says how it goes on", async () => {
  const { environment, code } = await started("flights", "--watch");
  environment.signal("SIGINT");
  assertEquals(await code, 130);
  assertEquals(environment.stderr.lines, [`The next start continues the run: millrace runs show ${RUN_ID}`]);
  assertEquals(environment.platform.closes, 1);
});

Deno.test("run says what it leaves behind", async () => {
  const environment = new FakeEnvironment();
  environment.platform.closing.resolve({ lostThreads: 0, unfinishedRuns: 1 });
  const code = runCli(["run", "flights"], environment);
  await settle();
  environment.platform.finish({ runId: RUN_ID, status: "succeeded", tasks: {} });
  assertEquals(await code, 0);
  assertEquals(environment.stderr.lines, ["1 unfinished run, to go on at the next start"]);
});

Deno.test("a watched run that is gone ends the watching with its error", async () => {
  const { environment, code } = await started("flights", "--watch");
  environment.platform.views.clear();
  await environment.clock.advance(1_000);
  assertEquals(await code, 2);
  assertStringIncludes(environment.stderr.text, "error: Cannot find the run");
});
