/**
 * The route that shows what a run would do.
 *
 * @module
 */
import type { GatewayBackend } from "../port.ts";
import { Query } from "../query.ts";
import type { Route } from "../route.ts";
import { ambiguity } from "../../task/run_request.ts";

/** `GET /api/plans`. */
export function planRoutes(backend: GatewayBackend): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/plans",
      summary: "The plan of ?pipeline=, or of ?names= &tags= &roots= (separated by commas) &includeUpstream=",
      async handle(call) {
        const query = new Query(call.query, ["pipeline", "names", "tags", "roots", "includeUpstream"]);
        const pipeline = query.text("pipeline");
        const names = query.list("names");
        const tags = query.list("tags");
        const roots = query.list("roots");
        const includeUpstream = query.flag("includeUpstream");
        const request = {
          ...(pipeline === undefined ? {} : { pipeline }),
          ...(names === undefined ? {} : { names }),
          ...(tags === undefined ? {} : { tags }),
          ...(roots === undefined ? {} : { roots }),
          ...(includeUpstream === undefined ? {} : { includeUpstream }),
        };
        ambiguity(request).forEach((issue) => query.reject(issue));
        query.assertValid();
        return Response.json(await backend.plan(request));
      },
    },
  ];
}
