/**
 * The HTTP application: routes, guard and problem documents around one `fetch`.
 *
 * @module
 */
import { Hono } from "hono";
import type { Clock } from "../base/clock.ts";
import { MillraceError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { assertKeys } from "../base/names.ts";
import { systemClock } from "../base/system_clock.ts";
import { parseJsonBody, readBody } from "./body.ts";
import { createEventStreams } from "./event_streams.ts";
import { createGuard } from "./guard.ts";
import { pageResponse } from "./page.ts";
import type { GatewayBackend } from "./port.ts";
import { isExpected, problemOf, problemResponse } from "./problem.ts";
import type { Call, Route } from "./route.ts";
import { eventRoutes } from "./routes/events.ts";
import { planRoutes } from "./routes/plans.ts";
import { platformRoutes } from "./routes/platform.ts";
import { runRoutes } from "./routes/runs.ts";
import { triggerRoutes } from "./routes/triggers.ts";
import { secure } from "./secure_headers.ts";

/** What {@linkcode createApp} may be told. */
export interface AppOptions {
  /**
   * Asked of every request as `Authorization: Bearer <token>`, but not for `/health` and the page, which
   * has no data of its own. Without it, only requests to a loopback name, an address or one of `hosts` are
   * answered.
   */
  readonly token?: string;
  /** Host names that are ours besides loopback; needed only without a token. @default {[]} */
  readonly hosts?: readonly string[];
  /** The longest body that is read, in bytes. @default {1048576} */
  readonly maxBodyBytes?: number;
  /** The time. @default {systemClock} */
  readonly clock?: Clock;
  /** Told of errors that the answer does not show. */
  readonly log?: Logger;
}

/** The application. */
export interface HttpApp {
  /** Answers a request; never rejects. Needs no `this`. */
  fetch(request: Request): Promise<Response>;
  /** Ends all open event streams; from then on every request is answered with 503. */
  close(): void;
}

const OPTION_KEYS = ["token", "hosts", "maxBodyBytes", "clock", "log"];

/**
 * Makes the HTTP application of a platform.
 *
 * @param backend The platform.
 * @param options Who may ask, limits, time and log.
 * @throws {TypeError} If an option is unknown, or the token is empty.
 * @throws {RangeError} If `maxBodyBytes` is not a positive whole number.
 */
export function createApp(backend: GatewayBackend, options: AppOptions = {}): HttpApp {
  assertOptions(options);
  const { maxBodyBytes = 1024 * 1024, clock = systemClock, log } = options;
  const guard = createGuard(options);
  const streams = createEventStreams(clock);
  const router = createRouter([
    { method: "GET", path: "/", summary: "The page for people", handle: pageResponse },
    ...platformRoutes(backend, clock),
    ...triggerRoutes(backend),
    ...runRoutes(backend),
    ...planRoutes(backend),
    ...eventRoutes(backend, streams),
  ], maxBodyBytes);
  let closed = false;

  async function answer(request: Request): Promise<Response> {
    try {
      guard(request);
      if (closed) throw closedError();
      return await router(request);
    } catch (error) {
      if (!isExpected(error)) log?.error("A request failed unexpectedly", { ...about(request), error });
      return problemResponse(problemOf(error));
    }
  }

  return {
    async fetch(request) {
      const response = secure(await answer(request));
      return request.method === "HEAD" ? new Response(null, response) : response;
    },
    close() {
      closed = true;
      streams.close();
    },
  };
}

/** Finds the route of a request. Whatever a route throws is thrown. */
function createRouter(
  given: readonly Route[],
  maxBodyBytes: number,
): (request: Request) => Promise<Response> {
  const routes = [...given, indexOf(given)];
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

/** `GET /api`: what there is to ask for. */
function indexOf(routes: readonly Route[]): Route {
  const index = routes.map(({ method, path, summary }) => ({ method, path, summary }));
  const summary = "This index";
  return {
    method: "GET",
    path: "/api",
    summary,
    handle: () => Response.json({ routes: [...index, { method: "GET", path: "/api", summary }] }),
  };
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

function assertOptions({ token, maxBodyBytes = 1, ...rest }: AppOptions): void {
  assertKeys("HTTP application", rest, OPTION_KEYS);
  if (token === "") throw new TypeError("Cannot define HTTP application as its token must not be empty");
  if (!(Number.isSafeInteger(maxBodyBytes) && maxBodyBytes > 0)) {
    throw new RangeError(
      `Cannot define HTTP application as maxBodyBytes must be a positive whole number: current value is ${maxBodyBytes}`,
    );
  }
}

function about(request: Request): Readonly<Record<string, unknown>> {
  return { method: request.method, path: new URL(request.url).pathname };
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

function closedError(): MillraceError {
  return new MillraceError("platform/closed", "Cannot answer the request as the platform is closing", {
    details: {},
  });
}
