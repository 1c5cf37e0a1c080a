/**
 * The catalogue of error codes: `stage/kebab-case`, never renamed.
 *
 * @module
 */

/** The details that each code carries. Its keys are the catalogue. */
export interface ErrorDetails {
  /** A topic breaks the grammar; `position` counts characters from 0. */
  "topic/invalid": { topic: string; position: number };
  /** A pattern breaks the grammar; `position` counts characters from 0. */
  "pattern/invalid": { pattern: string; position: number };
  /** A selector breaks the grammar; `position` counts characters from 0. */
  "selector/invalid": { selector: string; position: number };
  /** An event lacks a part, or its data cannot be kept. */
  "event/invalid": { topic: string; reason: string };
  /** A program publishes on a topic that belongs to the system. */
  "event/reserved-topic": { topic: string };
  /** An event has caused the next one too often: a pipeline seems to start itself. */
  "event/too-many-hops": { topic: string; hops: number };
  /** A consumer is to begin after an event that the event log does not have, or has no more. */
  "event/unknown": { id: string };
  /** The broker takes nothing more, as it was closed. */
  "broker/closed": Record<never, never>;
  /** Subscriptions that refuse what they cannot hold have missed the event; the others have it. */
  "broker/overloaded": { topic: string; id: string; rejected: number };
  /** The event log takes nothing more, as it was closed. */
  "broker/log-closed": Record<never, never>;
  /** The file of the event log is corrupt, of a newer version, or not an event log. */
  "broker/log-unusable": { path: string; reason: string };
  /** A broker that was made without an event log is asked to keep something. */
  "broker/no-log": Record<never, never>;
  /** A topic that is complete takes no more events. */
  "topic/completed": { topic: string };
  /** An event log is asked to keep what is on a topic that was not declared durable. */
  "topic/not-durable": { topic: string };
  /** The event log knows no consumer of this name. */
  "consumer/unknown": { consumer: string };
  /** Two tasks have the same name. */
  "task/duplicate": { task: string };
  /** No registered task has this name. */
  "task/unknown": { task: string; suggestion?: string };
  /** A task sets an option whose promise cannot be kept here. */
  "task/unsupported": { task: string; option: string };
  /** A task, or other code that is not ours, threw; `name` is the class of what it threw. */
  "task/threw": { task?: string; attempt?: number; name?: string };
  /** An attempt took longer than its task allows. */
  "task/timed-out": { task: string; attempt: number; timeoutMs: number };
  /** An attempt was called off before it had a result. */
  "task/cancelled": { task: string; attempt: number };
  /** A task used a right that it does not have. `right` as its `permissions` call it. */
  "task/permission-denied": { task: string; attempt?: number; right: string; target: string };
  /** A task needed more memory than it may have, and its process was ended. */
  "task/out-of-memory": { task: string; attempt: number; memoryMb?: number };
  /** The process has ended again and again while a task ran. */
  "task/crashed-process": { task: string; attempt: number; interruptions: number };
  /** An error in a task went to nobody: a rejection that nobody awaits, a throw in a timer. Its cause is that error. */
  "task/unhandled": { task: string; attempt: number };
  /** What an upstream task gave does not fit the schema of the parameter that takes it. */
  "task/input-invalid": { task: string; param: string; issues: readonly string[] };
  /** What a task returned does not fit its own output schema. */
  "task/output-invalid": { task: string; issues: readonly string[] };
  /** Two pipelines have the same name. */
  "pipeline/duplicate": { pipeline: string };
  /** No loaded pipeline has this name. */
  "pipeline/unknown": { pipeline: string; suggestion?: string };
  /** Two triggers have the same name. */
  "trigger/duplicate": { trigger: string };
  /** No loaded trigger has this name. */
  "trigger/unknown": { trigger: string; suggestion?: string };
  /** A call of an API trigger is not genuine: its `verify` said no. */
  "trigger/unverified": { trigger: string };
  /** A function of a trigger computed for too long, and was interrupted. */
  "trigger/too-slow": { trigger: string; limitMs: number };
  /** The payload of a call does not fit the schema of the trigger. */
  "trigger/payload-invalid": { trigger: string; issues: readonly string[] };
  /** A trigger cannot be fired by hand, as it listens to events. */
  "trigger/not-fireable": { trigger: string; kind: string };
  /** A trigger held an event back, and the scheduler stopped before it could fire. */
  "trigger/halted": { trigger: string };
  /** A selection of tasks makes no plan; all that is wrong with it at once. */
  "plan/invalid": { problems: readonly PlanProblem[] };
  /** The journal has no run of this id. */
  "run/not-found": { runId: string };
  /** A run request does not say what to run in a form that is known. */
  "run/request-invalid": { issues: readonly string[] };
  /** The parameters of a request do not fit the schema of its pipeline. */
  "run/params-invalid": { pipeline: string; issues: readonly string[] };
  /** A run leaves out a task that has no earlier result to take its place. */
  "run/external-result-missing": { task: string };
  /** A run cannot be repeated as it was asked for; `tasks` are those that stand in the way. */
  "run/not-repeatable": { runId: string; tasks: readonly string[]; reason: string };
  /** A run did not start, as its pipeline skips while another one is unfinished. */
  "run/overlap-skipped": { pipeline: string };
  /** A run took longer than it, or its pipeline, allows. */
  "run/timed-out": { runId: string; timeoutMs: number };
  /** A run ended with tasks that did not succeed. */
  "run/failed": { runId: string; failed: readonly string[] };
  /** The platform was opened without executors for tasks of this isolation. */
  "executor/none": { task: string; isolation: string };
  /** An executor with the rights or the memory limit of a task could not be started. */
  "executor/start-failed": { task: string; isolation: string; reason: string };
  /** The thread of an attempt is gone before the attempt was finished. */
  "executor/lost": { task: string; attempt: number; reason: string };
  /** No result is stored under this key. */
  "store/not-found": { runId: string; task: string; resultId: string };
  /** A stored result is not whole: cut off, changed, or of another format. */
  "store/corrupt": { path: string; reason: string };
  /** A value cannot be kept as data; `path` says which part of it. */
  "store/unencodable": { path: string };
  /** A part of a result's key could not be the name of a file. */
  "store/invalid-key": { part: string; value: string };
  /** Deno KV is not switched on in this program. */
  "store/kv-off": Record<never, never>;
  /** A result was replaced or deleted while it was being read. */
  "store/replaced": { path: string };
  /** The disk or the database refused a read or a write, or could not be reached. */
  "store/unavailable": { path: string; reason: string };
  /** An actor gave no answer within the time of the ask; it may still do the work. */
  "actor/ask-timeout": { actor: string; verb: string; timeoutMs: number };
  /** An actor answers no more, as it has stopped. */
  "actor/stopped": { actor: string };
  /** The thread that an actor lived in is gone. */
  "actor/host-lost": { host: string; reason: string };
  /** A message, or its answer, does not fit the schema of its verb. */
  "actor/message-invalid": { actor: string; verb: string; issues: readonly string[] };
  /** The protocol of an actor has no such verb. */
  "actor/unknown-verb": { actor: string; verb: string };
  /** What an actor had in hand was given up, as it failed and is restarted. */
  "actor/restarted": { actor: string };
  /** An actor failed too often to be restarted once more, or its supervision gave it up. */
  "actor/restart-limit": { actor: string };
  /** An ask waits for an actor that waits for the answer itself. */
  "actor/ask-cycle": { actor: string; verb: string; chain: readonly string[] };
  /** A handler computed longer than its actor allows, and was interrupted. */
  "actor/turn-overrun": { actor: string; verb: string; limitMs: number };
  /** An actor has put as many messages aside as it may. */
  "actor/stash-full": { actor: string; capacity: number };
  /** An actor threw before it was ready. */
  "actor/start-failed": { actor: string };
  /** An actor was not ready in time: its module did not load, or its start did not settle. */
  "actor/start-timeout": { actor: string; startMs: number };
  /** A message cannot cross threads; `path` says which part of it. */
  "actor/uncloneable": { actor: string; verb: string; path: string };
  /** Another actor of the host has this name. */
  "actor/name-taken": { actor: string };
  /** A module could not be found, or threw while it was evaluated. */
  "module/load-failed": { module: string };
  /** An export is not the definition that it should be. */
  "module/definition-invalid": { module: string; export: string };
  /** The platform, or a part of it, takes nothing more, as it is closing. */
  "platform/closed": Record<never, never>;
  /** A data folder belongs to another process; `url` is where that one serves HTTP. */
  "platform/data-dir-locked": { dataDir: string; pid: number; url?: string };
  /** A data folder cannot be made or written. */
  "platform/data-dir-unusable": { dataDir: string; reason: string };
  /** A data folder has its results in another place than the one that is named. */
  "platform/results-elsewhere": { dataDir: string; place: string; noted: string };
  /** The file of the run journal is corrupt, of a newer version, or not a journal. */
  "platform/journal-unusable": { path: string; reason: string };
  /** The host name or address to serve HTTP at is none of this machine's. */
  "platform/address-unusable": { hostname: string; port: number; reason: string };
  /** All ports from `from` to `to` are taken. */
  "platform/no-free-port": { hostname: string; from: number; to: number };
  /** A request's query or body has not the form that its route takes. */
  "http/bad-request": { issues: readonly string[] };
  /** The body of a request is longer than the server takes. */
  "http/body-too-large": { maxBytes: number };
  /** A request comes from where requests are not welcome: another site, another host name. */
  "http/forbidden": { reason: string };
  /** Something unexpected happened to a request; the log of the server has it. */
  "http/internal": Record<never, never>;
  /** A path does not take this method; `allowed` lists those that it takes. */
  "http/method-not-allowed": { method: string; allowed: string };
  /** There is nothing at this path. */
  "http/not-found": { path: string };
  /** A request lacks the token of the server. */
  "http/unauthorized": Record<never, never>;
  /** The body of a request is of a type that its route does not read. */
  "http/unsupported-media-type": { contentType: string };
  /** A route speaks WebSocket, which the request does not ask for or the server does not have. */
  "http/upgrade-required": Record<never, never>;
  /** A data folder is in use by a process that cannot be reached over HTTP. */
  "cli/server-unreachable": { url?: string; pid?: number };
  /** A file that the command line names cannot be read, or holds something else. */
  "cli/file-unusable": { path: string; reason: string };
  /** An environment variable has a value that it cannot have. */
  "cli/setting-invalid": { name: string };
  /** The beginning of a run id fits several runs. */
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
    | "type-mismatch"
    | "schema-missing";
  /** The tasks it is about; for a cycle the path, first task repeated at the end. */
  readonly tasks: readonly string[];
  /** One sentence for people. */
  readonly message: string;
  /** Where in the value, as `a.b[].c`, empty for the whole: of a `type-mismatch` between two schemas. */
  readonly path?: string;
  /** What is wrong there. */
  readonly reason?: string;
}

