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
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("echoing succeeded")) child.kill("SIGTERM");
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
