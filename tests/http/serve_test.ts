import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { createApp } from "../../src/http/app.ts";
import { serveHttp, type ServeOptions } from "../../src/http/serve.ts";
import { createFakeBackend } from "./fake_backend.ts";

const hostname = "127.0.0.1";
const hello = (): Response => new Response("hello");

Deno.test("serveHttp() listens on a port of the system's choice for port 0", async () => {
  const server = await serveHttp(hello, { hostname, port: 0 });
  assert(server.port > 0);
  assertFalse(server.moved);
  assertEquals(server.url, `http://127.0.0.1:${server.port}/`);
  assertEquals(await (await fetch(server.url)).text(), "hello");
  await server.shutdown();
});

Deno.test("serveHttp() moves to the next free port and says so", async () => {
  const first = await serveHttp(hello, { hostname, port: 0 });
  const second = await serveHttp(hello, { hostname, port: first.port });
  assert(second.port > first.port);
  assert(second.moved);
  await Promise.all([first.shutdown(), second.shutdown()]);
});

Deno.test("serveHttp() gives up with platform/no-free-port", async () => {
  const first = await serveHttp(hello, { hostname, port: 0 });
  const error = await assertRejects(
    () => serveHttp(hello, { hostname, port: first.port, tries: 1 }),
    MillraceError,
  );
  assertEquals([error.code, error.details], ["platform/no-free-port", {
    hostname,
    from: first.port,
    to: first.port,
  }]);
  await first.shutdown();
});

Deno.test("serveHttp() refuses options that make no sense", async () => {
  await assertRejects(() => serveHttp(hello, { hostname, port: 65_536 }), RangeError, "port");
  await assertRejects(() => serveHttp(hello, { hostname, port: 0, tries: 0 }), RangeError, "tries");
  await assertRejects(
    () => serveHttp(hello, { hostname, port: 0, prt: 1 } as ServeOptions),
    TypeError,
    'did you mean "port"?',
  );
});

Deno.test("HttpServer.shutdown() ends open event streams first", async () => {
  const backend = createFakeBackend();
  const app = createApp(backend);
  const server = await serveHttp(app.fetch, { hostname, port: 0, close: app.close });
  const stream = await fetch(`${server.url}api/events`);
  await server.shutdown();
  assertEquals(await stream.text(), "retry: 1000\n\n");
  assert(backend.subscriptions[0]!.returned);
});

Deno.test("HttpServer.shutdown() waits for a request in flight", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<Response>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const server = await serveHttp(() => (arrive(), answer), { hostname, port: 0 });
  const response = fetch(server.url);
  await arrived;
  const stopped = server.shutdown();
  resolve(new Response("in time"));
  await stopped;
  assertEquals(await (await response).text(), "in time");
});

Deno.test("HttpServer.shutdown() does not wait beyond the deadline", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<Response>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const server = await serveHttp(() => (arrive(), answer), { hostname, port: 0, deadlineMs: 1 });
  const response = fetch(server.url);
  await arrived;
  await server.shutdown();
  resolve(new Response("late"));
  await (await response).text();
});

Deno.test("an event stream over a real connection ends when the client leaves", async () => {
  const left = Promise.withResolvers<void>();
  const backend = createFakeBackend({
    subscribe: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => (left.resolve(), Promise.resolve({ done: true as const, value: undefined })),
      }),
    }),
  });
  const app = createApp(backend);
  const server = await serveHttp(app.fetch, { hostname, port: 0, close: app.close });
  const controller = new AbortController();
  const stream = await fetch(`${server.url}api/events`, { signal: controller.signal });
  assertEquals(stream.headers.get("content-type"), "text/event-stream");
  controller.abort();
  await left.promise;
  await stream.body?.cancel().catch(() => {});
  await server.shutdown();
});
