/**
 * Routes about triggers.
 *
 * @module
 */
import type { GatewayBackend } from "../port.ts";
import { badRequest } from "../query.ts";
import type { Route } from "../route.ts";
import { checkShape } from "../../base/shape.ts";

/** `GET /api/triggers`, `GET /api/triggers/:name/status` and `POST /api/triggers/:name/trigger`. */
export function triggerRoutes(backend: GatewayBackend): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/triggers",
      summary: "All triggers",
      handle: async () => Response.json((await backend.view()).triggers),
    },
    {
      method: "GET",
      path: "/api/triggers/:name/status",
      summary: "Whether a trigger runs, how often it fired, when it fires next",
      async handle(call) {
        const trigger = await backend.trigger(call.param("name"));
        return Response.json({
          running: trigger.running,
          trigger_count: trigger.count,
          ...(trigger.lastFiredMs === undefined ? {} : { last_fired_ms: trigger.lastFiredMs }),
          ...(trigger.nextMs === undefined ? {} : { next_ms: trigger.nextMs }),
        });
      },
    },
    {
      method: "POST",
      path: "/api/triggers/:name/trigger",
      summary: 'Fires a trigger with {"data": …}; answered once the event is journalled',
      async handle(call) {
        const name = call.param("name");
        const checked = checkShape((await call.json()) ?? {}, { data: "any" });
        if (!checked.ok) throw badRequest(`fire the trigger "${name}"`, checked.issues);
        const { data = {} } = checked.value;
        const fired = await backend.fire(name, data, {
          headers: call.request.headers,
          raw: await call.body(),
        });
        return Response.json({
          success: true,
          message: `Trigger "${name}" fired`,
          trigger_count: fired.count,
          event_id: fired.eventId,
          run_ids: fired.runIds,
        });
      },
    },
  ];
}
