import {
  assert,
  assertEquals,
  assertFalse,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { createLogger, type LogRecord } from "../../src/base/log.ts";
import { type AppOptions, createApp } from "../../src/http/app.ts";
import type { GatewayBackend } from "../../src/http/port.ts";
import {
  CONSUMER,
  createFakeBackend,
  ENTRIES,
  type FakeBackend,
  LETTER,
  PLAN,
  RUN,
  RUN_ID,
  START_MS,
  TOPICS,
  TRIGGERS,
  VIEW,
} from "./fake_backend.ts";

const clock = { now: () => START_MS + 5000, after: () => () => {} };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- JSON of any shape; the tests compare it
  readonly body: any;
}

async function ask(
  path: string,
  init: RequestInit = {},
  backend: GatewayBackend = createFakeBackend(),
  options: AppOptions = {},
): Promise<Answer> {
  const response = await createApp(backend, { clock, ...options }).fetch(
    new Request(`http://localhost${path}`, init),
  );
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== "" ? JSON.parse(text) : text,
  };
}

function post(body: unknown, contentType = "application/json"): RequestInit {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { method: "POST", body: text, headers: { "content-type": contentType } };
}

function failing(
  code: "plan/invalid" | "platform/closed" | "run/not-found",
  details: unknown,
): () => Promise<never> {
  return () =>
    Promise.reject(new MillraceError(code, `Cannot do it: ${code}`, { details: details as never }));
}

Deno.test("GET /health says ok, version and up time", async () => {
  const { status, body } = await ask("/health");
  assertEquals([status, body], [200, { status: "ok", version: "0.1.0", uptimeMs: 5000 }]);
});

Deno.test("GET /health is 503 while the platform closes, and after close()", async () => {
  const closing = await ask("/health", {}, createFakeBackend({ view: failing("platform/closed", {}) }));
  assertEquals([closing.status, closing.body.code], [503, "platform/closed"]);
  const app = createApp(createFakeBackend());
  app.close();
  for (const path of ["/health", "/api/runs", "/api/events"]) {
    const response = await app.fetch(new Request(`http://localhost${path}`));
    assertEquals([response.status, (await response.json()).code], [503, "platform/closed"]);
  }
});

Deno.test("GET /api lists every route with what it does", async () => {
  const { body } = await ask("/api");
  const routes: { method: string; path: string; summary: string }[] = body.routes;
  assertEquals(routes.map(({ method, path }) => `${method} ${path}`), [
    "GET /",
    "GET /health",
    "GET /api/platform",
    "GET /api/triggers",
    "GET /api/triggers/:name/status",
    "POST /api/triggers/:name/trigger",
    "POST /api/runs",
    "POST /api/runs/:id/rerun",
    "POST /api/runs/:id/cancel",
    "POST /api/runs/prune",
    "GET /api/runs",
    "GET /api/runs/:id",
    "GET /api/runs/:id/results/:task",
    "GET /api/runs/:id/logs",
    "GET /api/plans",
    "POST /api/events",
    "GET /api/events",
    "GET /api/events/ws",
    "GET /api/topics",
    "POST /api/topics",
    "POST /api/topics/:topic/complete",
    "GET /api/consumers",
    "GET /api/consumers/:name/dead-letters",
    "POST /api/consumers/:name/redeliver",
    "GET /api",
  ]);
  assert(routes.every(({ summary }) => summary.length > 5));
});

Deno.test("GET /api/platform and /api/triggers show what there is", async () => {
  assertEquals((await ask("/api/platform")).body, VIEW);
  assertEquals((await ask("/api/triggers")).body, TRIGGERS);
});

Deno.test("GET /api/triggers/:name/status has times only where there are some", async () => {
  assertEquals((await ask("/api/triggers/nightly/status")).body, {
    running: true,
    trigger_count: 7,
    last_fired_ms: START_MS - 1000,
    next_ms: START_MS + 60_000,
  });
  assertEquals((await ask("/api/triggers/hook/status")).body, { running: true, trigger_count: 2 });
});

