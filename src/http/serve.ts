/**
 * Serving an application on a port of this machine (an adapter over `Deno.serve`).
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import { assertKeys } from "../base/names.ts";
import { systemClock } from "../base/system_clock.ts";
import type { Upgrade } from "./event_sockets.ts";

/** What {@linkcode serveHttp} must and may be told. */
export interface ServeOptions {
  /** The name or address to listen on. */
  readonly hostname: string;
  /** The first port to try; 0 leaves the choice to the system. */
  readonly port: number;
  /** How many ports to try, upwards. @default {20} */
  readonly tries?: number;
  /** Called first on shutdown: must end every stream that would not end by itself. */
  readonly close?: () => void;
  /** How long shutdown waits for open requests, in ms. @default {5000} */
  readonly deadlineMs?: number;
}

/** A server at work. */
export interface HttpServer {
  /** Where it is found. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Whether the port that was asked for was taken, so that it is another one. */
  readonly moved: boolean;
  /** Ends streams, accepts nothing more and waits for open requests, but not beyond the deadline. */
  shutdown(): Promise<void>;
}

/** The highest port (RFC 9293: 16 bits). */
const MAX_PORT = 65_535;

const OPTION_KEYS = ["hostname", "port", "tries", "close", "deadlineMs"];

/**
 * Listens on the first free port and answers with `fetch`. Prints nothing.
 *
 * @param fetch Answers requests; must not reject.
 * @param options Where to listen, and how to stop.
 * @throws {MillraceError} `platform/no-free-port` if all tried ports are taken.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If `port` or `tries` is no such number.
 */
export function serveHttp(
  fetch: (request: Request) => Response | Promise<Response>,
  options: ServeOptions,
): Promise<HttpServer> {
  // Deno.serve listens at once; a promise all the same, as other platforms do not.
  return Promise.resolve().then(() => listen(fetch, options));
}

/** Makes a WebSocket of a request that this server received. */
export const upgradeWebSocket: Upgrade = (request, protocol) =>
  Deno.upgradeWebSocket(request, protocol === undefined ? {} : { protocol });

function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  options: ServeOptions,
): HttpServer {
  assertKeys("HTTP server", options, OPTION_KEYS);
  const { hostname, port, tries = 20, close, deadlineMs = 5000 } = options;
  assertInteger("port", port, 0, MAX_PORT);
  assertInteger("tries", tries, 1, MAX_PORT);
  const last = port === 0 ? 0 : Math.min(port + tries - 1, MAX_PORT);
  for (let candidate = port; candidate <= last; candidate++) {
    const server = tryListen(fetch, hostname, candidate);
    if (server === undefined) continue;
    return {
      url: `http://${authority(hostname)}:${server.addr.port}/`,
      port: server.addr.port,
      moved: candidate !== port,
      async shutdown() {
        // An open stream would hold the server for ever (measured on Deno 2.9.6).
        close?.();
        await withinDeadline(server.shutdown(), deadlineMs);
      },
    };
  }
  throw new MillraceError(
    "platform/no-free-port",
    `Cannot serve HTTP on ${hostname} as one port from ${port} to ${last} must be free`,
    { details: { hostname, from: port, to: last } },
  );
}

/** A server, or `undefined` if the port is taken. */
function tryListen(
  fetch: (request: Request) => Response | Promise<Response>,
  hostname: string,
  port: number,
): Deno.HttpServer<Deno.NetAddr> | undefined {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, fetch);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    const reason = messageOf(error);
    throw new MillraceError(
      "platform/address-unusable",
      `Cannot serve HTTP at "${hostname}", port ${port}, as the address must be one of this machine, and allowed: ${reason}`,
      { details: { hostname, port, reason }, cause: error },
    );
  }
}

async function withinDeadline(done: Promise<void>, deadlineMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const cancel = systemClock.after(deadlineMs, resolve);
  await Promise.race([done, late]).finally(cancel);
}

/** What a person can open: the wildcard addresses listen everywhere, but lead nowhere. */
function authority(hostname: string): string {
  if (hostname === "0.0.0.0" || hostname === "::") return "localhost";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

function assertInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(
    `Cannot serve HTTP as ${name} must be a whole number from ${min} to ${max}: current value is ${value}`,
  );
}
