/**
 * The HTTP application of a platform: a JSON interface, live events and a plain page.
 *
 * It knows the platform only as a {@linkcode GatewayBackend}. A request is answered by one route, or by a
 * problem document (RFC 9457); a change is answered only after the backend has accepted it.
 *
 * @module
 */
export { type AppOptions, createApp, type HttpApp } from "./app.ts";
export type { GatewayBackend, PipelineView, PlatformView, TriggerView } from "./port.ts";
export type { Problem } from "./problem.ts";
export { type HttpServer, serveHttp, type ServeOptions } from "./serve.ts";
