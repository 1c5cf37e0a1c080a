/**
 * The route of WebSockets.
 *
 * @module
 */
import { MillraceError } from "../../base/errors.ts";
import { type EventSockets, SOCKET_PROTOCOL, type Upgrade } from "../event_sockets.ts";
import { Query } from "../query.ts";
import type { Route } from "../route.ts";

/** `GET /api/events/ws`. */
export function socketRoute(sockets: EventSockets, upgrade: Upgrade | undefined): Route {
  return {
    method: "GET",
    path: "/api/events/ws",
    summary: "Subscribes and publishes over a WebSocket",
    handle(call) {
      new Query(call.query, []).assertValid();
      const { headers } = call.request;
      if (upgrade === undefined || headers.get("upgrade")?.toLowerCase() !== "websocket") throw noWebSocket();
      const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
      const protocol = offered.includes(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : undefined;
      const { socket, response } = upgrade(call.request, protocol);
      sockets.serve(socket);
      return response;
    },
  };
}

function noWebSocket(): MillraceError {
  return new MillraceError(
    "http/upgrade-required",
    "Cannot answer the request as it must ask for a WebSocket, and the server must have them",
    { details: {} },
  );
}
