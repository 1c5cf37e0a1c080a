import { assertEquals, assertStringIncludes } from "@std/assert";
import { banner, type BannerFacts } from "../../src/cli/banner.ts";
import { PLAIN_STYLE } from "../../src/cli/style.ts";
import { platformView } from "./fake_platform.ts";

const FACTS: BannerFacts = {
  view: platformView({
    triggers: [
      { name: "weekly", kind: "cron", topic: "t", running: true, count: 0, nextMs: 9e9, cron: "0 2 * * 1" },
      {
        name: "nightly",
        kind: "cron",
        topic: "t",
        running: true,
        count: 0,
        nextMs: 4_328_000,
        cron: "0 2 * * *",
        timezone: "Europe/Oslo",
      },
      { name: "hook", kind: "api", topic: "t", running: true, count: 0 },
    ],
  }),
  runtime: "Deno 2.9.6",
  url: "http://127.0.0.1:8001",
  portInUse: 8000,
  hasToken: false,
  resumed: 1,
  nowMs: 0,
};

function shown(over: Partial<BannerFacts> = {}, columns = 80): string {
  return banner({ ...FACTS, ...over }, columns, PLAIN_STYLE).join("\n");
}

Deno.test("banner() says what there is, where, and what to try", () => {
  assertEquals(
    shown(),
    `
  millrace 0.1.0 · Deno 2.9.6

  HTTP       http://127.0.0.1:8001/
             port 8000 was in use
  Journal    .millrace/millrace.db
             every commit survives a crash of the process (fsync: batched)
  Results    files in .millrace
  Tasks      2: read, report
  Pipelines  1: flights
  Triggers   3: weekly (cron), nightly (cron), hook (api)
  Next       nightly in 1:12:08 (0 2 * * *, Europe/Oslo)
  Executors  2
  Resumed    1 run of an earlier process

  Try
  curl -X POST http://127.0.0.1:8001/api/triggers/hook/trigger

  ^C stops
`,
  );
});

Deno.test("banner() counts only where names are many", () => {
  const tasks = Array.from({ length: 9 }, (_, index) => `task_${index}`);
  assertStringIncludes(shown({ view: platformView({ tasks }) }), "  Tasks      9\n");
});

Deno.test("banner() without triggers offers a run, and shows nothing that is not there", () => {
  const text = shown({ view: platformView(), url: undefined, portInUse: undefined, resumed: 0 });
  assertStringIncludes(text, "  HTTP       off\n");
  assertStringIncludes(text, "  Triggers   none\n");
  assertStringIncludes(text, "  millrace run flights --watch\n");
  for (const label of ["Next", "Resumed", "in use"]) assertEquals(text.includes(label), false);
});

Deno.test("banner() warns of an open door and shows the token where one is needed", () => {
  const url = "http://0.0.0.0:8000";
  assertStringIncludes(shown({ url }), "open to the network without a token: set MILLRACE_TOKEN");
  assertEquals(shown({ url, hasToken: true }).includes("open to the network"), false);
  assertStringIncludes(shown({ hasToken: true }), '-H "authorization: Bearer $MILLRACE_TOKEN"');
});

Deno.test("banner() wraps lists on a narrow terminal, never the command to copy", () => {
  const lines = shown({}, 40).split("\n");
  assertStringIncludes(lines.join("\n"), "curl -X POST http://127.0.0.1:8001/api/triggers/hook/trigger");
  assertEquals(lines.filter((line) => line.length > 40 && !line.includes("curl")), []);
});
