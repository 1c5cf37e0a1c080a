/**
 * The HTTP application: routes, guard and problem documents around one `fetch`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { MillraceError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { assertKeys } from "../base/names.ts";
import { systemClock } from "../base/system_clock.ts";
import { createEventSockets, type Upgrade } from "./event_sockets.ts";
import { createEventStreams } from "./event_streams.ts";
import { createGuard } from "./guard.ts";
import { pageResponse } from "./page.ts";
import type { GatewayBackend } from "./port.ts";
import { isExpected, problemOf, problemResponse } from "./problem.ts";
import type { Route } from "./route.ts";
import { createRouter } from "./router.ts";
import { consumerRoutes } from "./routes/consumers.ts";
import { eventRoutes } from "./routes/events.ts";
import { logRoutes } from "./routes/logs.ts";
import { planRoutes } from "./routes/plans.ts";
import { platformRoutes } from "./routes/platform.ts";
import { runRoutes } from "./routes/runs.ts";
import { socketRoute } from "./routes/sockets.ts";
import { topicRoutes } from "./routes/topics.ts";
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
  /** Makes a WebSocket of a request; without it there are none. @default {none} */
  readonly upgrade?: Upgrade;
  /** Told of errors that the answer does not show. */
  readonly log?: Logger;
}

/** The application. */
export interface HttpApp {
  /** Answers a request; never rejects. Needs no `this`. */
  fetch(request: Request): Promise<Response>;
  /** Ends all open event streams and WebSockets; from then on every request is answered with 503. */
  close(): void;
}

const SWITCHING_PROTOCOLS = 101;
const OPTION_KEYS = ["token", "hosts", "maxBodyBytes", "clock", "upgrade", "log"];

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
  const { maxBodyBytes = 1024 * 1024, clock = systemClock, upgrade, log } = options;
  const guard = createGuard(options);
  const streams = createEventStreams(clock);
  const sockets = createEventSockets(backend, clock, maxBodyBytes);
  const routes: readonly Route[] = [
    { method: "GET", path: "/", summary: "The page for people", handle: pageResponse },
    ...platformRoutes(backend, clock),
    ...triggerRoutes(backend),
    ...runRoutes(backend),
    ...logRoutes(backend, streams),
    ...planRoutes(backend),
    ...eventRoutes(backend, streams, clock),
    socketRoute(sockets, upgrade),
    ...topicRoutes(backend),
    ...consumerRoutes(backend),
  ];
  const router = createRouter([...routes, indexOf(routes)], maxBodyBytes);
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
      const answered = await answer(request);
      // A connection that became a WebSocket has no more use for header fields.
      if (answered.status === SWITCHING_PROTOCOLS) return answered;
      const response = secure(answered);
      return request.method === "HEAD" ? new Response(null, response) : response;
    },
    close() {
      closed = true;
      streams.close();
      sockets.close();
    },
  };
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

function closedError(): MillraceError {
  return new MillraceError("platform/closed", "Cannot answer the request as the platform is closing", {
    details: {},
  });
}
