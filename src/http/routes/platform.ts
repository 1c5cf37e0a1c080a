/**
 * Routes about the platform itself.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import type { GatewayBackend } from "../port.ts";
import type { Route } from "../route.ts";

/** `GET /health` and `GET /api/platform`. */
export function platformRoutes(backend: GatewayBackend, clock: Clock): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/health",
      summary: "Whether the platform is at work: 200, or 503 while it closes",
      async handle() {
        const { version, startedMs } = await backend.view();
        return Response.json({ status: "ok", version, uptimeMs: Math.max(0, clock.now() - startedMs) });
      },
    },
    {
      method: "GET",
      path: "/api/platform",
      summary: "Version, executors, tasks, pipelines and triggers",
      handle: async () => Response.json(await backend.view()),
    },
  ];
}