Deno.test("GET /api/triggers/:name/status of an unknown trigger is 404 with a suggestion", async () => {
  const { status, body } = await ask("/api/triggers/hok/status");
  assertEquals([status, body.code, body.details], [404, "trigger/unknown", {
    trigger: "hok",
    suggestion: "hook",
  }]);
});

Deno.test("POST /api/triggers/:name/trigger hands over data and raw body, and answers after acceptance", async () => {
  const backend = createFakeBackend();
  const { status, body } = await ask("/api/triggers/hook/trigger", post('{"data": {"day": 1}}'), backend);
  assertEquals(status, 200);
  assertEquals(body, {
    success: true,
    message: 'Trigger "hook" fired',
    trigger_count: 3,
    event_id: "e1",
    run_ids: ["r1", "r2"],
  });
  assertEquals(backend.calls, [["fire", "hook", { day: 1 }, '{"data": {"day": 1}}']]);
});

Deno.test("POST /api/triggers/:name/trigger without a body or data fires with {}", async () => {
  for (const init of [{ method: "POST" }, post("{}"), post("")]) {
    const backend = createFakeBackend();
    assertEquals((await ask("/api/triggers/hook/trigger", init, backend)).status, 200);
    assertEquals(backend.calls[0]?.slice(0, 3), ["fire", "hook", {}]);
  }
});

Deno.test("POST /api/triggers/:name/trigger refuses unknown keys and does not fire", async () => {
  const backend = createFakeBackend();
  const { status, body } = await ask("/api/triggers/hook/trigger", post({ dta: {} }), backend);
  assertEquals([status, body.code], [400, "http/bad-request"]);
  assertStringIncludes(body.detail, 'did you mean "data"?');
  assertEquals(backend.calls, []);
});

Deno.test("POST /api/runs accepts a run and says where to find it", async () => {
  const backend = createFakeBackend();
  const request = { pipeline: "sales", params: { day: "2025-01-01" }, metadata: { by: "me" } };
  const { status, headers, body } = await ask("/api/runs", post(request), backend);
  assertEquals([status, body, headers.get("location")], [202, { id: RUN_ID }, `/api/runs/${RUN_ID}`]);
  assertEquals(backend.calls, [["run", request]]);
});

Deno.test("POST /api/runs lists everything that is wrong with a request", async () => {
  const backend = createFakeBackend();
  const wrong = await ask("/api/runs", post({ pipline: "sales", names: "extract", params: [] }), backend);
  assertEquals([wrong.status, wrong.body.code], [400, "run/request-invalid"]);
  assertEquals(wrong.body.details.issues, [
    'there is no key "pipline", did you mean "pipeline"?',
    "at 'names': must be an array of strings: it is a string",
    "at 'params': must be an object: it is an array",
  ]);
  const both = await ask("/api/runs", post({ pipeline: "sales", tags: ["a"] }), backend);
  assertEquals(both.body.details.issues, ['"tags" selects tasks, which "pipeline" excludes']);
  assertEquals(backend.calls, []);
});

Deno.test("POST /api/runs/:id/rerun repeats a run, from failure unless it is said otherwise", async () => {
  const backend = createFakeBackend();
  const { status, body, headers } = await ask("/api/runs/r1/rerun", { method: "POST" }, backend);
  assertEquals([status, body, headers.get("location")], [202, { id: RUN_ID }, `/api/runs/${RUN_ID}`]);
  await ask("/api/runs/r1/rerun", post({ from: { tasks: ["a"] }, params: { day: 1 } }), backend);
  assertEquals(backend.calls, [
    ["run", { rerun: { runId: "r1", from: "failure" } }],
    ["run", { rerun: { runId: "r1", from: { tasks: ["a"] } }, params: { day: 1 } }],
  ]);
});

