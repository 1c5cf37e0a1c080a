import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Progress } from "../../src/cli/progress.ts";
import { createProgressView, type ProgressView } from "../../src/cli/progress_view.ts";
import { FakeEnvironment } from "./fake_environment.ts";
import { RUN_ID, runView } from "./fake_platform.ts";

const ESCAPE = "\x1b";
const STARTED = {
  id: "e1",
  topic: "run.flights.started",
  timeMs: 0,
  source: "test",
  data: { runId: RUN_ID },
};

async function opened(
  environment: FakeEnvironment,
  options: { json?: boolean; keepTree?: boolean } = {},
): Promise<{ progress: Progress; view: ProgressView }> {
  const progress = new Progress();
  const { json = false, keepTree = true } = options;
  const output = environment.stdout;
  return {
    progress,
    view: await createProgressView(environment, { output, json, progress, keepTree: () => keepTree }),
  };
}

Deno.test("a pipe gets plain lines without escapes and without timers", async () => {
  const environment = new FakeEnvironment();
  const { progress, view } = await opened(environment);
  view.update(undefined, progress.seed(runView()));
  view.print("between");
  view.stop();
  assertEquals(environment.stdout.lines, ["00:00:00 flights started #a41b09cc", "between"]);
  assertEquals(environment.clock.pending, 0);
});

Deno.test("FORCE_COLOR colours a pipe, NO_COLOR wins over it", async () => {
  for (
    const [variables, coloured] of [[{ FORCE_COLOR: "1" }, true], [
      { FORCE_COLOR: "1", NO_COLOR: "1" },
      false,
    ]]
  ) {
    const environment = new FakeEnvironment();
    environment.variables = variables as Record<string, string>;
    const { progress, view } = await opened(environment);
    view.update(undefined, progress.seed(runView()));
    assertEquals(environment.stdout.text.includes(ESCAPE), coloured);
  }
});

Deno.test("--json gives each event as one line", async () => {
  const environment = new FakeEnvironment();
  const { view } = await opened(environment, { json: true });
  view.update(STARTED, []);
  view.print("for people only");
  assertEquals(environment.stdout.json, [{ event: STARTED }]);
});

Deno.test("a terminal gets at most 12 frames a second, and none once nothing moves", async () => {
  const environment = new FakeEnvironment();
  environment.stdout.isTerminal = true;
  let writes = 0;
  const { write } = environment.stdout;
  environment.stdout.write = (text) => {
    writes++;
    write.call(environment.stdout, text);
  };
  const { progress, view } = await opened(environment);
  for (let update = 0; update < 50; update++) view.update(STARTED, progress.seed(runView()));
  writes = 0;
  await environment.clock.advance(1_000);
  assert(writes > 5 && writes <= 12, `${writes} frames`);
  view.update(undefined, progress.seed(runView({ status: "succeeded", endedMs: 1 })));
  await environment.clock.advance(100);
  assertEquals(environment.clock.pending, 0);
});

Deno.test("a terminal keeps the tree of a run that has ended, or its summary", async () => {
  for (const keepTree of [true, false]) {
    const environment = new FakeEnvironment();
    environment.stdout.isTerminal = true;
    environment.variables = { NO_COLOR: "1" };
    const { progress, view } = await opened(environment, { keepTree });
    view.update(undefined, progress.seed(runView({ status: "succeeded", endedMs: 2_400 })));
    assertStringIncludes(environment.stdout.text, "✓ flights  #a41b09cc  2 tasks");
    assertEquals(environment.stdout.text.includes("· report"), keepTree);
    view.stop();
  }
});

Deno.test("a terminal shows nothing more once stopped", async () => {
  const environment = new FakeEnvironment();
  environment.stdout.isTerminal = true;
  const { progress, view } = await opened(environment);
  view.update(undefined, progress.seed(runView()));
  view.stop();
  const { text } = environment.stdout;
  view.update(undefined, []);
  view.print("late");
  await environment.clock.advance(1_000);
  assertEquals(environment.stdout.text, text);
  assertEquals(environment.clock.pending, 0);
});

Deno.test("a dumb terminal and a CI job get plain lines", async () => {
  for (const variables of [{ TERM: "dumb" }, { CI: "true", NO_COLOR: "1" }]) {
    const environment = new FakeEnvironment();
    environment.stdout.isTerminal = true;
    environment.variables = variables as Record<string, string>;
    const { progress, view } = await opened(environment);
    view.update(undefined, progress.seed(runView()));
    assert(!environment.stdout.text.includes(ESCAPE));
  }
});
