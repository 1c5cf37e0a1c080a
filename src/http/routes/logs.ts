/**
 * Routes about what tasks write.
 *
 * @module
 */
import { type LogEntry, logEntryText } from "../../task/log_entry.ts";
import { assertTaskOfRun } from "../../task/task_of_run.ts";
import { EVENT_STREAM_HEADERS, type EventStreams } from "../event_streams.ts";
import type { GatewayBackend } from "../port.ts";
import { Query } from "../query.ts";
import type { Route } from "../route.ts";

/** How entries are written: lines for people, JSON documents one a line, or server-sent events. */
const FORMATS = {
  text: { type: "text/plain; charset=utf-8", write: (entry: LogEntry) => `${logEntryText(entry)}\n` },
  json: { type: "application/x-ndjson", write: (entry: LogEntry) => `${JSON.stringify(entry)}\n` },
} as const;
/** Says that there is no more: a client that is only cut off comes again. */
const END = "event: end\ndata:\n\n";

/** `GET /api/runs/:id/logs`. */
export function logRoutes(backend: GatewayBackend, streams: EventStreams): readonly Route[] {
  return [{
    method: "GET",
    path: "/api/runs/:id/logs",
    summary:
      "What the tasks of a run wrote; ?task= &attempt= &format=text|json, or &follow=1 for server-sent events",
    async handle(call) {
      const query = new Query(call.query, ["task", "attempt", "follow", "format"]);
      const task = query.text("task");
      const attempt = query.integer("attempt", 1, 1_000_000);
      const follow = query.flag("follow") ?? false;
      const format = query.oneOf("format", ["text", "json"]);
      if (follow && format !== undefined) query.reject("at 'format': what is followed has one format");
      query.assertValid();
      const runId = call.param("id");
      // Before the answer begins: after it, no status could tell.
      const view = await backend.runView(runId);
      if (task !== undefined) assertTaskOfRun(view, task);
      const { type, write } = FORMATS[format ?? "text"];
      const headers = follow ? EVENT_STREAM_HEADERS : { "content-type": type };
      if (call.request.method === "HEAD") return new Response(null, { headers });
      const entries = backend.logs(runId, {
        ...(task === undefined ? {} : { task }),
        ...(attempt === undefined ? {} : { attempt }),
        follow,
      });
      if (follow) return streams.openFrames(entries, (entry) => `data: ${JSON.stringify(entry)}\n\n`, END);
      return new Response(bytesOf(entries, write), { headers });
    },
  }];
}

/** One entry is read when the client has room for it. */
function bytesOf(
  entries: AsyncIterableIterator<LogEntry>,
  write: (entry: LogEntry) => string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await entries.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(write(next.value)));
    },
    async cancel() {
      await entries.return?.();
    },
  });
}