Deno.test("POST /api/runs/:id/rerun says what is wrong with it", async () => {
  const backend = createFakeBackend();
  for (const from of ["failures", { tasks: [] }, { task: ["a"] }, 1]) {
    const { status, body } = await ask("/api/runs/r1/rerun", post({ from }), backend);
    assertEquals([status, body.code], [400, "run/request-invalid"]);
    assertStringIncludes(body.detail, `must be "failure", "start" or {"tasks"`);
  }
  const unknown = await ask("/api/runs/r1/rerun", post({ form: "start" }), backend);
  assertStringIncludes(unknown.body.detail, 'did you mean "from"?');
  const both = await ask(
    "/api/runs",
    post({ pipeline: "p", rerun: { runId: "r1", from: "start" } }),
    backend,
  );
  assertEquals(both.body.details.issues, ['"pipeline" says what to run, which "rerun" excludes']);
  assertEquals(backend.calls, []);
});

Deno.test("POST /api/runs/:id/cancel answers with the run once it is cancelled", async () => {
  const backend = createFakeBackend();
  const { status, body } = await ask(`/api/runs/${RUN_ID}/cancel`, { method: "POST" }, backend);
  assertEquals([status, body.id], [200, RUN.id]);
  assertEquals(backend.calls, [["cancel", RUN_ID], ["runView", RUN_ID]]);
});

Deno.test("POST /api/runs/prune deletes what was asked for, and says how much", async () => {
  const backend = createFakeBackend();
  const request = { olderThanMs: 0, keep: 3, pipeline: "sales", limit: 5, dryRun: true };
  const { status, body } = await ask("/api/runs/prune", post(request), backend);
  assertEquals([status, body], [200, { runs: 2, results: 5, more: false }]);
  await ask("/api/runs/prune", { method: "POST" }, backend);
  assertEquals(backend.calls, [["prune", request], ["prune", {}]]);
  for (const wrong of [{ keep: -1 }, { olderThanMs: "7d" }, { limit: 0 }, { keepp: 1 }]) {
    const refused = await ask("/api/runs/prune", post(wrong), backend);
    assertEquals([refused.status, refused.body.code], [400, "run/request-invalid"]);
  }
});

Deno.test("GET /api/runs passes its filter on", async () => {
  const backend = createFakeBackend();
  const { body } = await ask("/api/runs?pipeline=sales&status=failed&limit=5&before=x", {}, backend);
  assertEquals(body, [RUN]);
  await ask("/api/runs", {}, backend);
  assertEquals(backend.calls, [
    ["runs", { pipeline: "sales", status: "failed", limit: 5, before: "x" }],
    ["runs", {}],
  ]);
});

Deno.test("GET /api/runs refuses a filter that it does not know", async () => {
  const { status, body } = await ask("/api/runs?stauts=failed&limit=0&status=done");
  assertEquals([status, body.details.issues.length], [400, 3]);
});

Deno.test("GET /api/runs/:id shows a run, or 404", async () => {
  assertEquals((await ask(`/api/runs/${RUN_ID}`)).body, RUN);
  const missing = createFakeBackend({ runView: failing("run/not-found", { runId: "x" }) });
  assertEquals((await ask("/api/runs/x", {}, missing)).status, 404);
});

Deno.test("GET /api/runs/:id/results/:task gives the value as JSON, bytes as they are", async () => {
  const backend = createFakeBackend();
  assertEquals((await ask("/api/runs/r%201/results/load", {}, backend)).body, { rows: 3 });
  assertEquals(backend.calls, [["result", "r 1", "load"]]);
  const bytes = await ask(
    "/api/runs/r/results/t",
    {},
    createFakeBackend({ result: () => Promise.resolve(new Uint8Array([72, 105])) }),
  );
  assertEquals([bytes.headers.get("content-type"), bytes.body], ["application/octet-stream", "Hi"]);
});

