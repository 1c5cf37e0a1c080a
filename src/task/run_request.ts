/**
 * Reads run requests: the body of an HTTP call, the data of an event on `run.request`.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { checkShape, type Shaped } from "../base/shape.ts";
import type { PruneRequest, RunRequest } from "./run.ts";

const SELECTING = ["names", "tags", "roots", "select", "includeUpstream"] as const;

const SHAPE = {
  pipeline: "string",
  names: "strings",
  tags: "strings",
  roots: "strings",
  select: "string",
  includeUpstream: "boolean",
  params: "object",
  metadata: "object",
  timeoutMs: "positive",
} as const;

/** A run request from outside; throws `run/request-invalid` with everything that is wrong with it. */
export function parseRunRequest(body: unknown): RunRequest {
  const checked = checkShape(body ?? {}, { ...SHAPE, rerun: "object" });
  const issues = checked.ok ? runIssues(checked.value) : checked.issues;
  if (checked.ok && issues.length === 0) return checked.value as unknown as RunRequest;
  throw invalid(issues);
}

/** The same where nothing is run: without any name all tasks are meant. */
export function parsePlanRequest(body: unknown): RunRequest {
  const checked = checkShape(body ?? {}, SHAPE);
  const issues = checked.ok ? ambiguity(checked.value) : checked.issues;
  if (checked.ok && issues.length === 0) return checked.value;
  throw invalid(issues);
}

function invalid(issues: readonly string[]): MillraceError {
  return new MillraceError("run/request-invalid", `Cannot start a run as ${issues.join("; ")}`, {
    details: { issues },
  });
}

function runIssues(
  { rerun, ...request }: Shaped<typeof SHAPE> & { readonly rerun?: object },
): readonly string[] {
  const named = (["pipeline", ...SELECTING] as const).filter((key) => request[key] !== undefined);
  if (rerun !== undefined) {
    return [
      ...rerunIssues(rerun),
      ...named.map((key) => `"${key}" says what to run, which "rerun" excludes`),
    ];
  }
  // To plan everything is a question, to run everything may be an accident.
  if (named.every((key) => key === "includeUpstream")) {
    return ["it must name a pipeline, or tasks by names, tags, roots or select"];
  }
  return ambiguity(request);
}

function rerunIssues(rerun: object): readonly string[] {
  const checked = checkShape(rerun, { runId: "string", from: "any" });
  if (!checked.ok) return checked.issues.map((issue) => `in 'rerun': ${issue}`);
  const { runId, from } = checked.value;
  const issues = runId === undefined ? ["in 'rerun': at 'runId': must be there"] : [];
  if (from === "failure" || from === "start") return issues;
  const tasks = checkShape(from, { tasks: "strings" });
  if (tasks.ok && tasks.value.tasks !== undefined && tasks.value.tasks.length > 0) return issues;
  return [...issues, `in 'rerun': at 'from': must be "failure", "start" or {"tasks": [at least one name]}`];
}

/** What to prune; throws `run/request-invalid` with everything that is wrong with it. */
export function parsePruneRequest(body: unknown): PruneRequest {
  const checked = checkShape(body ?? {}, {
    pipeline: "string",
    olderThanMs: "count",
    keep: "count",
    limit: "count",
    dryRun: "boolean",
  });
  if (checked.ok && checked.value.limit !== 0) return checked.value;
  const issues = checked.ok ? ["at 'limit': must be at least 1"] : checked.issues;
  throw new MillraceError("run/request-invalid", `Cannot prune runs as ${issues.join("; ")}`, {
    details: { issues },
  });
}

/** What a request selects, without what only a run needs. */
export function selectionOf(
  { params: _, metadata: __, timeoutMs: ___, rerun: ____, ...selection }: RunRequest,
): RunRequest {
  return selection;
}

/** A run is of a pipeline or of a selection; which of the two would win is nothing to guess. */
export function ambiguity(request: RunRequest): readonly string[] {
  if (request.pipeline === undefined) return [];
  return SELECTING
    .filter((key) => request[key] !== undefined)
    .map((key) => `"${key}" selects tasks, which "pipeline" excludes`);
}
