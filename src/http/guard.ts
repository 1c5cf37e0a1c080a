/**
 * Who may ask: a bearer token, or without one only callers on this machine that no foreign page can pose as.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { MillraceError } from "../base/errors.ts";

/** What the guard knows. */
export interface GuardOptions {
  /** The token that every request must bear, if any. */
  readonly token?: string;
  /** Host names that are ours besides loopback. */
  readonly hosts?: readonly string[];
}

/** Throws the problem of a request that may not pass. */
export type Guard = (request: Request) => void;

/** Says nothing worth hiding: the life sign, and the page without its data. */
const OPEN_PATHS: readonly string[] = ["/", "/health"];

/** Makes the guard of an application. */
export function createGuard({ token, hosts = [] }: GuardOptions): Guard {
  const digest = token === undefined ? undefined : sha256(token);
  return (request) => {
    const url = new URL(request.url);
    const path = url.pathname;
    // HTTP/2 has no Host field: there the URL has the authority.
    const host = (request.headers.get("host") ?? url.host).toLowerCase();
    if (digest === undefined && path !== "/health") assertOurHost(host, hosts);
    if (mayChange(request)) assertSameOrigin(request, host);
    if (digest !== undefined && !OPEN_PATHS.includes(path)) assertToken(request, digest);
  };
}

/** A browser opens a WebSocket to any origin, and shows what comes to the page that asked for it. */
function mayChange({ method, headers }: Request): boolean {
  return method !== "GET" && method !== "HEAD" || headers.has("upgrade");
}

/**
 * DNS rebinding: a foreign page points its own name at 127.0.0.1 and is then same-origin with us. Its
 * requests still carry that name as Host. An address cannot be rebound.
 */
function assertOurHost(host: string, hosts: readonly string[]): void {
  const name = host.replace(/:\d*$/, "");
  if (name === "localhost" || name.endsWith(".localhost") || isAddress(name)) return;
  if (hosts.some((known) => known.toLowerCase() === name)) return;
  throw forbidden(`the host must be known where no token is set: it is ${JSON.stringify(name)}`);
}

/** Cross-site request forgery: browsers tell the origin of every request that may change something. */
function assertSameOrigin(request: Request, host: string): void {
  const origin = request.headers.get("origin");
  if (origin === null || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw forbidden(`the origin must be this server's: it is ${JSON.stringify(origin)}`);
}

function assertToken(request: Request, digest: Uint8Array): void {
  const given = tokenOf(request.headers) ?? "";
  // Of the same length whatever was given, so the comparison takes the same time.
  if (timingSafeEqual(sha256(given), digest)) return;
  throw new MillraceError(
    "http/unauthorized",
    'Cannot answer the request as it must have the header field "Authorization: Bearer <token>" with the right token',
    { details: {} },
  );
}

/** A browser cannot give a WebSocket header fields, but names of subprotocols: one holds the token. */
function tokenOf(headers: Headers): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (bearer !== undefined || !headers.has("upgrade")) return bearer;
  const protocol = /(?:^|,)\s*bearer\.([\w-]+)\s*(?:,|$)/.exec(headers.get("sec-websocket-protocol") ?? "")
    ?.[1];
  return protocol === undefined ? undefined : new TextDecoder().decode(decodeBase64Url(protocol));
}

function decodeBase64Url(text: string): Uint8Array {
  try {
    return Uint8Array.from(
      atob(text.replaceAll("-", "+").replaceAll("_", "/")),
      (unit) => unit.charCodeAt(0),
    );
  } catch {
    return new Uint8Array();
  }
}

function isAddress(name: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
}

function forbidden(reason: string): MillraceError {
  return new MillraceError("http/forbidden", `Cannot answer the request as ${reason}`, {
    details: { reason },
  });
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