Deno.test("GET /api/plans takes a pipeline or a selection", async () => {
  const backend = createFakeBackend();
  assertEquals((await ask("/api/plans?pipeline=sales", {}, backend)).body, PLAN);
  await ask("/api/plans?names=a,b&tags=c&roots=d&includeUpstream", {}, backend);
  await ask("/api/plans?select=%2Ba%20and+not+tag:b", {}, backend);
  await ask("/api/plans?strict=true", {}, backend);
  assertEquals(backend.calls, [
    ["drawPlan", { pipeline: "sales" }, { format: "json" }],
    ["drawPlan", { names: ["a", "b"], tags: ["c"], roots: ["d"], includeUpstream: true }, {
      format: "json",
    }],
    ["drawPlan", { select: "+a and not tag:b" }, { format: "json" }],
    ["drawPlan", {}, { format: "json", strict: true }],
  ]);
  assertEquals((await ask("/api/plans?pipeline=sales&names=a")).status, 400);
});

Deno.test("GET /api/plans writes the plan in the format that is asked for", async () => {
  const types = { text: "text/plain", mermaid: "text/vnd.mermaid", dot: "text/vnd.graphviz" };
  for (const [format, type] of Object.entries(types)) {
    const { body, headers } = await ask(`/api/plans?format=${format}`);
    assertEquals([body, headers.get("content-type")], [`${format} plan`, `${type}; charset=utf-8`]);
  }
  const { status, body } = await ask("/api/plans?format=svg");
  assertEquals([status, body.details.issues], [400, [
    "at 'format': must be one of text, mermaid, dot, json: it is \"svg\"",
  ]]);
});

Deno.test("GET /api/plans with a run plans what it ran, with its durations", async () => {
  const tasks = {
    load: { status: "succeeded" as const, attempts: 1, resultIds: [], startedMs: 5, endedMs: 9 },
  };
  const backend = createFakeBackend({ runView: () => Promise.resolve({ ...RUN, tasks }) });
  await ask(`/api/plans?run=${RUN_ID}`, {}, backend);
  await ask(`/api/plans?run=${RUN_ID}&names=a`, {}, backend);
  const options = { format: "json", durationsMs: { load: 4 } };
  assertEquals(backend.calls, [
    ["drawPlan", { pipeline: "sales" }, options],
    ["drawPlan", { names: ["a"] }, options],
  ]);
});

Deno.test("GET /api/plans refuses a selector whose plus has become a space", async () => {
  for (const select of ["+a", "a+", "b or +a", "(+a)", "(a+)"]) {
    const { status, body } = await ask(`/api/plans?select=${select}`);
    assertEquals([status, /"\+" must be written as %2B/.test(body.detail)], [400, true], select);
  }
});

Deno.test("GET /api/plans of an invalid plan is 422 with its problems", async () => {
  const problems = [{ kind: "cycle", tasks: ["a", "b", "a"], message: "a → b → a" }];
  const { status, body } = await ask(
    "/api/plans",
    {},
    createFakeBackend({ drawPlan: failing("plan/invalid", { problems }) }),
  );
  assertEquals([status, body.title, body.details], [422, "Plan invalid", { problems }]);
});

Deno.test("POST /api/events publishes", async () => {
  const backend = createFakeBackend();
  const { status, body } = await ask("/api/events", post({ topic: "a.b", data: [1] }), backend);
  assertEquals([status, body], [202, { id: "e2", matched: 4 }]);
  await ask("/api/events", post({ topic: "a.c" }), backend);
  assertEquals(backend.calls, [["publish", "a.b", [1]], ["publish", "a.c", null]]);
});

Deno.test("POST /api/events without a topic, or without a body, is 400", async () => {
  for (const body of ["{}", '{"topic": 7}', ""]) {
    assertEquals((await ask("/api/events", post(body))).status, 400, body);
  }
});

Deno.test("GET /api/topics lists what is declared; null says that there is no limit", async () => {
  const [created, seen] = TOPICS;
  const retention = { ...created!.durable!.retention, maxBytes: null };
  const shown = { ...created, durable: { ...created!.durable, retention } };
  assertEquals((await ask("/api/topics")).body, [shown, seen]);
  assertEquals((await ask("/api/topics?pattern=*.seen")).body, [seen]);
  assertEquals((await ask("/api/topics?pattern=a..b")).body.code, "pattern/invalid");
  assertEquals((await ask("/api/topics?since=first")).status, 400);
});

