/**
 * Routes about runs and their results.
 *
 * @module
 */
import { checkShape } from "../../base/shape.ts";
import type { RunStatus } from "../../task/run.ts";
import { parsePruneRequest, parseRunRequest } from "../../task/run_request.ts";
import { toJsonText } from "../json.ts";
import type { GatewayBackend } from "../port.ts";
import { badRequest, Query } from "../query.ts";
import type { Route } from "../route.ts";

const STATUSES: readonly RunStatus[] = ["pending", "running", "succeeded", "failed", "cancelled"];

/** The longest list of runs in one answer. */
const MAX_RUNS = 500;

/** `POST /api/runs`, `POST /api/runs/:id/rerun`, `POST /api/runs/:id/cancel`, `POST /api/runs/prune`, `GET /api/runs`, `GET /api/runs/:id` and `GET /api/runs/:id/results/:task`. */
export function runRoutes(backend: GatewayBackend): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/runs",
      summary: "Starts a run of a pipeline or a selection of tasks",
      async handle(call) {
        return accepted(await backend.run(parseRunRequest(await call.json())));
      },
    },
    {
      method: "POST",
      path: "/api/runs/:id/rerun",
      summary:
        'Repeats an ended run: {"from": "failure" (default) | "start" | {"tasks": […]}, "params"?, "metadata"?, "timeoutMs"?}',
      async handle(call) {
        const checked = checkShape((await call.json()) ?? {}, {
          from: "any",
          params: "object",
          metadata: "object",
          timeoutMs: "positive",
        });
        if (!checked.ok) throw badRequest("repeat the run", checked.issues);
        const { from = "failure", ...rest } = checked.value;
        return accepted(
          await backend.run(parseRunRequest({ rerun: { runId: call.param("id"), from }, ...rest })),
        );
      },
    },
    {
      method: "POST",
      path: "/api/runs/:id/cancel",
      summary: "Cancels a run that has not ended, and tells what became of it; what still runs is called off",
      async handle(call) {
        await backend.cancel(call.param("id"));
        return Response.json(await backend.runView(call.param("id")));
      },
    },
    {
      method: "POST",
      path: "/api/runs/prune",
      summary:
        'Deletes ended runs: {"olderThanMs", "keep", "pipeline"?, "limit"?, "dryRun"?}; {} as retention says',
      handle: async (call) => Response.json(await backend.prune(parsePruneRequest(await call.json()))),
    },
    {
      method: "GET",
      path: "/api/runs",
      summary: "Runs, newest first; ?pipeline= &status= &limit= &before=<id of the last one seen>",
      async handle(call) {
        const query = new Query(call.query, ["pipeline", "status", "limit", "before"]);
        const pipeline = query.text("pipeline");
        const status = query.oneOf("status", STATUSES);
        const limit = query.integer("limit", 1, MAX_RUNS);
        const before = query.text("before");
        query.assertValid();
        return Response.json(
          await backend.runs({
            ...(pipeline === undefined ? {} : { pipeline }),
            ...(status === undefined ? {} : { status }),
            ...(limit === undefined ? {} : { limit }),
            ...(before === undefined ? {} : { before }),
          }),
        );
      },
    },
    {
      method: "GET",
      path: "/api/runs/:id",
      summary: "One run with its tasks",
      handle: async (call) => Response.json(await backend.runView(call.param("id"))),
    },
    {
      method: "GET",
      path: "/api/runs/:id/results/:task",
      summary: "What a task of a run returned; bytes as they are (also of a stream), all else as JSON",
      async handle(call) {
        const value = await backend.result(call.param("id"), call.param("task"));
        if (value instanceof Uint8Array || value instanceof ReadableStream) {
          const body = value instanceof Uint8Array ? new Uint8Array(value) : value;
          return new Response(body, { headers: { "content-type": "application/octet-stream" } });
        }
        return new Response(toJsonText(value), { headers: { "content-type": "application/json" } });
      },
    },
  ];
}

/** The answer to a request for a run. */
function accepted({ id }: { readonly id: string }): Response {
  const headers = { location: `/api/runs/${encodeURIComponent(id)}` };
  return Response.json({ id }, { status: 202, headers });
}
