/**
 * Errors as HTTP answers: problem documents (RFC 9457).
 *
 * @module
 */
import type { ErrorCode } from "../base/error_codes.ts";
import { MillraceError } from "../base/errors.ts";

/** A problem document as in RFC 9457 §3, with the code and details of the error as extension members. */
export interface Problem {
  /** `urn:millrace:error:` and the code: an identifier, not an address. */
  readonly type: string;
  /** The code in words; the same for every problem of this type. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What could not be done this time, the rule and the value. */
  readonly detail: string;
  /** A code of the catalogue. */
  readonly code: ErrorCode;
  /** Facts for programs; their shape belongs to the code. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The HTTP status of every code. A code that no request can cause has the status of a fault of ours. */
export const STATUS_OF = {
  "topic/invalid": 422,
  "pattern/invalid": 422,
  "selector/invalid": 422,
  "event/invalid": 422,
  "event/reserved-topic": 422,
  "event/too-many-hops": 422,
  "event/unknown": 404,
  "broker/closed": 503,
  "broker/overloaded": 503,
  "broker/log-closed": 503,
  "broker/log-unusable": 500,
  "broker/no-log": 501,
  "topic/completed": 409,
  "topic/not-durable": 409,
  "consumer/unknown": 404,
  "task/duplicate": 500,
  "task/unknown": 404,
  "task/unsupported": 422,
  "task/threw": 500,
  "task/timed-out": 504,
  "task/cancelled": 409,
  "task/permission-denied": 500,
  "task/out-of-memory": 500,
  "task/crashed-process": 500,
  "task/unhandled": 500,
  "task/input-invalid": 500,
  "task/output-invalid": 500,
  "pipeline/duplicate": 500,
  "pipeline/unknown": 404,
  "trigger/duplicate": 500,
  "trigger/unknown": 404,
  "trigger/unverified": 401,
  "trigger/too-slow": 500,
  "trigger/payload-invalid": 422,
  "trigger/not-fireable": 409,
  "trigger/halted": 503,
  "plan/invalid": 422,
  "run/not-found": 404,
  "run/request-invalid": 400,
  "run/params-invalid": 422,
  "run/external-result-missing": 409,
  "run/timed-out": 504,
  "run/failed": 500,
  "run/not-repeatable": 409,
  "run/overlap-skipped": 409,
  "executor/none": 409,
  "executor/start-failed": 503,
  "executor/lost": 503,
  "store/not-found": 404,
  "store/corrupt": 500,
  "store/unencodable": 422,
  "store/invalid-key": 400,
  "store/unavailable": 503,
  "store/replaced": 503,
  "store/kv-off": 500,
  "actor/ask-timeout": 504,
  "actor/stopped": 503,
  "actor/host-lost": 503,
  "actor/restarted": 503,
  "actor/restart-limit": 503,
  "actor/ask-cycle": 500,
  "actor/turn-overrun": 500,
  "actor/stash-full": 503,
  "actor/message-invalid": 500,
  "actor/unknown-verb": 500,
  "actor/start-failed": 500,
  "actor/start-timeout": 504,
  "actor/uncloneable": 500,
  "actor/name-taken": 500,
  "module/load-failed": 500,
  "module/definition-invalid": 500,
  "platform/closed": 503,
  "platform/data-dir-locked": 503,
  "platform/data-dir-unusable": 500,
  "platform/journal-unusable": 500,
  "platform/results-elsewhere": 500,
  "platform/address-unusable": 500,
  "platform/no-free-port": 500,
  "http/bad-request": 400,
  "http/body-too-large": 413,
  "http/forbidden": 403,
  "http/internal": 500,
  "http/method-not-allowed": 405,
  "http/not-found": 404,
  "http/unauthorized": 401,
  "http/unsupported-media-type": 415,
  "http/upgrade-required": 426,
  "cli/server-unreachable": 502,
  "cli/file-unusable": 400,
  "cli/setting-invalid": 400,
  "cli/ambiguous-run-id": 400,
} as const satisfies Readonly<Record<ErrorCode, number>>;

/** What is said of an error that is not ours: its message may show what is nobody's business. */
const UNEXPECTED = "Cannot answer the request as something unexpected happened; the log of the server has it";

/** Whether an error was written for the one who made the request, not for the log. */
export function isExpected(thrown: unknown): thrown is MillraceError {
  return MillraceError.is(thrown) && thrown.code !== "task/threw" && thrown.code !== "http/internal";
}

/** The problem document of anything thrown; an unexpected error shows neither message nor stack. */
export function problemOf(thrown: unknown): Problem {
  if (!isExpected(thrown)) return problem("http/internal", UNEXPECTED, {});
  return problem(thrown.code, thrown.message, { ...thrown.details });
}

/** The problem as a response, with the header fields that its status calls for. */
export function problemResponse({ code, ...rest }: Problem): Response {
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (rest.status === 401) headers.set("www-authenticate", 'Bearer realm="millrace"');
  if (rest.status === 503) headers.set("retry-after", "1");
  if (rest.status === 426) headers.set("upgrade", "websocket");
  if (code === "http/method-not-allowed") headers.set("allow", String(rest.details.allowed));
  return new Response(JSON.stringify({ ...rest, code }), { status: rest.status, headers });
}

function problem(code: ErrorCode, detail: string, details: Readonly<Record<string, unknown>>): Problem {
  return {
    type: `urn:millrace:error:${code}`,
    title: titleOf(code),
    status: STATUS_OF[code],
    detail,
    code,
    details,
  };
}

/** `trigger/payload-invalid` → `Trigger payload invalid`; `http/` says nothing that the status does not. */
function titleOf(code: ErrorCode): string {
  const words = code.replace(/^http\//, "").replaceAll(/[/-]/g, " ");
  return words[0]!.toUpperCase() + words.slice(1);
}