Deno.test("POST /api/topics declares a topic, and again what is named", async () => {
  const backend = createFakeBackend();
  const { status, body } = await ask("/api/topics", post({ topic: "orders.seen" }), backend);
  assertEquals([status, body], [200, TOPICS[1]]);
  const retention = { maxEvents: 5 };
  await ask("/api/topics", post({ topic: "orders.created", retention }), backend);
  await ask("/api/topics", post({ topic: "orders.seen", durable: true, retention }), backend);
  assertEquals(backend.calls.filter(([method]) => method === "declareTopic"), [
    ["declareTopic", "orders.seen", {}],
    ["declareTopic", "orders.created", { retention }],
    ["declareTopic", "orders.seen", { durable: true, retention }],
  ]);
});

Deno.test("POST /api/topics refuses what makes no sense, and declares nothing", async () => {
  const backend = createFakeBackend();
  const wrong: [unknown, number][] = [
    [undefined, 400],
    [{}, 400],
    [{ topic: "a..b" }, 422],
    [{ topic: "orders.*" }, 422],
    [{ topic: "a", schema: {} }, 400],
    [{ topic: "a", durable: "yes" }, 400],
    [{ topic: "a", durable: true, retention: { maxEvents: 0 } }, 400],
    [{ topic: "a", durable: true, retention: { maxAge: 1 } }, 400],
    [{ topic: "orders.seen", retention: { maxEvents: 1 } }, 400],
    [{ topic: "orders.created", durable: false }, 400],
  ];
  for (const [body, status] of wrong) {
    assertEquals((await ask("/api/topics", post(body ?? ""), backend)).status, status, JSON.stringify(body));
  }
  assertEquals(backend.calls.filter(([method]) => method === "declareTopic"), []);
});

Deno.test("POST /api/topics/:topic/complete lets a topic take no more events", async () => {
  const backend = createFakeBackend();
  const { status, body } = await ask("/api/topics/orders.seen/complete", { method: "POST" }, backend);
  assertEquals([status, body, backend.calls[0]], [200, TOPICS[1], ["completeTopic", "orders.seen"]]);
});

Deno.test("GET /api/consumers and their dead letters show what could not be handled", async () => {
  const backend = createFakeBackend();
  assertEquals((await ask("/api/consumers", {}, backend)).body, [CONSUMER]);
  assertEquals((await ask("/api/consumers/billing/dead-letters", {}, backend)).body, [LETTER]);
  await ask("/api/consumers/billing/dead-letters?after=17&max=2", {}, backend);
  assertEquals(backend.calls.slice(1), [
    ["deadLetters", "billing", { after: 0, max: 100 }],
    ["deadLetters", "billing", { after: 17, max: 2 }],
  ]);
  for (const query of ["after=-1", "max=0", "max=1001", "before=1"]) {
    assertEquals((await ask(`/api/consumers/billing/dead-letters?${query}`)).status, 400, query);
  }
});

Deno.test("POST /api/consumers/:name/redeliver delivers dead letters anew, all or some", async () => {
  const backend = createFakeBackend();
  const path = "/api/consumers/billing/redeliver";
  assertEquals((await ask(path, { method: "POST" }, backend)).body, { redelivered: 2 });
  await ask(path, post({ sequences: [3, 17] }), backend);
  assertEquals(backend.calls, [["redeliver", "billing"], ["redeliver", "billing", [3, 17]]]);
  for (const body of [{ sequences: 3 }, { sequences: [0] }, { sequences: ["3"] }, { all: true }]) {
    assertEquals((await ask(path, post(body))).status, 400, JSON.stringify(body));
  }
});

Deno.test("app answers malformed JSON and UTF-8 with 400", async () => {
  const malformed = await ask("/api/runs", post("{nope"));
  assertEquals([malformed.status, malformed.body.code], [400, "http/bad-request"]);
  const init = {
    method: "POST",
    body: new Uint8Array([34, 0xff, 34]),
    headers: { "content-type": "application/json" },
  };
  assertEquals((await ask("/api/runs", init)).status, 400);
});

