/**
 * Routes about topics.
 *
 * @module
 */
import { checkShape, type Shape, type Shaped } from "../../base/shape.ts";
import { assertTopic, parsePattern } from "../../event/topic.ts";
import type { GatewayBackend } from "../port.ts";
import { badRequest, Query } from "../query.ts";
import type { Route } from "../route.ts";

const DECLARATION = { topic: "string", durable: "boolean", retention: "object" } as const;
const RETENTION = { maxAgeMs: "positive", maxEvents: "positive", maxBytes: "positive" } as const;

/** `GET /api/topics`, `POST /api/topics` and `POST /api/topics/:topic/complete`. */
export function topicRoutes(backend: GatewayBackend): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/topics",
      summary: "The declared topics that match ?pattern= (default **), with what is kept of each",
      async handle(call) {
        const query = new Query(call.query, ["pattern"]);
        const pattern = query.text("pattern") ?? "**";
        query.assertValid();
        parsePattern(pattern);
        return Response.json(await backend.topics(pattern));
      },
    },
    {
      method: "POST",
      path: "/api/topics",
      summary:
        'Declares a topic: {"topic": "…", "durable": true, "retention": {…}}; again changes what is named',
      async handle(call) {
        const { topic, durable, retention } = read(await call.json(), DECLARATION);
        if (topic === undefined) throw badRequest("declare the topic", ["at 'topic': must be there"]);
        assertTopic(topic);
        const declared = (await backend.topics(topic))[0];
        if (durable === false && declared?.durable !== undefined) {
          throw badRequest("declare the topic", ["at 'durable': a durable topic stays durable"]);
        }
        if (retention !== undefined && durable !== true && declared?.durable === undefined) {
          throw badRequest("declare the topic", ["at 'retention': only a durable topic has one"]);
        }
        await backend.declareTopic(topic, {
          ...(durable === undefined ? {} : { durable }),
          ...(retention === undefined ? {} : { retention: read(retention, RETENTION) }),
        });
        return Response.json((await backend.topics(topic))[0]);
      },
    },
    {
      method: "POST",
      path: "/api/topics/:topic/complete",
      summary: "Lets a topic take no more events, for ever",
      async handle(call) {
        const topic = call.param("topic");
        await backend.completeTopic(topic);
        return Response.json((await backend.topics(topic))[0]);
      },
    },
  ];
}

function read<const S extends Shape>(value: unknown, shape: S): Shaped<S> {
  const checked = checkShape(value, shape);
  if (!checked.ok) throw badRequest("declare the topic", checked.issues);
  return checked.value;
}
