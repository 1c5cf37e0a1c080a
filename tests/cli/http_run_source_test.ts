import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { runCli } from "../../src/cli/cli.ts";
import { HttpRunSource } from "../../src/cli/http_run_source.ts";
import type { RunStatus } from "../../src/task/run.ts";
import { FakeEnvironment } from "./fake_environment.ts";
import { RUN_ID, runView, taskView } from "./fake_platform.ts";

/** A server that accepts one run, lets it end at once, and writes down what it was asked. */
class FakeServer implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly bodies: unknown[] = [];
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #end: RunStatus;
  #ended = false;
  #events: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(end: RunStatus = "succeeded") {
    this.#end = end;
    const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#answer(request));
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    this.asked.push(`${request.method} ${pathname}${search}`);
    if (request.headers.get("authorization") === "Bearer wrong") return problem(401, "http/unauthorized");
    if (pathname === "/api/events") {
      return new Response(
        new ReadableStream<Uint8Array>({ start: (controller) => void (this.#events = controller) }),
      );
    }
    if (request.method === "POST") {
      const body = await request.json();
      this.bodies.push(body);
      if (pathname.endsWith("/cancel")) return Response.json({ id: RUN_ID, status: "cancelled" });
      if (pathname === "/api/runs/prune") return Response.json({ runs: 1, results: 2, more: false });
      if (body.pipeline === "read") return problem(404, "pipeline/unknown");
      this.#run();
      return Response.json({ id: RUN_ID }, { status: 202 });
    }
    if (pathname === `/api/runs/${RUN_ID}`) return Response.json(this.#view());
    if (pathname.endsWith("/results/bytes")) {
      return new Response(new Uint8Array([1, 2]), {
        headers: { "content-type": "application/octet-stream" },
      });
    }
    if (pathname.endsWith("/results/report")) return Response.json({ rows: 3 });
    if (pathname.endsWith("/logs")) {
      const follows = search.includes("follow");
      const text = ["read", "writt\u00e9n"].map((text, n) =>
        JSON.stringify({ timeMs: n, task: "t", attempt: 1, level: "info", text })
      )
        .map((json) => follows ? `data: ${json}\n\n` : `${json}\n`).join("");
      return new Response(follows ? `${text}event: end\ndata:\n\n` : text);
    }
    if (pathname === "/api/plans") return new Response("a plan");
    if (pathname === "/api/runs") return Response.json([this.#view()]);
    return new Response("<html>", { status: 502 });
  }

  #run(): void {
    // All of it before the answer to the POST: a client that subscribes later misses it.
    this.#send("run.flights.started");
    this.#send("task.flights.read.started", { task: "read", attempt: 1 });
    this.#ended = true;
    this.#send(`run.flights.${this.#end}`);
    this.#events?.close();
  }

  #send(topic: string, data: Record<string, unknown> = {}): void {
    const event = { id: "e", topic, timeMs: 0, source: "test", data: { runId: RUN_ID, ...data } };
    this.#events?.enqueue(new TextEncoder().encode(`id: e\ndata: ${JSON.stringify(event)}\n\n`));
  }

  #view(): unknown {
    const error = { code: "task/threw", message: "no route", details: {} } as const;
    const tasks = {
      read: taskView({ status: this.#end === "failed" ? "failed" : "succeeded", attempts: 1, error }),
    };
    return this.#ended ? runView({ status: this.#end, endedMs: 5, tasks }) : runView();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function problem(status: number, code: string): Response {
  const headers = { "content-type": "application/problem+json" };
  return new Response(JSON.stringify({ code, detail: `refused: ${code}`, details: {} }), { status, headers });
}

function against(server: FakeServer, variables: Record<string, string> = {}): FakeEnvironment {
  const environment = new FakeEnvironment();
  environment.owner = { pid: 7, url: server.url };
  environment.variables = variables;
  return environment;
}

Deno.test("run --watch goes to the owner of the data folder and subscribes before it posts", async () => {
  await using server = new FakeServer("failed");
  const environment = against(server);
  assertEquals(await runCli(["run", "flights", "--watch"], environment), 1);
  assertEquals(environment.opened, []);
  const asked = server.asked.map((line) => line.replace(/\?.*/, ""));
  assertEquals(asked.slice(0, 2), ["GET /api/events", "POST /api/runs"]);
  assertEquals(environment.stdout.text, RUN_ID + "\n");
  assertStringIncludes(environment.stderr.text, "flights/read started\n");
  assertStringIncludes(environment.stderr.text, "flights failed");
  assertStringIncludes(environment.stderr.text, "✗ read failed\n    no route\n");
});

Deno.test("run without --watch prints the id that the server gave and leaves the work to it", async () => {
  await using server = new FakeServer();
  const environment = against(server);
  assertEquals(await runCli(["run", "read", "--json"], environment), 0);
  assertEquals(environment.stdout.json, [{ id: RUN_ID }]);
  assertEquals(server.bodies, [{ pipeline: "read" }, { names: ["read"] }]);
});

Deno.test("runs, runs show and runs result ask the server", async () => {
  await using server = new FakeServer();
  const environment = against(server);
  assertEquals(await runCli(["runs", "--pipeline", "flights", "--limit", "3", "--json"], environment), 0);
  assertEquals(await runCli(["runs", "show", "a41b09cc"], environment), 0);
  assertEquals(await runCli(["runs", "result", RUN_ID, "report", "--json"], environment), 0);
  assertEquals(await runCli(["runs", "result", RUN_ID, "bytes", "--json"], environment), 0);
  assertEquals(server.asked, [
    "GET /api/runs?pipeline=flights&limit=3",
    "GET /api/runs?limit=500",
    `GET /api/runs/${RUN_ID}`,
    `GET /api/runs/${RUN_ID}/results/report`,
    `GET /api/runs/${RUN_ID}/results/bytes`,
  ]);
  assertEquals(environment.stdout.lines.slice(-2), ['{"rows":3}', "[1,2]"]);
});

Deno.test("runs logs reads what the server has, or follows it to its end", async () => {
  await using server = new FakeServer();
  const environment = against(server);
  assertEquals(await runCli(["runs", "logs", RUN_ID, "read", "-a", "2", "--json"], environment), 0);
  assertEquals(await runCli(["runs", "logs", RUN_ID, "-f"], environment), 0);
  assertEquals(server.asked, [
    `GET /api/runs/${RUN_ID}/logs?task=read&attempt=2&format=json`,
    `GET /api/runs/${RUN_ID}/logs?follow=1`,
  ]);
  assertEquals(environment.stdout.lines.filter((line) => line !== ""), [
    '{"timeMs":0,"task":"t","attempt":1,"level":"info","text":"read"}',
    '{"timeMs":1,"task":"t","attempt":1,"level":"info","text":"writt\u00e9n"}',
    "1970-01-01T00:00:00.000Z t#1 info  read",
    "1970-01-01T00:00:00.001Z t#1 info  writt\u00e9n",
  ]);
});

Deno.test("runs cancel asks the server", async () => {
  await using server = new FakeServer();
  const environment = against(server);
  assertEquals(await runCli(["runs", "cancel", RUN_ID, "--json"], environment), 0);
  assertEquals(environment.stdout.json, [{ id: RUN_ID, status: "cancelled" }]);
});

Deno.test("runs prune asks the server", async () => {
  await using server = new FakeServer();
  const environment = against(server);
  assertEquals(await runCli(["runs", "prune", "--keep", "3", "--json"], environment), 0);
  assertEquals(server.bodies, [{ keep: 3, limit: 200 }]);
  assertEquals(environment.stdout.json, [{ runs: 1, results: 2, dryRun: false }]);
});

Deno.test("plan --explain asks the server", async () => {
  await using server = new FakeServer();
  const environment = against(server);
  assertEquals(await runCli(["plan", "--names", "a,b", "--explain", "-P", "n=1"], environment), 0);
  assertEquals(server.asked, ["GET /api/plans?names=a%2Cb&format=text&cache=true&params=%7B%22n%22%3A1%7D"]);
  assertEquals(environment.stdout.text, "selection: a plan\n");
});

Deno.test("a wrong token is told with what to do", async () => {
  await using server = new FakeServer();
  const environment = against(server, { MILLRACE_TOKEN: "wrong" });
  assertEquals(await runCli(["runs"], environment), 1);
  assertStringIncludes(environment.stderr.text, "set MILLRACE_TOKEN to the token of the server");
});

Deno.test("a server that is gone, or is none of ours, ends with 3", async () => {
  const server = new FakeServer();
  const environment = against(server);
  const source = new HttpRunSource({ url: server.url, fetch });
  const strange = await assertRejects(() => source.runView("unknown"), MillraceError, "status 502");
  assertEquals(strange.code, "cli/server-unreachable");
  await server[Symbol.asyncDispose]();
  assertEquals(await runCli(["run", "flights"], environment), 3);
  assertStringIncludes(environment.stderr.text, `Cannot reach the server at ${server.url}`);
});