Deno.test("app reads JSON under its own media types only", async () => {
  for (
    const type of ["application/json; charset=utf-8", "application/cloudevents+json", "APPLICATION/JSON"]
  ) {
    assertEquals((await ask("/api/runs", post({ pipeline: "flights" }, type))).status, 202, type);
  }
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonish"]) {
    const { status, body } = await ask("/api/runs", post({}, type));
    assertEquals([status, body.code], [415, "http/unsupported-media-type"], type);
  }
});

Deno.test("app refuses a body over the limit by its Content-Length, before it reads any of it", async () => {
  const headers = { "content-type": "application/json", "content-length": "11" };
  const { status, body } = await ask(
    "/api/runs",
    { method: "POST", body: "{}", headers },
    createFakeBackend(),
    { maxBodyBytes: 10 },
  );
  assertEquals([status, body.code, body.details], [413, "http/body-too-large", { maxBytes: 10 }]);
});

Deno.test("app stops reading a body without Content-Length at the limit", async () => {
  let sent = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1000;
      controller.enqueue(new Uint8Array(1000).fill(32));
    },
    cancel() {
      cancelled = true;
    },
  });
  const init = { method: "POST", body: endless, headers: { "content-type": "application/json" } };
  const { status } = await ask("/api/runs", init, createFakeBackend(), { maxBodyBytes: 10_000 });
  assertEquals([status, cancelled], [413, true]);
  assert(sent <= 13_000, `read ${sent} bytes`);
});

Deno.test("app accepts a body of exactly the limit", async () => {
  const body = '{"names":["x"]}';
  const options = { maxBodyBytes: body.length };
  assertEquals((await ask("/api/runs", post(body), createFakeBackend(), options)).status, 202);
});

Deno.test("app answers an unknown path with 404 and a known one with another method with 405", async () => {
  const unknown = await ask("/api/nothing");
  assertEquals([unknown.status, unknown.body.code, unknown.body.details], [404, "http/not-found", {
    path: "/api/nothing",
  }]);
  const wrong = await ask("/api/runs", { method: "DELETE" });
  assertEquals([wrong.status, wrong.body.code, wrong.headers.get("allow")], [
    405,
    "http/method-not-allowed",
    "POST, GET, HEAD",
  ]);
});

Deno.test("app answers HEAD like GET without a body, and opens no stream for it", async () => {
  const backend = createFakeBackend();
  const health = await ask("/health", { method: "HEAD" }, backend);
  assertEquals([health.status, health.body], [200, ""]);
  const events = await ask("/api/events", { method: "HEAD" }, backend);
  assertEquals([events.status, events.headers.get("content-type")], [200, "text/event-stream"]);
  assertEquals(backend.subscriptions.length, 0);
  assertEquals((await ask("/nothing", { method: "HEAD" })).body, "");
});

Deno.test("app answers an unexpected error with 500 that shows nothing of it, and logs it", async () => {
  const records: LogRecord[] = [];
  const log = createLogger((record) => records.push(record), () => 0);
  for (const thrown of [new Error("the secret is 42"), "the secret is 42"]) {
    const backend = createFakeBackend({ runs: () => Promise.reject(thrown) });
    const { status, body } = await ask("/api/runs", {}, backend, { log });
    assertEquals([status, body.code], [500, "http/internal"]);
    assertFalse(JSON.stringify(body).includes("42"));
    assertEquals(records.pop()?.attrs, { method: "GET", path: "/api/runs", error: thrown });
  }
});

Deno.test("app with a token answers 401 without it, but shows /health", async () => {
  const options = { token: "secret" };
  const refused = await ask("/api/runs", {}, createFakeBackend(), options);
  assertEquals([refused.status, refused.body.code], [401, "http/unauthorized"]);
  assertMatch(refused.headers.get("www-authenticate") ?? "", /^Bearer/);
  assertEquals((await ask("/health", {}, createFakeBackend(), options)).status, 200);
  const headers = { authorization: "Bearer secret" };
  assertEquals((await ask("/api/runs", { headers }, createFakeBackend(), options)).status, 200);
});

