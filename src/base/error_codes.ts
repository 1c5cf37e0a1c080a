/**
 * The catalogue of error codes: `stage/kebab-case`, never renamed.
 *
 * @module
 */

/** The details that each code carries. Its keys are the catalogue. */
export interface ErrorDetails {
  "topic/invalid": { topic: string; position: number };
  "pattern/invalid": { pattern: string; position: number };
  "event/invalid": { topic: string; reason: string };
  "event/reserved-topic": { topic: string };
  "event/too-many-hops": { topic: string; hops: number };
  "broker/closed": Record<never, never>;
  "broker/overloaded": { topic: string; id: string; rejected: number };
  "task/duplicate": { task: string };
  "task/unknown": { task: string; suggestion?: string };
  "task/unsupported": { task: string; option: string };
  "task/threw": { task?: string; attempt?: number; name?: string };
  "task/timed-out": { task: string; attempt: number; timeoutMs: number };
  "task/cancelled": { task: string; attempt: number };
  "task/input-invalid": { task: string; param: string; issues: readonly string[] };
  "task/output-invalid": { task: string; issues: readonly string[] };
  "pipeline/duplicate": { pipeline: string };
  "pipeline/unknown": { pipeline: string; suggestion?: string };
  "trigger/duplicate": { trigger: string };
  "trigger/unknown": { trigger: string; suggestion?: string };
  "trigger/unverified": { trigger: string };
  "trigger/payload-invalid": { trigger: string; issues: readonly string[] };
  "trigger/not-fireable": { trigger: string; kind: string };
  "plan/invalid": { problems: readonly PlanProblem[] };
  "run/not-found": { runId: string };
  "run/request-invalid": { issues: readonly string[] };
  "run/params-invalid": { pipeline: string; issues: readonly string[] };
  "run/external-result-missing": { task: string };
  "run/overlap-skipped": { pipeline: string };
  "run/failed": { runId: string; failed: readonly string[] };
  "executor/lost": { task: string; attempt: number; reason: string };
  "executor/none": { isolation: string };
  "store/not-found": { runId: string; task: string; resultId: string };
  "store/corrupt": { path: string; reason: string };
  "store/unencodable": { path: string };
  "store/invalid-key": { part: string; value: string };
  "store/unavailable": { path: string; reason: string };
  "actor/ask-timeout": { actor: string; verb: string; timeoutMs: number };
  "actor/aborted": { actor: string; verb: string };
  "actor/stopped": { actor: string };
  "actor/host-lost": { host: string; reason: string };
  "actor/mailbox-full": { actor: string; capacity: number };
  "actor/message-invalid": { actor: string; verb: string; issues: readonly string[] };
  "actor/unknown-verb": { actor: string; verb: string };
  "actor/start-failed": { actor: string };
  "actor/uncloneable": { actor: string; verb: string; path: string };
  "actor/name-taken": { actor: string };
  "module/load-failed": { module: string };
  "module/definition-invalid": { module: string; export: string };
  "platform/closed": Record<never, never>;
  "platform/data-dir-locked": { dataDir: string; pid: number; url?: string };
  "platform/data-dir-unusable": { dataDir: string; reason: string };
  "platform/journal-unusable": { path: string; reason: string };
  "platform/no-free-port": { hostname: string; from: number; to: number };
  "http/bad-request": { issues: readonly string[] };
  "http/body-too-large": { maxBytes: number };
  "http/forbidden": { reason: string };
  "http/internal": Record<never, never>;
  "http/method-not-allowed": { method: string; allowed: string };
  "http/not-found": { path: string };
  "http/unauthorized": Record<never, never>;
  "http/unsupported-media-type": { contentType: string };
  "cli/server-unreachable": { url?: string; pid?: number };
  "cli/ambiguous-run-id": { runId: string; matches: readonly string[] };
}

/** One thing wrong with a plan. */
export interface PlanProblem {
  /** What is wrong. */
  readonly kind:
    | "unknown-task"
    | "missing-dependency"
    | "self-reference"
    | "cycle"
    | "empty-selection"
    | "type-mismatch";
  /** The tasks it is about; for a cycle the path, first task repeated at the end. */
  readonly tasks: readonly string[];
  /** One sentence for people. */
  readonly message: string;
}

/** A code of the catalogue. */
export type ErrorCode = keyof ErrorDetails;

const once = { retryable: false } as const;
const again = { retryable: true } as const;

/** Whether trying the same again may help, for each code. */
export const ERROR_CODES: { readonly [Code in ErrorCode]: { readonly retryable: boolean } } = {
  "topic/invalid": once,
  "pattern/invalid": once,
  "event/invalid": once,
  "event/reserved-topic": once,
  "event/too-many-hops": once,
  "broker/closed": once,
  "broker/overloaded": once,
  "task/duplicate": once,
  "task/unknown": once,
  "task/unsupported": once,
  "task/threw": again,
  "task/timed-out": again,
  "task/cancelled": once,
  "task/input-invalid": once,
  "task/output-invalid": once,
  "pipeline/duplicate": once,
  "pipeline/unknown": once,
  "trigger/duplicate": once,
  "trigger/unknown": once,
  "trigger/unverified": once,
  "trigger/payload-invalid": once,
  "trigger/not-fireable": once,
  "plan/invalid": once,
  "run/not-found": once,
  "run/request-invalid": once,
  "run/params-invalid": once,
  "run/external-result-missing": once,
  "run/overlap-skipped": once,
  "run/failed": once,
  "executor/lost": again,
  "executor/none": once,
  "store/not-found": once,
  "store/corrupt": once,
  "store/unencodable": once,
  "store/invalid-key": once,
  "store/unavailable": again,
  "actor/ask-timeout": again,
  "actor/aborted": once,
  "actor/stopped": once,
  "actor/host-lost": again,
  "actor/mailbox-full": again,
  "actor/message-invalid": once,
  "actor/unknown-verb": once,
  "actor/start-failed": once,
  "actor/uncloneable": once,
  "actor/name-taken": once,
  "module/load-failed": once,
  "module/definition-invalid": once,
  "platform/closed": once,
  "platform/data-dir-locked": once,
  "platform/data-dir-unusable": once,
  "platform/journal-unusable": once,
  "platform/no-free-port": once,
  "http/bad-request": once,
  "http/body-too-large": once,
  "http/forbidden": once,
  "http/internal": once,
  "http/method-not-allowed": once,
  "http/not-found": once,
  "http/unauthorized": once,
  "http/unsupported-media-type": once,
  "cli/server-unreachable": again,
  "cli/ambiguous-run-id": once,
};
