/**
 * Routes about events.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import type { MillraceEvent } from "../../event/event.ts";
import { assertPublishable, parsePattern } from "../../event/topic.ts";
import { CLOUD_EVENT_TYPE, cloudEventText, readCloudEvents } from "../cloud_event_modes.ts";
import { EVENT_STREAM_HEADERS, type EventStreams, type EventText, eventText } from "../event_streams.ts";
import type { GatewayBackend } from "../port.ts";
import { badRequest, Query } from "../query.ts";
import type { Route } from "../route.ts";
import { lastEventOf, parseSince } from "../since.ts";
import { checkShape } from "../../base/shape.ts";

/** `POST /api/events` and `GET /api/events`. */
export function eventRoutes(backend: GatewayBackend, streams: EventStreams, clock: Clock): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/events",
      summary: 'Publishes an event: {"topic": "…", "data": …}, or CloudEvents: structured, batched or binary',
      async handle(call) {
        const found = readCloudEvents(call.request.headers, await call.body(), clock.now());
        if (found === undefined) return accepted(await publishPlain(backend, await call.json()));
        const published = await publishAll(backend, found.events);
        return accepted(found.batch ? { events: published } : published[0]);
      },
    },
    {
      method: "GET",
      path: "/api/events",
      summary: "Live events that match ?pattern= (default **), as server-sent events; ?since= replays",
      handle(call) {
        const query = new Query(call.query, ["pattern", "since"]);
        const pattern = query.text("pattern") ?? "**";
        const since = query.text("since");
        query.assertValid();
        // Before the stream begins: after it, no status could tell.
        parsePattern(pattern);
        // A stream whose body nobody reads would stay open for ever.
        if (call.request.method === "HEAD") return new Response(null, { headers: EVENT_STREAM_HEADERS });
        // A client that comes back says what it had last; its address is still the old one.
        const start = lastEventOf(call.request.headers) ?? (since === undefined ? since : parseSince(since));
        return streams.open(backend.subscribe(pattern, start), textOf(call.request));
      },
    },
  ];
}

function accepted(published: unknown): Response {
  return Response.json(published, { status: 202 });
}

async function publishPlain(backend: GatewayBackend, body: unknown): Promise<unknown> {
  const checked = checkShape(body, { topic: "string", data: "any" });
  if (!checked.ok) throw badRequest("publish the event", checked.issues);
  const { topic, data = null } = checked.value;
  if (topic === undefined) throw badRequest("publish the event", ["at 'topic': must be there"]);
  return await backend.publish(topic, data);
}

/**
 * Publishes in order. If one is refused, so is the request, though others may be accepted: whoever sends it
 * once more does no harm, as an id that came before is not published again.
 */
async function publishAll(
  backend: GatewayBackend,
  events: readonly MillraceEvent[],
): Promise<readonly unknown[]> {
  for (const { topic } of events) assertPublishable(topic);
  return await Promise.all(events.map(({ topic, data, ...about }) => backend.publish(topic, data, about)));
}

/** How a client wants to read events: as we write them, or as CloudEvents. */
function textOf({ headers }: Request): EventText {
  const accept = (headers.get("accept") ?? "").toLowerCase();
  return accept.includes(CLOUD_EVENT_TYPE) ? cloudEventText : eventText;
}
