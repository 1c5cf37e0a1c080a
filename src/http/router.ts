/**
 * The router: finds the route of a request, reads what it needs, refuses what no route takes.
 *
 * @module
 */
import { Hono } from "hono";
import { MillraceError } from "../base/errors.ts";
import { parseJsonBody, readBody } from "./body.ts";
import type { Call, Route } from "./route.ts";

/** Finds the route of a request. Whatever a route throws is thrown. */
export function createRouter(
  routes: readonly Route[],
  maxBodyBytes: number,
): (request: Request) => Promise<Response> {
  const hono = new Hono();
  for (const route of routes) {
    hono.on(
      route.method,
      route.path,
      (context) => route.handle(callOf(context.req.raw, (name) => context.req.param(name), maxBodyBytes)),
    );
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed = routes.filter((route) => route.path === path).flatMap(methodsOf).join(", ");
    hono.all(path, (context) => {
      throw methodNotAllowed(context.req.method, allowed);
    });
  }
  hono.notFound((context) => {
    throw notFound(context.req.path);
  });
  hono.onError((error) => {
    throw error;
  });
  return async (request) => await hono.fetch(request);
}

function callOf(request: Request, param: (name: string) => string | undefined, maxBodyBytes: number): Call {
  let body: Promise<Uint8Array> | undefined;
  const call: Call = {
    request,
    query: new URL(request.url).searchParams,
    param(name) {
      const value = param(name);
      if (value === undefined) throw new TypeError(`Cannot read the path as it has no part ":${name}"`);
      return value;
    },
    body: () => body ??= readBody(request, maxBodyBytes),
    json: async () => parseJsonBody(await call.body(), request.headers.get("content-type")),
  };
  return call;
}

function methodsOf({ method }: Route): readonly string[] {
  return method === "GET" ? ["GET", "HEAD"] : [method];
}

function notFound(path: string): MillraceError {
  return new MillraceError(
    "http/not-found",
    `Cannot find "${path}" as there is no such route: GET /api lists them`,
    {
      details: { path },
    },
  );
}

function methodNotAllowed(method: string, allowed: string): MillraceError {
  return new MillraceError("http/method-not-allowed", `Cannot ${method} this path as it allows ${allowed}`, {
    details: { method, allowed },
  });
}