Deno.test("app refuses foreign hosts and origins with 403 before anything happens", async () => {
  const backend: FakeBackend = createFakeBackend();
  assertEquals((await ask("/api/runs", { headers: { host: "evil.example" } }, backend)).status, 403);
  const foreign = {
    ...post({}),
    headers: { "content-type": "application/json", origin: "http://evil.example" },
  };
  const { status, body } = await ask("/api/runs", foreign, backend);
  assertEquals([status, body.code], [403, "http/forbidden"]);
  assertEquals(backend.calls, []);
});

Deno.test("app gives every answer the header fields that browsers need to keep it safe", async () => {
  for (const path of ["/health", "/", "/nothing"]) {
    const { headers } = await ask(path);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("x-frame-options"), "DENY");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("cache-control"), "no-store");
    assertStringIncludes(headers.get("content-security-policy") ?? "", "frame-ancestors 'none'");
    assertEquals(headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("createApp() refuses options that make no sense", () => {
  const backend = createFakeBackend();
  assertThrows(() => createApp(backend, { tokn: "x" } as AppOptions), TypeError, 'did you mean "token"?');
  assertThrows(() => createApp(backend, { token: "" }), TypeError, "token must not be empty");
  assertThrows(() => createApp(backend, { maxBodyBytes: 0.5 }), RangeError, "maxBodyBytes");
});

Deno.test("GET /api/runs/:id/logs gives what tasks wrote, for people or as JSON", async () => {
  const backend = createFakeBackend();
  const app = createApp(backend, { clock });
  const get = (query: string) => app.fetch(new Request(`http://localhost/api/runs/${RUN_ID}/logs${query}`));
  const text = await get("?task=load&attempt=2");
  assertEquals(text.headers.get("content-type"), "text/plain; charset=utf-8");
  assertMatch(await text.text(), /Z extract#1 info {2}read\n.*Z load#2 warn {2}two\nlines \{"n":1\}\n$/);
  const json = await get("?format=json");
  assertEquals(json.headers.get("content-type"), "application/x-ndjson");
  assertEquals((await json.text()).trim().split("\n").map((line) => JSON.parse(line)), [...ENTRIES]);
  assertEquals(backend.calls, [
    ["runView", RUN_ID],
    ["logs", RUN_ID, { task: "load", attempt: 2, follow: false }],
    ["runView", RUN_ID],
    ["logs", RUN_ID, { follow: false }],
  ]);
});

Deno.test("GET /api/runs/:id/logs?follow=1 sends entries as they come, then says that there are no more", async () => {
  const app = createApp(createFakeBackend(), { clock });
  const response = await app.fetch(new Request(`http://localhost/api/runs/${RUN_ID}/logs?follow=1`));
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const frames = (await response.text()).split("\n\n").filter((frame) => frame !== "");
  assertEquals(frames, [
    "retry: 1000",
    ...ENTRIES.map((entry) => `data: ${JSON.stringify(entry)}`),
    "event: end\ndata:",
  ]);
  app.close();
});

Deno.test("GET /api/runs/:id/logs refuses what it does not understand, and knows no run that is none", async () => {
  assertEquals((await ask(`/api/runs/${RUN_ID}/logs?attempt=0`)).status, 400);
  const unknown = await ask(`/api/runs/${RUN_ID}/logs?task=nobody&follow=1`);
  assertEquals([unknown.status, unknown.body.code], [404, "task/unknown"]);
  assertEquals((await ask(`/api/runs/${RUN_ID}/logs?follow=1&format=json`)).status, 400);
  const error = new MillraceError("run/not-found", "no", { details: { runId: "x" } });
  const backend = createFakeBackend({ runView: () => Promise.reject(error) });
  assertEquals((await ask("/api/runs/x/logs", {}, backend)).status, 404);
});
