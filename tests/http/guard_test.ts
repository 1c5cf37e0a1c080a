import { assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { createGuard, type GuardOptions } from "../../src/http/guard.ts";

/** The code that a request is refused with, or "passes". */
function verdict(
  options: GuardOptions,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): string {
  const request = new Request(`http://localhost:8000${path}`, { method, headers });
  try {
    createGuard(options)(request);
    return "passes";
  } catch (error) {
    return error instanceof MillraceError ? error.code : String(error);
  }
}

Deno.test("guard without a token answers to loopback names, addresses and known hosts only", () => {
  for (
    const host of [
      "localhost:8000",
      "LOCALHOST",
      "a.localhost",
      "127.0.0.1:1",
      "[::1]:80",
      "10.0.0.7",
      "mill.example:80",
    ]
  ) {
    assertEquals(verdict({ hosts: ["Mill.example"] }, "/api/runs", { host }), "passes", host);
  }
  for (
    const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "notlocalhost"]
  ) {
    assertEquals(verdict({}, "/api/runs", { host }), "http/forbidden", host);
  }
});

Deno.test("guard takes the host from the URL where the field is missing, as in HTTP/2", () => {
  assertEquals(verdict({}, "/api"), "passes");
  assertThrows(() => createGuard({})(new Request("http://evil.example/api")), MillraceError, "evil.example");
});

Deno.test("guard refuses changes that a foreign page asks for, with and without a token", () => {
  const host = "localhost:8000";
  for (const origin of ["http://evil.example", "null", "http://localhost:9999", "not an origin"]) {
    assertEquals(verdict({}, "/api/runs", { host, origin }, "POST"), "http/forbidden", origin);
    const authorization = "Bearer secret";
    assertEquals(
      verdict({ token: "secret" }, "/api/runs", { host, origin, authorization }, "POST"),
      "http/forbidden",
    );
  }
  assertEquals(verdict({}, "/api/runs", { host, origin: "http://localhost:8000" }, "POST"), "passes");
  assertEquals(verdict({}, "/api/runs", { host }, "POST"), "passes");
});

Deno.test("guard with a token asks for exactly this token, whatever the host", () => {
  const options = { token: "secret" };
  const host = "mill.example";
  assertEquals(verdict(options, "/api/runs", { host, authorization: "Bearer secret" }), "passes");
  assertEquals(verdict(options, "/api/runs", { host, authorization: "bearer secret" }), "passes");
  for (const authorization of ["", "secret", "Bearer", "Bearer secre", "Bearer secrett", "Basic secret"]) {
    assertEquals(verdict(options, "/api/runs", { host, authorization }), "http/unauthorized", authorization);
  }
});

Deno.test("guard leaves /health open, and the page where a token guards its data", () => {
  assertEquals(verdict({ token: "secret" }, "/health"), "passes");
  assertEquals(verdict({}, "/health", { host: "evil.example" }), "passes");
  assertEquals(verdict({ token: "secret" }, "/"), "passes");
  assertEquals(verdict({}, "/", { host: "evil.example" }), "http/forbidden");
});

Deno.test("guard lets no foreign page open a WebSocket", () => {
  const headers = { host: "localhost:8000", upgrade: "websocket" };
  assertEquals(
    verdict({}, "/api/events/ws", { ...headers, origin: "http://evil.example" }),
    "http/forbidden",
  );
  assertEquals(verdict({}, "/api/events/ws", { ...headers, origin: "http://localhost:8000" }), "passes");
  assertEquals(verdict({}, "/api/events/ws", headers), "passes");
});

Deno.test("guard takes the token of a WebSocket from a subprotocol, as browsers cannot send header fields", () => {
  const path = "/api/events/ws";
  const token = "päss wörd";
  const text = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
  const encoded = text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const asking = (protocol: string): Record<string, string> => ({
    upgrade: "websocket",
    "sec-websocket-protocol": protocol,
  });
  assertEquals(verdict({ token }, path, asking(`millrace, bearer.${encoded}`)), "passes");
  assertEquals(verdict({ token }, path, asking(`bearer.${encoded},millrace`)), "passes");
  for (const protocol of ["millrace", "bearer.", "bearer.AAAA", "bearer.A", `xbearer.${encoded}`]) {
    assertEquals(verdict({ token }, path, asking(protocol)), "http/unauthorized", protocol);
  }
  // Only there: any other request has header fields.
  assertEquals(
    verdict({ token }, path, { "sec-websocket-protocol": `bearer.${encoded}` }),
    "http/unauthorized",
  );
  assertEquals(
    verdict({ token: "abc" }, path, { upgrade: "websocket", authorization: "Bearer abc" }),
    "passes",
  );
});
