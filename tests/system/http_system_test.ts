import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createTriggerRoutes, MillraceError, openPlatform } from "@millrace/millrace";
import { until } from "../actor/fixtures/systems.ts";
import { startMillrace } from "./support/millrace_process.ts";

const module = import.meta.resolve("./fixtures/pipelines.ts");

Deno.test("HTTP serves triggers, runs, results, plans and problems over a real connection", async (t) => {
  const dataDir = await Deno.makeTempDir();
  await using app = await openPlatform({ dataDir, modules: [module], http: { port: 0 }, log: () => {} });
  const url = app.url!;
  const get = async (
    path: string,
  ): Promise<{ status: number; body: Record<string, unknown>; type: string | null }> => {
    const response = await fetch(url + path);
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      body: await response.json(),
    };
  };
  const post = async (
    path: string,
    body: BodyInit,
  ): Promise<{ status: number; body: Record<string, unknown>; type: string | null }> => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      body: await response.json(),
    };
  };

  await t.step("GET /health", async () => {
    const { status, body } = await get("/health");
    assertEquals([status, body.status], [200, "ok"]);
  });
  await t.step("POST /api/triggers/:name/trigger and its status", async () => {
    const { status, body } = await post("/api/triggers/hook/trigger", JSON.stringify({ data: { upTo: 2 } }));
    assertEquals([status, body.success, body.trigger_count, typeof body.message], [200, true, 1, "string"]);
    const [runId] = body.run_ids as string[];
    await until(() => get(`/api/runs/${runId}`), ({ body }) => body.status === "succeeded");
    const { body: numbers }: { body: unknown } = await get(`/api/runs/${runId}/results/numbers`);
    assertEquals(numbers, [1, 2]);
    const trigger = await get("/api/triggers/hook/status");
    assertEquals([trigger.body.running, trigger.body.trigger_count], [true, 1]);
  });
  await t.step("POST /api/runs and GET /api/runs", async () => {
    const { status, body } = await post(
      "/api/runs",
      JSON.stringify({ pipeline: "counting", params: { upTo: 1 } }),
    );
    assertEquals(status, 202);
    await until(() => get(`/api/runs/${body.id}`), ({ body }) => body.status === "succeeded");
    const runs = (await get("/api/runs?pipeline=counting")).body as unknown as { id: string }[];
    assertEquals([runs.length, runs[0]!.id], [2, body.id]);
  });
  await t.step("GET /api/events streams what matches", async () => {
    const response = await fetch(`${url}/api/events?pattern=${encodeURIComponent("run.counting.*")}`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await post("/api/events", JSON.stringify({ topic: "numbers.wanted", data: { upTo: 1 } }));
    let text = "";
    while (!text.includes("run.counting.succeeded")) text += (await reader.read()).value;
    assertStringIncludes(text, "run.counting.started");
    await reader.cancel();
  });
  const problems: [
    string,
    () => Promise<{ status: number; body: Record<string, unknown>; type: string | null }>,
    number,
    string,
  ][] = [
    ["malformed JSON", () => post("/api/triggers/hook/trigger", "{"), 400, "http/bad-request"],
    [
      "JSON that is nested without end",
      () => post("/api/triggers/hook/trigger", `{"data":${"[".repeat(4_000)}${"]".repeat(4_000)}}`),
      400,
      "http/bad-request",
    ],
    ["an unknown trigger", () => post("/api/triggers/hok/trigger", "{}"), 404, "trigger/unknown"],
    [
      "a payload that does not fit",
      () => post("/api/triggers/hook/trigger", '{"data":{"upTo":-1}}'),
      422,
      "trigger/payload-invalid",
    ],
    [
      "an event trigger",
      () => post("/api/triggers/after_counting/trigger", "{}"),
      409,
      "trigger/not-fireable",
    ],
    ["an unknown task", () => post("/api/runs", '{"names":["nope"]}'), 422, "plan/invalid"],
    ["an unknown pipeline", () => post("/api/runs", '{"pipeline":"nope"}'), 404, "pipeline/unknown"],
    [
      "a body over the limit",
      () => post("/api/events", JSON.stringify({ topic: "a", data: "x".repeat(2 ** 20) })),
      413,
      "http/body-too-large",
    ],
    ["an invalid topic", () => post("/api/events", '{"topic":"a..b","data":1}'), 422, "topic/invalid"],
    [
      "a reserved topic",
      () => post("/api/events", '{"topic":"run.x.succeeded","data":1}'),
      422,
      "event/reserved-topic",
    ],
    ["an unknown run", () => get("/api/runs/nope"), 404, "run/not-found"],
    ["an unknown route", () => get("/api/nope"), 404, "http/not-found"],
  ];
  for (const [what, ask, status, code] of problems) {
    await t.step(`${what} is answered with ${status} ${code}`, async () => {
      const answer = await ask();
      assertEquals([answer.status, answer.body.code], [status, code]);
      assertStringIncludes(answer.type!, "application/problem+json");
    });
  }
  await t.step("createTriggerRoutes answers under any prefix", async () => {
    const { fetch } = createTriggerRoutes(app.scheduler.trigger("hook"));
    const fired = await fetch(
      new Request("http://any.host/deep/prefix/trigger", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"data":{"upTo":1}}',
      }),
    );
    assertEquals([fired.status, (await fired.json()).success], [200, true]);
    const status = await fetch(new Request("http://any.host/status"));
    assertEquals((await status.json()).running, true);
    const wrong = await fetch(new Request("http://any.host/deep/trigger"));
    assertEquals([wrong.status, (await wrong.json()).code], [405, "http/method-not-allowed"]);
  });
  await t.step("nothing running was disturbed, and nothing bad was accepted", async () => {
    assertEquals((await get("/health")).status, 200);
    const runs = (await get("/api/runs?limit=100")).body as unknown as { status: string }[];
    await until(() => app.runs(), (runs) => runs.every((run) => run.status === "succeeded"));
    assert(runs.length >= 3);
  });
  await app.close();
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("openPlatform refuses what it cannot open, and says why", async (t) => {
  const refused = async (options: Parameters<typeof openPlatform>[0]): Promise<MillraceError> =>
    await assertRejects(() => openPlatform({ log: () => {}, executors: 1, ...options }), MillraceError);

  await t.step("a second platform on the same data folder names the first", async () => {
    const dataDir = await Deno.makeTempDir();
    await using process = startMillrace({ module, dataDir });
    const url = await process.url;
    const error = await refused({ dataDir });
    assert(MillraceError.is(error, "platform/data-dir-locked"));
    assertEquals([error.details.pid, error.details.url], [process.pid, url]);
    await using second = startMillrace({ module, dataDir });
    assertEquals((await second.ended).code, 1);
    assertStringIncludes(await second.stderr, String(process.pid));
    process.kill("SIGTERM");
    assertEquals((await process.ended).code, 0);
    await Deno.remove(dataDir, { recursive: true });
  });
  await t.step("a data folder that cannot be made or written", async () => {
    const file = await Deno.makeTempFile();
    assertEquals((await refused({ dataDir: `${file}/data` })).code, "platform/data-dir-unusable");
    await Deno.remove(file);
  });
  await t.step("a module that is missing, does not parse, throws, or cannot be kept", async () => {
    const dir = await Deno.makeTempDir();
    const modules: [string, string | undefined, string][] = [
      ["missing.ts", undefined, "module/load-failed"],
      ["syntax.ts", "export const = 1;", "module/load-failed"],
      ["throws.ts", "throw new Error('not today');", "module/load-failed"],
      [
        "cycle.ts",
        `import { definePipeline, defineTask } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
         const a = defineTask({ name: "a", after: ["c"], run: () => 1 });
         const b = defineTask({ name: "b", after: [a], run: () => 1 });
         const c = defineTask({ name: "c", after: [b], run: () => 1 });
         export const p = definePipeline({ name: "p", tasks: [a, b, c] });`,
        "plan/invalid",
      ],
      ["duplicate.ts", "export const a = { '~millrace': 'task' };", "module/definition-invalid"],
    ];
    for (const [name, source, code] of modules) {
      if (source !== undefined) await Deno.writeTextFile(`${dir}/${name}`, source);
      const error = await refused({ dataDir: `${dir}/data`, modules: [`file://${dir}/${name}`] });
      assertEquals(error.code, code);
      assertStringIncludes(error.message, code === "plan/invalid" ? "a → b → c → a" : name);
    }
    // The folder is free again.
    await using app = await openPlatform({ dataDir: `${dir}/data`, executors: 0, log: () => {} });
    await app.close();
    await Deno.remove(dir, { recursive: true });
  });
  await t.step("an address that is none of this machine's", async () => {
    const dataDir = await Deno.makeTempDir();
    const error = await refused({ dataDir, http: { port: 0, hostname: "203.0.113.1" } });
    assertEquals(error.code, "platform/address-unusable");
    await Deno.remove(dataDir, { recursive: true });
  });
  await t.step("a journal that is none", async () => {
    const dataDir = await Deno.makeTempDir();
    await Deno.writeTextFile(
      `${dataDir}/millrace.db`,
      "this is no database, but long enough to be read as one ".repeat(100),
    );
    assertEquals((await refused({ dataDir })).code, "platform/journal-unusable");
    await Deno.remove(dataDir, { recursive: true });
  });
  await t.step("an unknown option, with the one that was meant", async () => {
    const options = { dataDirr: "x" } as Parameters<typeof openPlatform>[0];
    await assertRejects(() => openPlatform(options), TypeError, 'did you mean "dataDir"');
  });
});

Deno.test("openPlatform takes the next free port if the wanted one is in use, and says so", async () => {
  const dataDir = await Deno.makeTempDir();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await using app = await openPlatform({ dataDir, executors: 0, http: { port }, log: () => {} });
  assert(app.portMoved);
  assert(Number(new URL(app.url!).port) > port);
  assertEquals((await (await fetch(`${app.url}/health`)).json()).status, "ok");
  await app.close();
  await Deno.remove(dataDir, { recursive: true });
});
