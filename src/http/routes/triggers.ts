/**
 * Routes about triggers.
 *
 * @module
 */
import { checkShape } from "../../base/shape.ts";
import type { GatewayBackend } from "../port.ts";
import { badRequest } from "../query.ts";
import type { Call, Route } from "../route.ts";

/** `GET /api/triggers`, `GET /api/triggers/:name/status` and `POST /api/triggers/:name/trigger`. */
export function triggerRoutes(backend: GatewayBackend): readonly Route[] {
  const name = (call: Call): string => call.param("name");
  return [
    {
      method: "GET",
      path: "/api/triggers",
      summary: "All triggers",
      handle: async () => Response.json((await backend.view()).triggers),
    },
    statusRoute("/api/triggers/:name/status", name, (name) => backend.trigger(name)),
    fireRoute(
      "/api/triggers/:name/trigger",
      name,
      (name, data, request) => backend.fire(name, data, request),
    ),
  ];
}

/** The route that tells how a trigger does. */
export function statusRoute(
  path: string,
  nameOf: (call: Call) => string,
  view: GatewayBackend["trigger"],
): Route {
  return {
    method: "GET",
    path,
    summary: "Whether a trigger runs, how often it fired, when it fires next",
    async handle(call) {
      const trigger = await view(nameOf(call));
      return Response.json({
        running: trigger.running,
        trigger_count: trigger.count,
        ...(trigger.lastFiredMs === undefined ? {} : { last_fired_ms: trigger.lastFiredMs }),
        ...(trigger.nextMs === undefined ? {} : { next_ms: trigger.nextMs }),
      });
    },
  };
}

/** The route that fires a trigger. */
export function fireRoute(path: string, nameOf: (call: Call) => string, fire: GatewayBackend["fire"]): Route {
  return {
    method: "POST",
    path,
    summary: 'Fires a trigger with {"data": …}; answered once the event is journalled',
    async handle(call) {
      const name = nameOf(call);
      const checked = checkShape((await call.json()) ?? {}, { data: "any" });
      if (!checked.ok) throw badRequest(`fire the trigger "${name}"`, checked.issues);
      const { data = {} } = checked.value;
      const fired = await fire(name, data, { headers: call.request.headers, raw: await call.body() });
      return Response.json({
        success: true,
        message: `Trigger "${name}" fired`,
        trigger_count: fired.count,
        event_id: fired.eventId,
        run_ids: fired.runIds,
      });
    },
  };
}
