import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startMillrace, topicOf } from "./support/millrace_process.ts";

const module = new URL("./fixtures/pipelines.ts", import.meta.url).href;
const slow = new URL("./fixtures/slow_pipelines.ts", import.meta.url).href;

Deno.test("millrace start runs a pipeline at start, serves, and drains on SIGINT with exit code 0", async () => {
  const dataDir = await Deno.makeTempDir();
  await using process = startMillrace({ module, dataDir, args: ["--run", "counting"] });
  const platform = (await process.line((line) => "platform" in line)).platform as Record<string, unknown>;
  assertEquals([platform.portMoved, platform.resumed, platform.fsync], [false, 0, "batched"]);
  await process.line((line) => topicOf(line) === "run.echoing.succeeded");
  const health = await fetch(`${await process.url}/health`);
  assertEquals([health.status, (await health.json()).status], [200, "ok"]);
  process.kill("SIGINT");
  assertEquals((await process.ended).code, 0);
  assertEquals(process.lines.at(-1), { closed: { lostThreads: 0, unfinishedRuns: 0 } });
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("millrace start stops at once on a second SIGINT, and the next start goes on", async () => {
  const dataDir = await Deno.makeTempDir();
  {
    await using process = startMillrace({ module: slow, dataDir, args: ["--run", "endless"] });
    await process.line((line) => topicOf(line) === "task.endless.wait.started");
    process.kill("SIGINT");
    // Two signals within 200 ms count as one, as a terminal and a parent may both send it.
    await new Promise<void>((resolve) => setTimeout(resolve, 300));
    process.kill("SIGINT");
    assertEquals((await process.ended).code, 130);
  }
  await using process = startMillrace({ module: slow, dataDir });
  const platform = (await process.line((line) => "platform" in line)).platform as Record<string, unknown>;
  assertEquals(platform.resumed, 1);
  await Deno.remove(dataDir, { recursive: true }).catch(() => {});
});

Deno.test("millrace start in a pipe prints a banner and plain lines without escapes", async () => {
  const dataDir = await Deno.makeTempDir();
  const main = new URL("../../actors/main.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, "start", module, "--data-dir", dataDir, "--port", "0", "--run", "counting"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  let asked = false;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (asked || !text.includes("echoing succeeded")) continue;
    asked = true; // once: a second signal would mean "at once"
    child.kill("SIGTERM");
  }
  assertEquals((await child.status).code, 0);
  for (
    const said of [
      "millrace 0.1.0",
      "http://127.0.0.1:",
      dataDir,
      "counting, echoing",
      "hook",
      "Executors",
      "curl -X POST",
    ]
  ) {
    assertStringIncludes(text, said);
  }
  assert(!text.includes("\x1b"), "no escape sequences in a pipe");
  assertStringIncludes(text, "counting/sum succeeded");
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("millrace start that waits for a module ends at once on SIGINT", async () => {
  const dataDir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dataDir}/never.ts`, "await new Promise(() => setInterval(() => {}, 1e6));");
  await using process = startMillrace({ module: `file://${dataDir}/never.ts`, dataDir });
  // The folder is taken before the modules are loaded.
  while (!await Deno.stat(`${dataDir}/owner.json`).then(() => true, () => false)) {
    await new Promise<void>((resolve) => setTimeout(resolve, 10));
  }
  process.kill("SIGINT");
  assertEquals((await process.ended).code, 130);
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("millrace run refuses modules of its own where a platform with others runs", async () => {
  const dataDir = await Deno.makeTempDir();
  await using process = startMillrace({ module, dataDir });
  await process.url;
  const main = new URL("../../actors/main.ts", import.meta.url).href;
  const run = (...args: string[]): Promise<Deno.CommandOutput> =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", main, "run", "counting", "-d", dataDir, ...args],
    }).output();
  const refused = await run("-m", slow);
  assertEquals(refused.code, 2);
  assertStringIncludes(new TextDecoder().decode(refused.stderr), "--module");
  assertEquals((await run("--watch")).code, 0);
  process.kill("SIGTERM");
  await process.ended;
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("millrace start ends with exit code 1 if its control thread is lost, and loses nothing that was accepted", async () => {
  const dataDir = await Deno.makeTempDir();
  const module = new URL("./fixtures/fatal_trigger.ts", import.meta.url).href;
  {
    await using process = startMillrace({ module, dataDir });
    const publish = async (topic: string): Promise<Response> =>
      await fetch(`${await process.url}/api/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ topic, data: {} }),
      });
    await (await publish("quick.wanted")).body?.cancel();
    await process.line((line) => topicOf(line) === "run.quick.succeeded");
    await publish("please.end").then((response) => response.body?.cancel(), () => {});
    assertEquals((await process.ended).code, 1);
    assertStringIncludes(await process.stderr, "Deno.exit(3)");
  }
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("millrace start says which setting of the environment it cannot use, and ends with exit code 2", async () => {
  for (const [name, value] of Object.entries({ MILLRACE_RESULTS: "paper", MILLRACE_LOG: "loud" })) {
    const dataDir = await Deno.makeTempDir();
    await using process = startMillrace({ module, dataDir, env: { [name]: value } });
    process.url.catch(() => {});
    assertEquals((await process.ended).code, 2);
    const { error } = JSON.parse(await process.stderr);
    assertEquals([error.code, error.details], ["cli/setting-invalid", { name }]);
    await Deno.remove(dataDir, { recursive: true });
  }
});
