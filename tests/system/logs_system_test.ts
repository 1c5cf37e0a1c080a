// deno-lint-ignore-file no-console -- what users do, and what this is about
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import {
  defineTask,
  type LogEntry,
  type LogFilter,
  MillraceError,
  openPlatform,
  type Platform,
} from "@millrace/millrace";

const module = import.meta.resolve("./fixtures/talking_pipelines.ts");

async function withPlatform(test: (app: Platform, dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await using app = await openPlatform({ dataDir, modules: [module], executors: 1, log: () => {} });
    await test(app, dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function read(app: Platform, runId: string, filter: LogFilter = {}): Promise<LogEntry[]> {
  return await Array.fromAsync(app.logs(runId, filter));
}

async function logOf(app: Platform, task: string): Promise<LogEntry[]> {
  const run = await app.run({ names: [task] });
  await run.finished;
  return await read(app, run.id);
}

const brief = ({ level, source, text }: LogEntry): string => `${source} ${level}: ${text}`;

const TALK = [
  "stdout info: hello world { n: 1 }",
  "stderr error: a complaint",
  "stdout info: group",
  "stdout debug:   inside",
  "stdout info: ┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘",
  "log info: counted",
];

Deno.test("app.logs() gives what a task wrote by console and ctx.log, in a thread", () =>
  withPlatform(async (app) => {
    const entries = await logOf(app, "talks");
    assertEquals(entries.map(brief), TALK);
    const { timeMs, ...last } = entries.at(-1)!;
    assert(timeMs > 0);
    assertEquals(last, {
      task: "talks",
      attempt: 1,
      level: "info",
      source: "log",
      text: "counted",
      attrs: { rows: 3 },
    });
  }));

Deno.test("app.logs() gives what a task wrote in a process, also past the console, in order", () =>
  withPlatform(async (app) => {
    const written = (await logOf(app, "talks_apart")).map(brief);
    assertEquals(written.filter((line) => TALK.includes(line)), TALK);
    assertEquals(written.filter((line) => !TALK.includes(line)).sort(), [
      "stderr warn: without an end",
      "stdout info: straight out",
    ]);
    assertEquals((await logOf(app, "talks_apart")).length, TALK.length + 2, "nothing of the one before");
  }));

Deno.test("app.logs() keeps attempts apart, and gives a task or an attempt alone", () =>
  withPlatform(async (app) => {
    const run = await app.run({ pipeline: "two" });
    assertEquals((await run.finished).status, "succeeded");
    const all = await read(app, run.id);
    assertEquals(all.length, TALK.length + 2);
    assertEquals(all.map(({ timeMs }) => timeMs), all.map(({ timeMs }) => timeMs).sort((a, b) => a - b));
    const texts = async (filter: LogFilter) => (await read(app, run.id, filter)).map(({ text }) => text);
    assertEquals(await texts({ task: "tries" }), ["attempt 1", "attempt 2"]);
    assertEquals(await texts({ task: "tries", attempt: 2 }), ["attempt 2"]);
    assertEquals(await texts({ task: "quiet" }), []);
  }));

Deno.test("app.logs() has what a task wrote right before it hung or died", () =>
  withPlatform(async (app) => {
    for (const task of ["hangs_apart", "dies"]) {
      assertEquals((await logOf(app, task)).map(({ text }) => text), [
        task === "dies" ? "last words" : "going in",
      ]);
    }
  }));

for (const task of ["floods", "floods_apart"]) {
  Deno.test(`app.logs() keeps a bounded part of what ${task} writes, and says how much is missing`, () =>
    withPlatform(async (app) => {
      const entries = await logOf(app, task);
      const size = entries.reduce((sum, { text }) => sum + text.length, 0);
      assert(size > 400_000 && size < 2 ** 20, `${size}`);
      assertEquals(entries[0]!.text.slice(0, 7), "line 0 ");
      assertMatch(entries.at(-1)!.text, /^\d+ bytes more were left out/);
      assert(entries.at(-1)!.droppedBytes! > 2_000_000);
    }));
}

Deno.test("app.logs() keeps inline tasks apart that run at the same time, and leaves the console as it was", () =>
  withPlatform(async (app) => {
    const before = console.log;
    const names = ["one", "two_", "three"];
    let waiting = 0;
    const gate = Promise.withResolvers<void>();
    for (const name of names) {
      app.registry.register(defineTask({
        name,
        isolation: "inline",
        async run() {
          if (++waiting === names.length) gate.resolve();
          await gate.promise;
          console.info(`this is ${name}`);
        },
      }));
    }
    const run = await app.run({ names });
    await run.finished;
    const entries = await read(app, run.id);
    assertEquals(
      entries.map(({ task, text }) => [task, text]).sort(),
      names.map((name) => [name, `this is ${name}`]).sort(),
    );
    assertEquals(console.log, before);
  }));

Deno.test("app.logs() follows a run until it has ended", () =>
  withPlatform(async (app, dataDir) => {
    Deno.env.set("WAITS_FOR", `${dataDir}/go`);
    const begun = app.subscribe("waits.begun");
    await app.view();
    const run = await app.run({ names: ["waits"] });
    const seen: string[] = [];
    for await (const _ of begun) break;
    for await (const { text } of app.logs(run.id, { follow: true })) {
      seen.push(text);
      if (text === "waiting") await Deno.writeTextFile(`${dataDir}/go`, "");
    }
    assertEquals(seen, ["waiting", "going on"]);
    assertEquals((await app.runView(run.id)).status, "succeeded");
  }));

Deno.test("app.logs() are there after a restart; leaving them early holds nothing up", async () => {
  const dataDir = await Deno.makeTempDir();
  const open = () => openPlatform({ dataDir, modules: [module], executors: 1, log: () => {} });
  let runId: string;
  {
    await using app = await open();
    const run = await app.run({ names: ["tries"] });
    await run.finished;
    runId = run.id;
    for await (const _ of app.logs(runId, { follow: true })) break;
  }
  {
    await using app = await open();
    assertEquals((await read(app, runId)).map(({ attempt, text }) => [attempt, text]), [
      [1, "attempt 1"],
      [2, "attempt 2"],
    ]);
    const error = await assertRejects(() => read(app, "no-such-run"), MillraceError);
    assertEquals(error.code, "run/not-found");
  }
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("a log that cannot be kept fails no task", () =>
  withPlatform(async (app, dataDir) => {
    await Deno.writeTextFile(`${dataDir}/logs`, "a file where the folder should be");
    const run = await app.run({ names: ["talks"] });
    assertEquals((await run.finished).status, "succeeded");
    assertStringIncludes((await app.runView(run.id)).status, "succeeded");
  }));
