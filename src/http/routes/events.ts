/**
 * Routes about events.
 *
 * @module
 */
import { parsePattern } from "../../event/topic.ts";
import { EVENT_STREAM_HEADERS, type EventStreams } from "../event_streams.ts";
import type { GatewayBackend } from "../port.ts";
import { badRequest, Query } from "../query.ts";
import type { Route } from "../route.ts";
import { checkShape } from "../../base/shape.ts";

/** `POST /api/events` and `GET /api/events`. */
export function eventRoutes(backend: GatewayBackend, streams: EventStreams): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/events",
      summary: 'Publishes an event: {"topic": "…", "data": …}',
      async handle(call) {
        const checked = checkShape(await call.json(), { topic: "string", data: "any" });
        if (!checked.ok) throw badRequest("publish the event", checked.issues);
        const { topic, data = null } = checked.value;
        if (topic === undefined) throw badRequest("publish the event", ["at 'topic': must be there"]);
        return Response.json(await backend.publish(topic, data), { status: 202 });
      },
    },
    {
      method: "GET",
      path: "/api/events",
      summary: "Live events that match ?pattern= (default **), as server-sent events",
      handle(call) {
        const query = new Query(call.query, ["pattern"]);
        const pattern = query.text("pattern") ?? "**";
        query.assertValid();
        // Before the stream begins: after it, no status could tell.
        parsePattern(pattern);
        // A stream whose body nobody reads would stay open for ever.
        if (call.request.method === "HEAD") return new Response(null, { headers: EVENT_STREAM_HEADERS });
        return streams.open(backend.subscribe(pattern));
      },
    },
  ];
}
