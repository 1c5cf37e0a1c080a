import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../src/cli/cli.ts";
import { SAME_PRESS_MS } from "../../src/cli/interrupts.ts";
import { FakeEnvironment } from "./fake_environment.ts";
import { RUN_ID, runView, taskView } from "./fake_platform.ts";
import { settle } from "./virtual_clock.ts";

const CLEAN = { lostThreads: 0, unfinishedRuns: 0 };

async function started(...line: string[]): Promise<{ environment: FakeEnvironment; code: Promise<number> }> {
  const environment = new FakeEnvironment();
  const code = runCli(["start", ...line], environment);
  await settle();
  return { environment, code };
}

Deno.test("start opens the platform for serving and prints the banner", async () => {
  const { environment, code } = await started("a.ts", "--port", "9000");
  assertEquals(environment.opened as unknown[], [{
    modules: ["file:///here/a.ts"],
    dataDir: ".millrace",
    purpose: "serve",
    http: { port: 9000, hostname: "127.0.0.1" },
  }]);
  assertStringIncludes(environment.stdout.text, "millrace 0.1.0 · Deno 2.9.6");
  environment.platform.closing.resolve(CLEAN);
  environment.signal("SIGINT");
  assertEquals(await code, 0);
});

Deno.test("the first ^C drains, says what it waits for, and ends with 0", async () => {
  const { environment, code } = await started();
  const { platform } = environment;
  platform.emit("run.flights.started", {}, runView());
  platform.emit("task.flights.read.started", { task: "read", attempt: 1 });
  await settle();
  environment.signal("SIGINT");
  await settle();
  assertStringIncludes(
    environment.stdout.text,
    "draining: waits for 1 run (flights: read); ^C again stops at once\n",
  );
  // What happens while it drains is still shown.
  platform.emit("task.flights.read.succeeded", { task: "read", attempt: 1, durationMs: 800 });
  await settle();
  platform.closing.resolve({ lostThreads: 1, unfinishedRuns: 2 });
  assertEquals(await code, 0);
  assertEquals(environment.stdout.lines.slice(-2), [
    "12:04:05 flights/read succeeded 0.8s",
    "stopped: 2 unfinished runs, to go on at the next start; 1 thread would not stop",
  ]);
  assertEquals([environment.exits, environment.listening, environment.clock.pending], [[], 0, 0]);
});

Deno.test("a second ^C ends the process at once with 130", async () => {
  const { environment, code } = await started();
  environment.signal("SIGINT");
  await environment.clock.advance(SAME_PRESS_MS);
  environment.signal("SIGINT");
  assertEquals(environment.exits, [130]);
  environment.platform.closing.resolve(CLEAN);
  await code;
});

Deno.test("one ^C that arrives twice, from the terminal and from a parent, counts once", async () => {
  const { environment, code } = await started();
  environment.signal("SIGINT");
  await environment.clock.advance(SAME_PRESS_MS - 1);
  environment.signal("SIGINT");
  assertEquals(environment.exits, []);
  environment.platform.closing.resolve(CLEAN);
  assertEquals(await code, 0);
});

Deno.test("SIGTERM drains like ^C, and ^C after it stops at once", async () => {
  const { environment, code } = await started();
  environment.signal("SIGTERM");
  await environment.clock.advance(1_000);
  assertEquals(environment.platform.closes, 1);
  environment.signal("SIGINT");
  assertEquals(environment.exits, [130]);
  environment.platform.closing.resolve(CLEAN);
  assertEquals(await code, 0);
});

Deno.test("--run runs a pipeline once and shows its progress", async () => {
  const { environment, code } = await started("--run", "flights");
  assertEquals(environment.platform.requests, [{ pipeline: "flights" }]);
  environment.platform.emit("run.flights.started", {}, runView());
  await settle();
  assertStringIncludes(environment.stdout.text, "12:04:05 flights started #a41b09cc\n");
  environment.platform.closing.resolve(CLEAN);
  environment.signal("SIGINT");
  await code;
});

Deno.test("--run with an unknown pipeline is told, and the platform serves nevertheless", async () => {
  const { environment, code } = await started("--run", "flihgts");
  assertStringIncludes(
    environment.stdout.text,
    'Cannot run "flihgts" at start: Cannot run pipeline "flihgts"',
  );
  environment.platform.closing.resolve(CLEAN);
  environment.signal("SIGINT");
  assertEquals(await code, 0);
});

Deno.test("an end whose event was dropped is found by looking", async () => {
  const { environment, code } = await started();
  environment.platform.emit("run.flights.started", {}, runView());
  await settle();
  const tasks = { read: taskView({ status: "succeeded", attempts: 1 }) };
  environment.platform.views.set(
    RUN_ID,
    runView({ status: "succeeded", endedMs: environment.clock.now(), tasks }),
  );
  await environment.clock.advance(1_000);
  assertStringIncludes(environment.stdout.text, "flights/read succeeded");
  assertStringIncludes(environment.stdout.text, "flights succeeded");
  assertEquals(environment.clock.pending, 0);
  environment.platform.closing.resolve(CLEAN);
  environment.signal("SIGINT");
  await code;
});

Deno.test("--json prints the platform, each event and the end as one line each", async () => {
  const { environment, code } = await started("--json");
  environment.platform.emit("run.flights.started", {}, runView());
  await settle();
  environment.platform.closing.resolve(CLEAN);
  environment.signal("SIGINT");
  await code;
  const [platform, event, closed] = environment.stdout.json as Record<string, Record<string, unknown>>[];
  assertEquals(platform!.platform!.url, "http://127.0.0.1:8000");
  assertEquals(event!.event!.topic, "run.flights.started");
  assertEquals(event!.event!.data, { runId: RUN_ID });
  assertEquals(closed, { closed: CLEAN });
});