/** A code of the catalogue. */
export type ErrorCode = keyof ErrorDetails;

const once = { retryable: false } as const;
const again = { retryable: true } as const;

/** Whether trying the same again may help, for each code. */
export const ERROR_CODES: { readonly [Code in ErrorCode]: { readonly retryable: boolean } } = {
  "topic/invalid": once,
  "pattern/invalid": once,
  "selector/invalid": once,
  "event/invalid": once,
  "event/reserved-topic": once,
  "event/too-many-hops": once,
  "event/unknown": once,
  "broker/closed": once,
  "broker/overloaded": again,
  "broker/log-closed": once,
  "broker/log-unusable": once,
  "broker/no-log": once,
  "topic/completed": once,
  "topic/not-durable": once,
  "consumer/unknown": once,
  "task/duplicate": once,
  "task/unknown": once,
  "task/unsupported": once,
  "task/threw": again,
  "task/timed-out": again,
  "task/cancelled": once,
  "task/permission-denied": once,
  "task/out-of-memory": again,
  "task/crashed-process": once,
  "task/unhandled": again,
  "task/input-invalid": once,
  "task/output-invalid": once,
  "pipeline/duplicate": once,
  "pipeline/unknown": once,
  "trigger/duplicate": once,
  "trigger/unknown": once,
  "trigger/unverified": once,
  "trigger/too-slow": once,
  "trigger/payload-invalid": once,
  "trigger/not-fireable": once,
  "trigger/halted": again,
  "plan/invalid": once,
  "run/not-found": once,
  "run/request-invalid": once,
  "run/params-invalid": once,
  "run/external-result-missing": once,
  "run/not-repeatable": once,
  "run/overlap-skipped": once,
  "run/timed-out": again,
  "run/failed": once,
  "executor/none": once,
  "executor/start-failed": again,
  "executor/lost": again,
  "store/not-found": once,
  "store/corrupt": once,
  "store/unencodable": once,
  "store/invalid-key": once,
  "store/kv-off": once,
  "store/replaced": again,
  "store/unavailable": again,
  "actor/ask-timeout": again,
  "actor/stopped": once,
  "actor/host-lost": again,
  "actor/restarted": again,
  "actor/restart-limit": once,
  "actor/ask-cycle": once,
  "actor/turn-overrun": once,
  "actor/stash-full": once,
  "actor/message-invalid": once,
  "actor/unknown-verb": once,
  "actor/start-failed": once,
  "actor/start-timeout": again,
  "actor/uncloneable": once,
  "actor/name-taken": once,
  "module/load-failed": once,
  "module/definition-invalid": once,
  "platform/closed": once,
  "platform/data-dir-locked": once,
  "platform/data-dir-unusable": once,
  "platform/results-elsewhere": once,
  "platform/journal-unusable": once,
  "platform/no-free-port": once,
  "platform/address-unusable": once,
  "http/bad-request": once,
  "http/body-too-large": once,
  "http/forbidden": once,
  "http/internal": once,
  "http/method-not-allowed": once,
  "http/not-found": once,
  "http/unauthorized": once,
  "http/unsupported-media-type": once,
  "http/upgrade-required": once,
  "cli/server-unreachable": again,
  "cli/file-unusable": once,
  "cli/setting-invalid": once,
  "cli/ambiguous-run-id": once,
};
