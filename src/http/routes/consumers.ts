/**
 * Routes about consumers of durable topics.
 *
 * @module
 */
import { checkShape } from "../../base/shape.ts";
import type { GatewayBackend } from "../port.ts";
import { badRequest, Query } from "../query.ts";
import type { Call, Route } from "../route.ts";

/** How many dead letters one answer has at most. */
const MAX_LETTERS = 1_000;

/** `GET /api/consumers`, and the dead letters of one: listed, and delivered anew. */
export function consumerRoutes(backend: GatewayBackend): readonly Route[] {
  const name = (call: Call): string => call.param("name");
  return [
    {
      method: "GET",
      path: "/api/consumers",
      summary: "The consumers of durable topics: their place, what is in flight, dead letters",
      handle: async () => Response.json(await backend.consumers()),
    },
    {
      method: "GET",
      path: "/api/consumers/:name/dead-letters",
      summary: "Events that a consumer could not handle, after ?after= (a sequence), at most ?max= (100)",
      async handle(call) {
        const query = new Query(call.query, ["after", "max"]);
        const after = query.integer("after", 0, Number.MAX_SAFE_INTEGER) ?? 0;
        const max = query.integer("max", 1, MAX_LETTERS) ?? 100;
        query.assertValid();
        return Response.json(await backend.deadLetters(name(call), { after, max }));
      },
    },
    {
      method: "POST",
      path: "/api/consumers/:name/redeliver",
      summary: 'Delivers dead letters anew: all, or those of {"sequences": […]}',
      async handle(call) {
        const checked = checkShape((await call.json()) ?? {}, { sequences: "any" });
        if (!checked.ok) throw badRequest("deliver anew", checked.issues);
        const { sequences } = checked.value;
        if (sequences !== undefined && !isSequences(sequences)) {
          throw badRequest("deliver anew", ["at 'sequences': must be an array of whole numbers above 0"]);
        }
        return Response.json({ redelivered: await backend.redeliver(name(call), sequences) });
      },
    },
  ];
}

function isSequences(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item > 0);
}
