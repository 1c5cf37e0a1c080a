/**
 * The route that shows what a run would do.
 *
 * @module
 */
import type { GatewayBackend } from "../port.ts";
import { Query } from "../query.ts";
import type { Route } from "../route.ts";
import { PLAN_FORMATS, type PlanFormat } from "../../task/plan.ts";
import { durationsOf } from "../../task/run.ts";
import { ambiguity, selectionOf } from "../../task/run_request.ts";

/** The media type of each format, as IANA lists them. */
const TYPES: Readonly<Record<PlanFormat, string>> = {
  text: "text/plain; charset=utf-8",
  mermaid: "text/vnd.mermaid; charset=utf-8",
  dot: "text/vnd.graphviz; charset=utf-8",
  json: "application/json",
};

/** What is left of a `+` that was not written as `%2B`: no selector needs a space there. */
const LOST_PLUS = /^\s|\s$|\s\s|\(\s|\s\)/;

/** `GET /api/plans`. */
export function planRoutes(backend: GatewayBackend): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/plans",
      summary: "The plan of ?pipeline=, or of ?select= ?names= &tags= &roots= (separated by commas) " +
        `&includeUpstream=; &strict=true; &cache=true and &params= (JSON) for what is cached; &run= for its critical path; &format=${
          PLAN_FORMATS.join("|")
        } (json by default)`,
      async handle(call) {
        const query = new Query(call.query, [
          "pipeline",
          "names",
          "tags",
          "roots",
          "select",
          "includeUpstream",
          "strict",
          "cache",
          "params",
          "run",
          "format",
        ]);
        const pipeline = query.text("pipeline");
        const names = query.list("names");
        const tags = query.list("tags");
        const roots = query.list("roots");
        const select = query.text("select");
        const includeUpstream = query.flag("includeUpstream");
        const strict = query.flag("strict");
        const cache = query.flag("cache");
        const params = query.object("params");
        const run = query.text("run");
        const format = query.oneOf("format", PLAN_FORMATS) ?? "json";
        const request = {
          ...(pipeline === undefined ? {} : { pipeline }),
          ...(names === undefined ? {} : { names }),
          ...(tags === undefined ? {} : { tags }),
          ...(roots === undefined ? {} : { roots }),
          ...(select === undefined ? {} : { select }),
          ...(includeUpstream === undefined ? {} : { includeUpstream }),
        };
        ambiguity(request).forEach((issue) => query.reject(issue));
        if (LOST_PLUS.test(select ?? "")) {
          query.reject(`at 'select': "+" must be written as %2B: it is ${JSON.stringify(select)}`);
        }
        query.assertValid();
        const view = run === undefined ? undefined : await backend.runView(run);
        const selection = view === undefined || Object.keys(request).length > 0
          ? request
          : selectionOf(view.request);
        const text = await backend.drawPlan(params === undefined ? selection : { ...selection, params }, {
          format,
          ...(cache === undefined ? {} : { cache }),
          ...(strict === undefined ? {} : { strict }),
          ...(view === undefined ? {} : { durationsMs: durationsOf(view.tasks) }),
        });
        return new Response(text, { headers: { "content-type": TYPES[format] } });
      },
    },
  ];
}
