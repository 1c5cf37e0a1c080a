/**
 * Runs on the server that owns the data folder, over HTTP.
 *
 * @module
 */
import { ERROR_CODES, type ErrorCode } from "../base/error_codes.ts";
import { messageOf, MillraceError } from "../base/errors.ts";
import type { MillraceEvent } from "../event/event.ts";
import type { LogEntry, LogFilter } from "../task/log_entry.ts";
import type { PruneReport, PruneRequest, RunRequest, RunSummary, RunView } from "../task/run.ts";
import type { DrawOptions } from "../task/plan.ts";
import type { PlanRequest, RunListFilter } from "./port.ts";
import type { RunSource } from "./run_source.ts";
import { linesOf, readServerSentEvents } from "./server_sent_events.ts";

/** Which server, and how to talk to it. */
export interface HttpRunSourceOptions {
  /** Its address, for example `http://127.0.0.1:8000`. */
  readonly url: string;
  /** The bearer token it asks for, if any. */
  readonly token?: string;
  /** Sends requests. */
  readonly fetch: typeof fetch;
}

/** The server as a source of runs. A server that does not answer is `cli/server-unreachable`. */
export class HttpRunSource implements RunSource {
  /** The server goes on when this process ends. */
  readonly remote = true;
  readonly #options: HttpRunSourceOptions;

  /** Talks to nobody yet. */
  constructor(options: HttpRunSourceOptions) {
    this.#options = options;
  }

  /** `POST /api/runs`. */
  async run(request: RunRequest): Promise<{ readonly id: string }> {
    return await this.#json("/api/runs", posting(request));
  }

  /** `GET /api/plans`. */
  async drawPlan({ params, ...request }: PlanRequest, options: DrawOptions): Promise<string> {
    const { durationsMs: _, ...rest } = options;
    const given = Object.entries({ ...request, ...rest }).map(([key, value]) => [key, String(value)]);
    const query = new URLSearchParams(given);
    if (params !== undefined) query.set("params", JSON.stringify(params));
    return await (await this.#send(`/api/plans?${query}`)).text();
  }

  /** `POST /api/runs/:id/cancel`. */
  async cancel(runId: string): Promise<RunView> {
    return await this.#json(`/api/runs/${encodeURIComponent(runId)}/cancel`, posting({}));
  }

  /** `POST /api/runs/prune`. */
  async prune(request: PruneRequest): Promise<PruneReport> {
    return await this.#json("/api/runs/prune", posting(request));
  }

  /** `GET /api/runs/:id`. */
  async runView(runId: string): Promise<RunView> {
    return await this.#json(`/api/runs/${encodeURIComponent(runId)}`);
  }

  /** `GET /api/runs`. */
  async runs(filter: RunListFilter): Promise<readonly RunSummary[]> {
    const query = new URLSearchParams(Object.entries(filter).map(([key, value]) => [key, String(value)]));
    return await this.#json(`/api/runs?${query}`);
  }

  /** `GET /api/runs/:id/results/:task`. */
  async result(runId: string, task: string): Promise<unknown> {
    const path = `/api/runs/${encodeURIComponent(runId)}/results/${encodeURIComponent(task)}`;
    const response = await this.#send(path);
    const type = response.headers.get("content-type") ?? "";
    return type.startsWith("application/octet-stream")
      ? new Uint8Array(await response.arrayBuffer())
      : await response.json();
  }

  /** `GET /api/runs/:id/logs`. */
  async logs(runId: string, filter: LogFilter, signal: AbortSignal): Promise<AsyncIterable<LogEntry>> {
    const { follow = false, ...rest } = filter;
    const query = new URLSearchParams(Object.entries(rest).map(([key, value]) => [key, String(value)]));
    if (follow) query.set("follow", "1");
    else query.set("format", "json");
    const response = await this.#send(`/api/runs/${encodeURIComponent(runId)}/logs?${query}`, { signal });
    const body = response.body ?? new Blob([]).stream();
    return follow ? followedEntries(body) : entriesOf(body);
  }

  /** `GET /api/events`; the iteration ends when the connection does. */
  async subscribe(pattern: string, signal: AbortSignal): Promise<AsyncIterable<MillraceEvent>> {
    const response = await this.#send(`/api/events?${new URLSearchParams({ pattern })}`, { signal });
    const body = response.body ?? new Blob([]).stream();
    return {
      async *[Symbol.asyncIterator]() {
        for await (const event of readServerSentEvents(body)) {
          if (event.type === "message") yield JSON.parse(event.data) as MillraceEvent;
        }
      },
    };
  }

  /** There is nothing to let go of. */
  async [Symbol.asyncDispose](): Promise<void> {}

  // deno-lint-ignore no-explicit-any -- the answers of our own server, typed by the methods above
  async #json(path: string, init: RequestInit = {}): Promise<any> {
    return await (await this.#send(path, init)).json();
  }

  async #send(path: string, init: RequestInit = {}): Promise<Response> {
    const { url, token, fetch } = this.#options;
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    let response: Response;
    try {
      response = await fetch(new URL(path, url), { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw new MillraceError(
        "cli/server-unreachable",
        `Cannot reach the server at ${url} as the connection failed: ${messageOf(error)}`,
        { details: { url }, cause: error },
      );
    }
    if (response.ok) return response;
    throw await problemAsError(response, url);
  }
}

/** Entries as they are written; the server says when there are no more. */
async function* followedEntries(body: ReadableStream<Uint8Array>): AsyncIterable<LogEntry> {
  for await (const event of readServerSentEvents(body)) {
    if (event.type === "message") yield JSON.parse(event.data) as LogEntry;
    if (event.type === "end") return;
    if (event.type === "problem") throw errorOfProblem(JSON.parse(event.data));
  }
}

async function* entriesOf(body: ReadableStream<Uint8Array>): AsyncIterable<LogEntry> {
  for await (const line of linesOf(body)) if (line !== "") yield JSON.parse(line) as LogEntry;
}

/** A request with a JSON body. */
function posting(body: unknown): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** The problem document (RFC 9457) of a refused request as the error that the server threw. */
async function problemAsError(response: Response, url: string): Promise<MillraceError> {
  return errorOfProblem(parsed(await response.text())) ?? new MillraceError(
    "cli/server-unreachable",
    `Cannot talk to the server at ${url} as it answers in an unknown way: status ${response.status}`,
    { details: { url } },
  );
}

function errorOfProblem(problem: object): MillraceError | undefined {
  const { code, detail, details } = problem as { code?: string; detail?: string; details?: object };
  if (code === undefined || !Object.hasOwn(ERROR_CODES, code)) return undefined;
  const hint = code === "http/unauthorized" ? "; set MILLRACE_TOKEN to the token of the server" : "";
  return new MillraceError(code as ErrorCode, `${detail ?? code}${hint}`, {
    details: (details ?? {}) as never,
  });
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
